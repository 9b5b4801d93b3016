/* Random sets of tensors, written and read back. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/safetensors.h"
#include "base/random.h"

enum { SEED = 20240607, SETS = 300, MOST_TENSORS = 12, MOST_BYTES = 20000 };

static uint64_t drawn;

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)az_random_below(SEED, AZ_STREAM_SIMULATION, drawn++, bound);
}

/* Plain, quoted, control and Unicode characters; the index keeps names apart. */
static void draw_name(char *name, size_t capacity_bytes, size_t index)
{
    static const char *const pieces[] = {
        "W", ".",    "/", "\"", "\\", "\t", "\x7f", "\xc3\xa9", "\xe0\xb8\x81", "\xf0\x9f\x9a\x80",
        " ", "steps"};
    size_t used = (size_t)snprintf(name, capacity_bytes, "%zu", index);
    for (uint32_t n = draw(20); n; n--)
        used += (size_t)snprintf(name + used, capacity_bytes - used, "%s", pieces[draw(12)]);
}

static void draw_tensor(struct az_tensor *tensor, size_t index, unsigned char *data)
{
    *tensor = (struct az_tensor){.dtype = (enum az_dtype)draw(AZ_DTYPE_F4), .data = data};
    tensor->rank = (int)draw(AZ_TENSOR_DIMS + 1);
    draw_name(tensor->name, sizeof tensor->name, index);
    int64_t left = 1 + draw(MOST_BYTES / 8);
    for (int n = 0; n < tensor->rank; n++) {
        tensor->shape[n] = draw(20) == 0 ? 0 : 1 + draw((uint32_t)(left < 9 ? left : 9));
        left = tensor->shape[n] ? left / tensor->shape[n] : left;
    }
    for (size_t n = 0; n < MOST_BYTES; n++) data[n] = (unsigned char)draw(256);
}

static void check_set(const char *path, const struct az_tensor *tensors, size_t count,
                      const char *text)
{
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_int_equal(az_safetensors_count(file), count);
    assert_string_equal(az_safetensors_metadata(file, "text"), text);
    for (size_t n = 0; n < count; n++) {
        const struct az_tensor *found = az_safetensors_find(file, tensors[n].name);
        unsigned char copy[MOST_BYTES];
        assert_non_null(found);
        assert_int_equal(found->dtype, tensors[n].dtype);
        assert_int_equal(found->rank, tensors[n].rank);
        assert_memory_equal(found->shape, tensors[n].shape, (size_t)found->rank * sizeof(int64_t));
        assert_int_equal(found->bytes, tensors[n].bytes);
        assert_memory_equal(found->data, tensors[n].data, found->bytes);
        assert_int_equal((uintptr_t)found->data % az_dtype_bytes(found->dtype), 0);
        uint64_t skip = draw((uint32_t)found->bytes + 1);
        size_t rest = (size_t)(found->bytes - skip);
        assert_int_equal(az_safetensors_read(file, found, skip, copy, rest, NULL), AZ_OK);
        assert_memory_equal(copy, (const unsigned char *)found->data + skip, rest);
        assert_int_equal(az_safetensors_read(file, found, skip, copy, rest + 1, NULL), AZ_USAGE);
    }
    az_safetensors_close(file);
}

static void any_set_of_tensors_comes_back_equal(void **state)
{
    (void)state;
    static unsigned char data[MOST_TENSORS][MOST_BYTES];
    struct az_tensor tensors[MOST_TENSORS];
    const char *path = fixture_path("set.safetensors");
    print_message("seed %d\n", SEED);
    for (int set = 0; set < SETS; set++) {
        char text[200];
        const char *const metadata[] = {"text", text, NULL};
        size_t count = draw(MOST_TENSORS + 1);
        draw_name(text, sizeof text, (size_t)set);
        for (size_t n = 0; n < count; n++) draw_tensor(&tensors[n], n, data[n]);
        assert_int_equal(az_safetensors_save(path, tensors, count, metadata, NULL), AZ_OK);
        check_set(path, tensors, count, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_set_of_tensors_comes_back_equal)};
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
