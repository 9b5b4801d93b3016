#include <string.h>

#include "azimuth/experiment.h"
#include "base/raise.h"
#include "config/number.h"

/* The weight is what follows the last colon, if that begins with a digit: a path may have colons.
 */
static const char *weight_of(const char *word, size_t length)
{
    for (const char *c = word + length; c > word; c--)
        if (c[-1] == ':') return c < word + length && *c >= '0' && *c <= '9' ? c : NULL;
    return NULL;
}

enum az_status az_experiment_next_text(const char **texts, char name[AZ_TEXT_BYTES],
                                       int64_t *weight, struct az_error *error)
{
    const char *word = *texts + strspn(*texts, " \t");
    size_t length = strcspn(word, " \t"), name_length = length;
    char digits[AZ_NUMBER_TEXT_BYTES] = "1";
    const char *weight_text = weight_of(word, length);
    *texts = word + length;
    if (weight_text) {
        size_t count = (size_t)(word + length - weight_text);
        name_length = (size_t)(weight_text - word) - 1;
        if (count < sizeof digits) memcpy(digits, weight_text, count + 1);
        digits[count < sizeof digits ? count : 0] = 0;
    }
    if (!az_number_parse_integer(digits, weight) || *weight < 1 || *weight > 1000000)
        return az_error_raise(error, AZ_USAGE,
                              "%.*s: the weight of a text is a whole number from 1 to 1000000",
                              length < 200 ? (int)length : 200, word);
    if (name_length >= AZ_TEXT_BYTES)
        return az_error_raise(error, AZ_USAGE,
                              "the name of a text has more than %d bytes: %.80s...",
                              AZ_TEXT_BYTES - 1, word);
    if (length && !name_length)
        return az_error_raise(error, AZ_USAGE, "%.*s: the name of the text is missing",
                              length < 200 ? (int)length : 200, word);
    memcpy(name, word, name_length);
    name[name_length] = 0;
    return AZ_OK;
}
