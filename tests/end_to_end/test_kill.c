/* A run is killed at 100 random moments, half of them between two system calls, half at a random
 * time; one in three is killed again when it goes on, one in four had been stopped by request
 * before. After each kill: what is there opens, the frames that are told to be whole are those of
 * the run that was never killed, and going on ends in its files. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "again.h"
#include "left.h"
#include "store/system.h"

enum { KILLS = 100, SEED = 20240607, STEPS = 24, KEPT = 10 };

static const char changes[] = "a kill";
static uint64_t random_state = SEED;
static struct az_train_result straight;
static size_t calls; /* of the straight run */
static int64_t straight_us;
static struct {
    int before_the_first_checkpoint, on_the_way, over;
} met; /* what was left by a kill */

static uint64_t next_random(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool exists(const char *name) { return access(tiny_path(name), F_OK) == 0; }

/* ---- killing ---- */

/* It may come to its end before the moment. */
static void run_and_kill(const struct az_experiment *experiment, bool resume)
{
    struct again way = {.threads = 1 + (int)next_random(3), .resume = resume};
    bool by_call = next_random(2) == 0;
    size_t call = 1 + next_random(calls + calls / 20);
    useconds_t time_us = (useconds_t)next_random((uint64_t)(straight_us + straight_us / 10));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct az_train_result result;
        struct az_error error;
        if (by_call) az_system_kill_after(call);
        enum az_status status = again_run(experiment, "resumed", &way, &result, &error);
        if (status != AZ_OK) fprintf(stderr, "%s\n", error.message);
        _exit(status != AZ_OK);
    }
    if (!by_call) {
        usleep(time_us);
        kill(child, SIGKILL);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) != 0) fail_msg("the run failed by itself");
}

/* ---- looking at what is there ---- */

static const char *recording_name(void) { return strrchr(straight.recording, '/') + 1; }

/* For Python, which looks at some of them afterwards. */
static void keep(int number)
{
    char command[1400];
    const char *path = left_recording("resumed", recording_name());
    if (!path || number % (KILLS / KEPT) != 0) return;
    snprintf(command, sizeof command, "mkdir -p '%s' && cp '%s' '%s/%d'", tiny_path("kept"), path,
             tiny_path("kept"), number);
    assert_int_equal(system(command), 0);
}

/* run.json says that a run is over and everything else whole. */
static void check_over(void)
{
    static const char *const files[] = {"resumed/checkpoint.safetensors", "resumed/metrics.csv",
                                        "resumed/tokenizer.json",
                                        "resumed/live_dead_tokens.safetensors"};
    if (!exists("resumed/run.json")) return;
    for (size_t n = 0; n < sizeof files / sizeof *files; n++) assert_true(exists(files[n]));
    assert_null(strstr(left_recording("resumed", recording_name()), ".part"));
}

static void check_what_is_left(int number)
{
    int64_t whole = left_check_frames("resumed", recording_name());
    check_over();
    if (whole > 0) keep(number);
    if (!exists("resumed/checkpoint.safetensors"))
        met.before_the_first_checkpoint++;
    else if (exists("resumed/run.json"))
        met.over++;
    else
        met.on_the_way++;
    assert_true(whole > 0 || !exists("resumed/checkpoint.safetensors"));
}

/* ---- the test ---- */

static bool is_complete(void)
{
    struct az_recording *recording;
    if (!exists("resumed/run.json")) return false;
    assert_int_equal(az_recording_open(&recording, tiny_path("resumed"), NULL), AZ_OK);
    bool complete = az_recording_last_step(recording) == STEPS;
    az_recording_close(recording);
    return complete;
}

static void go_on(const struct az_experiment *experiment)
{
    struct again way = {.threads = 2, .resume = exists("resumed/checkpoint.safetensors")};
    struct az_train_result result = straight;
    if (!way.resume) again_remove("resumed"); /* it had not begun */
    if (!is_complete()) again_run_well(experiment, "resumed", &way, &result, changes);
    again_same_run(&straight, &result, changes);
}

static void kill_once(struct az_experiment *experiment, int number)
{
    struct again way = {.threads = 1, .ending = ON_REQUEST};
    struct az_train_result result;
    again_remove("resumed");
    bool stopped = number % 4 == 3;
    if (stopped) {
        way.at_step = 1 + (int64_t)next_random(STEPS - 1);
        again_run_well(experiment, "resumed", &way, &result, changes);
    }
    run_and_kill(experiment, stopped);
    check_what_is_left(number);
    if (number % 3 == 2 && exists("resumed/checkpoint.safetensors") && !is_complete()) {
        run_and_kill(experiment, true);
        check_what_is_left(number);
    }
    go_on(experiment);
}

static void measure(const struct az_experiment *experiment)
{
    struct again way = {.threads = 2};
    again_remove("straight");
    again_run_well(experiment, "straight", &way, &straight, "never killed"); /* fills the cache */
    again_remove("straight");
    size_t calls_before = az_system_calls();
    int64_t start_us = now_us();
    again_run_well(experiment, "straight", &way, &straight, "never killed");
    straight_us = now_us() - start_us;
    calls = az_system_calls() - calls_before;
}

static void kill_runs(const char *container)
{
    char all[200];
    snprintf(all, sizeof all,
             "train.steps=24 checkpoint.every=4 model.width=8 record.h=1 record.W=2 "
             "record.container=%s",
             container);
    struct az_experiment experiment = tiny_experiment(all);
    memset(&met, 0, sizeof met);
    again_remove("kept");
    print_message("%s, seed %d\n", container, SEED);
    measure(&experiment);
    for (int number = 0; number < KILLS; number++) kill_once(&experiment, number);
    left_look_with_python(straight.recording, tiny_path("kept"));
    print_message(
        "%zu system calls in a run; killed %d times before the first checkpoint, %d on the "
        "way, %d when it was over\n",
        calls, met.before_the_first_checkpoint, met.on_the_way, met.over);
    assert_true(met.on_the_way >= KILLS / 3);
}

static void a_run_is_killed_at_100_moments(void **state)
{
    (void)state;
    kill_runs("safetensors");
}

static void a_run_into_hdf5_is_killed_at_100_moments(void **state)
{
    (void)state;
    kill_runs("hdf5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_killed_at_100_moments),
        cmocka_unit_test(a_run_into_hdf5_is_killed_at_100_moments),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
