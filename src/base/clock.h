/* clock.h: time that only moves forward, in nanoseconds from an arbitrary start. */
#ifndef AZ_BASE_CLOCK_H
#define AZ_BASE_CLOCK_H

#include <stdint.h>

int64_t az_clock_ns(void);

#endif
