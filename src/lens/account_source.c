#include "lens/account_source.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "lens/dead_rows.h"

#define MATRICES 2

static const char *const matrix_names[MATRICES][AZ_ACCOUNT_INPUTS] = {
    {"W", "momentum_W", "variance_W", "grad_W"},
    {"U", "momentum_U", "variance_U", "grad_U"},
};

static enum az_status choose_matrix(struct az_account_source *source, const char *matrix,
                                    struct az_error *error)
{
    for (int n = 0; n < MATRICES; n++) {
        if (matrix && strcmp(matrix, matrix_names[n][AZ_ACCOUNT_W]) != 0) continue;
        memcpy(source->names, matrix_names[n], sizeof source->names);
        return AZ_OK;
    }
    return az_error_raise(error, AZ_USAGE,
                          "'%s' is no matrix that can be accounted for; W and U are", matrix);
}

const char *az_account_source_other(const struct az_account_source *source)
{
    bool is_w = strcmp(source->names[AZ_ACCOUNT_W], matrix_names[0][AZ_ACCOUNT_W]) == 0;
    const char *const *other = matrix_names[is_w ? 1 : 0];
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++)
        if (!az_recording_find(source->recording, other[n])) return NULL;
    return other[AZ_ACCOUNT_W];
}

static enum az_status find_tensors(struct az_account_source *source, struct az_error *error)
{
    char missing[128] = "";
    size_t used = 0;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        source->tensors[n] = az_recording_find(source->recording, source->names[n]);
        if (!source->tensors[n])
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                     used ? ", " : "", source->names[n]);
    }
    if (!used) return AZ_OK;
    return az_error_raise(error, AZ_MISSING,
                          "%s: not in this recording. Accounting recomputes each step from the "
                          "weights, their gradient and both moments; record all four at every "
                          "step (record.%s = 1 and so on in the experiment file)",
                          missing, source->names[AZ_ACCOUNT_W]);
}

static enum az_status check_tensor(const struct az_account_source *source, int number,
                                   struct az_error *error)
{
    const struct az_recorded *tensor = source->tensors[number];
    const struct az_recorded *w = source->tensors[AZ_ACCOUNT_W];
    bool rows_differ =
        !tensor->token_ids != !w->token_ids || tensor->frame_shape[0] != w->frame_shape[0] ||
        (w->token_ids &&
         memcmp(w->token_ids, tensor->token_ids, (size_t)w->frame_shape[0] * sizeof(int64_t)) != 0);
    if (tensor->frame_rank != 2)
        return az_error_raise(error, AZ_FORMAT, "%s has frames of %d dimensions, not of rows",
                              tensor->name, tensor->frame_rank);
    if (rows_differ || tensor->frame_shape[1] != w->frame_shape[1])
        return az_error_raise(error, AZ_FORMAT,
                              "%s was recorded for other rows than %s; they are accounted for "
                              "together or not at all",
                              tensor->name, w->name);
    bool wide = number != AZ_ACCOUNT_W && tensor->dtype == AZ_DTYPE_F32;
    if (wide || tensor->dtype == AZ_DTYPE_BF16) return AZ_OK;
    if (tensor->dtype == AZ_DTYPE_F16)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "%s is recorded in float16, which cannot hold bf16 numbers: it has 5 "
                              "bits of exponent for their 8, so small ones lost bits or became 0 "
                              "(below 6e-8 all did, and second moments are 1e-12). What was lost "
                              "cannot be accounted for; record uint16 bit patterns or BF16",
                              tensor->name);
    return az_error_raise(error, AZ_UNSUPPORTED, "%s is recorded as %s; %s is expected",
                          tensor->name, az_dtype_name(tensor->dtype),
                          number == AZ_ACCOUNT_W ? "BF16: only bf16 weights are explained"
                                                 : "BF16 or F32");
}

