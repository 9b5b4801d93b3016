/* Runs of a sweep, each in a child process: a run that fails, or is killed, takes no other along.
 * Parent and children share one page of numbers for each run. */
#define _GNU_SOURCE
#include "azimuth/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "azimuth/pool.h"
#include "azimuth/train.h"
#include "base/memory.h"
#include "lab/sweep_outcome.h"
#include "store/file.h"

#define LOOK_NS 50000000

/* Written by the child, but for stop. */
struct shared {
    volatile int stop;
    volatile double done, total;
    enum az_status status;
    struct az_error error;
};

struct job {
    char directory[AZ_TEXT_BYTES];
    uint64_t memory_bytes, disk_bytes;
    pid_t process; /* 0: not running */
};

struct sweep_state {
    const struct az_sweep *sweep;
    const struct az_sweep_options *options;
    struct az_sweep_outcome *outcomes;
    struct az_progress *progress;
    struct job *jobs;      /* [count] */
    struct shared *shared; /* [count], mapped */
    size_t count;
    uint64_t memory_limit_bytes, disk_free_bytes;
    uint64_t memory_bytes; /* of the runs going on */
    int running, together, threads;
};

/* ---- in a child ---- */

static void tell_parent(void *context, const struct az_progress_state *state)
{
    struct shared *shared = context;
    if (strcmp(state->stage, "training") != 0) return;
    shared->done = state->done;
    shared->total = state->total;
}

static enum az_status train(struct sweep_state *state, size_t run, struct shared *shared)
{
    static struct az_experiment experiment;
    static struct az_train_result result;
    struct az_progress progress;
    struct az_train_options options = {.directory = state->jobs[run].directory,
                                       .cache_directory = state->options->cache_directory,
                                       .isa = state->options->isa,
                                       .threads = state->threads};
    char checkpoint[AZ_TEXT_BYTES];
    az_progress_init(&progress, tell_parent, shared, &shared->stop);
    enum az_status status = az_sweep_experiment(state->sweep, run, &experiment, &shared->error);
    if (status != AZ_OK) return status;
    status = az_path_join(checkpoint, sizeof checkpoint, options.directory,
                          "checkpoint.safetensors", &shared->error);
    if (status != AZ_OK) return status;
    options.resume = az_file_exists(checkpoint);
    return az_train_run(&experiment, &options, &result, &progress, &shared->error);
}

/* Does not return. Without this process's parent nobody would read what it does. */
static void live(struct sweep_state *state, size_t run, pid_t parent)
{
    struct shared *shared = &state->shared[run];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(0);
    shared->status = train(state, run, shared);
    _exit(0);
}

/* ---- before the first run ---- */

/* What the run will take, and whether there is one already. */
static enum az_status look(struct sweep_state *state, size_t run, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct job *job = &state->jobs[run];
    struct az_experiment *experiment = NULL;
    static struct az_train_plan plan;
    char name[AZ_SWEEP_NAME_BYTES];
    struct az_train_options options = {.directory = job->directory,
                                       .cache_directory = state->options->cache_directory,
                                       .isa = state->options->isa,
                                       .threads = state->threads,
                                       .untimed = true};
    az_sweep_name(state->sweep, run, name);
    AZ_TRY(az_memory_allocate(&experiment, 1, sizeof *experiment, "an experiment", error));
    AZ_TRY(az_path_join(job->directory, sizeof job->directory, state->options->directory, name,
                        error));
    AZ_TRY(az_sweep_experiment(state->sweep, run, experiment, error));
    AZ_TRY(az_sweep_outcome_read(&state->outcomes[run], job->directory, experiment, error));
    if (state->outcomes[run].state != AZ_SWEEP_WAITING) goto out;
    AZ_TRY(az_train_plan(experiment, &options, &plan, NULL, error));
    job->memory_bytes = plan.memory_bytes;
    job->disk_bytes = plan.disk_bytes;
    state->memory_limit_bytes = plan.memory_limit_bytes;
    state->disk_free_bytes = plan.disk_free_bytes;
out:
    az_memory_free(experiment);
    return status;
}

