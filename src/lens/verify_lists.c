/* Lists have no sums, but other things of the file decide them: the cadence the steps, record.rows
 * the tokens, the vocabulary both sets of tokens together. Of files of azimuth alone. */
#include "lens/verify_lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/experiment.h"
#include "config/key.h"
#include "store/recording_names.h"

/* A list of the file: numbers where they lie, which may be at an odd address. */
struct list {
    const unsigned char *data;
    int64_t count;
};

static struct list list_of(const struct az_recording *recording, const char *name)
{
    const struct az_tensor *tensor = az_recording_tensor(recording, name);
    if (!tensor || !tensor->data || tensor->dtype != AZ_DTYPE_I64 || tensor->rank != 1)
        return (struct list){NULL, -1};
    return (struct list){tensor->data, tensor->shape[0]};
}

static int64_t at(const struct list *list, int64_t n)
{
    int64_t value;
    memcpy(&value, list->data + (uint64_t)n * sizeof value, sizeof value);
    return value;
}

/* Each token is in one of the two, in ascending order. */
static bool sets_hold(const struct az_recording *recording, char *reason, size_t capacity)
{
    struct list dead = list_of(recording, "dead_indices");
    struct list live = list_of(recording, "live_indices");
    double vocabulary;
    if (dead.count < 0 || live.count < 0 ||
        az_recording_number(recording, "vocab_size", &vocabulary, NULL) != AZ_OK)
        return true;
    int64_t d = 0, l = 0, token = 0;
    for (; d < dead.count || l < live.count; token++) {
        if (d < dead.count && at(&dead, d) == token)
            d++;
        else if (l < live.count && at(&live, l) == token)
            l++;
        else
            break;
    }
    if (d == dead.count && l == live.count && (double)token == vocabulary) return true;
    snprintf(reason, capacity,
             "dead_indices and live_indices together are not the %.0f tokens: token %" PRId64
             " is the first that is not in one of them",
             vocabulary, token);
    return false;
}

static bool tokens_hold(const struct az_recording *recording, const struct az_recorded *tensor,
                        char *reason, size_t capacity)
{
    const char *rows = az_recording_text(recording, "record.rows");
    bool dead = rows && strcmp(rows, "dead") == 0, live = rows && strcmp(rows, "live") == 0;
    const struct az_known_movie *known = az_known_movie(tensor->name);
    bool has_rows = known && known->frame_rank == 2;
    if (!has_rows || !rows || strcmp(rows, "all") == 0) return true;
    if (!tensor->token_ids) {
        snprintf(reason, capacity,
                 "%s" AZ_RECORDING_IDS_SUFFIX " is not there, with record.rows = %s", tensor->name,
                 rows);
        return false;
    }
    if (!dead && !live) return true;
    struct list list = list_of(recording, dead ? "dead_indices" : "live_indices");
    bool same = list.count == tensor->frame_shape[0];
    for (int64_t n = 0; same && n < list.count; n++) same = at(&list, n) == tensor->token_ids[n];
    if (!same)
        snprintf(reason, capacity, "%s" AZ_RECORDING_IDS_SUFFIX " are not the %s_indices",
                 tensor->name, rows);
    return same;
}

/* The whole list: a wrong step in it hides frames, as if the run had been cut short before them. */
static bool steps_hold(const struct az_recording *recording, const struct az_recorded *tensor,
                       char *reason, size_t capacity)
{
    char key[AZ_TENSOR_NAME_BYTES + 16];
    struct az_cadence cadence;
    snprintf(key, sizeof key, "record.%s",
             strncmp(tensor->name, "params/", 7) == 0 ? "params" : tensor->name);
    const char *text = az_recording_text(recording, key);
    if (!text || !az_cadence_parse(text, &cadence) || cadence.every <= 0) return true;
    char name[AZ_TENSOR_NAME_BYTES];
    int64_t skipped = az_known_first_step(tensor->name) > 0; /* step 0, which it does not have */
    bool named = az_companion_name(name, tensor->name, AZ_RECORDING_STEPS_SUFFIX);
    struct list list = named ? list_of(recording, name) : (struct list){NULL, -1};
    for (int64_t n = 0; n < (list.data ? list.count : tensor->frames); n++) {
        int64_t step = list.data ? at(&list, n) : az_recording_step_of(tensor, n);
        if (az_cadence_records(&cadence, step) &&
            az_cadence_frames(&cadence, step) == n + 1 + skipped)
            continue;
        snprintf(reason, capacity,
                 "frame %" PRId64 " of %s is of step %" PRId64
                 ", which is not the next that %s = %s records",
                 n, tensor->name, step, key, text);
        return false;
    }
    return true;
}

static bool has_sums(const struct az_recording *recording, const struct az_recorded *tensor,
                     char *reason, size_t capacity)
{
    struct az_frame_sums sums;
    if (tensor->frame_rank == 0 || tensor->frames == 0 ||
        az_recording_sums(recording, tensor, tensor->frames - 1, &sums))
        return true;
    snprintf(reason, capacity, "%s" AZ_RECORDING_SUMS_SUFFIX " is not there", tensor->name);
    return false;
}

bool az_verify_lists(const struct az_recording *recording, char *reason, size_t capacity_bytes)
{
    const char *format = az_recording_text(recording, AZ_RECORDING_FORMAT_KEY);
    if (!format || strcmp(format, AZ_RECORDING_FORMAT) != 0) return true;
    if (!sets_hold(recording, reason, capacity_bytes)) return false;
    if (az_recording_text(recording, "copied_from")) return true; /* may be a part of it */
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const struct az_recorded *tensor = az_recording_at(recording, n);
        if (!has_sums(recording, tensor, reason, capacity_bytes) ||
            !tokens_hold(recording, tensor, reason, capacity_bytes) ||
            !steps_hold(recording, tensor, reason, capacity_bytes))
            return false;
    }
    return true;
}
