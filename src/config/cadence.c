#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/key.h"
#include "config/number.h"

bool az_cadence_records(const struct az_cadence *cadence, int64_t step)
{
    if (cadence->every <= 0 || step < 0) return false;
    bool first = step > 0 && step <= cadence->first_until && cadence->first_every > 0;
    return step % (first ? cadence->first_every : cadence->every) == 0;
}

int64_t az_cadence_frames(const struct az_cadence *cadence, int64_t last_step)
{
    if (cadence->every <= 0 || last_step < 0) return 0;
    int64_t until = cadence->first_until;
    if (until <= 0 || cadence->first_every <= 0) return 1 + last_step / cadence->every;
    if (last_step <= until) return 1 + last_step / cadence->first_every;
    return 1 + until / cadence->first_every + last_step / cadence->every - until / cadence->every;
}

/* Takes the next word of *text; false when there is none or it does not fit. */
static bool next_word(const char **text, char word[AZ_NUMBER_TEXT_BYTES])
{
    *text += strspn(*text, " \t");
    size_t length = strcspn(*text, " \t");
    if (length == 0 || length >= AZ_NUMBER_TEXT_BYTES) return false;
    memcpy(word, *text, length);
    word[length] = 0;
    *text += length;
    return true;
}

static bool next_count(const char **text, int64_t *count)
{
    char word[AZ_NUMBER_TEXT_BYTES];
    return next_word(text, word) && az_number_parse_integer(word, count) && *count > 0;
}

static bool next_is(const char **text, const char *expected)
{
    char word[AZ_NUMBER_TEXT_BYTES];
    return next_word(text, word) && strcmp(word, expected) == 0;
}

bool az_cadence_parse(const char *text, struct az_cadence *cadence)
{
    struct az_cadence parsed = {1, 0, 0};
    if (strcmp(text, "off") != 0) {
        if (!next_count(&text, &parsed.first_every)) return false;
        parsed.every = parsed.first_every;
        if (*text && (!next_is(&text, "until") || !next_count(&text, &parsed.first_until) ||
                      !next_is(&text, "then") || !next_count(&text, &parsed.every) || *text))
            return false;
    }
    *cadence = parsed;
    return true;
}

void az_cadence_format(const struct az_cadence *cadence, char text[64])
{
    if (cadence->every <= 0)
        snprintf(text, 64, "off");
    else if (cadence->first_until <= 0)
        snprintf(text, 64, "%" PRId64, cadence->every);
    else
        snprintf(text, 64, "%" PRId64 " until %" PRId64 " then %" PRId64, cadence->first_every,
                 cadence->first_until, cadence->every);
}

/* ---- strategies ---- */

/* What the strategy says of a record of W; those of U, where there is one, have the same. */
static struct az_cadence cadence_of(enum az_strategy strategy, enum az_record record)
{
    static const struct az_cadence off = {1, 0, 0}, every = {1, 0, 1}, rarely = {1, 0, 100},
                                   begin = {1, 100, 100};
    bool project = strategy == AZ_STRATEGY_PROJECT;
    switch (record) {
    case AZ_RECORD_W: return every;
    case AZ_RECORD_HIDDEN: return project ? every : off;
    case AZ_RECORD_GRADIENT:
        return project ? rarely : strategy == AZ_STRATEGY_ACCOUNT ? every : off;
    case AZ_RECORD_MOMENTUM:
    case AZ_RECORD_VARIANCE: return project ? begin : strategy == AZ_STRATEGY_ACCOUNT ? every : off;
    default: return off;
    }
}

static bool is_of_u(enum az_record record)
{
    return record >= AZ_RECORD_UNEMBEDDING && record <= AZ_RECORD_UNEMBEDDING_VARIANCE;
}

/* The record of W that one of U corresponds to. */
static enum az_record twin(enum az_record record)
{
    return (enum az_record)((int)record - AZ_RECORD_UNEMBEDDING + AZ_RECORD_W);
}

void az_strategy_apply(struct az_experiment *experiment)
{
    enum az_strategy strategy = experiment->record.strategy;
    if (strategy == AZ_STRATEGY_OWN) return;
    for (int r = 0; r < AZ_RECORD_COUNT; r++) {
        enum az_record record = (enum az_record)r;
        bool untied = is_of_u(record) && !experiment->model.tied;
        experiment->record.cadence[r] = cadence_of(strategy, untied ? twin(record) : record);
    }
}

void az_strategy_follow(struct az_experiment *experiment)
{
    enum az_strategy strategy = experiment->record.strategy;
    if (strategy == AZ_STRATEGY_OWN) return;
    for (int r = AZ_RECORD_UNEMBEDDING; r <= AZ_RECORD_UNEMBEDDING_VARIANCE; r++) {
        struct az_cadence *now = &experiment->record.cadence[r];
        struct az_cadence wanted = cadence_of(strategy, twin((enum az_record)r));
        bool same = now->every == wanted.every && now->first_until == wanted.first_until &&
                    now->first_every == wanted.first_every;
        if (experiment->model.tied && same) *now = cadence_of(strategy, (enum az_record)r);
        if (!experiment->model.tied && !now->every) *now = wanted;
    }
}
