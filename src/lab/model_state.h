/* model_state.h: what a model is made of, shared by the model_*.c files.
 *
 * Token rows. A sequence of `context` positions takes `padded` rows, context rounded up to 32, so
 * that blocks of 32 rows never cross a sequence and panels of AZ_PRODUCT_PANEL rows never cut a
 * block. Rows beyond the context are never written: they are zero from the start, and add nothing.
 *
 * A pass runs in phases; every phase is one or more az_pool_run over chunks that the shape fixes:
 *   forward       a sequence per chunk through all layers (model_forward.c, model_attention.c)
 *   unembedding   by panels of rows: logits, loss and dH by blocks of rows, then the panel's part
 *                 of dU by blocks of the vocabulary (model_unembed.c)
 *   backward      a sequence per chunk through all layers, down to the embedding (model_backward.c)
 *   weights       dW = X^T dY of every linear layer by blocks of dW, sums over rows, and the
 *                 embedding by blocks of the vocabulary (model_weights.c)
 * For the last, the forward pass leaves X transposed and the backward pass leaves dY packed, panel
 * by panel, while the rows are at hand. */
#ifndef AZ_LAB_MODEL_STATE_H
#define AZ_LAB_MODEL_STATE_H

#include "azimuth/model.h"
#include "base/raise.h"
#include "lab/model_math.h"

#define AZ_ROW_BLOCK 32         /* token rows that go through a layer's row-local parts at once */
#define AZ_ATTENTION_PANEL 128  /* query rows of one panel of dK and dV */
#define AZ_VOCABULARY_BLOCK 256 /* columns of one block of dU */
#define AZ_LOGIT_TILE 256       /* columns of logits between product and rounding */
#define AZ_WEIGHT_ROWS 128      /* dW goes in blocks of so many inputs */
#define AZ_WEIGHT_COLUMNS 64    /* by so many outputs */
#define AZ_EMBEDDING_ROWS 64    /* tokens of one block of the embedding's gradient */
#define AZ_POSITION_ROWS 16     /* positions of one block of theirs */
#define AZ_PACK_ROWS 128        /* rows of a weight matrix packed at once */

struct az_shape {
    size_t layers, width, heads, context, ffn, vocabulary, batch; /* as planned */
    size_t head;                                                  /* width of a head */
    size_t width_padded, ffn_padded, qkv_padded, head_padded, vocabulary_padded; /* to 32 */
    size_t padded;            /* rows of a sequence: context to 32 */
    size_t rows;              /* batch * padded */
    size_t positions;         /* batch * context: what the loss is a mean of */
    size_t panel, panels;     /* rows of a full panel, number of panels */
    size_t panel_stride;      /* elements between rows of X^T in a panel */
    size_t vocabulary_blocks; /* of AZ_VOCABULARY_BLOCK */
    size_t small;             /* biases, gains: their total length */
};

/* y = x W + b. */
struct az_linear {
    size_t in, out;
    size_t weight;            /* of W[in][out] in the flat vector */
    size_t bias;              /* of b among the small parameters */
    void *forward, *backward; /* W packed for x W and for dy W^T */
    void *inputs;             /* X^T [panels][in][panel_stride] */
    void *outputs_gradient;   /* dY, each panel packed as a B of its rows x out, one after
                                 another at panel * az_math_packed(panel, out) */
};

enum az_linear_kind {
    AZ_LINEAR_QKV,        /* attn.c_attn */
    AZ_LINEAR_PROJECTION, /* attn.c_proj */
    AZ_LINEAR_EXPAND,     /* mlp.c_fc */
    AZ_LINEAR_CONTRACT,   /* mlp.c_proj */
    AZ_LINEAR_COUNT
};

/* A LayerNorm and what its backward pass needs. */
struct az_norm {
    size_t gain, bias;  /* among the small parameters */
    void *input;        /* x [rows][width] */
    float *mean, *rstd; /* [rows] */
};

struct az_layer {
    struct az_norm norm[2];
    struct az_linear linear[AZ_LINEAR_COUNT];
    void *qkv;                /* [rows][3 width] */
    void *expanded;           /* [rows][ffn], before the GELU */
    float *maximum, *inverse; /* softmax of the scores: max, 1 / sum [batch][heads][padded] */
};

/* A small parameter (rank 1): where it lies in the flat vector and among the small ones. */
struct az_small {
    size_t offset, at, count;
};

/* Working memory of one thread; every part keeps its zero padding. */
struct az_scratch {
    float *wide[3];      /* [AZ_ROW_BLOCK][max(3 width, ffn)] */
    void *narrow;        /* [AZ_ROW_BLOCK][width_padded] */
    void *narrow_ffn;    /* [AZ_ROW_BLOCK][ffn_padded] */
    void *sequence;      /* [padded][width_padded]: attention's output, or its gradient */
    void *residual;      /* [padded][width_padded]: gradient of the residual stream */
    void *qkv_gradient;  /* [padded][qkv_padded] */
    void *query;         /* [AZ_ROW_BLOCK][head_padded] */
    void *packed[5];     /* a head's K, V, Q, dO packed one way or the other */
    float *scores[2];    /* [AZ_ROW_BLOCK][padded] */
    void *weights;       /* [AZ_ROW_BLOCK][padded] */
    void *transposed[2]; /* P^T, dS^T [padded][AZ_ATTENTION_PANEL] */
    float *heads[2];     /* dV, dK [padded][head] */
    void *logits;        /* [AZ_ROW_BLOCK][vocabulary_padded] */
    float *tile;         /* [AZ_ROW_BLOCK][AZ_LOGIT_TILE] */
    float *exps[2];      /* [vocabulary]: exp(logit - max) of two rows */
    float *block;        /* [AZ_WEIGHT_ROWS][AZ_WEIGHT_COLUMNS] */
    float *rows[2];      /* [AZ_EMBEDDING_ROWS][width] */
    float *pack;         /* [AZ_PACK_ROWS][widest matrix], compute f32 only */
};

