#include "store/matrix_find.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/file.h"

/* In the order in which they are looked for: what gives the logits before what takes the tokens. */
static const struct {
    const char *name;
    bool unembedding;
} known[] = {
    {"lm_head.weight", true},
    {"language_model.lm_head.weight", true},
    {"embed_out.weight", true},
    {"output.weight", true},
    {"model.embed_tokens.weight", false},
    {"model.language_model.embed_tokens.weight", false},
    {"language_model.model.embed_tokens.weight", false},
    {"transformer.wte.weight", false},
    {"wte.weight", false},
    {"model.decoder.embed_tokens.weight", false},
    {"gpt_neox.embed_in.weight", false},
    {"transformer.word_embeddings.weight", false},
    {"bert.embeddings.word_embeddings.weight", false},
    {"embeddings.word_embeddings.weight", false},
    {"tok_embeddings.weight", false},
    {"shared.weight", false},
    {"embeddings", false},
    {"W", false},
};

#define KNOWN (sizeof known / sizeof known[0])

const char *az_matrix_known_tensor(bool (*has)(const void *context, const char *name),
                                   const void *context, const char **other)
{
    *other = NULL;
    for (size_t n = 0; n < KNOWN; n++) {
        if (!has(context, known[n].name)) continue;
        for (size_t m = n + 1; known[n].unembedding && !*other && m < KNOWN; m++)
            if (!known[m].unembedding && has(context, known[m].name)) *other = known[m].name;
        return known[n].name;
    }
    return NULL;
}

bool az_matrix_is_one(const struct az_tensor *tensor)
{
    enum az_dtype dtype = tensor->dtype;
    return tensor->rank == 2 && (dtype == AZ_DTYPE_BF16 || dtype == AZ_DTYPE_F16 ||
                                 dtype == AZ_DTYPE_F32 || dtype == AZ_DTYPE_U16);
}

static enum az_status parse_step(struct az_matrix_name *parts, const char *text,
                                 struct az_error *error)
{
    parts->has_step = true;
    if (az_number_parse_integer(text, &parts->step) && parts->step >= 0) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "\"%.60s\" is no step of a recording; a matrix is named PATH, "
                          "PATH@TENSOR, PATH@STEP or PATH@TENSOR:STEP",
                          text);
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* text: what stands after the '@'. */
static enum az_status parse_place(struct az_matrix_name *parts, const char *text,
                                  struct az_error *error)
{
    if (is_number(text)) return parse_step(parts, text, error);
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    if (length >= sizeof parts->tensor)
        return az_error_raise(error, AZ_USAGE,
                              "the name of a tensor has at most %zu bytes, not %zu",
                              sizeof parts->tensor - 1, length);
    memcpy(parts->tensor, text, length);
    parts->tensor[length] = 0;
    return colon ? parse_step(parts, colon + 1, error) : AZ_OK;
}

enum az_status az_matrix_name_parse(struct az_matrix_name *parts, const char *name,
                                    struct az_error *error)
{
    *parts = (struct az_matrix_name){.step = AZ_MATRIX_LAST_STEP};
    enum az_status status = az_memory_copy_string(&parts->path, name, error);
    if (status != AZ_OK) return status;
    char *at = strrchr(parts->path, '@');
    if (!at || az_file_exists(name)) return AZ_OK;
    *at = 0;
    return parse_place(parts, at + 1, error);
}
