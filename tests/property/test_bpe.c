/* The trainer and the encoder against the plainest way to do the same, on random words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/tokenizer.h"
#include "base/random.h"
#include "text/tokenizer_parts.h"

enum { SEED = 20251121, ROUNDS = 300, SYMBOLS = 600, WORDS = 60, MERGES = 40 };

static uint64_t drawn;

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)az_random_below(SEED, AZ_STREAM_SIMULATION, drawn++, bound);
}

/* ---- applying merges ---- */

/* Finds the lowest rank by looking at all pairs, merges its leftmost place, begins again. */
static size_t plain_merge(const struct az_merges *merges, uint32_t *symbols, size_t count)
{
    for (;;) {
        size_t best_place = count, best_rank = merges->count;
        for (size_t place = 0; place + 1 < count; place++)
            for (size_t rank = 0; rank < best_rank; rank++)
                if (merges->list[rank].left == symbols[place] &&
                    merges->list[rank].right == symbols[place + 1]) {
                    best_rank = rank;
                    best_place = place;
                }
        if (best_place == count) return count;
        symbols[best_place] = merges->list[best_rank].result;
        memmove(symbols + best_place + 1, symbols + best_place + 2,
                (count - best_place - 2) * sizeof *symbols);
        count--;
    }
}

static void merges_are_applied_in_order_of_rank_and_place(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct az_merges merges = {0};
        struct az_word word = {0};
        uint32_t plain[100], alphabet = 1 + draw(4);
        for (uint32_t n = 0; n < MERGES; n++) {
            struct az_merge merge = {draw(alphabet + n / 2), draw(alphabet + n / 2), alphabet + n};
            (void)az_merges_add(&merges, merge, NULL); /* a pair drawn again is refused */
        }
        size_t count = draw(100);
        assert_int_equal(az_word_reserve(&word, 100, NULL), AZ_OK);
        for (size_t n = 0; n < count; n++) plain[n] = word.symbols[n] = draw(alphabet);
        size_t expected = plain_merge(&merges, plain, count);
        assert_int_equal(az_word_merge(&word, &merges, count), expected);
        assert_memory_equal(word.symbols, plain, expected * sizeof *plain);
        az_merges_free(&merges);
        az_word_free(&word);
    }
}

/* ---- training ---- */

struct plain_trainer {
    char tokens[256 + MERGES][64]; /* bytes as text */
    uint32_t symbols[2 * SYMBOLS]; /* of all words, UINT32_MAX between them */
    size_t count, tokens_count;
    int64_t weights[2 * SYMBOLS]; /* of the word that a symbol is in */
};

static int order_of(const struct plain_trainer *t, size_t a, size_t b)
{
    int left = strcmp(t->tokens[t->symbols[a]], t->tokens[t->symbols[b]]);
    return left ? left : strcmp(t->tokens[t->symbols[a + 1]], t->tokens[t->symbols[b + 1]]);
}

static int is_pair(const struct plain_trainer *t, size_t n)
{
    return n + 1 < t->count && t->symbols[n] != UINT32_MAX && t->symbols[n + 1] != UINT32_MAX;
}

/* Counts every pair by going over all words for each; the place of the best, or count. */
static size_t plain_best(const struct plain_trainer *t)
{
    size_t best = t->count;
    int64_t best_count = 0;
    for (size_t n = 0; n < t->count; n++) {
        if (!is_pair(t, n)) continue;
        int64_t count = 0;
        for (size_t k = 0; k < t->count; k++)
            if (is_pair(t, k) && t->symbols[k] == t->symbols[n] &&
                t->symbols[k + 1] == t->symbols[n + 1])
                count += t->weights[k];
        if (count > best_count || (count == best_count && order_of(t, n, best) > 0)) {
            best = n;
            best_count = count;
        }
    }
    return best;
}

