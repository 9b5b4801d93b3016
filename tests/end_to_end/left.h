/* left.h: the recording that a run left which did not come to its end: killed, or without room. */
#ifndef AZ_TESTS_LEFT_H
#define AZ_TESTS_LEFT_H

#include "tiny.h"

/* Of the run: `file` under its final name, or its .part; NULL when there is neither. Valid until
 * the next call. */
const char *left_recording(const char *run, const char *file);

/* Its whole frames are those of the run in tiny_path("straight"), and azimuth info tells as many.
 * Returns their number; 0: there is no recording yet, and no checkpoint either. */
int64_t left_check_frames(const char *run, const char *file);

/* Runs a script of tests/end_to_end, which must succeed; where one of the modules is not installed
 * nothing is done. */
void left_run_python(const char *modules, const char *script, const char *a, const char *b);

/* Python's readers open the files in the directory, and find the frames of `straight` in them;
 * where they are not installed nothing is done. */
void left_look_with_python(const char *straight, const char *directory);

#endif
