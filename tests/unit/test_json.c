#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../store_fixture.h"
#include "azimuth/bf16.h"
#include "base/memory.h"
#include "base/random.h"
#include "config/number.h"
#include "store/json.h"

static char *build(bool pretty)
{
    struct az_json json;
    char *text;
    size_t length;
    az_json_init(&json, pretty);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "name", "a \"b\"\\\n\x01 \xc3\xa9");
    az_json_open(&json, "list", '[');
    az_json_integer(&json, NULL, INT64_MIN);
    az_json_unsigned(&json, NULL, UINT64_MAX);
    az_json_real(&json, NULL, 0.1);
    az_json_real(&json, NULL, (double)NAN);
    az_json_close(&json, ']');
    az_json_open(&json, "empty", '{');
    az_json_close(&json, '}');
    az_json_boolean(&json, "yes", true);
    az_json_literal(&json, "lr", "1e-3");
    az_json_close(&json, '}');
    assert_int_equal(az_json_take(&json, &text, &length, NULL), AZ_OK);
    assert_int_equal(strlen(text), length);
    az_json_free(&json);
    return text;
}

static void text_is_what_json_asks_for(void **state)
{
    (void)state;
    char *text = build(false);
    assert_string_equal(text, "{\"name\":\"a \\\"b\\\"\\\\\\n\\u0001 \xc3\xa9\",\"list\":["
                              "-9223372036854775808,18446744073709551615,0.1,null],\"empty\":{},"
                              "\"yes\":true,\"lr\":1e-3}");
    az_memory_free(text);
    text = build(true);
    assert_non_null(strstr(text, "{\n  \"name\": \"a"));
    assert_non_null(strstr(text, "  \"list\": [\n    -9223372036854775808,\n"));
    assert_non_null(strstr(text, "null\n  ],\n  \"empty\": {},\n"));
    assert_string_equal(text + strlen(text) - 3, "\n}\n");
    az_memory_free(text);
}

static void numbers_read_back_to_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 50000; i++) {
        char text[AZ_NUMBER_TEXT_BYTES];
        union {
            uint64_t bits;
            double value;
        } x = {.bits = (uint64_t)az_random_u32(1, 1, 2 * i) << 32 | az_random_u32(1, 1, 2 * i + 1)};
        if (!isfinite(x.value)) continue;
        az_number_format(x.value, text);
        assert_true(az_number_read(text, NULL) == x.value);
        float y = az_f32_from_bits(az_random_u32(2, 1, i));
        if (!isfinite(y)) continue;
        az_number_format_f32(y, text);
        assert_true((float)az_number_read(text, NULL) == y);
    }
}

static void numbers_are_as_short_as_a_person_writes_them(void **state)
{
    (void)state;
    char text[AZ_NUMBER_TEXT_BYTES];
    az_number_format(0.1, text);
    assert_string_equal(text, "0.1");
    az_number_format(1e-8, text);
    assert_string_equal(text, "1e-8");
    az_number_format_f32(0.001f, text);
    assert_string_equal(text, "0.001");
    az_number_format((double)-INFINITY, text);
    assert_string_equal(text, "-inf");
    az_number_format_f32(-NAN, text);
    assert_string_equal(text, "nan");
    assert_true(az_number_meant(0.001f) == 0.001);
    assert_true(az_number_meant(0.999f) == 0.999);
    assert_true(az_number_meant(1e-8f) == 1e-8);
    assert_true(az_number_meant(128) == 128);
}

static void failed_memory_is_told_at_the_end(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t n = 1; n < 20; n++) {
        struct az_json json;
        char *text;
        size_t length;
        az_memory_fail_after(n);
        az_json_init(&json, false);
        az_json_open(&json, NULL, '[');
        for (int i = 0; i < 200; i++) az_json_integer(&json, NULL, i);
        az_json_close(&json, ']');
        enum az_status status = az_json_take(&json, &text, &length, NULL);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || (status == AZ_MEMORY && !text));
        failures += status != AZ_OK;
        az_memory_free(text);
        az_json_free(&json);
    }
    assert_in_range(failures, 2, 18);
}

static void files_are_read_with_the_place_of_a_mistake(void **state)
{
    (void)state;
    json_t *root;
    struct az_error error;
    fixture_write(fixture_path("a.json"), "{\"a\": 1}", 8);
    assert_int_equal(az_json_read(fixture_path("a.json"), 0, &root, &error), AZ_OK);
    assert_int_equal(json_integer_value(json_object_get(root, "a")), 1);
    json_decref(root);
    fixture_write(fixture_path("a.json"), "{\"a\":\n 1,}", 10);
    assert_int_equal(az_json_read(fixture_path("a.json"), 0, &root, &error), AZ_FORMAT);
    assert_int_equal(error.line, 2);
    fixture_write(fixture_path("a.json"), "{\"a\":1,\"a\":2}", 13);
    assert_int_equal(az_json_read(fixture_path("a.json"), 0, &root, &error), AZ_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_what_json_asks_for),
        cmocka_unit_test(numbers_read_back_to_the_same_bits),
        cmocka_unit_test(numbers_are_as_short_as_a_person_writes_them),
        cmocka_unit_test(failed_memory_is_told_at_the_end),
        cmocka_unit_test(files_are_read_with_the_place_of_a_mistake),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
