#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/recording_sums.h"

static void a_flipped_bit_of_a_frame_is_known_and_found(void **state)
{
    (void)state;
    enum { BYTES = 10007 };
    static unsigned char frame[BYTES];
    struct az_frame_sums written = {0, 0};
    for (size_t n = 0; n < BYTES; n++) frame[n] = (unsigned char)(n * n >> 3);
    az_frame_sums_add(&written, 0, frame, BYTES);
    for (size_t n = 0; n < 8 * BYTES; n += n < 80 || n > 8 * BYTES - 80 ? 1 : 37) {
        struct az_frame_sums found = {0, 0};
        uint64_t offset = 0;
        int bit = -1;
        frame[n / 8] ^= (unsigned char)(1 << n % 8);
        az_frame_sums_add(&found, 4000, frame + 4000, BYTES - 4000); /* in parts, in any order */
        az_frame_sums_add(&found, 0, frame, 4000);
        frame[n / 8] ^= (unsigned char)(1 << n % 8);
        assert_true(az_frame_sums_locate(written, found, BYTES, &offset, &bit));
        assert_int_equal(8 * offset + (uint64_t)bit, n);
    }
    assert_false(az_frame_sums_locate(written, written, BYTES, &(uint64_t){0}, &(int){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_of_a_frame_is_known_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
