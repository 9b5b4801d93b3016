#include "text/unicode_class.h"

#include <string.h>
#include <unictype.h>

#include "text/unicode.h"
#include "text/unicode_versions.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* Bits of categories, in the order of az_unicode_categories. */
#define LETTERS UINT32_C(0x1f)
#define ALL UINT32_C(0x3fffffff)
#define UNASSIGNED (UINT32_C(1) << 29)

static const struct {
    const char *name, *long_name;
    uint32_t bits;
} categories[] = {
    {"lu", "uppercaseletter", 1 << 0},
    {"ll", "lowercaseletter", 1 << 1},
    {"lt", "titlecaseletter", 1 << 2},
    {"lm", "modifierletter", 1 << 3},
    {"lo", "otherletter", 1 << 4},
    {"lc", "casedletter", 7},
    {"l", "letter", LETTERS},
    {"mn", "nonspacingmark", 1 << 5},
    {"mc", "spacingmark", 1 << 6},
    {"me", "enclosingmark", 1 << 7},
    {"m", "mark", 7 << 5},
    {"nd", "decimalnumber", 1 << 8},
    {"nl", "letternumber", 1 << 9},
    {"no", "othernumber", 1 << 10},
    {"n", "number", 7 << 8},
    {"pc", "connectorpunctuation", 1 << 11},
    {"pd", "dashpunctuation", 1 << 12},
    {"ps", "openpunctuation", 1 << 13},
    {"pe", "closepunctuation", 1 << 14},
    {"pi", "initialpunctuation", 1 << 15},
    {"pf", "finalpunctuation", 1 << 16},
    {"po", "otherpunctuation", 1 << 17},
    {"p", "punctuation", 0x7f << 11},
    {"sm", "mathsymbol", 1 << 18},
    {"sc", "currencysymbol", 1 << 19},
    {"sk", "modifiersymbol", 1 << 20},
    {"so", "othersymbol", 1 << 21},
    {"s", "symbol", 0xf << 18},
    {"zs", "spaceseparator", 1 << 22},
    {"zl", "lineseparator", 1 << 23},
    {"zp", "paragraphseparator", 1 << 24},
    {"z", "separator", 7 << 22},
    {"cc", "control", 1 << 25},
    {"cf", "format", 1 << 26},
    {"cs", "surrogate", 1 << 27},
    {"co", "privateuse", 1 << 28},
    {"cn", "unassigned", UNASSIGNED},
    {"c", "other", UINT32_C(0x1f) << 25},
    {"punct", "punct", 0x7f << 11},
    {"digit", "digit", 1 << 8},
    {"cntrl", "cntrl", 1 << 25},
    {"combiningmark", "combiningmark", 7 << 5},
    {"any", "any", ALL},
    {"assigned", "assigned", ALL & ~UNASSIGNED},
};

/* What is not as in Unicode 14. */
struct news {
    uint32_t first, last;
    const char *name;
};
static const struct news script_news[] = {AZ_SCRIPT_SINCE_14};
static const struct news property_news[] = {AZ_PROPERTY_SINCE_14};
static const struct news cut_scripts[] = {AZ_SCRIPT_OF_CUTTER};
static const struct {
    const char *code, *name;
} script_codes[] = {AZ_SCRIPT_CODES};
static const struct {
    const char *name, *short_name;
    const uc_property_t *property;
} properties[] = {AZ_PROPERTIES};

bool az_unicode_name(const char *name, size_t length, char loose[AZ_UNICODE_NAME_ROOM])
{
    size_t count = 0;
    for (size_t n = 0; n < length; n++) {
        char c = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + 32) : name[n];
        if (c == ' ' || c == '_' || c == '-') continue;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return false;
        if (count + 1 == AZ_UNICODE_NAME_ROOM) return false;
        loose[count++] = c;
    }
    loose[count] = 0;
    return count > 0;
}

/* ---- categories ---- */

/* The categories of the 64 characters of a word, or where all have one, NULL and it. */
static const uint8_t *categories_of(uint32_t word, uint8_t *all)
{
    uint32_t code = word * 64;
    uint16_t page = az_unicode_index[code >> 8];
    *all = az_unicode_categories[page][0];
    return page < AZ_UNICODE_SHARED_PAGES ? NULL : &az_unicode_categories[page][code & 255];
}

/* The characters of a word that have one of the categories. */
static uint64_t bits_of(uint32_t word, uint32_t bits)
{
    uint8_t all;
    uint64_t found = 0;
    const uint8_t *each = categories_of(word, &all);
    if (!each) return bits >> all & 1 ? ~UINT64_C(0) : 0;
    for (int n = 0; n < 64; n++) found |= (uint64_t)(bits >> each[n] & 1) << n;
    return found;
}