static enum az_status check_tensors(struct az_account_source *source, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *w = source->tensors[AZ_ACCOUNT_W];
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        AZ_TRY(check_tensor(source, n, error));
        source->element_bytes[n] = az_dtype_bytes(source->tensors[n]->dtype);
        const struct az_recorded *tensor = source->tensors[n];
        int64_t last = tensor->frames ? az_recording_step_of(tensor, tensor->frames - 1) : 0;
        if (last > source->last_step) source->last_step = last;
    }
    if (source->element_bytes[AZ_ACCOUNT_M] != source->element_bytes[AZ_ACCOUNT_V])
        AZ_RAISE(AZ_FORMAT, "%s and %s are recorded in different types",
                 source->names[AZ_ACCOUNT_M], source->names[AZ_ACCOUNT_V]);
    source->rows = w->frame_shape[0];
    source->dims = w->frame_shape[1];
    source->token_ids = w->token_ids;
out:
    return status;
}

/* ---- hyperparameters ---- */

static const char *const number_names[] = {"optimizer.lr",    "optimizer.weight_decay",
                                           "optimizer.beta1", "optimizer.beta2",
                                           "optimizer.eps",   "vocab_size"};

#define NUMBERS (sizeof number_names / sizeof number_names[0])

/* What was assigned to a name, or NULL. The last one counts. */
static const char *assigned(const struct az_account_source *source, const char *name)
{
    const char *value = NULL;
    size_t length = strlen(name);
    for (const char *const *a = source->assignments; a && *a; a++)
        if (strncmp(*a, name, length) == 0 && (*a)[length] == '=') value = *a + length + 1;
    return value;
}

static enum az_status check_assignments(const struct az_account_source *source,
                                        struct az_error *error)
{
    for (const char *const *a = source->assignments; a && *a; a++) {
        double value;
        size_t n = 0, length = strcspn(*a, "=");
        while (n < NUMBERS &&
               (strncmp(*a, number_names[n], length) != 0 || number_names[n][length]))
            n++;
        if (n == NUMBERS)
            return az_error_raise(error, AZ_USAGE,
                                  "'%.60s' names no number of the formula; optimizer.lr, "
                                  "weight_decay, beta1, beta2, eps and vocab_size are",
                                  *a);
        if ((*a)[length] != '=' || !az_number_parse(*a + length + 1, &value))
            return az_error_raise(error, AZ_USAGE, "'%.60s' is not %s=NUMBER", *a, number_names[n]);
    }
    return AZ_OK;
}

static enum az_status read_number(const struct az_account_source *source, const char *name,
                                  double *value, struct az_error *error)
{
    const char *text = assigned(source, name);
    if (text && az_number_parse(text, value)) return AZ_OK;
    return az_recording_number(source->recording, name, value, error);
}

/* Names all that are missing, and how they can be given. */
static enum az_status read_numbers(struct az_account_source *source, struct az_error *error)
{
    struct az_adamw *adamw = &source->adamw;
    double vocabulary = -1;
    char missing[128] = "";
    size_t used = 0;
    double *const places[] = {NULL, &adamw->weight_decay, &adamw->beta1, &adamw->beta2,
                              &adamw->eps};
    for (size_t n = 1; n < sizeof places / sizeof places[0]; n++)
        if (read_number(source, number_names[n], places[n], NULL) != AZ_OK)
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                     used ? ", " : "", number_names[n]);
    if (used)
        return az_error_raise(error, AZ_MISSING,
                              "%s: the recording does not say; tell it with -P NAME=VALUE",
                              missing);
    source->vocabulary = source->rows;
    if (source->token_ids)
        source->vocabulary = read_number(source, "vocab_size", &vocabulary, NULL) == AZ_OK
                                 ? (int64_t)vocabulary
                                 : -1;
    return AZ_OK;
}

