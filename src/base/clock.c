#define _POSIX_C_SOURCE 200809L
#include "base/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t az_clock_ns(void) { return read_ns(CLOCK_MONOTONIC); }

int64_t az_clock_thread_ns(void) { return read_ns(CLOCK_THREAD_CPUTIME_ID); }

int64_t az_clock_process_ns(void) { return read_ns(CLOCK_PROCESS_CPUTIME_ID); }
