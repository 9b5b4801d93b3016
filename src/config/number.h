/* number.h: numbers as text, exactly and whatever the locale of the process. */
#ifndef AZ_CONFIG_NUMBER_H
#define AZ_CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define AZ_NUMBER_TEXT_BYTES 32

/* All of text, decimal digits with an optional sign; false when it is anything else or does not
 * fit. */
bool az_number_parse_integer(const char *text, int64_t *value);
bool az_number_parse_seed(const char *text, uint64_t *value);

/* All of text, a finite decimal number with '.' and optional exponent; no hexadecimal, no nan. */
bool az_number_parse(const char *text, double *value);

/* strtod with a decimal point. */
double az_number_read(const char *text, char **end);

/* The shortest text that az_number_parse reads back to the same double (of 15 to 17 digits, less
 * trailing zeros); "nan", "inf", "-inf" where it is not finite. */
void az_number_format(double value, char text[AZ_NUMBER_TEXT_BYTES]);
/* The same for a float: 6 to 9 digits that give the same float. */
void az_number_format_f32(float value, char text[AZ_NUMBER_TEXT_BYTES]);
/* The double that was meant by whoever stored it as a float: its shortest text, read as a double
 * (0.001f gives 0.001). */
double az_number_meant(float value);

/* "24GB", "1.5GiB", "4096B": a whole number of bytes below 2^63, with a unit. */
bool az_number_parse_bytes(const char *text, int64_t *value);
/* With the largest unit that leaves a whole number. */
void az_number_format_bytes(int64_t value, char text[AZ_NUMBER_TEXT_BYTES]);

#endif
