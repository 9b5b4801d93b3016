/* Checks between parameters. What a single value may be is in the table (parameters.c). */
#include <inttypes.h>

#include "config/key.h"

static enum az_status check_texts(const char *texts, struct az_error *error)
{
    char name[AZ_TEXT_BYTES];
    int64_t weight;
    size_t count = 0;
    do {
        enum az_status status = az_experiment_next_text(&texts, name, &weight, error);
        if (status != AZ_OK) return status;
        count += name[0] != 0;
    } while (name[0]);
    if (count) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "tokenizer.texts is empty: there is nothing to train the tokenizer on");
}

static enum az_status check_tokenizer(const struct az_experiment *e, struct az_error *error)
{
    if (!e->corpus.text[0])
        return az_error_raise(error, AZ_USAGE,
                              "corpus.text is empty: name a file or a built-in "
                              "text (azimuth corpus --list)");
    if (e->tokenizer.file[0]) return AZ_OK;
    enum az_status status = check_texts(e->tokenizer.texts, error);
    if (status != AZ_OK) return status;
    bool byte = e->tokenizer.model == AZ_TOKEN_MODEL_BYTE;
    int64_t vocabulary = e->tokenizer.vocabulary, base = e->tokenizer.base_characters;
    if (byte && vocabulary < 257)
        return az_error_raise(error, AZ_USAGE,
                              "tokenizer.vocabulary = %" PRId64 ": the byte model has 256 bytes "
                              "and needs at least 257 entries",
                              vocabulary);
    if (byte && base != 0)
        return az_error_raise(error, AZ_USAGE,
                              "tokenizer.base_characters is for "
                              "tokenizer.model = character only");
    if (!byte && (base < 1 || base >= vocabulary))
        return az_error_raise(error, AZ_USAGE,
                              "tokenizer.base_characters = %" PRId64 ": the character model needs "
                              "from 1 to %" PRId64 ", fewer than tokenizer.vocabulary",
                              base, vocabulary - 1);
    return AZ_OK;
}

static enum az_status check_model(const struct az_experiment *e, struct az_error *error)
{
    bool jitters = e->model.init == AZ_INIT_SINGULAR_JITTER || e->model.init == AZ_INIT_BF16;
    if (e->model.width % e->model.heads != 0)
        return az_error_raise(error, AZ_USAGE,
                              "model.heads = %" PRId64 " does not divide model.width = %" PRId64,
                              e->model.heads, e->model.width);
    if (jitters && !(e->model.jitter > 0))
        return az_error_raise(error, AZ_USAGE,
                              "this model.init needs model.jitter above 0 (1e-5 in the notebooks)");
    if (!jitters && e->model.jitter != 0)
        return az_error_raise(error, AZ_USAGE,
                              "model.jitter is for model.init = singular-jitter "
                              "and bf16 only");
    if (e->model.init == AZ_INIT_FILE && !e->model.init_file[0])
        return az_error_raise(error, AZ_USAGE, "model.init = file needs model.init_file");
    if (e->model.init != AZ_INIT_FILE && e->model.init_file[0])
        return az_error_raise(error, AZ_USAGE, "model.init_file is for model.init = file only");
    return AZ_OK;
}

static enum az_status check_optimizer(const struct az_experiment *e, struct az_error *error)
{
    if (e->optimizer.schedule == AZ_SCHEDULE_CONSTANT && e->optimizer.final_lr_ratio != 0)
        return az_error_raise(error, AZ_USAGE,
                              "optimizer.final_lr_ratio is for optimizer.schedule "
                              "= linear and cosine only");
    if (e->optimizer.warmup_steps > e->train.steps)
        return az_error_raise(error, AZ_USAGE,
                              "optimizer.warmup_steps = %" PRId64 " is more than train.steps "
                              "= %" PRId64,
                              e->optimizer.warmup_steps, e->train.steps);
    if (e->optimizer.lr * e->optimizer.weight_decay >= 1)
        return az_error_raise(error, AZ_USAGE,
                              "optimizer.lr * optimizer.weight_decay is 1 or "
                              "more: each step would erase the weights");
    if (e->optimizer.arithmetic == AZ_ARITHMETIC_MASTER &&
        e->optimizer.rounding == AZ_ROUNDING_KAHAN)
        return az_error_raise(error, AZ_USAGE,
                              "optimizer.rounding = kahan carries what rounding "
                              "loses; arithmetic = master loses nothing");
    return AZ_OK;
}

static enum az_status check_record(const struct az_experiment *e, struct az_error *error)
{
    for (int r = AZ_RECORD_UNEMBEDDING; r <= AZ_RECORD_UNEMBEDDING_VARIANCE; r++)
        if (e->model.tied && e->record.cadence[r].every)
            return az_error_raise(error, AZ_USAGE,
                                  "record.%s: a tied model has no U; set model.tied = false or "
                                  "record W",
                                  az_record_name((enum az_record)r));
    if (e->record.rows == AZ_ROWS_LIST && !e->record.row_file[0])
        return az_error_raise(error, AZ_USAGE, "record.rows = list needs record.row_file");
    if (e->record.rows != AZ_ROWS_LIST && e->record.row_file[0])
        return az_error_raise(error, AZ_USAGE, "record.row_file is for record.rows = list only");
    return AZ_OK;
}

enum az_status az_experiment_check(const struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(check_tokenizer(experiment, error));
    AZ_TRY(check_model(experiment, error));
    AZ_TRY(check_optimizer(experiment, error));
    AZ_TRY(check_record(experiment, error));
out:
    if (status != AZ_OK && experiment->path[0]) az_error_at(error, experiment->path, -1, -1, -1);
    return status;
}
