/* clock.h: times that only move forward, in nanoseconds from an arbitrary start. */
#ifndef AZ_BASE_CLOCK_H
#define AZ_BASE_CLOCK_H

#include <stdint.h>

int64_t az_clock_ns(void);

/* Time for which the calling thread has run: other programs on the machine do not count. */
int64_t az_clock_thread_ns(void);
/* The same of all threads of the process together. */
int64_t az_clock_process_ns(void);

#endif
