/* Each command on small inputs: what it prints, what it refuses and why, its exit codes. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azimuth/safetensors.h"
#include "program.h"

static void texts_are_counted_written_and_refused_with_a_reason(void **state)
{
    (void)state;
    write_file("good.txt", "In the beginning\n\xe0\xb8\x81 b\n");
    write_file("bad.txt", "In the\xff beginning\n");
    write_file("empty.txt", "");
    assert_int_equal(azimuth("corpus good.txt good.txt -o both.txt"), 0);
    assert_has(out, "            23             21            5          2  good.txt\n");
    assert_has(out, "            46             42           10          4  total\n");
    char *both = read_all("both.txt");
    assert_has(both, "In the beginning\n\xe0\xb8\x81 b\n\nIn the beginning\n");
    az_memory_free(both);
    assert_int_equal(azimuth("corpus --list"), 0);
    assert_has(out, "sword-text-web");
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"corpus", "azimuth: corpus: TEXT is missing", 2},
        {"corpus bad.txt", "azimuth: bad.txt:1:byte 6: invalid UTF-8", 3},
        {"corpus empty.txt", "azimuth: empty.txt: the file is empty", 3},
        {"corpus nothing.txt", "no file 'nothing.txt'", 3},
        {"corpus good.txt -o no/such/folder", "no/such/folder", 3},
        {"corpus good.txt -o", "corpus: --output needs a value: FILE", 2},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(azimuth(cases[n].arguments), cases[n].exit_code);
        assert_has(err, cases[n].message);
    }
}

static void a_tokenizer_is_trained_and_takes_text_there_and_back(void **state)
{
    (void)state;
    write_file("good.txt", "the cat sat on the mat and the dog sat on the log\n");
    assert_int_equal(azimuth("tokenizer train good.txt --vocabulary 270 -o t.json"), 0);
    assert_string_equal(out, "270 tokens written to t.json\n");
    assert_int_equal(azimuth("tokenizer encode t.json good.txt"), 0);
    write_file("ids.txt", out);
    assert_int_equal(azimuth("tokenizer decode t.json ids.txt"), 0);
    assert_string_equal(out, "the cat sat on the mat and the dog sat on the log\n");
    write_file("wrong.txt", "1\n2 3\nx4\n");
    write_file("high.txt", "270");
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"tokenizer", "azimuth: tokenizer is several commands", 2},
        {"tokenizer trian", "did you mean \"tokenizer train\"?", 2},
        {"tokenizer train good.txt", "azimuth: tokenizer train: -o FILE is missing", 2},
        {"tokenizer train good.txt:0 -o x", "good.txt:0: the weight", 2},
        {"tokenizer train nothing.txt -o x", "nothing.txt", 3},
        {"tokenizer train good.txt --vocabulary many -o x", "an integer from 2 to 1000000", 2},
        {"tokenizer train good.txt --model byt -o x", "did you mean \"byte\"?", 2},
        {"tokenizer train good.txt --pattern thai -o x", "gpt2 | marks | whitespace", 2},
        {"tokenizer train good.txt --model character -o x", "base_characters", 2},
        {"tokenizer encode good.txt good.txt", "azimuth: good.txt", 3},
        {"tokenizer decode t.json wrong.txt", "azimuth: wrong.txt:3: expected a token id", 3},
        {"tokenizer decode t.json high.txt", "270", 2},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(azimuth(cases[n].arguments), cases[n].exit_code);
        assert_has(err, cases[n].message);
        assert_string_equal(out, "");
    }
    assert_int_equal(azimuth("tokenizer --help"), 0);
    assert_has(out, "tokenizer decode");
}

static void accounting_refuses_what_is_no_recording(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"account", "azimuth: account: RECORDING is missing", 2},
        {"account nothing", "azimuth: nothing: ", 3},
        {"account .", "azimuth: .: there is no recording in this directory", 3},
        {"compare a", "azimuth: compare: B is missing; see azimuth help compare\n", 2},
        {"account a b", "unexpected argument \"b\"", 2},
        {"account a --threads 0", "--threads 0: expected an integer from 1 to 1024", 2},
        {"account a --threads=many", "--threads many: expected an integer", 2},
        /* What cannot be written is told before anything is read. */
        {"account a --csv no/x.csv", "account: --csv no/x.csv: there is no directory no\n", 3},
        {"motion a --arrays no/x", "--arrays no/x: there is no directory no\n", 3},
        {"motion a --figure no/x.png", "--figure no/x.png: there is no directory no\n", 3},
        {"motion a --figure x.jpg", "--figure x.jpg: its name ends in .png, .svg or .pdf", 2},
        {"plot a -o x.jpg", "--output x.jpg: its name ends in .png, .svg or .pdf", 2},
        {"ledger a --entries x.csv", "name it with --token", 2},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(azimuth(cases[n].arguments), cases[n].exit_code);
        assert_has(err, cases[n].message);
        assert_string_equal(out, "");
    }
}

