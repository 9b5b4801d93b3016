/* unicode.h: classes of characters as the `tokenizers` package has them.
 *
 * It asks libraries of several ages (scripts/make_unicode_versions.py), so a class is named by who
 * uses it. Built once, from libunistring's Unicode 14 and the lists of what differs; any thread may
 * call. */
#ifndef AZ_TEXT_UNICODE_H
#define AZ_TEXT_UNICODE_H

#include <stdint.h>

enum az_unicode_flag {
    AZ_UNICODE_LETTER = 1 << 0, /* \p{L}, \p{M}, \p{N} and \s of regular expressions: Unicode 16 */
    AZ_UNICODE_MARK = 1 << 1,
    AZ_UNICODE_NUMBER = 1 << 2,
    AZ_UNICODE_SPACE = 1 << 3,
    AZ_UNICODE_UPPER = 1 << 4,       /* Lu Lt Lm Lo M */
    AZ_UNICODE_LOWER = 1 << 5,       /* Ll Lm Lo M */
    AZ_UNICODE_WORD = 1 << 6,        /* \w of Whitespace */
    AZ_UNICODE_NUMERIC = 1 << 7,     /* of Digits */
    AZ_UNICODE_PUNCTUATION = 1 << 8, /* of Punctuation and BertPreTokenizer */
    AZ_UNICODE_OTHER = 1 << 9,       /* what BertNormalizer cleans away */
    AZ_UNICODE_NONSPACING = 1 << 10, /* the accents of BertNormalizer */
    AZ_UNICODE_COMBINING = 1 << 11,  /* of StripAccents */
    /* May change, or change place, in NFC, NFD, NFKC, NFKD, or what stands before it. */
    AZ_UNICODE_UNSAFE_C = 1 << 12,
    AZ_UNICODE_UNSAFE_D = 1 << 13,
    AZ_UNICODE_UNSAFE_KC = 1 << 14,
    AZ_UNICODE_UNSAFE_KD = 1 << 15,
};

#define AZ_UNICODE_PAGES 1056
#define AZ_UNICODE_SHARED_PAGES 2 /* the first, of which every entry is the same */

/* Two stages: az_unicode_pages[az_unicode_index[code >> 8]][code & 255]. */
extern uint16_t az_unicode_index[0x1100];
extern uint16_t az_unicode_pages[AZ_UNICODE_PAGES][256];
/* The general categories, of Unicode 14, in the same stages; of a category its number there. */
extern uint8_t az_unicode_categories[AZ_UNICODE_PAGES][256];
int az_unicode_category(const char *name); /* "Lu" */
const char *az_unicode_category_name(int category);

void az_unicode_prepare(void); /* before the first use of what follows */

/* Flags of a code point (below 0x110000). */
static inline unsigned az_unicode_flags(uint32_t code)
{
    return az_unicode_pages[az_unicode_index[code >> 8]][code & 255];
}

/* The lower case of one character, as Rust's to_lowercase: 1 or 2 code points; returns how many. */
int az_unicode_lower(uint32_t code, uint32_t lower[2]);
uint32_t az_unicode_upper(uint32_t code); /* where it is one character; of Unicode 14 */

/* True where normal forms of Unicode 9 (compatible: of NFKC and NFKD) know nothing of it. */
int az_unicode_newer_form(uint32_t code, int compatible);

/* The first..last and category ("Lu") of characters whose category is not that of Unicode 14;
 * ascending. */
struct az_unicode_change {
    uint32_t first, last;
    char category[3];
};
extern const struct az_unicode_change az_unicode_changes[];
extern const int az_unicode_change_count;

#endif
