/* Initial values of a model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "base/random.h"
#include "lab/model_state.h"

#define PREFIX "transformer."

/* N(0, sigma) of element `index`, drawn in double, rounded to float32. */
static float draw(uint64_t seed, uint32_t stream, uint64_t index, double sigma)
{
    return (float)(sigma * az_random_normal(seed, stream, index));
}

/* ---- body ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);
    return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

/* Everything but the embedding and the untied unembedding. A tensor's stream is its number. */
static void fill_body(struct az_model *model, double sigma, uint64_t seed)
{
    double residual = sigma / sqrt(2.0 * (double)model->shape.layers);
    for (size_t n = 1; n < model->parameter_count; n++) {
        const struct az_parameter *parameter = &model->parameters[n];
        struct az_bf16 *values = model->values + parameter->offset;
        bool gain = parameter->rank == 1 && ends_with(parameter->name, ".weight");
        double width = ends_with(parameter->name, ".c_proj.weight") ? residual : sigma;
        uint32_t stream = AZ_STREAM_BODY | (uint32_t)n << 8;
        for (size_t i = 0; i < parameter->count; i++)
            values[i] = az_bf16_from_f32(parameter->rank == 2 ? draw(seed, stream, i, width)
                                                              : (gain ? 1.0f : 0.0f));
    }
}

/* ---- embedding: docs/experiment.md, model.init ---- */

static void fill_gaussian(struct az_model *model, double sigma, uint64_t seed)
{
    size_t count = model->shape.vocabulary * model->shape.width;
    for (size_t i = 0; i < count; i++)
        model->values[i] = az_bf16_from_f32(draw(seed, AZ_STREAM_EMBEDDING, i, sigma));
}

/* One vector of N(0, sigma) for all tokens, with noise of N(0, jitter): added in float32 before the
 * one rounding, or, in_bf16, both rounded first and their sum rounded again. The vector takes the
 * stream's numbers 0 .. width-1, the noise those behind. */
static void fill_singular(struct az_model *model, double sigma, double jitter, bool in_bf16,
                          uint64_t seed)
{
    size_t width = model->shape.width;
    for (size_t v = 0; v < model->shape.vocabulary; v++) {
        for (size_t d = 0; d < width; d++) {
            float centre = draw(seed, AZ_STREAM_EMBEDDING, d, sigma);
            float noise = draw(seed, AZ_STREAM_EMBEDDING, width + v * width + d, jitter);
            if (in_bf16) {
                centre = az_bf16_to_f32(az_bf16_from_f32(centre));
                noise = az_bf16_to_f32(az_bf16_from_f32(noise));
            }
            model->values[v * width + d] = az_bf16_from_f32(centre + noise);
        }
    }
}

/* ---- from a file ---- */

/* Exact. */
static float from_f16(uint16_t bits)
{
    float sign = bits & 0x8000 ? -1.0f : 1.0f;
    int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
    if (exponent == 31)
        return az_f32_from_bits((uint32_t)(bits & 0x8000) << 16 | 0x7f800000 |
                                (uint32_t)mantissa << 13);
    if (exponent == 0) return sign * (float)mantissa * 0x1p-24f;
    return sign * ldexpf((float)(mantissa | 0x400), exponent - 25);
}

static enum az_status convert(const struct az_tensor *tensor, size_t count, struct az_bf16 *values,
                              struct az_error *error)
{
    const unsigned char *bytes = tensor->data;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        float single;
        switch (tensor->dtype) {
        case AZ_DTYPE_BF16: memcpy(&values[i], bytes + 2 * i, 2); break;
        case AZ_DTYPE_F16:
            memcpy(&half, bytes + 2 * i, 2);
            values[i] = az_bf16_from_f32(from_f16(half));
            break;
        case AZ_DTYPE_F32:
            memcpy(&single, bytes + 4 * i, 4);
            values[i] = az_bf16_from_f32(single);
            break;
        default:
            return az_error_raise(error, AZ_FORMAT,
                                  "tensor '%s' is %s: initial values must be BF16, F16 or F32",
                                  tensor->name, az_dtype_name(tensor->dtype));
        }
    }
    return AZ_OK;
}

