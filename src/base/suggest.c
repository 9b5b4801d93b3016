#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

#define WORD_BYTES 64

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t az_suggest_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length >= WORD_BYTES || b_length >= WORD_BYTES) return SIZE_MAX;
    size_t rows[3][WORD_BYTES]; /* of the table: two back, one back, this one */
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++) above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(replaced, 1 + smaller(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_length];
}

void az_suggest_init(struct az_suggest *suggest, const char *word)
{
    *suggest = (struct az_suggest){.word = word, .distance = SIZE_MAX};
}

void az_suggest_offer(struct az_suggest *suggest, const char *candidate)
{
    size_t length = strlen(suggest->word);
    size_t distance = az_suggest_distance(suggest->word, candidate);
    if (length >= 2 && distance > 1 && strncmp(suggest->word, candidate, length) == 0) distance = 1;
    if (distance >= suggest->distance) return;
    suggest->best = candidate;
    suggest->distance = distance;
}

const char *az_suggest_best(const struct az_suggest *suggest)
{
    size_t most = 1 + strlen(suggest->word) / 4;
    return suggest->best && suggest->distance <= most ? suggest->best : NULL;
}