bool az_unicode_class_category(const char *loose, struct az_code_set *set)
{
    size_t n = 0;
    while (n < COUNT(categories) && strcmp(categories[n].name, loose) != 0 &&
           strcmp(categories[n].long_name, loose) != 0)
        n++;
    if (n == COUNT(categories)) return false;
    uint32_t bits = categories[n].bits;
    for (uint32_t word = 0; word < AZ_CODE_LIMIT / 64; word++)
        set->words[word] = bits_of(word, bits);
    for (int c = 0; c < az_unicode_change_count; c++) {
        const struct az_unicode_change *change = &az_unicode_changes[c];
        bool in = bits >> az_unicode_category(change->category) & 1;
        (in ? az_code_set_add : az_code_set_remove)(set, change->first, change->last);
    }
    return true;
}

void az_unicode_class_spread(const struct az_code_set *set, uint32_t *within, uint32_t *without)
{
    *within = *without = 0;
    for (uint32_t word = 0; word < AZ_CODE_LIMIT / 64; word++) {
        uint8_t all;
        uint64_t members = set->words[word];
        const uint8_t *each = categories_of(word, &all);
        for (int n = 0; each && n < 64; n++)
            *(members >> n & 1 ? within : without) |= UINT32_C(1) << each[n];
        if (!each && members) *within |= UINT32_C(1) << all;
        if (!each && ~members) *without |= UINT32_C(1) << all;
    }
}

void az_unicode_class_strip(struct az_code_set *set, uint32_t categories_gone)
{
    for (uint32_t word = 0; word < AZ_CODE_LIMIT / 64; word++)
        if (set->words[word]) set->words[word] &= ~bits_of(word, categories_gone);
}

/* ---- scripts and properties ---- */

static void add_script(const uc_script_t *script, struct az_code_set *set)
{
    uint32_t first = 0;
    for (unsigned n = 0; n < script->nintervals; n++) {
        const uc_interval_t *interval = &script->intervals[n];
        if (interval->start) first = interval->code;
        if (interval->end) az_code_set_add(set, first, interval->code);
    }
}

bool az_unicode_class_script(const char *loose, struct az_code_set *set)
{
    const uc_script_t *scripts;
    size_t count;
    bool found = false;
    for (size_t n = 0; n < COUNT(script_codes); n++)
        if (strcmp(script_codes[n].code, loose) == 0) loose = script_codes[n].name;
    uc_all_scripts(&scripts, &count);
    for (size_t n = 0; n < count && !found; n++) {
        char name[AZ_UNICODE_NAME_ROOM];
        found = az_unicode_name(scripts[n].name, strlen(scripts[n].name), name) &&
                strcmp(name, loose) == 0;
        if (found) add_script(&scripts[n], set);
    }
    for (size_t n = 0; n < COUNT(script_news); n++) {
        const struct news *news = &script_news[n];
        bool in = strcmp(news->name, loose) == 0;
        (in ? az_code_set_add : az_code_set_remove)(set, news->first, news->last);
        found |= in;
    }
    return found;
}

const char *az_unicode_cut_script(uint32_t code)
{
    size_t low = 0, high = COUNT(cut_scripts);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > cut_scripts[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < COUNT(cut_scripts) && code >= cut_scripts[low].first)
        return *cut_scripts[low].name ? cut_scripts[low].name : NULL;
    const uc_script_t *script = uc_script(code);
    if (!script) return NULL;
    bool kana = strcmp(script->name, "Hiragana") == 0 || strcmp(script->name, "Katakana") == 0;
    return kana ? "Han" : script->name;
}

bool az_unicode_class_property(const char *loose, struct az_code_set *set)
{
    size_t n = 0;
    while (n < COUNT(properties) && strcmp(properties[n].name, loose) != 0 &&
           strcmp(properties[n].short_name, loose) != 0)
        n++;
    if (n == COUNT(properties)) return false;
    for (uint32_t code = 0; code < AZ_CODE_LIMIT; code++)
        if (uc_is_property(code, *properties[n].property)) az_code_set_add(set, code, code);
    for (size_t c = 0; c < COUNT(property_news); c++) {
        const struct news *news = &property_news[c];
        if (strcmp(news->name, properties[n].name) != 0) continue;
        for (uint32_t code = news->first; code <= news->last; code++)
            set->words[code / 64] ^= UINT64_C(1) << code % 64;
    }
    return true;
}
