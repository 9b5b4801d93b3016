/* Every allocation and every system call under verify, compare, export and convert fails in turn:
 * the failure is told by the right status, nothing is leaked (the sanitizers look), and no half
 * file has a final name. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/compare.h"
#include "azimuth/exchange.h"
#include "azimuth/verify.h"
#include "base/memory.h"
#include "store/system.h"

static const char *const one_tensor[] = {"W", NULL};
static const struct az_selection some = {.first_step = 2, .every = 2, .rows = "dead", .dims = 5};

static enum az_status verify(const struct az_recording *recording, const char *path)
{
    struct az_verify_options options = {.threads = 2};
    struct az_verify_result result;
    (void)path;
    return az_verify(recording, &options, &result, NULL, NULL);
}

static enum az_status compare(const struct az_recording *recording, const char *path)
{
    struct az_compare_options options = {.threads = 2};
    struct az_compare_result result;
    (void)path;
    return az_compare(recording, recording, &options, &result, NULL, NULL);
}

static enum az_status copy(const struct az_recording *recording, const char *path,
                           enum az_container container)
{
    struct az_exchange_result result;
    return az_exchange_copy(recording, &some, path, container, AZ_COMPRESSION_FAST, &result, NULL,
                            NULL);
}

static enum az_status copy_safetensors(const struct az_recording *recording, const char *path)
{
    return copy(recording, path, AZ_CONTAINER_SAFETENSORS);
}

static enum az_status copy_hdf5(const struct az_recording *recording, const char *path)
{
    return copy(recording, path, AZ_CONTAINER_HDF5);
}

static enum az_status array(const struct az_recording *recording, const char *path,
                            enum az_exchange_form form)
{
    struct az_exchange_result result;
    struct az_selection selection = some;
    selection.tensors = one_tensor;
    return az_exchange_array(recording, &selection, path, form, false, &result, NULL, NULL);
}

static enum az_status array_npy(const struct az_recording *recording, const char *path)
{
    return array(recording, path, AZ_EXCHANGE_NPY);
}

static enum az_status array_csv(const struct az_recording *recording, const char *path)
{
    return array(recording, path, AZ_EXCHANGE_CSV);
}

static const struct {
    const char *name;
    enum az_status (*run)(const struct az_recording *recording, const char *path);
    bool writes, leaves_part; /* a recording that fails at its commit leaves its .part */
} tools[] = {
    {"verify", verify, false, false},
    {"compare", compare, false, false},
    {"copy to safetensors", copy_safetensors, true, true},
    {"copy to HDF5", copy_hdf5, true, true},
    {"npy", array_npy, true, false},
    {"csv", array_csv, true, false},
};

#define TOOLS (sizeof tools / sizeof tools[0])

static struct az_recording *open_golden(void)
{
    char path[1024];
    struct az_recording *recording;
    const char *root = getenv("AZ_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/golden/pytorch_fused.safetensors", root ? root : ".");
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    return recording;
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

static void nothing_half(size_t tool, size_t n, const char *path)
{
    char part[600];
    snprintf(part, sizeof part, "%s.part", path);
    if (exists(path)) fail_msg("%s, failure %zu: there is a file", tools[tool].name, n);
    if (exists(part) && !tools[tool].leaves_part)
        fail_msg("%s, failure %zu: there is a .part", tools[tool].name, n);
    unlink(part);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct az_recording *recording = open_golden();
    for (size_t tool = 0; tool < TOOLS; tool++) {
        const char *path = fixture_path("out");
        enum az_status status = AZ_MEMORY;
        size_t n = 0;
        while (status != AZ_OK) {
            az_memory_fail_after(++n);
            status = tools[tool].run(recording, path);
            az_memory_fail_after(0);
            if (status == AZ_OK) break;
            if (status != AZ_MEMORY)
                fail_msg("%s, allocation %zu: %s", tools[tool].name, n, az_status_name(status));
            nothing_half(tool, n, path);
        }
        assert_true(n > 3);
        assert_true(exists(path) == tools[tool].writes);
        unlink(path);
    }
    az_recording_close(recording);
}

static void every_call_may_fail(int code, enum az_status expected)
{
    struct az_recording *recording = open_golden();
    for (size_t tool = 0; tool < TOOLS; tool++) {
        const char *path = fixture_path("out");
        for (size_t n = 1; n < 10000; n++) {
            az_system_fail_after(n, code);
            enum az_status status = tools[tool].run(recording, path);
            bool pending = az_system_fail_pending();
            az_system_fail_after(0, 0);
            if (status != AZ_OK) {
                /* verify counts a frame that cannot be read as a bad one */
                if (status != expected && status != AZ_DIFFERENCE)
                    fail_msg("%s, call %zu: %s", tools[tool].name, n, az_status_name(status));
                nothing_half(tool, n, path);
            }
            unlink(path);
            if (pending) break;
            assert_true(n < 9999);
        }
    }
    az_recording_close(recording);
}

static void every_call_may_fail_to_read_or_write(void **state)
{
    (void)state;
    every_call_may_fail(EIO, AZ_IO);
}

static void the_disk_may_be_full_at_every_call(void **state)
{
    (void)state;
    every_call_may_fail(ENOSPC, AZ_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_call_may_fail_to_read_or_write),
        cmocka_unit_test(the_disk_may_be_full_at_every_call),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
