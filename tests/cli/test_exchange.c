/* azimuth export and azimuth convert: what is written is what was recorded, in every form. */
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
#include "store/npy_read.h"

/* A tensor of a file of the test's directory, with the file's bytes to free. */
static struct az_tensor npy(const char *name, char **bytes)
{
    struct az_tensor tensor;
    size_t length;
    assert_int_equal(az_file_read(in_directory(name), 0, bytes, &length, NULL), AZ_OK);
    assert_int_equal(az_npy_parse(&tensor, *bytes, length, NULL), AZ_OK);
    assert_int_equal(tensor.offset_bytes % 64, 0);
    return tensor;
}

static uint16_t recorded_w(const struct az_safetensors *file, int64_t step, int64_t token, int dim)
{
    uint16_t bits;
    const struct az_tensor *w = az_safetensors_find(file, "W");
    memcpy(&bits, (const char *)w->data + ((step * 270 + token) * 8 + dim) * 2, sizeof bits);
    return bits;
}

static struct az_safetensors *open_run(void)
{
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, in_directory("run/recording.safetensors"), NULL),
                     AZ_OK);
    return file;
}

static void an_array_has_the_chosen_numbers(void **state)
{
    (void)state;
    char *bytes;
    struct az_safetensors *file = open_run();
    assert_int_equal(azimuth("export run W -o w.npy --steps 2:31:7 --rows 5,100:103 --dims 3:7"),
                     0);
    assert_has(out, "w.npy: 5 frames, 448 B\n");
    struct az_tensor w = npy("w.npy", &bytes);
    const int64_t tokens[] = {5, 100, 101, 102};
    assert_int_equal(w.dtype, AZ_DTYPE_F32);
    assert_int_equal(w.rank, 3);
    assert_true(w.shape[0] == 5 && w.shape[1] == 4 && w.shape[2] == 4);
    for (int64_t t = 0; t < 5; t++)
        for (int64_t r = 0; r < 4; r++)
            for (int d = 0; d < 4; d++) {
                uint32_t value;
                memcpy(&value, (const char *)w.data + ((t * 4 + r) * 4 + d) * 4, sizeof value);
                assert_int_equal(value, (uint32_t)recorded_w(file, 2 + 7 * t, tokens[r], 3 + d)
                                            << 16);
            }
    az_memory_free(bytes);
    assert_int_equal(azimuth("export run W -o bits.npy --steps 30 --bits"), 0);
    w = npy("bits.npy", &bytes);
    assert_int_equal(w.dtype, AZ_DTYPE_U16);
    assert_true(w.shape[0] == 1 && w.shape[1] == 270 && w.shape[2] == 8);
    const struct az_tensor *all = az_safetensors_find(file, "W");
    assert_memory_equal(w.data, (const char *)all->data + 30 * 270 * 8 * 2, 270 * 8 * 2);
    az_memory_free(bytes);
    az_safetensors_close(file);
}

static void dead_and_live_rows_are_apart_and_together_all(void **state)
{
    (void)state;
    char *bytes;
    struct az_safetensors *file = open_run();
    const struct az_tensor *list = az_safetensors_find(file, "dead_indices");
    int64_t dead = list->shape[0], first;
    memcpy(&first, list->data, sizeof first);
    assert_true(dead > 0 && dead < 270);
    assert_int_equal(azimuth("export run W -o dead.npy --rows dead"), 0);
    struct az_tensor w = npy("dead.npy", &bytes);
    assert_true(w.shape[0] == 31 && w.shape[1] == dead && w.shape[2] == 8);
    uint32_t value;
    memcpy(&value, (const char *)w.data + 9 * dead * 8 * 4, sizeof value);
    assert_int_equal(value, (uint32_t)recorded_w(file, 9, first, 0) << 16);
    az_memory_free(bytes);
    assert_int_equal(azimuth("export run W -o live.npy --rows live"), 0);
    w = npy("live.npy", &bytes);
    assert_int_equal(w.shape[1], 270 - dead);
    az_memory_free(bytes);
    assert_int_equal(azimuth("export run dead_indices -o list.npy"), 0);
    w = npy("list.npy", &bytes);
    assert_int_equal(w.dtype, AZ_DTYPE_I64);
    assert_memory_equal(w.data, list->data, (size_t)dead * 8);
    az_memory_free(bytes);
    az_safetensors_close(file);
}

