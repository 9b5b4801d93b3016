/* A sweep: which runs there are, what is run again, what is refused. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog.h"

#define BASE                                                                                       \
    "[corpus]\ntext = good.txt\n[tokenizer]\nvocabulary = 270\ntexts = good.txt:1\n"               \
    "[model]\nlayers = 1\nwidth = 8\nheads = 2\ncontext = 8\nffn_multiplier = 2\n"                 \
    "[optimizer]\narithmetic = bf16\n[train]\nsteps = 12\nbatch = 2\n[record]\nW = 1\n"

#define HEAD "[sweep]\nname = Try\nbase = base.conf\n"

static void write_inputs(void)
{
    assert_int_equal(setenv("AZ_CACHE", "cache", 1), 0);
    write_file("good.txt",
               "the cat sat on the mat and the dog sat on the log, the frog on the bog\n");
    write_file("base.conf", BASE);
    write_file("grid.conf", HEAD "[set]\ntrain.steps = 10\n[vary]\n"
                                 "optimizer.arithmetic = bf16, f32\nseed.embedding = 1,2\n");
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    while ((text = strstr(text, part))) count++, text++;
    return count;
}

static void a_grid_runs_every_combination_as_it_would_run_alone(void **state)
{
    (void)state;
    char fingerprint[64];
    write_inputs();
    assert_int_equal(azimuth("sweep grid.conf -o swept --jobs 2 --threads 2"), 0);
    char *csv = read_all("swept/sweep.csv");
    assert_has(csv, "run,optimizer.arithmetic,seed.embedding,state,steps,last_loss,");
    assert_int_equal(occurrences(csv, ",done,10,"), 4);
    assert_int_equal(occurrences(csv, "\n"), 5);
    az_memory_free(read_all("swept/motion.png"));
    assert_string_equal(ask("swept/sweep.db", "SELECT count(*) FROM sweep_runs NATURAL JOIN "
                                              "sweep_values WHERE state = 'done' AND steps = 10"),
                        "8");
    assert_int_equal(azimuth("train base.conf -o alone -P train.steps=10 -P "
                             "optimizer.arithmetic=f32 -P seed.embedding=2"),
                     0);
    assert_has(out, "fingerprint  ");
    snprintf(fingerprint, sizeof fingerprint, ",%.32s\n", strstr(out, "fingerprint  ") + 13);
    assert_int_equal(occurrences(csv, fingerprint), 1);
    assert_has(strstr(csv, "\"arithmetic=f32,embedding=2\""), fingerprint);
    snprintf(fingerprint, sizeof fingerprint, "%.32s", strstr(out, "fingerprint  ") + 13);
    assert_string_equal(ask("swept/sweep.db",
                            "SELECT fingerprint FROM sweep_runs JOIN sweep_values a USING (run) "
                            "JOIN sweep_values b USING (run) WHERE a.value = 'f32' AND b.parameter "
                            "= 'seed.embedding' AND b.value = '2'"),
                        fingerprint);
    az_memory_free(csv);
}

static void the_same_command_runs_only_what_is_missing(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "rm -r '%s/swept/arithmetic=bf16,embedding=2'", directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(azimuth("sweep grid.conf -o swept"), 0);
    char *csv = read_all("swept/sweep.csv");
    assert_int_equal(occurrences(csv, ",done before,10,"), 3);
    assert_has(csv, "\"arithmetic=bf16,embedding=2\",bf16,2,done,10,");
    az_memory_free(csv);
}

/* A run that was stopped is one with fewer steps; the sweep takes it to the end. */
static void a_run_that_was_stopped_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    char command[1600];
    write_file("long.conf", HEAD "[set]\ntrain.steps = 1000\nrecord.W = off\n[vary]\n"
                                 "seed.data = 1\n");
    assert_int_equal(azimuth("sweep long.conf -o straight"), 0);
    snprintf(command, sizeof command,
             "cd %s && { %s sweep long.conf -o stopped >out 2>err & } && "
             "while kill -0 $! && ! grep -q '^20,' stopped/data=1/metrics.csv; do sleep 0.01; "
             "done 2>/dev/null; kill -INT $!; wait $!",
             directory, getenv("AZ_PROGRAM"));
    int code = system(command);
    assert_int_equal(WEXITSTATUS(code), 3);
    char *text = read_all("err");
    assert_has(text, "give the same command again to go on");
    az_memory_free(text);
    assert_int_equal(azimuth("sweep long.conf -o stopped"), 0);
    snprintf(command, sizeof command,
             "cd %s && cmp straight/data=1/recording.safetensors "
             "stopped/data=1/recording.safetensors && cmp straight/data=1/model/model.safetensors "
             "stopped/data=1/model/model.safetensors",
             directory);
    assert_int_equal(system(command), 0);
}

