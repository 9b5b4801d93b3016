#include "lens/token_sets.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lens/dead_rows.h"
#include "store/file.h"

#define LIST_LIMIT_BYTES ((size_t)64 << 20)

struct reading {
    struct az_token_sets *sets;
    const struct az_recorded *tensor;
    int64_t vocabulary;
    const char *file;
};

static enum az_status add_token(struct reading *reading, int64_t token, struct az_error *error)
{
    int64_t row = az_recorded_row(reading->tensor, token);
    if (row >= 0) {
        reading->sets->classes[row] |= AZ_TOKEN_CLASS_NAMED;
        return AZ_OK;
    }
    if (token < 0 || token >= reading->vocabulary)
        return az_error_raise(error, AZ_USAGE,
                              "%s: there is no token %" PRId64 "; the vocabulary has 0 to %" PRId64,
                              reading->file, token, reading->vocabulary - 1);
    return az_error_raise(error, AZ_USAGE,
                          "%s: token %" PRId64 " was not recorded; %s has %" PRId64 " rows",
                          reading->file, token, reading->tensor->name, reading->sets->rows);
}

/* ---- text ---- */

static enum az_status read_text(struct reading *reading, const char *text, struct az_error *error)
{
    int64_t line = 1;
    for (const char *at = text; *at;) {
        if (*at == '#') {
            at += strcspn(at, "\n");
        } else if (isspace((unsigned char)*at) || *at == ',') {
            line += *at++ == '\n';
        } else {
            size_t length = strspn(at, "0123456789");
            char next = at[length];
            bool ends = !next || isspace((unsigned char)next) || next == ',' || next == '#';
            if (length == 0 || length > 15 || !ends) {
                az_error_raise(error, AZ_FORMAT,
                               "is no list of token ids: numbers separated by white space or "
                               "commas");
                az_error_at(error, reading->file, line, -1, -1);
                return AZ_FORMAT;
            }
            enum az_status status = add_token(reading, strtoll(at, NULL, 10), error);
            if (status != AZ_OK) return status;
            at += length;
        }
    }
    return AZ_OK;
}

/* ---- safetensors ---- */

static enum az_status read_mask(struct reading *reading, const struct az_tensor *mask,
                                struct az_error *error)
{
    const unsigned char *bytes = mask->data;
    if (mask->shape[0] != reading->vocabulary)
        return az_error_raise(error, AZ_FORMAT,
                              "the mask %s has %" PRId64 " entries, the vocabulary %" PRId64
                              " tokens",
                              mask->name, mask->shape[0], reading->vocabulary);
    for (int64_t token = 0; token < mask->shape[0]; token++) {
        enum az_status status = bytes[token] ? add_token(reading, token, error) : AZ_OK;
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

static enum az_status read_ids(struct reading *reading, const struct az_tensor *list,
                               struct az_error *error)
{
    for (int64_t n = 0; n < list->shape[0]; n++) {
        int64_t token;
        memcpy(&token, (const unsigned char *)list->data + 8 * n, sizeof token);
        enum az_status status = add_token(reading, token, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

static enum az_status read_tensor(struct reading *reading, const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    const struct az_tensor *tensor;
    AZ_TRY(az_safetensors_open(&file, reading->file, error));
    if (!name && az_safetensors_count(file) != 1)
        AZ_RAISE(AZ_USAGE, "%s has %zu tensors; choose one as FILE:NAME", reading->file,
                 az_safetensors_count(file));
    if (name)
        AZ_TRY(az_safetensors_require(file, name, &tensor, error));
    else
        tensor = az_safetensors_at(file, 0);
    bool mask = tensor->dtype == AZ_DTYPE_BOOL || tensor->dtype == AZ_DTYPE_U8;
    if (tensor->rank != 1 || (!mask && tensor->dtype != AZ_DTYPE_I64))
        AZ_RAISE(AZ_FORMAT, "%s is neither a mask (BOOL or U8 for each token) nor a list (I64)",
                 tensor->name);
    AZ_TRY(mask ? read_mask(reading, tensor, error) : read_ids(reading, tensor, error));
out:
    if (status == AZ_FORMAT) az_error_at(error, reading->file, -1, -1, -1);
    az_safetensors_close(file);
    return status;
}

/* ---- the whole ---- */

/* FILE, or FILE:NAME where no file is called so. */
static enum az_status read_named(struct reading *reading, const char *named, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[4096];
    char *text = NULL;
    size_t length;
    const char *colon = strrchr(named, ':'), *name = NULL;
    snprintf(path, sizeof path, "%s", named);
    if (!az_file_exists(path) && colon && (size_t)(colon - named) < sizeof path) {
        path[colon - named] = 0;
        name = colon + 1;
    }
    reading->file = path;
    const char *ending = strrchr(path, '.');
    if (name || (ending && strcmp(ending, ".safetensors") == 0)) {
        AZ_TRY(read_tensor(reading, name, error));
    } else {
        AZ_TRY(az_file_read(path, LIST_LIMIT_BYTES, &text, &length, error));
        if (strlen(text) != length) AZ_RAISE(AZ_FORMAT, "%s is not a text", path);
        AZ_TRY(read_text(reading, text, error));
    }
    const char *slash = strrchr(named, '/');
    snprintf(reading->sets->named, sizeof reading->sets->named, "%s", slash ? slash + 1 : named);
out:
    az_memory_free(text);
    reading->file = named;
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
    struct reading reading = {
        .sets = sets, .tensor = tensor, .vocabulary = sets->vocabulary, .file = named};
    if (named) AZ_TRY(read_named(&reading, named, error));
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