static void a_table_has_a_line_for_each_row(void **state)
{
    (void)state;
    assert_int_equal(azimuth("export run W -o w.csv --steps 0:2 --rows 7,9 --dims 2:4"), 0);
    char *text = read_all("w.csv");
    int lines = 0;
    for (const char *at = text; *at; at++) lines += *at == '\n';
    assert_int_equal(lines, 5);
    assert_true(strncmp(text, "step,token,d2,d3\n0,7,", 21) == 0);
    assert_has(text, "\n1,9,");
    az_memory_free(text);
    assert_int_equal(azimuth("export run losses -o losses.csv"), 0);
    text = read_all("losses.csv");
    assert_true(strncmp(text, "step,value\n0,nan\n1,", 19) == 0);
    assert_has(text, "\n30,");
    az_memory_free(text);
    assert_int_equal(azimuth("export run W -o w.csv --steps 0 --rows 7 --dims 0 --bits"), 0);
    text = read_all("w.csv");
    struct az_safetensors *file = open_run();
    char line[64];
    snprintf(line, sizeof line, "step,token,d0\n0,7,%d\n", recorded_w(file, 0, 7, 0));
    assert_string_equal(text, line);
    az_safetensors_close(file);
    az_memory_free(text);
}

static void a_part_of_a_recording_is_one_itself(void **state)
{
    (void)state;
    assert_int_equal(azimuth("export run W variance_W -o part.safetensors --steps 4:20:2 --rows "
                             "live --dims 0:6"),
                     0);
    assert_has(out, "part.safetensors: 16 frames, ");
    assert_int_equal(azimuth("verify part.safetensors"), 0);
    assert_has(out, "16 of them compared with their sums: 0 bad\n");
    assert_has(out, "the fingerprint over all frames is the recorded one\n");
    assert_int_equal(azimuth("info part.safetensors --json"), 0);
    assert_has(out, "\"first_step\": 4,\n");
    assert_has(out, "\"last_step\": 18,\n");
    assert_has(out, "\"copied_from\": \"run/recording.safetensors\"");
    assert_int_equal(azimuth("export run -o first.safetensors --steps 0:11"), 0);
    assert_int_equal(azimuth("account first.safetensors"), 0);
    assert_has(out, "10 of 10 steps exact: arithmetic bf16");
    assert_int_equal(azimuth("compare run first.safetensors --common"), 0);
    assert_has(out, "77 frames compared, 0 differ");
    assert_int_equal(azimuth("export run -o rows.safetensors --rows 3,200:210"), 0);
    assert_int_equal(azimuth("account rows.safetensors"), 0);
    assert_has(out, "30 of 30 steps exact: arithmetic bf16");
}

static void a_converted_recording_is_the_same(void **state)
{
    (void)state;
    assert_int_equal(azimuth("info run"), 0);
    char fingerprint[33];
    snprintf(fingerprint, sizeof fingerprint, "%.32s", strstr(out, "fingerprint  ") + 13);
    assert_int_equal(azimuth("convert run copy.safetensors --threads 3"), 0);
    assert_has(out, fingerprint);
    assert_int_equal(azimuth("compare run copy.safetensors"), 0);
    assert_int_equal(azimuth("account copy.safetensors"), 0);
    assert_int_equal(azimuth("convert copy.safetensors copy.safetensors"), 0); /* onto itself */
    assert_int_equal(azimuth("compare run copy.safetensors"), 0);
    copy_golden("pytorch_crucible.safetensors", "crucible");
    assert_int_equal(azimuth("convert crucible known.safetensors"), 0);
    assert_int_equal(azimuth("compare crucible known.safetensors"), 0);
    assert_int_equal(azimuth("account known.safetensors"), 0);
    assert_has(out, "10 of 10 steps exact: arithmetic bf16-fused");
    assert_int_equal(azimuth("verify known.safetensors"), 0);
    assert_has(out, "44 of them compared with their sums: 0 bad");
}

