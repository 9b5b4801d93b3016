#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "azimuth/tokens.h"

static const char *const class_names[] = {
#define CLASS_NAME(id, name, meaning) name,
    AZ_TOKEN_CLASS_TABLE(CLASS_NAME)
#undef CLASS_NAME
};

static const char *const reach_names[] = {
#define REACH_NAME(id, name, meaning) name,
    AZ_REACH_TABLE(REACH_NAME)
#undef REACH_NAME
};

const char *az_token_class_name(enum az_token_class token_class)
{
    return (unsigned)token_class < AZ_TOKEN_CLASS_COUNT ? class_names[token_class] : "?";
}

const char *az_reach_name(enum az_reach reach)
{
    return (unsigned)reach < AZ_REACH_COUNT ? reach_names[reach] : "?";
}

/* ---- scripts ---- */

#define FIRST_SCRIPT 2

static const uc_script_t *all_scripts(size_t *count)
{
    const uc_script_t *scripts;
    uc_all_scripts(&scripts, count);
    if (*count > AZ_SCRIPT_LIMIT - FIRST_SCRIPT) *count = AZ_SCRIPT_LIMIT - FIRST_SCRIPT;
    return scripts;
}

unsigned az_script_count(void)
{
    size_t count;
    all_scripts(&count);
    return FIRST_SCRIPT + (unsigned)count;
}

const char *az_script_name(unsigned script)
{
    size_t count;
    const uc_script_t *scripts = all_scripts(&count);
    if (script == AZ_SCRIPT_COMMON) return "Common";
    if (script == AZ_SCRIPT_MIXED) return "Mixed";
    return script < FIRST_SCRIPT + count ? scripts[script - FIRST_SCRIPT].name : "?";
}

/* AZ_SCRIPT_COMMON for Common, Inherited and what has none. */
static unsigned script_of(ucs4_t character)
{
    size_t count;
    const uc_script_t *scripts = all_scripts(&count), *script = uc_script(character);
    if (!script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0)
        return AZ_SCRIPT_COMMON;
    size_t number = (size_t)(script - scripts);
    return number < count ? FIRST_SCRIPT + (unsigned)number : AZ_SCRIPT_COMMON;
}

/* ---- classes ---- */

struct tally {
    size_t letters, numbers, punctuation, symbols, controls, characters;
    bool invalid;
    uint32_t scripts[AZ_SCRIPT_LIMIT];
};

static bool is(ucs4_t character, uint32_t categories)
{
    return uc_is_general_category_withtable(character, categories);
}

static void count_character(struct tally *tally, ucs4_t character)
{
    tally->characters++;
    tally->scripts[script_of(character)]++;
    if (uc_is_property_white_space(character)) return;
    if (is(character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M))
        tally->letters++;
    else if (is(character, UC_CATEGORY_MASK_N))
        tally->numbers++;
    else if (is(character, UC_CATEGORY_MASK_P))
        tally->punctuation++;
    else if (is(character, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf))
        tally->controls++;
    else
        tally->symbols++;
}

static enum az_token_class class_of(const struct tally *tally, size_t length_bytes)
{
    if (length_bytes == 0) return AZ_TOKEN_EMPTY;
    if (tally->invalid) return AZ_TOKEN_INVALID;
    if (tally->letters) return AZ_TOKEN_LETTERS;
    if (tally->numbers) return AZ_TOKEN_NUMBER;
    if (tally->punctuation && tally->punctuation >= tally->symbols) return AZ_TOKEN_PUNCTUATION;
    if (tally->symbols) return AZ_TOKEN_SYMBOL;
    return tally->controls ? AZ_TOKEN_CONTROL : AZ_TOKEN_WHITESPACE;
}

static unsigned majority(const struct tally *tally)
{
    unsigned best = AZ_SCRIPT_COMMON;
    uint32_t most = 0;
    for (unsigned n = FIRST_SCRIPT; n < AZ_SCRIPT_LIMIT; n++) {
        if (tally->scripts[n] == 0 || tally->scripts[n] < most) continue;
        best = tally->scripts[n] == most ? AZ_SCRIPT_MIXED : n;
        most = tally->scripts[n];
    }
    return best;
}

struct az_token_kind az_token_classify(const char *bytes, size_t length_bytes)
{
    struct tally tally = {0};
    const uint8_t *text = (const uint8_t *)bytes;
    for (size_t at = 0; at < length_bytes;) {
        ucs4_t character;
        int used = u8_mbtoucr(&character, text + at, length_bytes - at);
        if (used > 0)
            count_character(&tally, character);
        else
            tally.invalid = true;
        at += used > 0 ? (size_t)used : 1;
    }
    return (struct az_token_kind){class_of(&tally, length_bytes), majority(&tally),
                                  tally.characters};
}

/* ---- groups ---- */

unsigned az_token_group_count(void) { return AZ_TOKEN_CLASS_COUNT + az_script_count(); }

unsigned az_token_group(const struct az_token_row *row)
{
    return row->token_class == AZ_TOKEN_LETTERS ? AZ_TOKEN_CLASS_COUNT + (unsigned)row->script
                                                : row->token_class;
}

const char *az_token_group_name(unsigned group)
{
    return group < AZ_TOKEN_CLASS_COUNT ? az_token_class_name((enum az_token_class)group)
                                        : az_script_name(group - AZ_TOKEN_CLASS_COUNT);
}