static enum az_status look_at_all(struct sweep_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t disk_bytes = 0;
    struct az_error why;
    az_progress_begin(state->progress);
    for (size_t run = 0; run < state->count; run++) {
        az_progress_tell(state->progress, "planning", "run", (double)run, (double)state->count, "");
        if (az_progress_stopped(state->progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped before the first run");
        az_error_clear(&why);
        status = look(state, run, &why);
        if (status != AZ_OK)
            AZ_RAISE(status, "%.300s: %.600s", state->jobs[run].directory, why.message);
        disk_bytes += state->jobs[run].disk_bytes;
    }
    az_progress_end(state->progress, "planning", "run", (double)state->count, (double)state->count,
                    "");
    if (disk_bytes > state->disk_free_bytes)
        AZ_RAISE(AZ_BUDGET,
                 "the runs that are left would write %.1f GB, of which %.1f GB are free: record "
                 "less ([set] record.W = off or a cadence), or choose another place with -o",
                 (double)disk_bytes / 1e9, (double)state->disk_free_bytes / 1e9);
out:
    return status;
}

/* ---- the runs ---- */

static bool fits(const struct sweep_state *state, size_t run)
{
    if (state->running == 0) return true; /* its own budget was checked */
    return state->running < state->together &&
           state->memory_bytes + state->jobs[run].memory_bytes <= state->memory_limit_bytes;
}

static enum az_status start(struct sweep_state *state, size_t run, struct az_error *error)
{
    pid_t parent = getpid(), process = fork();
    if (process < 0) return az_error_system(error, errno, "cannot start a process for a run");
    if (process == 0) live(state, run, parent);
    state->jobs[run].process = process;
    state->memory_bytes += state->jobs[run].memory_bytes;
    state->running++;
    return AZ_OK;
}

/* A child has ended: how? */
static enum az_status conclude(struct sweep_state *state, size_t run, int code,
                               struct az_error *error)
{
    struct az_sweep_outcome *outcome = &state->outcomes[run];
    struct shared *shared = &state->shared[run];
    struct az_experiment *experiment = NULL;
    enum az_status status = AZ_OK;
    state->jobs[run].process = 0;
    state->memory_bytes -= state->jobs[run].memory_bytes;
    state->running--;
    AZ_TRY(az_memory_allocate(&experiment, 1, sizeof *experiment, "an experiment", error));
    AZ_TRY(az_sweep_experiment(state->sweep, run, experiment, error));
    if (WIFSIGNALED(code))
        shared->status = az_error_raise(&shared->error, AZ_IO, "the run's process was ended by %s",
                                        strsignal(WTERMSIG(code)));
    if (shared->status == AZ_OK)
        shared->status =
            az_sweep_outcome_read(outcome, state->jobs[run].directory, experiment, &shared->error);
    if (shared->status != AZ_OK) {
        outcome->state = AZ_SWEEP_FAILED;
        outcome->error = shared->error;
    } else if (outcome->state == AZ_SWEEP_FOUND) {
        outcome->state = AZ_SWEEP_DONE;
    }
out:
    az_memory_free(experiment);
    return status;
}

static enum az_status collect(struct sweep_state *state, struct az_error *error)
{
    for (size_t run = 0; run < state->count; run++) {
        int code;
        if (!state->jobs[run].process || waitpid(state->jobs[run].process, &code, WNOHANG) <= 0)
            continue;
        enum az_status status = conclude(state, run, code, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

static void tell(struct sweep_state *state)
{
    char detail[128];
    double done = 0;
    size_t ended = 0;
    if (!az_progress_due(state->progress)) return;
    for (size_t run = 0; run < state->count; run++) {
        const struct shared *shared = &state->shared[run];
        bool waits = state->outcomes[run].state == AZ_SWEEP_WAITING;
        ended += !waits;
        if (!waits)
            done += 1;
        else if (shared->total > 0)
            done += shared->done / shared->total;
    }
    snprintf(detail, sizeof detail, "%zu ended, %d at work", ended, state->running);
    az_progress_tell(state->progress, "sweeping", "runs", done, (double)state->count, detail);
}

static void stop_all(struct sweep_state *state)
{
    for (size_t run = 0; run < state->count; run++) state->shared[run].stop = 1;
}

static enum az_status run_all(struct sweep_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static const struct timespec look_again = {.tv_nsec = LOOK_NS};
    size_t next = 0;
    bool stopped = false;
    az_progress_begin(state->progress);
    while (next < state->count || state->running) {
        stopped = stopped || az_progress_stopped(state->progress);
        if (stopped) {
            stop_all(state);
            next = state->count;
        }
        while (next < state->count && state->outcomes[next].state != AZ_SWEEP_WAITING) next++;
        if (next < state->count && fits(state, next)) AZ_TRY(start(state, next++, error));
        AZ_TRY(collect(state, error));
        tell(state);
        if (state->running) nanosleep(&look_again, NULL);
    }
    az_progress_end(state->progress, "sweeping", "runs", (double)state->count, (double)state->count,
                    "");
    if (stopped) AZ_RAISE(AZ_INTERRUPTED, "stopped: give the same command again to go on");
out:
    if (status != AZ_OK) stop_all(state);
    for (size_t run = 0; run < state->count; run++)
        if (state->jobs[run].process) waitpid(state->jobs[run].process, NULL, 0);
    return status;
}

/* The threads of a run: a pool knows how many there are in all. */
static enum az_status share_threads(struct sweep_state *state, struct az_error *error)
{
    struct az_pool *pool = NULL;
    enum az_status status = az_pool_create(&pool, state->options->threads, error);
    if (status != AZ_OK) return status;
    state->threads = az_pool_threads(pool) / state->together;
    if (state->threads < 1) state->threads = 1;
    az_pool_free(pool);
    return AZ_OK;
}

enum az_status az_sweep_execute(const struct az_sweep *sweep,
                                const struct az_sweep_options *options,
                                struct az_sweep_outcome *outcomes, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct sweep_state state = {.sweep = sweep,
                                .options = options,
                                .outcomes = outcomes,
                                .progress = progress,
                                .count = az_sweep_run_count(sweep),
                                .together = options->jobs};
    size_t shared_bytes = state.count * sizeof *state.shared;
    void *mapped = MAP_FAILED;
    if (options->jobs < 1) AZ_RAISE(AZ_USAGE, "jobs: at least 1");
    AZ_TRY(share_threads(&state, error));
    memset(outcomes, 0, state.count * sizeof *outcomes);
    AZ_TRY(az_directory_create(options->directory, error));
    AZ_TRY(az_memory_allocate(&state.jobs, state.count, sizeof *state.jobs, "the runs", error));
    mapped = mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        status = az_error_system(error, errno, "cannot share memory with the runs");
        goto out;
    }
    state.shared = mapped;
    for (size_t run = 0; run < state.count; run++) az_error_clear(&state.shared[run].error);
    AZ_TRY(look_at_all(&state, error));
    AZ_TRY(run_all(&state, error));
out:
    if (mapped != MAP_FAILED) munmap(mapped, shared_bytes);
    az_memory_free(state.jobs);
    return status;
}
