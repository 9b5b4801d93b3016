/* pattern_class.h: what stands for a set of characters in a pattern: \s \d \w \h \p{..}, brackets
 * with ranges, classes in classes, && and [:alpha:]; read, and written for PCRE2. */
#ifndef AZ_TEXT_PATTERN_CLASS_H
#define AZ_TEXT_PATTERN_CLASS_H

#include "base/buffer.h"
#include "text/code_set.h"
#include "text/pattern.h"

/* A pattern that is read: `at` goes on behind what was understood. */
struct az_pattern_reader {
    const char *text, *at;
    enum az_dialect dialect;
    bool any_case; /* within (?i: ) */
    int classes;   /* read so far; there is a limit, as each takes time */
};

/* AZ_UNSUPPORTED: the pattern, `what`, the `length` bytes at `at`, and the place. */
enum az_status az_pattern_refuse(const struct az_pattern_reader *reader, int length,
                                 const char *what, struct az_error *error);

/* One more class; AZ_UNSUPPORTED where there are too many. */
enum az_status az_pattern_class_count(struct az_pattern_reader *reader, struct az_error *error);

/* An escape that is a class, or brackets. *length: its bytes; 0 where there is none, and then
 * nothing is done. The set, zeroed, gets the members. */
enum az_status az_pattern_class_read(struct az_pattern_reader *reader, struct az_code_set *set,
                                     size_t *length, struct az_error *error);

/* The parts of it. in_brackets: \w has fewer members there. */
enum az_status az_pattern_class_escape(struct az_pattern_reader *reader, bool in_brackets,
                                       struct az_code_set *set, size_t *length,
                                       struct az_error *error);
/* [:alpha:] and its like, within brackets. */
enum az_status az_pattern_class_posix(struct az_pattern_reader *reader, struct az_code_set *set,
                                      size_t *length, struct az_error *error);
enum az_status az_pattern_class_brackets(struct az_pattern_reader *reader, struct az_code_set *set,
                                         struct az_error *error);

/* One character, also by an escape. */
enum az_status az_pattern_code(struct az_pattern_reader *reader, uint32_t *code,
                               struct az_error *error);

/* Adds every character that is the same as a member but for its case. */
void az_pattern_class_fold(struct az_code_set *set);
/* Whether a member is the same as several characters but for case (a sharp s and ss). */
bool az_pattern_class_folds_to_several(const struct az_code_set *set);

/* Appends the set as one class of PCRE2; within (?i: ) it stands for its members alone. */
enum az_status az_pattern_class_write(const struct az_code_set *set, bool any_case,
                                      struct az_buffer *out, struct az_error *error);

#endif