/* "[50, 16]" */
static void shape_text(char *text, size_t capacity_bytes, int rank, const int64_t *shape)
{
    size_t used = (size_t)snprintf(text, capacity_bytes, "[");
    for (int n = 0; n < rank && used < capacity_bytes; n++)
        used += (size_t)snprintf(text + used, capacity_bytes - used, "%s%lld", n ? ", " : "",
                                 (long long)shape[n]);
    if (used < capacity_bytes) snprintf(text + used, capacity_bytes - used, "]");
}

static enum az_status take_tensor(struct az_model *model, const struct az_parameter *parameter,
                                  const struct az_tensor *tensor, struct az_error *error)
{
    int64_t shape[2] = {(int64_t)parameter->shape[0], (int64_t)parameter->shape[1]};
    int rank = parameter->rank == 2 ? 2 : 1;
    bool same = tensor->rank == rank;
    for (int n = 0; same && n < rank; n++) same = tensor->shape[n] == shape[n];
    if (!same) {
        char wanted[64], found[256];
        shape_text(wanted, sizeof wanted, rank, shape);
        shape_text(found, sizeof found, tensor->rank, tensor->shape);
        return az_error_raise(error, AZ_FORMAT,
                              "tensor '%s' has shape %s, and the experiment needs %s: make the "
                              "[model] keys and the tokenizer agree with the file",
                              tensor->name, found, wanted);
    }
    return convert(tensor, parameter->count, model->values + parameter->offset, error);
}

/* The file's tensor of that name, with or without the prefix; the untied unembedding may be
 * missing, and is the embedding then. */
static enum az_status find_tensor(const struct az_safetensors *file,
                                  const struct az_parameter *parameter,
                                  const struct az_tensor **tensor, struct az_error *error)
{
    const char *name = parameter->name;
    *tensor = az_safetensors_find(file, name);
    if (!*tensor && strcmp(name, "lm_head.weight") == 0) name = PREFIX "wte.weight";
    if (!*tensor) *tensor = az_safetensors_find(file, name);
    if (!*tensor && strncmp(name, PREFIX, strlen(PREFIX)) == 0)
        *tensor = az_safetensors_find(file, name + strlen(PREFIX));
    return *tensor ? AZ_OK : az_safetensors_require(file, name, tensor, error);
}

static enum az_status fill_from_file(struct az_model *model, const char *path,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    if (!path[0]) AZ_RAISE(AZ_USAGE, "model.init = file needs model.init_file, a safetensors file");
    AZ_TRY(az_safetensors_open(&file, path, error));
    for (size_t n = 0; n < model->parameter_count; n++) {
        const struct az_tensor *tensor;
        AZ_TRY(find_tensor(file, &model->parameters[n], &tensor, error));
        AZ_TRY(take_tensor(model, &model->parameters[n], tensor, error));
    }
out:
    if (status != AZ_OK && path[0]) az_error_at(error, path, -1, -1, -1);
    az_safetensors_close(file);
    return status;
}

/* ---- all ---- */

enum az_status az_model_initialise(struct az_model *model, const struct az_experiment *experiment,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    double sigma = experiment->model.sigma, jitter = experiment->model.jitter;
    uint64_t seed = experiment->seed.embedding;
    if (experiment->model.init == AZ_INIT_FILE) {
        AZ_TRY(fill_from_file(model, experiment->model.init_file, error));
        az_model_values_changed(model);
        goto out;
    }
    fill_body(model, sigma, experiment->seed.body);
    switch (experiment->model.init) {
    case AZ_INIT_SINGULAR: fill_singular(model, sigma, 0, false, seed); break;
    case AZ_INIT_SINGULAR_JITTER: fill_singular(model, sigma, jitter, false, seed); break;
    case AZ_INIT_BF16: fill_singular(model, sigma, jitter, true, seed); break;
    default: fill_gaussian(model, sigma, seed); break;
    }
    if (!model->plan.tied)
        memcpy(model->values + model->unembedding, model->values,
               model->shape.vocabulary * model->shape.width * sizeof *model->values);
    az_model_values_changed(model);
out:
    return status;
}