static void hdf5_goes_there_and_back(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "fast", "small"};
    char text[128];
    for (size_t n = 0; n < 3; n++) {
        snprintf(text, sizeof text, "convert run there.h5 --compression %s", names[n]);
        assert_int_equal(azimuth(text), 0);
        assert_int_equal(azimuth("verify there.h5"), 0);
        assert_has(out, "the fingerprint over all frames is the recorded one\n");
        assert_int_equal(azimuth("compare run there.h5"), 0);
        assert_has(out, "217 frames compared, 0 differ; 0 of 7 tensors are not the same\n");
        assert_int_equal(azimuth("account there.h5"), 0);
        assert_int_equal(azimuth("convert there.h5 back.safetensors"), 0);
        assert_int_equal(azimuth("compare run back.safetensors"), 0);
    }
    copy_golden("pytorch_crucible.safetensors", "crucible");
    assert_int_equal(azimuth("convert crucible known.h5"), 0);
    assert_int_equal(azimuth("account known.h5"), 0);
    assert_has(out, "10 of 10 steps exact: arithmetic bf16-fused");
    assert_int_equal(azimuth("export run W -o part.h5 --rows dead --steps 3:20:4"), 0);
    assert_int_equal(azimuth("export run W -o part.safetensors --rows dead --steps 3:20:4"), 0);
    assert_int_equal(azimuth("compare part.h5 part.safetensors"), 0);
    assert_has(out, "5 frames compared, 0 differ");
    assert_int_equal(azimuth("export part.h5 W -o a.npy"), 0);
    assert_int_equal(azimuth("export run W -o b.npy --rows dead --steps 3:20:4"), 0);
    char *a, *b;
    struct az_tensor first = npy("a.npy", &a), second = npy("b.npy", &b);
    assert_true(first.bytes == second.bytes && first.shape[1] == second.shape[1]);
    assert_memory_equal(first.data, second.data, (size_t)first.bytes);
    az_memory_free(a);
    az_memory_free(b);
}

/* A flipped bit anywhere in an HDF5 file is found, or it changes nothing that can be read. */
static void damage_in_hdf5_is_found_or_harmless(void **state)
{
    (void)state;
    char *bytes;
    size_t length;
    int found = 0, refused = 0, harmless = 0;
    assert_int_equal(azimuth("convert run there.h5 --compression fast"), 0);
    assert_int_equal(az_file_read(in_directory("there.h5"), 0, &bytes, &length, NULL), AZ_OK);
    for (size_t at = 1000; at < length; at += length / 40) {
        bytes[at] = (char)(bytes[at] ^ 0x10);
        assert_int_equal(az_file_write(in_directory("bad.h5"), bytes, length, NULL), AZ_OK);
        bytes[at] = (char)(bytes[at] ^ 0x10);
        int code = azimuth("verify bad.h5");
        if (code == 1)
            assert_true(strstr(out, "first bad frame: ") || strstr(out, "is another\n") ||
                        strstr(out, "a list is damaged: "));
        found += code == 1;
        refused += code == 3;
        if (code == 0) {
            harmless++;
            assert_int_equal(azimuth("compare run bad.h5"), 0);
        } else {
            assert_int_equal(azimuth("convert bad.h5 new.safetensors"), 3);
            assert_false(az_file_exists(in_directory("new.safetensors")));
        }
    }
    print_message("%d found, %d refused, %d harmless\n", found, refused, harmless);
    assert_true(found > 5);
    az_memory_free(bytes);
}

static void what_a_killed_run_left_becomes_whole(void **state)
{
    (void)state;
    write_unfinished("cut.safetensors", 7);
    assert_int_equal(azimuth("convert cut.safetensors.part saved.safetensors"), 0);
    assert_int_equal(azimuth("info saved.safetensors"), 0);
    assert_has(out, "8 frames of 8 are whole;");
    assert_int_equal(azimuth("convert cut.safetensors.part cut.safetensors"), 2);
    assert_has(err, "would be written under the name of the recording that is read");
    assert_int_equal(azimuth("info cut.safetensors.part"), 0);
}

