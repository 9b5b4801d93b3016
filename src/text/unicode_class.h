/* unicode_class.h: sets of characters by the names that regular expressions have for them: general
 * categories, scripts and properties, of Unicode 16. */
#ifndef AZ_TEXT_UNICODE_CLASS_H
#define AZ_TEXT_UNICODE_CLASS_H

#include "text/code_set.h"

/* Room for a name as it is compared: small letters, without blanks, _ and -, ended by 0. */
#define AZ_UNICODE_NAME_ROOM 40

/* False where the name has no place in it, or other characters than those of a name. */
bool az_unicode_name(const char *name, size_t length, char loose[AZ_UNICODE_NAME_ROOM]);

/* Whether there is one of that name ("lu", "uppercaseletter", "han", "hani", "emoji"); the set,
 * zeroed, gets its members. */
bool az_unicode_class_category(const char *loose, struct az_code_set *set);
bool az_unicode_class_script(const char *loose, struct az_code_set *set);
bool az_unicode_class_property(const char *loose, struct az_code_set *set);

/* The script by which the pre-tokenizer UnicodeScripts cuts: kana are Han; NULL for a blank, and
 * for what has none in the older Unicode that it knows. Equal names are of one script. */
const char *az_unicode_cut_script(uint32_t code);

/* Categories, a bit each in the order of az_unicode_categories. In Unicode 14, as libunistring and
 * PCRE2 have them: those of the members of a set, and of the others. */
void az_unicode_class_spread(const struct az_code_set *set, uint32_t *within, uint32_t *without);
/* Takes the members with one of the categories, of Unicode 14, out of the set. */
void az_unicode_class_strip(struct az_code_set *set, uint32_t categories);

#endif
