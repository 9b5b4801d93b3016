#include "text/unicode.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "text/unicode_versions.h"

#define HANGUL_VOWELS 0x1161
#define HANGUL_TAILS_END 0x11c3
#define HANGUL_SYLLABLES 0xac00
#define HANGUL_SYLLABLES_END 0xd7a4

uint16_t az_unicode_index[0x1100];
uint16_t az_unicode_pages[AZ_UNICODE_PAGES][256];
uint8_t az_unicode_categories[AZ_UNICODE_PAGES][256];

struct span {
    uint32_t first, last;
};

const struct az_unicode_change az_unicode_changes[] = {AZ_CATEGORY_SINCE_14};
const int az_unicode_change_count = sizeof az_unicode_changes / sizeof az_unicode_changes[0];

static const struct span punctuation[] = {AZ_NOT_AS_PUNCTUATION};
static const struct span numeric[] = {AZ_NOT_AS_NUMERIC};
static const struct span other[] = {AZ_NOT_AS_OTHER};
static const struct span nonspacing[] = {AZ_NOT_AS_NONSPACING};
static const struct span combining[] = {AZ_NOT_AS_COMBINING};
static const struct span word[] = {AZ_WORD_BESIDES};
static const struct span newer[] = {AZ_NORMAL_FORM_SINCE_10};
static const struct span newer_compatible[] = {AZ_COMPATIBLE_SINCE_10};
static const struct {
    uint32_t upper, lower;
} lowers[] = {AZ_LOWER_SINCE_14};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- from a category to flags ---- */

#define LETTER (AZ_UNICODE_LETTER | AZ_UNICODE_WORD)
#define MARK                                                                                       \
    (AZ_UNICODE_MARK | AZ_UNICODE_UPPER | AZ_UNICODE_LOWER | AZ_UNICODE_WORD | AZ_UNICODE_COMBINING)
#define NUMBER (AZ_UNICODE_NUMBER | AZ_UNICODE_NUMERIC)

/* In the order of libunistring's bits. */
static const struct {
    char category[3];
    uint16_t flags;
} of_category[] = {
    {"Lu", LETTER | AZ_UNICODE_UPPER},
    {"Ll", LETTER | AZ_UNICODE_LOWER},
    {"Lt", LETTER | AZ_UNICODE_UPPER},
    {"Lm", LETTER | AZ_UNICODE_UPPER | AZ_UNICODE_LOWER},
    {"Lo", LETTER | AZ_UNICODE_UPPER | AZ_UNICODE_LOWER},
    {"Mn", MARK | AZ_UNICODE_NONSPACING},
    {"Mc", MARK},
    {"Me", MARK},
    {"Nd", NUMBER | AZ_UNICODE_WORD},
    {"Nl", NUMBER},
    {"No", NUMBER},
    {"Pc", AZ_UNICODE_PUNCTUATION | AZ_UNICODE_WORD},
    {"Pd", AZ_UNICODE_PUNCTUATION},
    {"Ps", AZ_UNICODE_PUNCTUATION},
    {"Pe", AZ_UNICODE_PUNCTUATION},
    {"Pi", AZ_UNICODE_PUNCTUATION},
    {"Pf", AZ_UNICODE_PUNCTUATION},
    {"Po", AZ_UNICODE_PUNCTUATION},
    {"Sm", 0},
    {"Sc", 0},
    {"Sk", 0},
    {"So", 0},
    {"Zs", 0},
    {"Zl", 0},
    {"Zp", 0},
    {"Cc", AZ_UNICODE_OTHER},
    {"Cf", AZ_UNICODE_OTHER},
    {"Cs", 0},
    {"Co", AZ_UNICODE_OTHER},
    {"Cn", 0},
};

int az_unicode_category(const char *name)
{
    int n = 0;
    while (memcmp(of_category[n].category, name, 2) != 0) n++;
    return n;
}

const char *az_unicode_category_name(int category) { return of_category[category].category; }

uint32_t az_unicode_upper(uint32_t code) { return uc_toupper(code); }

static bool is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

static bool is_ascii_punctuation(uint32_t code)
{
    return (code >= 0x21 && code <= 0x2f) || (code >= 0x3a && code <= 0x40) ||
           (code >= 0x5b && code <= 0x60) || (code >= 0x7b && code <= 0x7e);
}

