/* unit.h: numbers as people read them. */
#ifndef AZ_BASE_UNIT_H
#define AZ_BASE_UNIT_H

#include <stdint.h>

#define AZ_UNIT_TEXT_BYTES 32

/* "0 B", "512 B", "1.28 MB", "12.8 GB": three digits, decimal units. */
void az_unit_bytes(uint64_t bytes, char text[AZ_UNIT_TEXT_BYTES]);
/* "1,057,024" */
void az_unit_count(uint64_t count, char text[AZ_UNIT_TEXT_BYTES]);
/* "0.42 s", "12.3 s", "2 min 05 s", "1 h 02 min" */
void az_unit_seconds(double seconds, char text[AZ_UNIT_TEXT_BYTES]);
/* "0:47", "1:02:03" */
void az_unit_clock(double seconds, char text[AZ_UNIT_TEXT_BYTES]);
/* "0.0471", "12.3", "1,204": three digits at least. */
void az_unit_rate(double rate, char text[AZ_UNIT_TEXT_BYTES]);
/* Control characters become '?', so that names out of hostile files are harmless in a terminal. */
void az_unit_plain(char *text);

#endif
