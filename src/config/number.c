#define _GNU_SOURCE
#include "config/number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host program may have set a locale in which strtod and printf use a decimal comma. */
static locale_t plain_locale;
static pthread_once_t plain_locale_once = PTHREAD_ONCE_INIT;

static void make_plain_locale(void) { plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static locale_t enter_plain_locale(void)
{
    pthread_once(&plain_locale_once, make_plain_locale);
    return plain_locale ? uselocale(plain_locale) : uselocale((locale_t)0);
}

bool az_number_parse_seed(const char *text, uint64_t *value)
{
    if (!*text) return false;
    uint64_t sum = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (__builtin_mul_overflow(sum, 10, &sum)) return false;
        if (__builtin_add_overflow(sum, (uint64_t)(*text - '0'), &sum)) return false;
    }
    *value = sum;
    return true;
}

bool az_number_parse_integer(const char *text, int64_t *value)
{
    bool negative = *text == '-';
    uint64_t magnitude;
    if (!az_number_parse_seed(text + (*text == '-' || *text == '+'), &magnitude)) return false;
    if (magnitude > INT64_MAX) return false;
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

double az_number_read(const char *text, char **end)
{
    locale_t outer = enter_plain_locale();
    double value = strtod(text, end);
    uselocale(outer);
    return value;
}

bool az_number_parse(const char *text, double *value)
{
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
    char *end;
    double parsed = az_number_read(text, &end);
    if (end == text || *end || !isfinite(parsed)) return false;
    *value = parsed;
    return true;
}

static bool format_special(double value, char text[AZ_NUMBER_TEXT_BYTES])
{
    if (isfinite(value)) return false;
    snprintf(text, AZ_NUMBER_TEXT_BYTES, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return true;
}

/* "1e-08" to "1e-8", "1e+10" to "1e10". */
static void shorten_exponent(char *text)
{
    char *from = strchr(text, 'e');
    if (!from) return;
    char *to = ++from;
    if (*from == '-') to++;
    for (from++; from[0] == '0' && from[1];) from++;
    memmove(to, from, strlen(from) + 1);
}

/* A decimal of up to 15 digits survives the way through a double and back (6 through a float), so
 * that where a shorter text exists, the first try finds it. */
void az_number_format(double value, char text[AZ_NUMBER_TEXT_BYTES])
{
    if (format_special(value, text)) return;
    locale_t outer = enter_plain_locale();
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, AZ_NUMBER_TEXT_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    uselocale(outer);
    shorten_exponent(text);
}

void az_number_format_f32(float value, char text[AZ_NUMBER_TEXT_BYTES])
{
    if (format_special((double)value, text)) return;
    locale_t outer = enter_plain_locale();
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, AZ_NUMBER_TEXT_BYTES, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    uselocale(outer);
    shorten_exponent(text);
}

double az_number_meant(float value)
{
    char text[AZ_NUMBER_TEXT_BYTES];
    if (!isfinite(value)) return (double)value;
    az_number_format_f32(value, text);
    return az_number_read(text, NULL);
}

static const struct {
    const char *name;
    int64_t bytes;
} units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KiB", INT64_C(1) << 10},
    {"MB", 1000000},
    {"MiB", INT64_C(1) << 20},
    {"GB", 1000000000},
    {"GiB", INT64_C(1) << 30},
    {"TB", INT64_C(1000000000000)},
    {"TiB", INT64_C(1) << 40},
};

#define UNITS (sizeof units / sizeof units[0])

bool az_number_parse_bytes(const char *text, int64_t *value)
{
    size_t digits = strspn(text, "0123456789.");
    const char *name = text + digits + strspn(text + digits, " ");
    char number_text[AZ_NUMBER_TEXT_BYTES];
    if (digits >= sizeof number_text) return false;
    memcpy(number_text, text, digits);
    number_text[digits] = 0;
    double number;
    if (!az_number_parse(number_text, &number)) return false;
    for (size_t u = 0; u < UNITS; u++) {
        if (strcmp(name, units[u].name) != 0) continue;
        double bytes = number * (double)units[u].bytes;
        if (bytes != floor(bytes) || bytes >= 0x1p63) return false;
        *value = (int64_t)bytes;
        return true;
    }
    return false;
}

void az_number_format_bytes(int64_t value, char text[AZ_NUMBER_TEXT_BYTES])
{
    size_t best = 0;
    for (size_t u = 0; u < UNITS; u++)
        if (value && value % units[u].bytes == 0) best = u;
    snprintf(text, AZ_NUMBER_TEXT_BYTES, "%" PRId64 "%s", value / units[best].bytes,
             units[best].name);
}
