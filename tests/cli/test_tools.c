/* The commands that work on recordings: info and verify, on a run of ours, on what PyTorch wrote,
 * and on damaged files. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azimuth/recording.h"
#include "azimuth/safetensors.h"
#include "program.h"
#include "recordings.h"

static void info_tells_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(azimuth("info run"), 0);
    assert_has(out, "run/recording.safetensors: a recording up to step 30\n");
    assert_has(out, "file         safetensors, ");
    assert_has(out, "% of a budget of 12.0 GB\n");
    assert_has(out, "frames       217 frames of 217 are whole; 124 have sums");
    assert_has(out, "made by      azimuth, format azimuth-recording-1\n");
    assert_has(out, "\nfingerprint  ");
    assert_has(out, "W                          BF16 270 x 8");
    assert_has(out, "learning_rate              F32   0.001\n");
    assert_true(longest_line(out) <= 100);
    assert_int_equal(azimuth("info run --json"), 0);
    assert_has(out, "\"frames_planned\": 217");
    assert_has(out, "\"optimizer.arithmetic\": \"bf16\"");
    assert_has(out, "\"frame_shape\": [\n");
    write_file("junk", "this is no recording at all");
    assert_int_equal(azimuth("info junk"), 3);
    assert_int_equal(azimuth("info junk --json"), 3);
    assert_string_equal(out, "");
}

static void info_tells_what_pytorch_wrote(void **state)
{
    (void)state;
    copy_golden("pytorch_crucible.safetensors", "crucible");
    assert_int_equal(azimuth("info crucible"), 0);
    assert_has(out, "made by      another program");
    assert_has(out, "W                          BF16 10 x 12");
    assert_has(out, "some rows");
    assert_has(out, "weight_decay               F32   4\n");
}

static void info_counts_the_whole_frames_of_an_unfinished_file(void **state)
{
    (void)state;
    write_unfinished("cut.safetensors", 7);
    assert_int_equal(azimuth("info cut.safetensors.part"), 0);
    assert_has(out, "a recording up to step 7, cut short\n");
    assert_has(out, "frames       8 frames of 21 are whole (the run was cut short)");
    assert_int_equal(azimuth("verify cut.safetensors.part"), 0);
    assert_has(out, "8 frames read");
    assert_has(out, "no fingerprint to compare with\n");
}

static void verify_finds_nothing_in_sound_files(void **state)
{
    (void)state;
    assert_int_equal(azimuth("verify run"), 0);
    assert_has(out, "217 frames read (");
    assert_has(out, "124 of them compared with their sums: 0 bad\n");
    assert_has(out, "the fingerprint over all frames is the recorded one\n");
    assert_null(strstr(err, "azimuth:"));
    assert_int_equal(azimuth("verify run --json --threads 1"), 0);
    assert_has(out, "\"fingerprint\": \"equal\"");
    assert_has(out, "\"first_bad\": null");
    copy_golden("pytorch_fused.safetensors", "fused");
    assert_int_equal(azimuth("verify fused"), 0);
    assert_has(out, "55 frames read");
    assert_has(out, "no fingerprint");
}

/* A flipped bit of every tensor, those without sums too. */
static void verify_finds_every_flipped_bit(void **state)
{
    (void)state;
    static const char *const tensors[] = {"W", "grad_W", "momentum_W", "variance_W"};
    static const char *const series[] = {"losses", "clip_coefficients", "learning_rates"};
    char text[256];
    for (size_t n = 0; n < 4; n++) {
        flip("run/recording.safetensors", "bad", tensors[n], (17 * 270 * 8 + 100 * 8 + 5) * 2, 3);
        assert_int_equal(azimuth("verify bad"), 1);
        snprintf(text, sizeof text,
                 "first bad frame: %s, step 17 (frame 17): bit 3 of token 100, dimension 5 has",
                 tensors[n]);
        assert_has(out, text);
        assert_has(out, "the fingerprint over all frames is another\n");
        assert_has(out, "124 of them compared with their sums: 1 bad\n");
    }
    for (size_t n = 0; n < 3; n++) {
        flip("run/recording.safetensors", "bad", series[n], 40, 0);
        assert_int_equal(azimuth("verify bad --json"), 1);
        assert_has(out, "\"fingerprint\": \"other\"");
        assert_has(out, "\"bad\": 0");
    }
}

static void verify_refuses_what_is_no_recording(void **state)
{
    (void)state;
    write_file("junk", "this is no recording at all");
    assert_int_equal(azimuth("verify junk"), 3);
    assert_int_equal(azimuth("verify nothing"), 3);
    assert_has(err, "nothing");
    assert_int_equal(azimuth("verify"), 2);
    assert_int_equal(azimuth("verify run --threads x"), 2);
    truncate_file("run/recording.safetensors", "short", 1000);
    assert_int_equal(azimuth("verify short"), 3);
    assert_string_equal(out, "");
}

