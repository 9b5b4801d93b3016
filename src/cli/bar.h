/* bar.h: the progress bar on stderr, and Ctrl-C.
 *
 * On a terminal one line is redrawn; elsewhere a line is written every ten seconds. A stage that
 * takes less than a fifth of a second leaves no trace. */
#ifndef AZ_CLI_BAR_H
#define AZ_CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "azimuth/progress.h"

struct az_bar {
    struct az_progress progress;
    FILE *file;
    bool terminal, unicode;
    bool drawn;      /* the cursor stands in a line that is being redrawn */
    int64_t told_ns; /* last line, where it is no terminal */
};

/* Returns the progress to hand to the library. From now on the first SIGINT or SIGTERM asks for a
 * stop and the second one ends the program. */
struct az_progress *az_bar_start(struct az_bar *bar);

/* Leaves the cursor at the start of a fresh line; call it before anything else is printed. */
void az_bar_end(struct az_bar *bar);

/* One state as a line of at most `columns` characters, with a bar where there is room for it.
 * Separate for tests. */
#define AZ_BAR_BYTES 1024
void az_bar_line(const struct az_progress_state *state, int columns, bool unicode,
                 char line[AZ_BAR_BYTES]);

#endif