static enum az_status read_rounding(struct az_account_source *source, struct az_error *error)
{
    const char *rounding = az_recording_text(source->recording, "optimizer.rounding");
    const char *seed = az_recording_text(source->recording, "seed.rounding");
    const char *offset = az_recording_text(source->recording, "offset.U");
    struct az_adamw *adamw = &source->adamw;
    bool is_u = strcmp(source->names[AZ_ACCOUNT_W], "U") == 0;
    adamw->rounding = AZ_ROUNDING_NEAREST;
    while (rounding && adamw->rounding < AZ_ROUNDING_COUNT &&
           strcmp(rounding, az_rounding_name(adamw->rounding)) != 0)
        adamw->rounding++;
    if (adamw->rounding == AZ_ROUNDING_COUNT)
        return az_error_raise(error, AZ_FORMAT, "optimizer.rounding = '%.40s' is not known",
                              rounding);
    if (adamw->rounding != AZ_ROUNDING_STOCHASTIC) return AZ_OK;
    if (seed && az_number_parse_seed(seed, &adamw->rounding_seed) &&
        (!is_u || (offset && az_number_parse_seed(offset, &source->first_index))))
        return AZ_OK;
    return az_error_raise(error, AZ_MISSING,
                          "stochastic rounding cannot be repeated without %s in the metadata",
                          is_u ? "seed.rounding and offset.U" : "seed.rounding");
}

static double number_at(enum az_dtype dtype, const unsigned char *bytes, int64_t index)
{
    float narrow;
    double wide;
    if (dtype == AZ_DTYPE_F32) {
        memcpy(&narrow, bytes + index * 4, sizeof narrow);
        return isfinite(narrow) ? az_number_meant(narrow) : (double)narrow;
    }
    memcpy(&wide, bytes + index * 8, sizeof wide);
    return wide;
}

static bool is_float(enum az_dtype dtype) { return dtype == AZ_DTYPE_F32 || dtype == AZ_DTYPE_F64; }

/* One number for each step: a movie, or a whole tensor, or the same for all. */
static enum az_status read_series(struct az_account_source *source, const char *name, double usual,
                                  double *values, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t count = source->last_step + 1;
    const struct az_recorded *movie = az_recording_find(source->recording, name);
    const struct az_tensor *whole = az_recording_tensor(source->recording, name);
    unsigned char bytes[8];
    for (int64_t t = 0; t < count; t++) values[t] = movie ? NAN : usual;
    if (movie && (movie->frame_rank != 0 || !is_float(movie->dtype)))
        AZ_RAISE(AZ_FORMAT, "%s is not one F32 or F64 for each step", name);
    for (int64_t n = 0; movie && n < movie->frames; n++) {
        int64_t step = az_recording_step_of(movie, n);
        if (step >= count) break;
        AZ_TRY(az_recording_read(source->recording, movie, n, 1, bytes, error));
        values[step] = number_at(movie->dtype, bytes, 0);
    }
    if (movie || !whole) goto out;
    if (whole->rank != 1 || !is_float(whole->dtype) || whole->shape[0] < count || !whole->data)
        AZ_RAISE(AZ_FORMAT, "%s is not one F32 or F64 for each of the %" PRId64 " frames", name,
                 count);
    for (int64_t t = 0; t < count; t++) values[t] = number_at(whole->dtype, whole->data, t);
out:
    return status;
}

static enum az_status read_schedule(struct az_account_source *source, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static const char *const rates_name = "learning_rates";
    double rate = NAN, *clips = NULL;
    size_t count = (size_t)source->last_step + 1;
    AZ_TRY(az_memory_allocate(&source->rates, count, sizeof *source->rates, "the rates", error));
    AZ_TRY(az_memory_allocate(&source->clips, count, sizeof *source->clips, "the clips", error));
    AZ_TRY(az_memory_allocate(&clips, count, sizeof *clips, "the clips", error));
    if (assigned(source, "optimizer.lr") || !az_recording_tensor(source->recording, rates_name)) {
        AZ_TRY(read_number(source, "optimizer.lr", &rate, error));
        for (size_t t = 0; t < count; t++) source->rates[t] = rate;
    } else {
        AZ_TRY(read_series(source, rates_name, rate, source->rates, error));
    }
    AZ_TRY(read_series(source, "clip_coefficients", 1, clips, error));
    for (size_t t = 0; t < count; t++) source->clips[t] = (float)clips[t];
out:
    az_memory_free(clips);
    return status;
}