static void compare_tells_where_runs_part(void **state)
{
    (void)state;
    assert_int_equal(azimuth("compare run run"), 0);
    assert_has(out, "217 frames compared, 0 differ; 0 of 7 tensors are not the same\n");
    assert_int_equal(azimuth("train tiny.conf -o other -P seed.embedding=7 -P train.steps=20"), 0);
    assert_int_equal(azimuth("compare run other --csv parted.csv"), 1);
    assert_has(out, "seed.embedding");
    assert_has(out, "10 steps only in A, 0 only in B");
    assert_has(out, "first difference: step 0, W, token 0, dimension 0: 0x");
    assert_true(longest_line(out) <= 104);
    char *csv = read_all("parted.csv");
    assert_has(csv, "tensor,step,set,rows,");
    assert_has(csv, "\nW,20,dead,");
    az_memory_free(csv);
    assert_int_equal(azimuth("compare run other --common --json"), 1);
    assert_has(out, "\"same\": false");
    assert_has(out, "\"train.steps\": [\n");
    flip("run/recording.safetensors", "bad", "W", (17 * 270 * 8 + 100 * 8 + 5) * 2, 3);
    assert_int_equal(azimuth("compare run bad --threads 1"), 1);
    assert_has(out, "first difference: step 17, W, token 100, dimension 5: 0x");
    static const char *const wrong[] = {"compare run", "compare run run run",
                                        "compare run run --threads 0"};
    for (size_t n = 0; n < 3; n++) assert_int_equal(azimuth(wrong[n]), 2);
    assert_int_equal(azimuth("compare run nothing"), 3);
    write_unfinished("other.safetensors", 3);
    copy_golden("pytorch_fused.safetensors", "fused");
    assert_int_equal(azimuth("compare fused other.safetensors.part"), 1);
    assert_has(out, "of other types, shapes or tokens: BF16 against BF16\n");
}

static void compare_measures_how_tokens_part(void **state)
{
    (void)state;
    assert_int_equal(azimuth("compare run run --motion"), 0);
    assert_has(out, "no token differs at any step\n");
    assert_int_equal(azimuth("compare run other --motion --set all --csv parted.csv --tokens "
                             "each.csv --arrays parted.safetensors --figure parted.png"),
                     0);
    assert_has(out, "seed.embedding");
    assert_has(out, "W: 270 tokens of 8 dimensions and 21 frames, step 0 to 20, in both; 10 frames "
                    "only in A, 0 only in B\ntold of: all, 270 tokens\n");
    assert_has(out, "first apart    step 0; 0 tokens never part\n");
    assert_true(longest_line(out) <= 132);
    char *csv = read_all("parted.csv");
    assert_has(csv, "set,step,tokens,parted_tokens,l1_cells_sum,distance_w,evolution_w,");
    assert_has(csv, ",angle_degrees_q50,");
    assert_has(csv, "\nlive,20,");
    az_memory_free(csv);
    csv = read_all("each.csv");
    assert_has(csv, "\n269,");
    az_memory_free(csv);
    az_memory_free(read_all("parted.safetensors"));
    az_memory_free(read_all("parted-divergence.png"));
    az_memory_free(read_all("parted-divergence.csv"));
    assert_int_equal(azimuth("compare run other --motion --json --from 3 --to 9"), 0);
    assert_has(out, "\"set\": \"dead\"");
    assert_has(out, "\"step\": 9,");
    static const struct {
        const char *words, *message;
    } wrong[] = {{"--from 3", "--from tells of motion: give --motion too"},
                 {"--motion --common", "--motion always looks at what both have"},
                 {"--motion --matrix U", "U"},
                 {"--motion --set 7.txt", "7.txt: cannot open the file"},
                 {"--motion --from 21", "no step in common among these"}};
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        char words[256];
        snprintf(words, sizeof words, "compare run other %s", wrong[n].words);
        assert_true(azimuth(words) > 1);
        assert_has(err, wrong[n].message);
        assert_string_equal(out, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_tells_what_is_there),
        cmocka_unit_test(info_tells_what_pytorch_wrote),
        cmocka_unit_test(info_counts_the_whole_frames_of_an_unfinished_file),
        cmocka_unit_test(verify_finds_nothing_in_sound_files),
        cmocka_unit_test(verify_finds_every_flipped_bit),
        cmocka_unit_test(verify_refuses_what_is_no_recording),
        cmocka_unit_test(compare_tells_where_runs_part),
        cmocka_unit_test(compare_measures_how_tokens_part),
    };
    return cmocka_run_group_tests(tests, enter_and_train, leave);
}