/* One merge, or false when there is no pair left. Left to right, as the words are read. */
static int plain_step(struct plain_trainer *t, const char **left, const char **right)
{
    size_t best = plain_best(t), kept = 0;
    if (best == t->count) return 0;
    uint32_t a = t->symbols[best], b = t->symbols[best + 1], id = 0;
    char joined[64];
    *left = t->tokens[a];
    *right = t->tokens[b];
    snprintf(joined, sizeof joined, "%s%s", *left, *right);
    while (id < t->tokens_count && strcmp(t->tokens[id], joined) != 0) id++;
    if (id == t->tokens_count) strcpy(t->tokens[t->tokens_count++], joined);
    for (size_t n = 0; n < t->count; n++, kept++) {
        int merged = is_pair(t, n) && t->symbols[n] == a && t->symbols[n + 1] == b;
        t->symbols[kept] = merged ? id : t->symbols[n];
        t->weights[kept] = t->weights[n];
        n += (size_t)merged;
    }
    t->count = kept;
    return 1;
}

/* Random words of few letters, so that ties and overlaps abound; each with a space before. */
static size_t random_text(char *text, uint32_t alphabet)
{
    size_t length = 0;
    uint32_t words = 1 + draw(WORDS);
    for (uint32_t n = 0; n < words && length < SYMBOLS / 2 - 20; n++) {
        uint32_t letters = 1 + draw(8);
        text[length++] = ' ';
        for (uint32_t k = 0; k < letters; k++) text[length++] = (char)('a' + draw(alphabet));
    }
    return length;
}

static void add_words(struct plain_trainer *t, const char *text, size_t length, int64_t weight)
{
    for (size_t n = 0; n < length; n++) {
        if (text[n] == ' ') t->symbols[t->count++] = UINT32_MAX;
        t->symbols[t->count] = (unsigned char)text[n];
        t->weights[t->count++] = weight;
    }
}

static void assert_token(const struct az_tokenizer *tokenizer, uint32_t id, const char *expected)
{
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokenizer, id, &length);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(bytes, expected, length);
}

static void training_merges_the_pair_that_counting_anew_finds(void **state)
{
    (void)state;
    static struct plain_trainer t;
    for (int round = 0; round < ROUNDS; round++) {
        char text[2][SYMBOLS];
        struct az_tokenizer *tokenizer;
        struct az_weighted_text texts[2];
        uint32_t alphabet = 1 + draw(4);
        memset(&t, 0, sizeof t);
        for (t.tokens_count = 0; t.tokens_count < 256; t.tokens_count++)
            t.tokens[t.tokens_count][0] = (char)t.tokens_count;
        for (int n = 0; n < 2; n++) {
            texts[n] =
                (struct az_weighted_text){text[n], random_text(text[n], alphabet), 1 + draw(3)};
            add_words(&t, text[n], texts[n].length_bytes, texts[n].weight);
        }
        struct az_tokenizer_plan plan = {
            .model = AZ_TOKEN_MODEL_BYTE, .pattern = "gpt2", .vocabulary = 257 + draw(MERGES)};
        struct az_error error;
        enum az_status status = az_tokenizer_train(&tokenizer, &plan, texts, 2, NULL, &error);
        const char *left, *right;
        for (size_t rank = 0; t.tokens_count < (size_t)plan.vocabulary; rank++) {
            if (!plain_step(&t, &left, &right)) break;
            if (status != AZ_OK) continue;
            assert_token(tokenizer, tokenizer->merges.list[rank].left, left);
            assert_token(tokenizer, tokenizer->merges.list[rank].right, right);
        }
        assert_int_equal(status == AZ_OK, t.tokens_count == (size_t)plan.vocabulary);
        if (status != AZ_OK) {
            char most[40];
            snprintf(most, sizeof most, "ask for at most %zu,", t.tokens_count);
            if (!strstr(error.message, most)) fail_msg("%s %s", most, error.message);
        }
        az_tokenizer_free(tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_are_applied_in_order_of_rank_and_place),
        cmocka_unit_test(training_merges_the_pair_that_counting_anew_finds),
    };
    printf("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
