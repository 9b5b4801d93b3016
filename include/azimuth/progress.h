/* progress.h: how long work tells how far it is, and how it is asked to stop.
 *
 * Long calls take a `struct az_progress *` (NULL: silent, cannot be stopped). The library calls
 * `update` at most about ten times a second and at the end of each stage; the receiver draws. */
#ifndef AZIMUTH_PROGRESS_H
#define AZIMUTH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/status.h"

struct az_progress_state {
    const char *stage;        /* "training", "reading": valid during the call only */
    const char *unit;         /* "step", "MB" */
    const char *detail;       /* extra text such as "loss 4.31", or "" */
    double done, total;       /* in units; total is 0 where unknown */
    double rate_per_second;   /* over the last few seconds; finished: over the whole stage */
    double elapsed_seconds;   /* since the stage began */
    double remaining_seconds; /* negative where unknown */
    bool finished;            /* the last update of this stage */
};

struct az_progress {
    void (*update)(void *context, const struct az_progress_state *state); /* NULL: do not tell */
    void *context;
    const volatile int *stop; /* not NULL and not 0: end after the current unit of work */

    /* private to the library */
    int64_t started_ns, told_ns;
    double started_done;
    int64_t mark_ns[8];
    double mark_done[8];
    unsigned marks;
};

/* Fills progress; update, context and stop as above. */
AZ_API void az_progress_init(struct az_progress *progress,
                             void (*update)(void *, const struct az_progress_state *),
                             void *context, const volatile int *stop);

/* Begins a stage; tells how far it is (throttled); ends it. All allow NULL. */
AZ_API void az_progress_begin(struct az_progress *progress);
/* With so much done before, which counts in no rate. */
AZ_API void az_progress_begin_at(struct az_progress *progress, double done);
AZ_API void az_progress_tell(struct az_progress *progress, const char *stage, const char *unit,
                             double done, double total, const char *detail);
AZ_API void az_progress_end(struct az_progress *progress, const char *stage, const char *unit,
                            double done, double total, const char *detail);

/* True when the receiver asked to stop. */
AZ_API bool az_progress_stopped(const struct az_progress *progress);

/* True when the next tell would reach the receiver: build an expensive detail only then. */
AZ_API bool az_progress_due(const struct az_progress *progress);

#endif