static void runs_of_other_parameters_are_not_taken_for_these(void **state)
{
    (void)state;
    write_file("other.conf", HEAD "[set]\ntrain.steps = 11\n[vary]\n"
                                  "optimizer.arithmetic = bf16, f32\nseed.embedding = 1,2\n");
    assert_int_equal(azimuth("sweep other.conf -o swept"), 2);
    assert_has(err, "other parameters than the sweep: \"steps\": 10 here, \"steps\": 11");
    write_file("asked.conf", "[sweep]\nname = Try\nbase = base.conf\n[set]\ntrain.steps = 10\n"
                             "experiment.question = Why?\nbudget.memory = 10GB\n"
                             "checkpoint.every = 5\n[vary]\n"
                             "optimizer.arithmetic = bf16, f32\nseed.embedding = 1,2\n");
    assert_int_equal(azimuth("sweep asked.conf -o swept"), 0);
    assert_int_equal(occurrences(out, "     10   "), 4);
}

static void a_run_that_fails_takes_no_other_with_it(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "mkdir %s/partly && touch '%s/partly/arithmetic=bf16'",
             directory, directory);
    assert_int_equal(system(command), 0);
    write_file("two.conf", HEAD "[vary]\noptimizer.arithmetic = bf16, f32\n");
    assert_int_equal(azimuth("sweep two.conf -o partly"), 3);
    assert_has(err, "1 of 2 runs failed");
    assert_has(out, "failed: ");
    char *csv = read_all("partly/sweep.csv");
    assert_has(csv, "arithmetic=bf16,bf16,failed,,,,,,,,,,,\n");
    assert_has(csv, "arithmetic=f32,f32,done,12,");
    az_memory_free(csv);
    assert_string_equal(ask("partly/sweep.db", "SELECT count(steps) FROM sweep_runs"), "1");
    assert_string_equal(ask("partly/sweep.db", "SELECT state FROM sweep_runs WHERE run = 0"),
                        "failed");
}

static void one_axis_at_a_time_keeps_the_others_at_their_first_value(void **state)
{
    (void)state;
    write_file("each.conf", "[sweep]\nname = Try\nbase = base.conf\ngrid = each\n[vary]\n"
                            "seed.embedding = 1, 2\nseed.data = 7, 8, 9\n");
    assert_int_equal(azimuth("sweep each.conf --dry-run"), 0);
    assert_string_equal(out, "Try: 4 runs of base.conf\n  embedding=1,data=7\n"
                             "  embedding=2,data=7\n  embedding=1,data=8\n"
                             "  embedding=1,data=9\n");
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {HEAD "[vary]\noptimizer.arithmetik = bf16\n", "f.conf:5: unknown key \"arithmetik\""},
        {HEAD "[vary]\noptimizer.lr = 1e-3, fast\n", "f.conf:5: optimizer.lr = fast: expected"},
        {HEAD "[vary]\noptimizer.lr = 1e-3, 1e-3\n", "f.conf:5: optimizer.lr: the value 1e-3"},
        {HEAD "[vary]\noptimizer.lr = 1e-3,\n", "f.conf:5: optimizer.lr: expected values"},
        {HEAD "[vary]\ntrain.steps = 1\ntrain.steps = 2\n", "f.conf:6: key \"train.steps\" comes"},
        {HEAD "[vari]\n", "f.conf:4: unknown section \"vari\"; expected vary"},
        {HEAD "grid = all\n", "f.conf:4: unknown grid \"all\"; expected"},
        {HEAD "[set]\ntrain.steps = x\n", "f.conf:5: train.steps = x"},
        {HEAD, "f.conf: [vary] is missing or empty"},
        {"[sweep]\nname = a\n[vary]\ntrain.steps = 1\n", "f.conf: [sweep] base is missing"},
        {"[sweep]\nbase = nothing.conf\n", "nothing.conf"},
        {HEAD "[vary]\nmodel.heads = 2, 3\n", "run heads=3: "},
        {"", "the file sets nothing"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        write_file("f.conf", cases[n].text);
        int code = azimuth("sweep f.conf -o f");
        if (code != 2 && code != 3) fail_msg("exit code %d for:\n%s", code, cases[n].text);
        assert_has(err, cases[n].message);
        assert_int_equal(access("f", F_OK), -1);
    }
    assert_int_equal(azimuth("sweep two.conf"), 2);
    assert_has(err, "-o DIR is missing");
    assert_int_equal(azimuth("sweep two.conf -o x --jobs 0"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_runs_every_combination_as_it_would_run_alone),
        cmocka_unit_test(the_same_command_runs_only_what_is_missing),
        cmocka_unit_test(a_run_that_was_stopped_goes_on_to_the_same_bits),
        cmocka_unit_test(runs_of_other_parameters_are_not_taken_for_these),
        cmocka_unit_test(a_run_that_fails_takes_no_other_with_it),
        cmocka_unit_test(one_axis_at_a_time_keeps_the_others_at_their_first_value),
        cmocka_unit_test(mistakes_are_told_with_their_line),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