/* ---- rows ---- */

static enum az_status read_kinds(struct az_account_source *source, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_allocate(&source->kinds, (size_t)source->rows, 1, "the rows", error));
    memset(source->kinds, AZ_ACCOUNT_ROW_LIVE, (size_t)source->rows);
    AZ_TRY(az_dead_rows_mark(source->recording, source->tensors[AZ_ACCOUNT_W], source->kinds,
                             AZ_ACCOUNT_ROW_DEAD, &source->dead, error));
out:
    return status;
}

/* ---- moments that are bf16 in float32 ---- */

/* Adds up the values of a frame that are not 0, and those of them whose lower half is empty. */
static enum az_status count_narrow(const struct az_account_source *source, int tensor,
                                   int64_t frame, uint32_t *words, int64_t counts[2],
                                   struct az_error *error)
{
    enum az_status status =
        az_recording_read(source->recording, source->tensors[tensor], frame, 1, words, error);
    size_t count = (size_t)(source->rows * source->dims);
    for (size_t i = 0; status == AZ_OK && i < count; i++) {
        counts[0] += words[i] != 0;
        counts[1] += words[i] != 0 && (words[i] & 0xffff) == 0;
    }
    return status;
}

/* A few frames tell: a float32 has its lower half empty once in 65,536 by chance; and a few altered
 * bits must not change the answer. */
static enum az_status find_upcast(struct az_account_source *source, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *m = source->tensors[AZ_ACCOUNT_M];
    uint32_t *words = NULL;
    int64_t counts[2] = {0, 0};
    if (m->dtype != AZ_DTYPE_F32) return AZ_OK;
    AZ_TRY(az_memory_allocate(&words, (size_t)m->frame_bytes, 1, "a frame", error));
    for (int n = AZ_ACCOUNT_M; n <= AZ_ACCOUNT_V; n++)
        for (int64_t third = 0; third <= 3 && source->tensors[n]->frames; third++)
            AZ_TRY(count_narrow(source, n, (source->tensors[n]->frames - 1) * third / 3, words,
                                counts, error));
    source->upcast = 100 * (counts[0] - counts[1]) < counts[0];
out:
    az_memory_free(words);
    return status;
}

bool az_account_source_fits(const struct az_account_source *source, enum az_arithmetic arithmetic)
{
    bool narrow = az_arithmetic_state_bytes(arithmetic) == sizeof(struct az_bf16);
    bool narrow_recorded = source->element_bytes[AZ_ACCOUNT_M] == 2 || source->upcast;
    return narrow == narrow_recorded;
}

enum az_status az_account_source_open(struct az_account_source *source, const char *path,
                                      const char *matrix, const char *const *assignments,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    *source = (struct az_account_source){.assignments = assignments};
    AZ_TRY(choose_matrix(source, matrix, error));
    AZ_TRY(check_assignments(source, error));
    AZ_TRY(az_recording_open(&source->recording, path, error));
    AZ_TRY(find_tensors(source, error));
    AZ_TRY(check_tensors(source, error));
    AZ_TRY(read_numbers(source, error));
    AZ_TRY(read_rounding(source, error));
    AZ_TRY(read_schedule(source, error));
    AZ_TRY(read_kinds(source, error));
    AZ_TRY(find_upcast(source, error));
out:
    if (status != AZ_OK) {
        const char *file = source->recording ? az_recording_path(source->recording) : path;
        if (status != AZ_USAGE) az_error_at(error, file, -1, -1, -1);
        az_account_source_close(source);
    }
    return status;
}

void az_account_source_close(struct az_account_source *source)
{
    az_memory_free(source->rates);
    az_memory_free(source->clips);
    az_memory_free(source->kinds);
    az_recording_close(source->recording);
    *source = (struct az_account_source){0};
}
