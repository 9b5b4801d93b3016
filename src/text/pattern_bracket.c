/* Brackets of patterns. What Oniguruma and Rust read differently from each other is known here by
 * its dialect; what is odd to both (a range that ends in a class) is refused. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "text/pattern_class.h"
#include "text/unicode.h"
#include "text/utf8.h"

#define DEPTH_LIMIT 12

/* ---- one character ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* \xHH, \x{H..}, \uHHHH and, in fancy-regex, \u{H..}. */
static enum az_status read_hex(struct az_pattern_reader *reader, uint32_t *code,
                               struct az_error *error)
{
    const char *at = reader->at;
    bool fancy = reader->dialect == AZ_DIALECT_FANCY, braces = at[2] == '{';
    size_t digits = 0, most = braces ? 8 : at[1] == 'x' ? 2 : 4;
    const char *first = at + 2 + braces;
    *code = 0;
    for (; digits < most && is_hex(first[digits]); digits++) {
        char c = first[digits];
        *code = *code << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    bool whole = braces ? digits > 0 && first[digits] == '}' : digits == most;
    bool known = at[1] == 'x' || !braces || fancy;
    bool byte = !fancy && !braces && at[1] == 'x' && *code > 0x7f; /* not a character */
    if (!whole || !known || byte || *code >= AZ_CODE_LIMIT || *code >> 11 == 0x1b)
        return az_pattern_refuse(reader, 2, "", error);
    reader->at = first + digits + braces;
    return AZ_OK;
}

static enum az_status read_escape(struct az_pattern_reader *reader, uint32_t *code,
                                  struct az_error *error)
{
    static const char letters[] = "nrtfvae", codes[] = "\n\r\t\f\v\a\x1b";
    char kind = reader->at[1];
    const char *place = kind ? strchr(letters, kind) : NULL;
    size_t used = 1;
    if (kind == 'x' || kind == 'u') return read_hex(reader, code, error);
    bool letter = (kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z');
    bool digit = kind >= '0' && kind <= '9';
    bool edge = reader->dialect == AZ_DIALECT_FANCY && (kind == '<' || kind == '>');
    if (!kind || (letter && !place) || digit || edge)
        return az_pattern_refuse(reader, kind ? 2 : 1, "", error);
    *code = place ? (uint32_t)codes[place - letters] : az_utf8_decode(reader->at + 1, &used);
    reader->at += 1 + used;
    return AZ_OK;
}

enum az_status az_pattern_code(struct az_pattern_reader *reader, uint32_t *code,
                               struct az_error *error)
{
    size_t used;
    if (*reader->at == '\\') return read_escape(reader, code, error);
    *code = az_utf8_decode(reader->at, &used);
    reader->at += used;
    return AZ_OK;
}

/* ---- brackets ---- */

struct frame {
    struct az_code_set side, item; /* of an operator; of the side */
};

static enum az_status read_brackets(struct az_pattern_reader *reader, int depth,
                                    struct az_code_set *set, struct az_error *error);

/* Whether a range goes on at the - here. */
static bool goes_on(const struct az_pattern_reader *reader)
{
    const char *at = reader->at;
    bool minus = reader->dialect == AZ_DIALECT_FANCY && at[1] == '-';
    return at[0] == '-' && at[1] && at[1] != ']' && !minus;
}

/* A class within the brackets: an escape, [:alpha:] or brackets; *found tells. */
static enum az_status add_class(struct az_pattern_reader *reader, int depth, struct frame *frame,
                                bool *found, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t length;
    AZ_TRY(az_pattern_class_escape(reader, true, &frame->item, &length, error));
    if (length == 0) AZ_TRY(az_pattern_class_posix(reader, &frame->item, &length, error));
    *found = length > 0 || *reader->at == '[';
    if (!*found) goto out;
    if (length == 0) {
        uint32_t first, last;
        AZ_TRY(read_brackets(reader, depth + 1, &frame->item, error));
        /* Oniguruma loses other members of the outer class beside it. */
        if (!az_code_set_next(&frame->item, 0, &first, &last))
            return az_pattern_refuse(reader, 0, "a class without characters in another", error);
    }
    az_code_set_unite(&frame->side, &frame->item);
    memset(&frame->item, 0, sizeof frame->item);
    if (goes_on(reader)) return az_pattern_refuse(reader, 1, "a class before ", error);
out:
    return status;
}

/* A character or a range. after_range: a - here is itself. */
static enum az_status add_range(struct az_pattern_reader *reader, struct frame *frame,
                                bool *after_range, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t first = 0, last;
    bool hyphen = *reader->at == '-', itself = *after_range;
    *after_range = false;
    AZ_TRY(az_pattern_code(reader, &first, error));
    last = first;
    if (goes_on(reader) && !(hyphen && itself)) {
        const char *end = reader->at + 1;
        if (hyphen || *end == '-' || *end == '[' || strncmp(end, "&&", 2) == 0)
            return az_pattern_refuse(reader, 2, "an end of a range, ", error);
        reader->at = end;
        AZ_TRY(az_pattern_code(reader, &last, error));
        *after_range = true;
    }
    if (last < first) return az_pattern_refuse(reader, 1, "a range that ends before ", error);
    az_code_set_add(&frame->side, first, last);
out:
    return status;
}

static char operator_at(const struct az_pattern_reader *reader)
{
    const char *at = reader->at;
    if (at[0] != at[1] || !at[0]) return 0;
    if (at[0] == '&') return '&';
    bool fancy = reader->dialect == AZ_DIALECT_FANCY;
    return fancy && (at[0] == '-' || at[0] == '~') ? at[0] : 0;
}

/* set = set, operation, side; before the first side there is none. */
static void operate(struct az_pattern_reader *reader, struct az_code_set *set, char operation,
                    struct az_code_set *side)
{
    if (reader->any_case && reader->dialect == AZ_DIALECT_FANCY) az_pattern_class_fold(side);
    if (!operation) az_code_set_unite(set, side);
    if (operation == '-') az_code_set_invert(side);
    if (operation == '-' || operation == '&') az_code_set_intersect(set, side);
    for (size_t n = 0; operation == '~' && n < AZ_CODE_LIMIT / 64; n++)
        set->words[n] ^= side->words[n];
    memset(side, 0, sizeof *side);
}

/* What stands between the brackets, up to the last of them. */
static enum az_status read_members(struct az_pattern_reader *reader, int depth, struct frame *frame,
                                   struct az_code_set *set, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char operation = 0, next;
    bool found, after_range = false, empty = true;
    for (; *reader->at != ']'; empty = false) {
        if (!*reader->at) return az_pattern_refuse(reader, 0, "a class that does not end", error);
        if ((next = operator_at(reader))) {
            bool ends = reader->at[2] == ']' || reader->at[2] == next || !reader->at[2];
            if (empty || ends) return az_pattern_refuse(reader, 2, "a side without ", error);
            operate(reader, set, operation, &frame->side);
            operation = next;
            reader->at += 2;
            after_range = false;
            if (operator_at(reader)) return az_pattern_refuse(reader, 2, "", error);
        }
        AZ_TRY(add_class(reader, depth, frame, &found, error));
        if (found)
            after_range = false;
        else
            AZ_TRY(add_range(reader, frame, &after_range, error));
    }
    operate(reader, set, operation, &frame->side);
out:
    return status;
}

static enum az_status read_brackets(struct az_pattern_reader *reader, int depth,
                                    struct az_code_set *set, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct frame *frame = NULL;
    const char *start = reader->at++;
    if (depth == DEPTH_LIMIT)
        return az_pattern_refuse(reader, 0, "too many classes in each other", error);
    AZ_TRY(az_pattern_class_count(reader, error));
    bool negated = *reader->at == '^';
    reader->at += negated;
    if (*reader->at == ']') return az_pattern_refuse(reader, 1, "an empty class before ", error);
    AZ_TRY(az_memory_allocate(&frame, 1, sizeof *frame, "a class of characters", error));
    AZ_TRY(read_members(reader, depth, frame, set, error));
    if (reader->any_case && reader->dialect == AZ_DIALECT_ONIGURUMA && depth == 0) {
        const struct az_pattern_reader place = {.text = reader->text, .at = start};
        if (!negated && az_pattern_class_folds_to_several(set)) {
            status = az_pattern_refuse(&place, (int)(reader->at - start) + 1,
                                       "letters that are several in another case, ", error);
            goto out;
        }
        az_pattern_class_fold(set);
    }
    if (negated) az_code_set_invert(set);
    reader->at++;
out:
    az_memory_free(frame);
    return status;
}

enum az_status az_pattern_class_brackets(struct az_pattern_reader *reader, struct az_code_set *set,
                                         struct az_error *error)
{
    return read_brackets(reader, 0, set, error);
}
