#include "azimuth/progress.h"

#include <string.h>

#include "base/clock.h"

#define INTERVAL_NS 100000000
#define MARK_INTERVAL_NS 1000000000

void az_progress_init(struct az_progress *progress,
                      void (*update)(void *, const struct az_progress_state *), void *context,
                      const volatile int *stop)
{
    memset(progress, 0, sizeof *progress);
    progress->update = update;
    progress->context = context;
    progress->stop = stop;
}

void az_progress_begin(struct az_progress *progress) { az_progress_begin_at(progress, 0); }

void az_progress_begin_at(struct az_progress *progress, double done)
{
    if (!progress) return;
    progress->started_ns = az_clock_ns();
    progress->started_done = done;
    progress->told_ns = 0;
    progress->marks = 0;
}

bool az_progress_due(const struct az_progress *progress)
{
    return progress && progress->update && az_clock_ns() - progress->told_ns >= INTERVAL_NS;
}

bool az_progress_stopped(const struct az_progress *progress)
{
    return progress && progress->stop && *progress->stop;
}

/* A ring of marks, one a second, so that the rate is that of the last eight seconds. */
static double rate(struct az_progress *progress, int64_t now_ns, double done)
{
    unsigned capacity = sizeof progress->mark_ns / sizeof progress->mark_ns[0];
    unsigned newest = (progress->marks + capacity - 1) % capacity;
    unsigned oldest = progress->marks > capacity ? progress->marks % capacity : 0;
    int64_t from_ns = progress->started_ns;
    double from_done = progress->started_done;
    if (progress->marks) {
        from_ns = progress->mark_ns[oldest];
        from_done = progress->mark_done[oldest];
    }
    if (!progress->marks || now_ns - progress->mark_ns[newest] >= MARK_INTERVAL_NS) {
        unsigned slot = progress->marks++ % capacity;
        progress->mark_ns[slot] = now_ns;
        progress->mark_done[slot] = done;
        if (progress->marks >= 2 * capacity) progress->marks -= capacity;
    }
    return now_ns > from_ns ? (done - from_done) * 1e9 / (double)(now_ns - from_ns) : 0;
}

static void tell(struct az_progress *progress, const char *stage, const char *unit, double done,
                 double total, const char *detail, bool finished)
{
    int64_t now_ns = az_clock_ns();
    double elapsed_seconds = (double)(now_ns - progress->started_ns) / 1e9;
    struct az_progress_state state = {.stage = stage,
                                      .unit = unit,
                                      .detail = detail ? detail : "",
                                      .done = done,
                                      .total = total,
                                      .rate_per_second = rate(progress, now_ns, done),
                                      .elapsed_seconds = elapsed_seconds,
                                      .remaining_seconds = -1,
                                      .finished = finished};
    if (finished) {
        state.rate_per_second =
            elapsed_seconds > 0 ? (done - progress->started_done) / elapsed_seconds : 0;
        state.remaining_seconds = 0;
    } else if (state.rate_per_second > 0 && total >= done) {
        state.remaining_seconds = (total - done) / state.rate_per_second;
    }
    progress->told_ns = now_ns;
    progress->update(progress->context, &state);
}

void az_progress_tell(struct az_progress *progress, const char *stage, const char *unit,
                      double done, double total, const char *detail)
{
    if (az_progress_due(progress)) tell(progress, stage, unit, done, total, detail, false);
}

void az_progress_end(struct az_progress *progress, const char *stage, const char *unit, double done,
                     double total, const char *detail)
{
    if (progress && progress->update) tell(progress, stage, unit, done, total, detail, true);
}
