/* Sets of characters of a pattern: letters that differ in their case, and how PCRE2 is told. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "text/pattern_class.h"
#include "text/unicode.h"
#include "text/unicode_class.h"

/* ---- case ---- */

#define CASED_LIMIT 0x20000 /* beyond every letter with a case */

/* Simple case folding: what capital and small letter have in common. */
static uint32_t fold(uint32_t code)
{
    uint32_t lower[2];
    if (code == 0x130 || code == 0x131) return code; /* I with a dot, i without */
    az_unicode_lower(az_unicode_upper(code), lower);
    return lower[0];
}

void az_pattern_class_fold(struct az_code_set *set)
{
    static_assert(CASED_LIMIT % 64 == 0, "whole words");
    uint64_t folded[CASED_LIMIT / 64] = {0};
    for (uint32_t code = 0; code < CASED_LIMIT; code++) {
        uint32_t common = fold(code);
        if (az_code_set_has(set, code)) folded[common / 64] |= UINT64_C(1) << common % 64;
    }
    for (uint32_t code = 0; code < CASED_LIMIT; code++) {
        uint32_t common = fold(code);
        if (folded[common / 64] >> common % 64 & 1) az_code_set_add(set, code, code);
    }
}

bool az_pattern_class_folds_to_several(const struct az_code_set *set)
{
    static const struct {
        uint32_t first, last;
    } several[] = {
        {0xdf, 0xdf},     {0x130, 0x130},   {0x149, 0x149},   {0x1f0, 0x1f0},   {0x390, 0x390},
        {0x3b0, 0x3b0},   {0x587, 0x587},   {0x1e96, 0x1e9a}, {0x1e9e, 0x1e9e}, {0x1f50, 0x1f50},
        {0x1f52, 0x1f52}, {0x1f54, 0x1f54}, {0x1f56, 0x1f56}, {0x1f80, 0x1faf}, {0x1fb2, 0x1fb4},
        {0x1fb6, 0x1fb7}, {0x1fbc, 0x1fbc}, {0x1fc2, 0x1fc4}, {0x1fc6, 0x1fc7}, {0x1fcc, 0x1fcc},
        {0x1fd2, 0x1fd3}, {0x1fd6, 0x1fd7}, {0x1fe2, 0x1fe4}, {0x1fe6, 0x1fe7}, {0x1ff2, 0x1ff4},
        {0x1ff6, 0x1ff7}, {0x1ffc, 0x1ffc}, {0xfb00, 0xfb06}, {0xfb13, 0xfb17},
    };
    for (size_t n = 0; n < sizeof several / sizeof several[0]; n++) {
        uint32_t first, last;
        if (az_code_set_next(set, several[n].first, &first, &last) && first <= several[n].last)
            return true;
    }
    return false;
}

/* ---- for PCRE2 ---- */

/* Groups of categories that PCRE2 has a letter for, with the bits of az_unicode_class_spread. */
static const struct {
    char name[3];
    uint32_t bits;
} groups[] = {
    {"L", 0x1f},      {"M", 7 << 5},  {"N", 7 << 8},      {"P", 0x7f << 11},
    {"S", 0xf << 18}, {"Z", 7 << 22}, {"C", 0x37u << 25},
};

#define SURROGATES (UINT32_C(1) << 27)
#define PLAIN_LIMIT 0x100 /* these are always listed, for PCRE2 has a table for them */

/* A set as members of a class: categories that are in it with all that they have, and ranges. */
struct members {
    uint32_t categories;
    struct az_code_set rest;
    int count;
};

static void divide(const struct az_code_set *set, struct members *members)
{
    uint32_t within, without, first, last;
    az_unicode_class_spread(set, &within, &without);
    members->categories = within & ~without & ~SURROGATES;
    members->rest = *set;
    az_unicode_class_strip(&members->rest, members->categories);
    for (size_t n = 0; n < PLAIN_LIMIT / 64; n++) members->rest.words[n] = set->words[n];
    members->count = __builtin_popcount(members->categories);
    for (uint32_t at = 0; az_code_set_next(&members->rest, at, &first, &last); at = last + 1)
        members->count++;
}

static enum az_status print(struct az_buffer *out, struct az_error *error, const char *format, ...)
    AZ_PRINTF(3, 4);

static enum az_status print(struct az_buffer *out, struct az_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    enum az_status status = az_buffer_print(out, error, format, arguments);
    va_end(arguments);
    return status;
}

static enum az_status write_members(const struct members *members, struct az_buffer *out,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t first, last, left = members->categories;
    for (uint32_t at = 0; az_code_set_next(&members->rest, at, &first, &last); at = last + 1) {
        AZ_TRY(print(out, error, "\\x{%x}", (unsigned)first));
        if (last > first) AZ_TRY(print(out, error, "-\\x{%x}", (unsigned)last));
    }
    for (size_t n = 0; n < sizeof groups / sizeof groups[0]; n++) {
        if ((left & groups[n].bits) != groups[n].bits) continue;
        left &= ~groups[n].bits;
        AZ_TRY(print(out, error, "\\p{%s}", groups[n].name));
    }
    for (int n = 0; left >> n; n++)
        if (left >> n & 1) AZ_TRY(print(out, error, "\\p{%s}", az_unicode_category_name(n)));
out:
    return status;
}

/* The class, or all but its complement: what is shorter. Surrogates are in no text. */
enum az_status az_pattern_class_write(const struct az_code_set *set, bool any_case,
                                      struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct {
        struct az_code_set set;
        struct members members[2];
    } *work = NULL;
    AZ_TRY(az_memory_allocate(&work, 1, sizeof *work, "a class of characters", error));
    work->set = *set;
    az_code_set_remove(&work->set, 0xd800, 0xdfff);
    divide(&work->set, &work->members[0]);
    az_code_set_invert(&work->set);
    az_code_set_remove(&work->set, 0xd800, 0xdfff);
    divide(&work->set, &work->members[1]);
    /* Neither is empty in what is written, but for a class without members. */
    bool all = work->members[1].count == 0;
    bool other = !all && work->members[1].count < work->members[0].count;
    if (work->members[0].count == 0) {
        status = print(out, error, "[^\\x{0}-\\x{10ffff}]");
        goto out;
    }
    if (any_case) AZ_TRY(print(out, error, "(?-i:"));
    AZ_TRY(print(out, error, other ? "[^" : "["));
    AZ_TRY(write_members(&work->members[other], out, error));
    AZ_TRY(print(out, error, any_case ? "])" : "]"));
out:
    az_memory_free(work);
    return status;
}