static const char tiny[] = "[corpus]\ntext = good.txt\n"
                           "[tokenizer]\ntexts = good.txt\nvocabulary = 270\n"
                           "[model]\nlayers = 1\nwidth = 8\nheads = 2\ncontext = 8\n"
                           "[train]\nsteps = 30\nbatch = 2\n"
                           "[optimizer]\narithmetic = bf16\n"
                           "[record]\nW = 1\ngrad_W = 1\nmomentum_W = 1\nvariance_W = 1\n";

static void write_tiny_experiment(void)
{
    write_file("good.txt",
               "the cat sat on the mat and the dog sat on the log, the frog on the bog\n");
    write_file("tiny.conf", tiny);
    assert_int_equal(setenv("AZ_CACHE", "cache", 1), 0);
}

static void a_tiny_run_is_grown_and_accounted_for(void **state)
{
    (void)state;
    write_tiny_experiment();
    assert_int_equal(azimuth("train tiny.conf -o run --threads 2"), 0);
    assert_has(out, "vocabulary, tokens                            270   ");
    assert_has(out, "trained      30 steps in ");
    assert_has(out, "fingerprint  ");
    assert_has(out, "next         azimuth account run\n");
    assert_true(longest_line(out) <= 80);
    assert_int_equal(azimuth("account run --csv steps.csv"), 0);
    assert_has(out, "30 of 30 steps exact: arithmetic bf16, rounding nearest\n");
    assert_true(longest_line(out) <= 100);
    char *csv = read_all("steps.csv");
    assert_has(csv, "\n30,live,");
    az_memory_free(csv);
    assert_int_equal(azimuth("account run --json"), 0);
    assert_has(out, "\"steps_exact\": 30");
    assert_int_equal(azimuth("info run"), 0);
    assert_has(out, "momentum_W");
    assert_int_equal(azimuth("ledger run --token 5 --csv l.csv --tokens t.csv --entries e.csv"), 0);
    assert_has(out, "why dead tokens froze: ");
    assert_has(out, "token 5 at step 30\n");
    assert_true(longest_line(out) <= 100);
    csv = read_all("e.csv");
    assert_has(csv, "\n30,7,");
    az_memory_free(csv);
    assert_int_equal(azimuth("ledger run --entries e.csv"), 2);
    assert_has(err, "name it with --token");
    assert_int_equal(azimuth("ledger run --token 270"), 2);
    assert_has(err, "token 270 was not recorded");
    assert_int_equal(azimuth("ledger run --beside run --figure l.png"), 0);
    az_memory_free(read_all("l.png"));
    az_memory_free(read_all("l-beside.png"));
    assert_int_equal(azimuth("ledger run --beside run"), 2);
    assert_has(err, "name the picture with --figure");
    assert_int_equal(azimuth("report run"), 0);
    assert_string_equal(out, "run/report.html\n");
    char *page = read_all("run/report.html");
    assert_has(page, "30 of 30 steps are explained to the last bit");
    assert_has(page, "data:image/svg+xml;base64,");
    assert_has(page, "<td>optimizer.arithmetic</td><td>bf16</td>");
    static const char *const sections[] = {"Training", "Motion",    "Lifecycle",      "Kinematics",
                                           "Forces",   "Structure", "How it was made"};
    for (size_t n = 0; n < sizeof sections / sizeof *sections; n++) {
        char heading[40];
        snprintf(heading, sizeof heading, "<h2>%s</h2>", sections[n]);
        assert_has(page, heading);
    }
    assert_null(strstr(page, "Not looked at"));
    assert_null(strstr(page, ">angle to h</"));
    az_memory_free(page);
    assert_int_equal(azimuth("train tiny.conf -o with-h -P record.h=1"), 0);
    assert_int_equal(azimuth("report with-h"), 0);
    page = read_all("with-h/report.html");
    assert_has(page, ">angle to h</"); /* in the table of stragglers */
    az_memory_free(page);
    assert_int_equal(azimuth("report ."), 3);
    assert_has(err, "there is no run.json");
}