enum az_purpose {
    AZ_PURPOSE_PARAMETERS,
    AZ_PURPOSE_GRADIENTS,
    AZ_PURPOSE_ACTIVATIONS,
    AZ_PURPOSE_SCRATCH,
    AZ_PURPOSE_COUNT
};

struct az_model {
    struct az_model_plan plan;
    struct az_shape shape;
    struct az_math math;
    struct az_pool *pool;
    int threads;
    void *memory[AZ_PURPOSE_COUNT];

    struct az_parameter *parameters;
    size_t parameter_count, size;
    struct az_small *smalls; /* every rank-1 parameter */
    size_t small_count;
    struct az_layer *layers;
    struct az_norm last_norm;
    size_t positions, unembedding; /* offsets of wpe and of the unembedding in the flat vector */

    struct az_bf16 *values;
    float *small;                                     /* rank-1 parameters widened, [shape.small] */
    void *unembedding_forward, *unembedding_backward; /* U packed for h U^T and for dlogits U */

    void *gradients;             /* az_bf16 or float */
    float *unembedding_gradient; /* dU^T [vocabulary_blocks][width][AZ_VOCABULARY_BLOCK] */
    float *small_gradients;      /* [batch][shape.small]: a sequence's part of each */

    void *h;                             /* [rows][width_padded], after the last LayerNorm */
    void *h_transposed;                  /* [panels][width][panel_stride] */
    void *logits_gradient;               /* of one panel, packed as a B of its rows x vocabulary */
    void *h_gradient;                    /* [rows][width] */
    void *embedded_gradient;             /* of the embedding sum, [rows][width] */
    float *losses;                       /* [rows] */
    struct az_bf16 *hidden;              /* [batch][context][width] */
    uint32_t *token_starts, *token_rows; /* rows in order of their input token; [vocabulary + 1] */
    struct az_scratch *scratch;          /* [threads] */

    int64_t phase_ns[AZ_MODEL_PHASE_COUNT], phase_began_ns;
};

/* What all chunks of a pass share. */
struct az_pass {
    struct az_model *model;
    const uint32_t *inputs, *targets;
    bool gradient; /* false: the loss only */
    size_t panel;  /* unembedding: the panel at hand */
};

/* A block of at most AZ_ROW_BLOCK rows of one sequence. */
struct az_rows_block {
    size_t sequence, t, rows;
    size_t row; /* sequence * padded + t */
};

static inline size_t az_round_up(size_t count, size_t unit)
{
    return (count + unit - 1) / unit * unit;
}
static inline size_t az_least(size_t a, size_t b) { return a < b ? a : b; }

/* ---- model_layout.c ---- */
enum az_status az_model_check_plan(const struct az_model_plan *plan, struct az_error *error);
/* Fills shape, parameters, layers of a zeroed model whose plan is set. */
enum az_status az_model_lay_out(struct az_model *model, struct az_error *error);
/* Sizes of all memory by purpose; with `memory` allocated, also every pointer into it. */
enum az_status az_model_place(struct az_model *model, size_t bytes[AZ_PURPOSE_COUNT],
                              struct az_error *error);
void az_model_release_layout(struct az_model *model);

/* ---- shared by the phases (model_rows.c) ---- */
/* The block that begins at position t. */
struct az_rows_block az_model_block(const struct az_model *model, size_t sequence, size_t t);
size_t az_model_panel_rows(const struct az_model *model, size_t panel);
/* Elements of logits_gradient, packed for so many rows, from 16 tokens to the next 16. */
size_t az_model_logits_group(const struct az_model *model, size_t rows);
/* Keeps a block of X (transposed), of dY (packed) for the weight gradients. */
void az_model_keep_rows(const struct az_model *model, const struct az_rows_block *block,
                        size_t columns, const void *x, size_t x_stride, void *panels);
void az_model_keep_gradient(const struct az_model *model, const struct az_rows_block *block,
                            const struct az_linear *linear, const void *dy, size_t dy_stride);
/* Writes `count` gradients from `offset` on, rounded to the type that the optimizer takes. */
void az_model_store_gradient(const struct az_model *model, size_t offset, size_t count,
                             const float *from);

/* ---- model.c: what follows counts as a phase from one call to the next ---- */
void az_model_phase_begins(struct az_model *model);
void az_model_phase_ends(struct az_model *model, enum az_model_phase phase);

/* ---- the phases: az_pool_task, context a struct az_pass ---- */
void az_model_forward_chunk(void *context, size_t chunk, int thread);
void az_model_sort_tokens(const struct az_pass *pass);
void az_model_unembed(struct az_pass *pass);
void az_model_backward_chunk(void *context, size_t chunk, int thread);
size_t az_model_weight_chunks(const struct az_model *model);
void az_model_weight_chunk(void *context, size_t chunk, int thread);

/* Causal attention of one sequence: forward into scratch->sequence, and back from there into
 * scratch->qkv_gradient. */
void az_attention_forward(const struct az_model *model, const struct az_layer *layer,
                          size_t sequence, struct az_scratch *scratch);
void az_attention_backward(const struct az_model *model, const struct az_layer *layer,
                           size_t sequence, struct az_scratch *scratch);

#endif
