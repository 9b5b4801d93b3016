/* The model as Hugging Face keeps a GPT-2: config.json and model.safetensors. */
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "lab/model_state.h"
#include "store/file.h"

#define PATH_BYTES 4096

static enum az_status write_config(const struct az_model *model, const char *path,
                                   struct az_error *error)
{
    const struct az_shape *s = &model->shape;
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "{\n"
                          "  \"activation_function\": \"gelu_new\",\n"
                          "  \"architectures\": [\"GPT2LMHeadModel\"],\n"
                          "  \"attn_pdrop\": 0.0,\n"
                          "  \"bos_token_id\": null,\n"
                          "  \"embd_pdrop\": 0.0,\n"
                          "  \"eos_token_id\": null,\n"
                          "  \"initializer_range\": 0.02,\n"
                          "  \"layer_norm_epsilon\": 1e-05,\n"
                          "  \"model_type\": \"gpt2\",\n"
                          "  \"n_embd\": %zu,\n"
                          "  \"n_head\": %zu,\n"
                          "  \"n_inner\": %zu,\n"
                          "  \"n_layer\": %zu,\n"
                          "  \"n_positions\": %zu,\n"
                          "  \"resid_pdrop\": 0.0,\n"
                          "  \"scale_attn_weights\": true,\n"
                          "  \"tie_word_embeddings\": %s,\n"
                          "  \"torch_dtype\": \"bfloat16\",\n"
                          "  \"vocab_size\": %zu\n"
                          "}\n",
                          s->width, s->heads, s->ffn, s->layers, s->context,
                          model->plan.tied ? "true" : "false", s->vocabulary);
    return az_file_write(path, text, (size_t)length, error);
}

static enum az_status write_tensors(const struct az_model *model, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor *tensors = NULL;
    struct az_safetensors_writer *writer = NULL;
    static const char *const metadata[] = {"format", "pt", NULL};
    AZ_TRY(
        az_memory_allocate(&tensors, model->parameter_count, sizeof *tensors, "the export", error));
    for (size_t n = 0; n < model->parameter_count; n++) {
        const struct az_parameter *parameter = &model->parameters[n];
        tensors[n].dtype = AZ_DTYPE_BF16;
        tensors[n].rank = parameter->rank;
        for (int d = 0; d < parameter->rank; d++)
            tensors[n].shape[d] = (int64_t)parameter->shape[d];
        memcpy(tensors[n].name, parameter->name, sizeof parameter->name);
    }
    AZ_TRY(az_safetensors_create(&writer, path, tensors, model->parameter_count, metadata, error));
    for (size_t n = 0; n < model->parameter_count; n++) {
        const struct az_parameter *parameter = &model->parameters[n];
        AZ_TRY(az_safetensors_write(writer, n, 0, model->values + parameter->offset,
                                    parameter->count * sizeof *model->values, error));
    }
    status = az_safetensors_commit(writer, error);
    writer = NULL;
out:
    az_safetensors_abort(writer);
    az_memory_free(tensors);
    return status;
}

enum az_status az_model_export(struct az_model *model, const char *directory,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_directory_create(directory, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "config.json", error));
    AZ_TRY(write_config(model, path, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "model.safetensors", error));
    AZ_TRY(write_tensors(model, path, error));
out:
    return status;
}