static void damage_is_not_copied(void **state)
{
    (void)state;
    flip("run/recording.safetensors", "bad", "grad_W", 9000, 1);
    assert_int_equal(azimuth("convert bad new.safetensors"), 3);
    assert_has(err, "the frame of step 2 of grad_W is not as it was written");
    assert_int_equal(azimuth("export bad -o new.safetensors --steps 3:31"), 0);
    assert_int_equal(unlink(in_directory("new.safetensors")), 0);
    flip("run/recording.safetensors", "bad", "losses", 40, 1);
    assert_int_equal(azimuth("convert bad new.safetensors"), 3);
    assert_has(err, "do not give the fingerprint");
    assert_int_equal(azimuth("info new.safetensors"), 3);
    assert_int_equal(azimuth("info new.safetensors.part"), 3);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"export run W", "-o FILE is missing", 2},
        {"export run W -o w.txt", "the ending says what is written", 2},
        {"export run -o w.npy", "an array holds one tensor", 2},
        {"export run W losses -o w.npy", "an array holds one tensor", 2},
        {"export run X -o w.npy", "X was not recorded; what was: ", 3},
        {"export run W -o w.npy --steps 5:3", "--steps 5:3: expected FIRST:END:EVERY", 2},
        {"export run W -o w.npy --steps 1:2:0", "--steps 1:2:0: expected", 2},
        {"export run W -o w.npy --steps x", "--steps x: expected", 2},
        {"export run W -o w.npy --steps ''", "--steps : expected", 2},
        {"export run W -o w.npy --steps 31:40", "no frame has a step that is wanted", 2},
        {"export run W -o w.npy --rows 270", "W has no row of token 270", 2},
        {"export run W -o w.npy --rows 3:3", "is no list of tokens", 2},
        {"export run W -o w.npy --rows 3,x", "is no list of tokens", 2},
        {"export run W -o w.npy --rows nofile", "there is no set \"nofile\"", 2},
        {"export run W -o w.npy --dims 4:9", "a row of W has the dimensions 0 to 7; 4 to 8", 2},
        {"export run W -o w.npy --dims 8", "a row of W has the dimensions 0 to 7; 8 to 8", 2},
        {"export nothing W -o w.npy", "nothing", 3},
        {"export run W -o no/folder/w.npy", "no/folder/w.npy", 3},
        {"convert run", "FILE is missing", 2},
        {"export run W -o run/recording.safetensors", "is what is read, or a file of its run", 2},
        {"export run losses -o ./run/metrics.csv", "./run/metrics.csv is what is read", 2},
        {"motion run/recording.safetensors --arrays run/recording.safetensors", "name another", 2},
        {"convert run w.npy", "azimuth export writes arrays", 2},
        {"convert run w.txt", "the ending says", 2},
        {"convert run w.h5 --compression big", "--compression big: expected one of none", 2},
        {"convert run w.safetensors --compression fast", "is not compressed", 2},
        {"export run W -o w.npy --compression fast", "is not compressed", 2},
        {"convert nothing w.safetensors", "nothing", 3},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        int code = azimuth(cases[n].arguments);
        if (code != cases[n].exit_code) fail_msg("%s: %d, %s", cases[n].arguments, code, err);
        assert_has(err, cases[n].message);
        assert_string_equal(out, "");
    }
    assert_false(az_file_exists(in_directory("no")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_has_the_chosen_numbers),
        cmocka_unit_test(dead_and_live_rows_are_apart_and_together_all),
        cmocka_unit_test(a_table_has_a_line_for_each_row),
        cmocka_unit_test(a_part_of_a_recording_is_one_itself),
        cmocka_unit_test(a_converted_recording_is_the_same),
        cmocka_unit_test(hdf5_goes_there_and_back),
        cmocka_unit_test(damage_in_hdf5_is_found_or_harmless),
        cmocka_unit_test(what_a_killed_run_left_becomes_whole),
        cmocka_unit_test(damage_is_not_copied),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, enter_and_train, leave);
}