/* One bit of W in frame 20 is flipped. */
static void a_flipped_bit_ends_the_accounting_with_exit_code_1(void **state)
{
    (void)state;
    char path[256], *file;
    size_t length;
    struct az_safetensors *tensors;
    snprintf(path, sizeof path, "%s/run/recording.safetensors", directory);
    assert_int_equal(az_safetensors_open(&tensors, path, NULL), AZ_OK);
    const struct az_tensor *w = az_safetensors_find(tensors, "W");
    size_t offset = w->offset_bytes + (size_t)(20 * w->shape[1] * w->shape[2] + 5 * 8 + 3) * 2;
    az_safetensors_close(tensors);
    assert_int_equal(az_file_read(path, 0, &file, &length, NULL), AZ_OK);
    file[offset] ^= 1;
    snprintf(path, sizeof path, "%s/flipped.safetensors", directory);
    assert_int_equal(az_file_write(path, file, length, NULL), AZ_OK);
    az_memory_free(file);
    assert_int_equal(azimuth("account flipped.safetensors"), 1);
    assert_has(out, "first difference: step 20, W, token 5, dimension 3: expected bits 0x");
    assert_string_equal(err, "");
    assert_int_equal(azimuth("account flipped.safetensors --json"), 1);
    assert_has(out, "\"token\": 5");
}

/* With the arithmetic that trained nothing of the change is left over; with another, much is. */
static void the_accounting_is_drawn(void **state)
{
    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    assert_int_equal(azimuth("account run --figure right.svg"), 0);
    assert_int_equal(azimuth("account run --arithmetic bf16-legacy --figure wrong.svg"), 1);
    assert_int_equal(azimuth("account run --csv right.csv --figure right.svg"), 2);
    assert_has(err, "name one of them otherwise");
    char *right = read_all("right.csv"), *wrong = read_all("wrong.csv");
    const char *left_over = "\"dead, predicted minus observed\"";
    assert_non_null(strstr(right, "\"dead, observed\",\"live, observed\",dead,live,w,m,v\n"));
    assert_non_null(strstr(wrong, left_over));
    az_memory_free(right);
    az_memory_free(wrong);
    right = read_all("right.svg");
    assert_non_null(strstr(right, "W of run, accounted with arithmetic bf16<"));
    az_memory_free(right);
}

static void ctrl_c_ends_a_run_with_everything_written(void **state)
{
    (void)state;
    char command[1024];
    write_tiny_experiment();
    snprintf(
        command, sizeof command,
        "cd %s && { %s train tiny.conf -o stopped -P train.steps=200000 -P record.W=off -P "
        "record.grad_W=off -P record.momentum_W=off -P record.variance_W=off >out 2>err & } && "
        "while kill -0 $! && [ ! -s stopped/metrics.csv ]; do sleep 0.05; done; kill -INT $! "
        "&& wait $!",
        directory, getenv("AZ_PROGRAM"));
    assert_int_equal(WEXITSTATUS(system(command)), 0);
    char *text = read_all("out");
    assert_has(text, "ended early  stopped on request after step ");
    assert_has(text, "next         azimuth info stopped\n");
    az_memory_free(text);
    az_memory_free(read_all("stopped/run.json"));
    az_memory_free(read_all("stopped/recording.safetensors"));
}

static void a_run_is_followed_to_its_end(void **state)
{
    (void)state;
    char command[1024];
    write_tiny_experiment();
    snprintf(command, sizeof command,
             "cd %s && { %s train tiny.conf -o live -P train.steps=2000 >train.out 2>&1 & } && "
             "while kill -0 $! && [ ! -s live/metrics.csv ]; do sleep 0.05; done; "
             "%s info --follow live/recording.safetensors.part >out 2>err && wait $!",
             directory, getenv("AZ_PROGRAM"), getenv("AZ_PROGRAM"));
    assert_int_equal(WEXITSTATUS(system(command)), 0);
    char *text = read_all("out");
    assert_has(text, "recording.safetensors.part: a recording up to step ");
    assert_has(text, "\nstep 2000: 14,007 frames are whole, ");
    assert_has(text, "; the run is over\n");
    az_memory_free(text);
    assert_int_equal(azimuth("info live --follow --json"), 2);
    assert_has(err, "--follow prints lines, not --json");
}

static void a_dry_run_prints_everything_and_writes_nothing(void **state)
{
    (void)state;
    write_tiny_experiment();
    assert_int_equal(azimuth("train tiny.conf --dry-run -P train.steps=40 -o dry"), 0);
    assert_has(out, "\nsteps = 40                              # default: 1000\n");
    assert_has(out, "\neps = 1e-8\n");
    assert_has(out, "time of training, estimated");
    assert_int_equal(access("dry", F_OK), -1);
    /* What it prints is an experiment file: the same again. */
    char *plan = strstr(out, "\nplan\n"), *first;
    assert_non_null(plan);
    *plan = 0;
    write_file("resolved.conf", out);
    first = strdup(strchr(out, '\n'));
    assert_int_equal(azimuth("train resolved.conf --dry-run"), 0);
    *strstr(out, "\nplan\n") = 0;
    assert_string_equal(strchr(out, '\n'), first);
    free(first);
}

