#include "base/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void az_unit_bytes(uint64_t bytes, char text[AZ_UNIT_TEXT_BYTES])
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 999.5; unit++) value /= 1000;
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(text, AZ_UNIT_TEXT_BYTES, "%.*f %s", decimals, value, names[unit]);
}

void az_unit_count(uint64_t count, char text[AZ_UNIT_TEXT_BYTES])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (size_t d = 0; d <= length; d++) {
        *text++ = digits[d];
        if (d + 1 < length && (length - d - 1) % 3 == 0) *text++ = ',';
    }
}

void az_unit_seconds(double seconds, char text[AZ_UNIT_TEXT_BYTES])
{
    int64_t whole = (int64_t)llround(seconds);
    if (seconds < 59.95)
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%.*f s", seconds < 0.9995 ? 2 : 1, seconds);
    else if (whole < 3600)
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%" PRId64 " min %02" PRId64 " s", whole / 60,
                 whole % 60);
    else
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%" PRId64 " h %02" PRId64 " min", whole / 3600,
                 whole / 60 % 60);
}

void az_unit_clock(double seconds, char text[AZ_UNIT_TEXT_BYTES])
{
    int64_t whole = seconds > 0 && seconds < 1e9 ? (int64_t)llround(seconds) : 0;
    if (whole < 3600)
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600,
                 whole / 60 % 60, whole % 60);
}

void az_unit_rate(double rate, char text[AZ_UNIT_TEXT_BYTES])
{
    if (rate >= 999.5)
        az_unit_count((uint64_t)fmin(rate + 0.5, 1e18), text);
    else
        snprintf(text, AZ_UNIT_TEXT_BYTES, "%.*f",
                 rate >= 99.95    ? 0
                 : rate >= 9.995  ? 1
                 : rate >= 0.9995 ? 2
                                  : 4,
                 rate);
}

void az_unit_plain(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < ' ' || *c == 0x7f) *c = '?';
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) c[0] = c[1] = '?';
    }
}
