#include "lens/token_sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/usage.h"
#include "base/memory.h"
#include "lens/dead_rows.h"
#include "store/file.h"

static enum az_status read_named(struct az_token_sets *sets, const struct az_recorded *tensor,
                                 const char *named, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint8_t *member = NULL;
    const char *slash = strrchr(named, '/');
    if (!slash && !strpbrk(named, ".:") && !az_file_exists(named))
        AZ_RAISE(
            AZ_USAGE,
            "there is no set \"%s\": it is dead, live, all, or a file with token ids or a mask",
            named);
    AZ_TRY(az_memory_allocate(&member, (size_t)sets->vocabulary, 1, "a set of tokens", error));
    AZ_TRY(az_token_set_read(member, (size_t)sets->vocabulary, named, NULL, error));
    for (int64_t token = 0; token < sets->vocabulary; token++) {
        if (!member[token]) continue;
        int64_t row = az_recorded_row(tensor, token);
        if (row < 0)
            AZ_RAISE(AZ_USAGE, "%s: token %" PRId64 " was not recorded; %s has %" PRId64 " rows",
                     named, token, tensor->name, sets->rows);
        sets->classes[row] |= AZ_TOKEN_CLASS_NAMED;
    }
    snprintf(sets->named, sizeof sets->named, "%s", slash ? slash + 1 : named);
out:
    az_memory_free(member);
    return status;
}

static void count_rows(struct az_token_sets *sets)
{
    memset(sets->class_rows, 0, sizeof sets->class_rows);
    memset(sets->members, 0, sizeof sets->members);
    memset(sets->counts, 0, sizeof sets->counts);
    for (int64_t row = 0; row < sets->rows; row++) sets->class_rows[sets->classes[row]]++;
    for (int number = 0; number < AZ_TOKEN_CLASSES; number++) {
        bool live = number & AZ_TOKEN_CLASS_LIVE;
        bool in[AZ_LENS_SETS] = {[AZ_LENS_ALL] = true,
                                 [AZ_LENS_DEAD] = sets->dead_known && !live,
                                 [AZ_LENS_LIVE] = sets->dead_known && live,
                                 [AZ_LENS_NAMED] = number & AZ_TOKEN_CLASS_NAMED};
        for (int set = 0; set < AZ_LENS_SETS; set++) {
            if (!in[set]) continue;
            sets->members[set] |= (uint8_t)(1 << number);
            sets->counts[set] += sets->class_rows[number];
        }
    }
    for (int set = 0; set < AZ_LENS_SETS; set++) sets->present[set] = sets->counts[set] > 0;
}

/* Where rows were chosen and the recording does not say out of how many: up to the last of them. */
static int64_t vocabulary_of(const struct az_recording *recording, const struct az_recorded *tensor)
{
    double vocabulary;
    int64_t rows = tensor->frame_shape[0];
    if (!tensor->token_ids) return rows;
    int64_t last = tensor->token_ids[rows - 1] + 1;
    if (az_recording_number(recording, "vocab_size", &vocabulary, NULL) != AZ_OK) return last;
    return vocabulary >= (double)last && vocabulary < 1e15 ? (int64_t)vocabulary : last;
}

enum az_status az_token_sets_read(struct az_token_sets *sets, const struct az_recording *recording,
                                  const struct az_recorded *tensor, const char *named,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t dead;
    *sets = (struct az_token_sets){.rows = tensor->frame_shape[0]};
    sets->vocabulary = vocabulary_of(recording, tensor);
    AZ_TRY(az_memory_allocate(&sets->classes, (size_t)sets->rows, 1, "the rows", error));
    memset(sets->classes, AZ_TOKEN_CLASS_LIVE, (size_t)sets->rows);
    AZ_TRY(az_dead_rows_mark(recording, tensor, sets->classes, 0, &dead, error));
    sets->dead_known = dead >= 0;
    if (named) AZ_TRY(read_named(sets, tensor, named, error));
    count_rows(sets);
    if (named && !sets->present[AZ_LENS_NAMED]) AZ_RAISE(AZ_USAGE, "%s names no token", named);
out:
    return status;
}

void az_token_sets_keep(struct az_token_sets *sets, const int64_t *rows, int64_t count)
{
    for (int64_t n = 0; n < count && rows; n++) sets->classes[n] = sets->classes[rows[n]];
    sets->rows = count;
    count_rows(sets);
}

void az_token_sets_free(struct az_token_sets *sets)
{
    az_memory_free(sets->classes);
    sets->classes = NULL;
}

enum az_lens_set az_token_sets_home(const struct az_token_sets *sets, int class_number)
{
    if (!sets->dead_known) return AZ_LENS_ALL;
    return class_number & AZ_TOKEN_CLASS_LIVE ? AZ_LENS_LIVE : AZ_LENS_DEAD;
}