static void wrong_experiments_are_refused_before_anything_is_written(void **state)
{
    (void)state;
    write_tiny_experiment();
    write_file("wrong.conf", "[train]\n\nstpes = 5\n");
    write_file("file", "");
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"train", "azimuth: train: EXPERIMENT -o DIR is missing", 2},
        {"train tiny.conf", "azimuth: train: -o DIR is missing", 2},
        {"train tiny.conf --resume x", "goes on with a run that is there; EXPERIMENT is for a new",
         2},
        {"train --resume x -o y", "goes on with a run that is there; -o is for a new one", 2},
        {"train --resume x --dry-run", "x has no checkpoint.safetensors", 3},
        {"train --resume x", "azimuth: x has no checkpoint.safetensors", 3},
        {"train wrong.conf -o x",
         "azimuth: wrong.conf:3: unknown key \"stpes\" in [train]; did you", 2},
        {"train nothing.conf -o x", "azimuth: nothing.conf: cannot open", 3},
        {"train tiny.conf -o x -P train.steps", "expected section.key=value", 2},
        {"train tiny.conf -o x -P lr=1", "found \"lr=1\"; did you mean optimizer.lr=1?", 2},
        {"train tiny.conf -o x -P train.steps=-1", "train.steps = -1: expected integer", 2},
        {"train tiny.conf -o x -P model.heads=3", "does not divide model.width = 8", 2},
        {"train tiny.conf -o x -P model.context=500", "the corpus is too short", 2},
        {"train tiny.conf -o x -P corpus.text=none", "no file 'none'", 3},
        {"train tiny.conf -o x --isa sse9", "sse9", 2},
        {"train tiny.conf -o x -P model.layers=40 -P budget.memory=5MB", "budget.memory", 3},
        {"train tiny.conf -o x -P train.steps=100000 -P budget.safetensors=1MB",
         "budget.safetensors", 3},
        {"train tiny.conf -o /proc/x", "/proc/x", 3},
        {"train tiny.conf -o file/x", "file", 3},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char path[256];
        assert_int_equal(azimuth(cases[n].arguments), cases[n].exit_code);
        assert_has(err, cases[n].message);
        snprintf(path, sizeof path, "%s/x", directory);
        assert_int_equal(access(path, F_OK), -1);
    }
}

/* {"a\x1b[31m": I16 of 2 x 3} */
static void tensors_are_listed_and_hostile_names_are_harmless(void **state)
{
    (void)state;
    static const char header[] =
        "{\"a\\u001b[31m\":{\"dtype\":\"I16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}";
    char path[256], file[128] = {(char)(sizeof header - 1)};
    memcpy(file + 8, header, sizeof header - 1);
    snprintf(path, sizeof path, "%s/a.safetensors", directory);
    assert_int_equal(az_file_write(path, file, 8 + sizeof header - 1 + 12, NULL), AZ_OK);
    assert_int_equal(azimuth("info a.safetensors"), 0);
    assert_has(out, "a.safetensors: 1 tensor\n");
    assert_has(out, "a?[31m");
    assert_has(out, "2 x 3");
    assert_null(strchr(out, 0x1b));
    assert_int_equal(azimuth("info nothing"), 3);
    assert_has(err, "azimuth: nothing: ");
    write_file("junk", "junk and more junk");
    assert_int_equal(azimuth("info junk"), 3);
    assert_has(err, "azimuth: junk: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_counted_written_and_refused_with_a_reason),
        cmocka_unit_test(a_tokenizer_is_trained_and_takes_text_there_and_back),
        cmocka_unit_test(accounting_refuses_what_is_no_recording),
        cmocka_unit_test(a_tiny_run_is_grown_and_accounted_for),
        cmocka_unit_test(a_flipped_bit_ends_the_accounting_with_exit_code_1),
        cmocka_unit_test(the_accounting_is_drawn),
        cmocka_unit_test(ctrl_c_ends_a_run_with_everything_written),
        cmocka_unit_test(a_run_is_followed_to_its_end),
        cmocka_unit_test(a_dry_run_prints_everything_and_writes_nothing),
        cmocka_unit_test(wrong_experiments_are_refused_before_anything_is_written),
        cmocka_unit_test(tensors_are_listed_and_hostile_names_are_harmless),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