static bool within(const struct span *spans, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > spans[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= spans[low].first;
}

int az_unicode_newer_form(uint32_t code, int compatible)
{
    return within(newer, COUNT(newer), code) ||
           (compatible && within(newer_compatible, COUNT(newer_compatible), code));
}

static bool changes(uninorm_t form, ucs4_t code)
{
    ucs4_t normal[UC_DECOMPOSITION_MAX_LENGTH];
    size_t length = UC_DECOMPOSITION_MAX_LENGTH;
    const ucs4_t *result = u32_normalize(form, &code, 1, normal, &length);
    return result != normal || length != 1 || normal[0] != code;
}

static uint16_t form_flags(uint32_t code)
{
    unsigned flags = 0;
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag;
    if (uc_combining_class(code) != UC_CCC_NR)
        flags =
            AZ_UNICODE_UNSAFE_C | AZ_UNICODE_UNSAFE_D | AZ_UNICODE_UNSAFE_KC | AZ_UNICODE_UNSAFE_KD;
    if (code >= HANGUL_VOWELS && code < HANGUL_TAILS_END)
        flags |= AZ_UNICODE_UNSAFE_C | AZ_UNICODE_UNSAFE_KC;
    if (code >= HANGUL_SYLLABLES && code < HANGUL_SYLLABLES_END)
        return (uint16_t)(flags | AZ_UNICODE_UNSAFE_D | AZ_UNICODE_UNSAFE_KD);
    if (uc_decomposition(code, &tag, parts) < 0) return (uint16_t)flags;
    flags |= AZ_UNICODE_UNSAFE_KD;
    if (tag == UC_DECOMP_CANONICAL) flags |= AZ_UNICODE_UNSAFE_D;
    if (changes(UNINORM_NFC, code)) flags |= AZ_UNICODE_UNSAFE_C;
    if (changes(UNINORM_NFKC, code)) flags |= AZ_UNICODE_UNSAFE_KC;
    return (uint16_t)flags;
}

static uint16_t measure(uint32_t code, uint8_t category)
{
    uint16_t flags = of_category[category].flags;
    if (is_space(code)) flags |= AZ_UNICODE_SPACE;
    if (is_ascii_punctuation(code)) flags |= AZ_UNICODE_PUNCTUATION;
    if (az_unicode_newer_form(code, false)) return flags;
    uint16_t forms = form_flags(code);
    if (az_unicode_newer_form(code, true)) forms &= AZ_UNICODE_UNSAFE_C | AZ_UNICODE_UNSAFE_D;
    return flags | forms;
}

/* ---- the table ---- */

static uint16_t *entry(uint32_t code)
{
    return &az_unicode_pages[az_unicode_index[code >> 8]][code & 255];
}

static void toggle(const struct span *spans, size_t count, uint16_t flag)
{
    for (size_t n = 0; n < count; n++)
        for (uint32_t code = spans[n].first; code <= spans[n].last; code++) *entry(code) ^= flag;
}

static void change_categories(void)
{
    const uint16_t forms =
        AZ_UNICODE_UNSAFE_C | AZ_UNICODE_UNSAFE_D | AZ_UNICODE_UNSAFE_KC | AZ_UNICODE_UNSAFE_KD;
    for (int n = 0; n < az_unicode_change_count; n++) {
        const struct az_unicode_change *change = &az_unicode_changes[n];
        for (uint32_t code = change->first; code <= change->last; code++)
            *entry(code) = (uint16_t)((*entry(code) & forms) |
                                      of_category[az_unicode_category(change->category)].flags);
    }
}

/* The second part of a composition may compose with what stands before it. */
static void mark_seconds(void)
{
    for (uint32_t code = 0xc0; code < 0x30000; code++) {
        ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
        if (!(*entry(code) & AZ_UNICODE_UNSAFE_D) || az_unicode_newer_form(code, false)) continue;
        int count = uc_canonical_decomposition(code, parts);
        if (count == 2 && uc_composition(parts[0], parts[1]) == code)
            *entry(parts[1]) |= AZ_UNICODE_UNSAFE_C | AZ_UNICODE_UNSAFE_KC;
    }
}

/* Planes 4 to 13 are not assigned, 15 and 16 private; they share two pages but for their ends. */
static void build_pages(void)
{
    uint16_t pages = AZ_UNICODE_SHARED_PAGES;
    for (unsigned n = 0; n < 256; n++) {
        az_unicode_pages[0][n] = 0;
        az_unicode_pages[1][n] = AZ_UNICODE_OTHER;
        az_unicode_categories[0][n] = (uint8_t)az_unicode_category("Cn");
        az_unicode_categories[1][n] = (uint8_t)az_unicode_category("Co");
    }
    for (uint32_t block = 0; block < 0x1100; block++) {
        bool own = block < 0x400 || block == 0xe00 || block == 0xe01 || (block & 0xff) == 0xff;
        az_unicode_index[block] = own ? pages++ : block >= 0xf00;
        uint8_t *categories = az_unicode_categories[az_unicode_index[block]];
        for (uint32_t n = 0; own && n < 256; n++) {
            uint32_t code = block << 8 | n;
            categories[n] = (uint8_t)__builtin_ctz(uc_general_category(code).bitmask);
            *entry(code) = measure(code, categories[n]);
        }
    }
}

static void build(void)
{
    build_pages();
    change_categories();
    toggle(punctuation, COUNT(punctuation), AZ_UNICODE_PUNCTUATION);
    toggle(numeric, COUNT(numeric), AZ_UNICODE_NUMERIC);
    toggle(other, COUNT(other), AZ_UNICODE_OTHER);
    toggle(nonspacing, COUNT(nonspacing), AZ_UNICODE_NONSPACING);
    toggle(combining, COUNT(combining), AZ_UNICODE_COMBINING);
    toggle(word, COUNT(word), AZ_UNICODE_WORD);
    mark_seconds();
}

void az_unicode_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build);
}

int az_unicode_lower(uint32_t code, uint32_t lower[2])
{
    lower[0] = code;
    if (code < 0x80) {
        lower[0] = code >= 'A' && code <= 'Z' ? code + 32 : code;
        return 1;
    }
    if (code == 0x130) { /* I with a dot: i and a dot above */
        lower[0] = 'i';
        lower[1] = 0x307;
        return 2;
    }
    lower[0] = uc_tolower(code);
    if (lower[0] != code) return 1;
    size_t low = 0, high = COUNT(lowers);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > lowers[middle].upper)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < COUNT(lowers) && lowers[low].upper == code) lower[0] = lowers[low].lower;
    return 1;
}
