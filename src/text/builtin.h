/* builtin.h: the texts that Debian packages bring: AZ_TEXT_TABLE of azimuth/corpus.h. */
#ifndef AZ_TEXT_BUILTIN_H
#define AZ_TEXT_BUILTIN_H

#include <stdbool.h>

#include "base/buffer.h"

bool az_builtin_is(const char *name);

/* The text. AZ_MISSING, naming the package and the command that installs it, where it is not there.
 * Its files are looked for below $AZ_SHARE, or /usr/share where that is not set. */
enum az_status az_builtin_read(const char *name, struct az_buffer *text, struct az_error *error);

#endif
