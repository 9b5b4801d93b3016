/* account_fixture.h: small recordings that the kernels themselves have made, in every way in which
 * one can be written, and the call that accounts for them. Included by one source file of a test.
 */
#ifndef AZ_TESTS_ACCOUNT_FIXTURE_H
#define AZ_TESTS_ACCOUNT_FIXTURE_H

#include <math.h>

#include "azimuth/account.h"
#include "azimuth/safetensors.h"
#include "base/random.h"
#include "store_fixture.h"

/* V * D is no multiple of 16, so bf16-fused has a tail; D is odd. */
enum { V = 41, D = 23, N = V * D, T = 20, DEAD = 13, STREAM = 77, MAX_ROWS = V };

struct recorded {
    enum az_arithmetic arithmetic;
    enum az_rounding rounding;
    bool upcast; /* moments in float32 whatever the arithmetic */
    bool gradient_f32;
    bool some_rows;      /* of every other token */
    bool scheduled;      /* rates and clipping of every step */
    bool silent;         /* no metadata and no sums, as others write it */
    int64_t every;       /* cadence of W; 0: 1 */
    const char *without; /* a tensor that is left out */
    int64_t quiet_steps; /* without gradient, from the start */
};

static struct {
    struct az_bf16 w[T + 1][N];
    float g[T + 1][N], m[T + 1][N],
        v[T + 1][N]; /* as wide as they can be; bf16 in the first half */
    struct az_bf16 g_bf16[T + 1][N];
    double rates[T + 1];
    float clips[T + 1];
} run;
static int64_t dead_tokens[DEAD], row_ids[V], even_steps[T + 1];
static const float scalars[] = {2e-3f, 0.1f, 0.9f, 0.95f, 1e-8f};

static inline uint32_t draw(uint32_t index) { return az_random_u32(99, STREAM, index); }

/* Mostly of ordinary size, some tiny, some zero: many updates lie near ties. */
static inline float some_gradient(uint32_t index)
{
    uint32_t word = draw(index);
    float size = ldexpf(1 + (float)(word & 0x7f) / 128, (int)(word >> 8 & 15) - 20);
    if ((word >> 12 & 31) == 0) size = 0;
    if ((word >> 17 & 31) == 0) size = ldexpf(size, -60);
    return word >> 31 ? -size : size;
}

static inline struct az_adamw adamw_of(const struct recorded *how, int64_t step)
{
    return (struct az_adamw){.arithmetic = how->arithmetic,
                             .rounding = how->rounding,
                             .step = step,
                             .lr = run.rates[step],
                             .beta1 = 0.9,
                             .beta2 = 0.95,
                             .eps = 1e-8,
                             .weight_decay = 0.1,
                             .gradient_scale = (double)run.clips[step],
                             .rounding_seed = 5};
}

static inline void grow(const struct recorded *how)
{
    static float master[N];
    static struct az_bf16 residue[N];
    struct az_kernels kernels;
    assert_int_equal(az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL), AZ_OK);
    memset(&run, 0, sizeof run);
    memset(residue, 0, sizeof residue);
    for (uint32_t i = 0; i < N; i++) {
        run.w[0][i] = az_bf16_from_f32(100 * some_gradient(1000000 + i));
        master[i] = az_bf16_to_f32(run.w[0][i]);
    }
    for (int64_t t = 1; t <= T; t++) {
        run.rates[t] = how->scheduled ? 2e-3 * (double)(T + 1 - t) / T : 2e-3;
        run.clips[t] = how->scheduled && t % 3 ? 0.7f + 0.01f * (float)t : 1;
        for (uint32_t i = 0; i < N; i++) {
            run.g[t][i] = t <= how->quiet_steps ? 0 : some_gradient((uint32_t)t * N + i);
            run.g_bf16[t][i] = az_bf16_from_f32(run.g[t][i]);
        }
        memcpy(run.w[t], run.w[t - 1], sizeof run.w[0]);
        memcpy(run.m[t], run.m[t - 1], sizeof run.m[0]);
        memcpy(run.v[t], run.v[t - 1], sizeof run.v[0]);
        struct az_adamw adamw = adamw_of(how, t);
        struct az_adamw_range range = {
            .count = N,
            .p = run.w[t],
            .g = how->gradient_f32 ? (void *)run.g[t] : run.g_bf16[t],
            .g_is_f32 = how->gradient_f32,
            .m = run.m[t],
            .v = run.v[t],
            .master = how->arithmetic == AZ_ARITHMETIC_MASTER ? master : NULL,
            .residue = how->rounding == AZ_ROUNDING_KAHAN ? residue : NULL};
        az_adamw_prepare(&adamw);
        kernels.adamw[how->arithmetic](&adamw, &range);
    }
}

/* ---- writing ---- */

static inline bool is_narrow(const struct recorded *how)
{
    return az_arithmetic_state_bytes(how->arithmetic) == 2 && !how->upcast;
}

/* Frame t of tensor n (W, m, v, g) as it is recorded. */
static inline size_t frame(const struct recorded *how, int n, int64_t t, unsigned char *bytes)
{
    const float *moments = n == AZ_ACCOUNT_M ? run.m[t] : run.v[t];
    size_t rows = 0, width = 2;
    for (size_t row = 0; row < V; row += how->some_rows ? 2 : 1, rows++) {
        for (size_t d = 0; d < D; d++) {
            size_t from = row * D + d, to = rows * D + d;
            if (n == AZ_ACCOUNT_W)
                memcpy(bytes + 2 * to, &run.w[t][from], 2);
            else if (n == AZ_ACCOUNT_G && how->gradient_f32)
                width = 4, memcpy(bytes + 4 * to, &run.g[t][from], 4);
            else if (n == AZ_ACCOUNT_G)
                memcpy(bytes + 2 * to, &run.g_bf16[t][from], 2);
            else if (is_narrow(how))
                memcpy(bytes + 2 * to, (const uint16_t *)moments + from, 2);
            else if (how->upcast) {
                uint32_t wide = (uint32_t)((const uint16_t *)moments)[from] << 16;
                width = 4, memcpy(bytes + 4 * to, &wide, 4);
            } else
                width = 4, memcpy(bytes + 4 * to, &moments[from], 4);
        }
    }
    return rows * D * width;
}

static const char *const names[] = {"W", "momentum_W", "variance_W", "grad_W"};

static inline size_t list_tensors(const struct recorded *how, struct az_recorded *tensors,
                                  int *numbers)
{
    size_t count = 0;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        bool wide = n == AZ_ACCOUNT_G ? how->gradient_f32 : n != AZ_ACCOUNT_W && !is_narrow(how);
        int64_t every = n == AZ_ACCOUNT_W && how->every ? how->every : 1;
        if (how->without && strcmp(how->without, names[n]) == 0) continue;
        numbers[count] = n;
        tensors[count] = (struct az_recorded){.dtype = wide ? AZ_DTYPE_F32 : AZ_DTYPE_BF16,
                                              .frame_rank = 2,
                                              .frame_shape = {how->some_rows ? (V + 1) / 2 : V, D},
                                              .frames = T / every + 1,
                                              .steps = every > 1 ? even_steps : NULL,
                                              .token_ids = how->some_rows ? row_ids : NULL};
        snprintf(tensors[count].name, sizeof tensors[count].name, "%s", names[n]);
        for (int64_t k = 0; k <= T / every; k++)
            if (every > 1) even_steps[k] = k * every;
        count++;
    }
    return count;
}

static inline void write_ours(const struct recorded *how, const char *path)
{
    struct az_recorded tensors[8];
    int numbers[8];
    size_t count = list_tensors(how, tensors, numbers), series = count;
    static const int64_t vocabulary = V;
    struct az_tensor constants[] = {
        {.name = "dead_indices",
         .dtype = AZ_DTYPE_I64,
         .rank = 1,
         .shape = {DEAD},
         .data = dead_tokens},
        {.name = "vocab_size", .dtype = AZ_DTYPE_I64, .data = &vocabulary}};
    const char *metadata[] = {"optimizer.arithmetic",
                              az_arithmetic_name(how->arithmetic),
                              "optimizer.rounding",
                              az_rounding_name(how->rounding),
                              "seed.rounding",
                              "5",
                              "optimizer.lr",
                              "0.002",
                              "optimizer.weight_decay",
                              "0.1",
                              "optimizer.beta1",
                              "0.9",
                              "optimizer.beta2",
                              "0.95",
                              "optimizer.eps",
                              "1e-8",
                              NULL};
    if (how->scheduled) {
        tensors[count++] =
            (struct az_recorded){.name = "learning_rates", .dtype = AZ_DTYPE_F64, .frames = T + 1};
        tensors[count++] = (struct az_recorded){
            .name = "clip_coefficients", .dtype = AZ_DTYPE_F32, .frames = T + 1};
    }
    struct az_recording_plan plan = {.tensors = tensors,
                                     .tensor_count = count,
                                     .constants = constants,
                                     .constant_count = 2,
                                     .metadata = metadata};
    struct az_recording_writer *writer;
    static unsigned char bytes[4 * N];
    int64_t frames[8];
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (size_t k = 0; k < count; k++) {
        frames[k] = tensors[k].frames;
        for (int64_t n = 0; n < frames[k]; n++) {
            int64_t step = tensors[k].steps ? tensors[k].steps[n] : n;
            if (k < series)
                frame(how, numbers[k], step, bytes);
            else if (k == series)
                memcpy(bytes, &run.rates[step], 8);
            else
                memcpy(bytes, &run.clips[step], 4);
            assert_int_equal(az_recording_write(writer, k, n, bytes, NULL), AZ_OK);
        }
    }
    assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
}

/* The notebooks' schema: four tensors and 0-d float32 hyperparameters. */
static inline void write_silent(const struct recorded *how, const char *path)
{
    static const char *const scalar_names[] = {"learning_rate", "weight_decay", "adam_beta1",
                                               "adam_beta2", "adam_epsilon"};
    struct az_recorded recorded[8];
    struct az_tensor tensors[16] = {0};
    struct az_safetensors_writer *writer;
    static unsigned char bytes[4 * N];
    int numbers[8];
    size_t count = list_tensors(how, recorded, numbers), all = count;
    for (size_t k = 0; k < count; k++) {
        memcpy(tensors[k].name, recorded[k].name, sizeof tensors[k].name);
        tensors[k].dtype = recorded[k].dtype;
        tensors[k].rank = 3;
        tensors[k].shape[0] = T + 1, tensors[k].shape[1] = V, tensors[k].shape[2] = D;
    }
    for (int n = 0; n < 5; n++, all++) {
        snprintf(tensors[all].name, sizeof tensors[all].name, "%s", scalar_names[n]);
        tensors[all].dtype = AZ_DTYPE_F32;
    }
    assert_int_equal(az_safetensors_create(&writer, path, tensors, all, NULL, NULL), AZ_OK);
    for (size_t k = 0; k < count; k++)
        for (int64_t t = 0; t <= T; t++) {
            size_t length = frame(how, numbers[k], t, bytes);
            assert_int_equal(
                az_safetensors_write(writer, k, (uint64_t)t * length, bytes, length, NULL), AZ_OK);
        }
    for (size_t n = 0; n < 5; n++)
        assert_int_equal(az_safetensors_write(writer, count + n, 0, &scalars[n], 4, NULL), AZ_OK);
    assert_int_equal(az_safetensors_commit(writer, NULL), AZ_OK);
}

static inline const char *record(const struct recorded *how)
{
    const char *path = fixture_path("recording.safetensors");
    for (int64_t n = 0; n < DEAD; n++) dead_tokens[n] = 3 * n + 1;
    for (int64_t n = 0; n < V; n++) row_ids[n] = 2 * n;
    grow(how);
    if (how->silent)
        write_silent(how, path);
    else
        write_ours(how, path);
    return path;
}

/* ---- accounting ---- */

static struct az_account_step steps[T + 1];

static inline void keep(void *context, const struct az_account_step *step)
{
    int64_t *next = context;
    assert_int_equal(step->step, ++*next);
    steps[step->step] = *step;
}

static inline enum az_status account(const char *path, const char *arithmetic,
                                     struct az_account_result *result, struct az_error *error)
{
    int64_t seen = 0;
    struct az_account_options options = {.threads = 2, .step = keep, .context = &seen};
    options.automatic = arithmetic && strcmp(arithmetic, "auto") == 0;
    options.arithmetic = options.automatic ? NULL : arithmetic;
    enum az_status status = az_account(path, &options, result, NULL, error);
    if (status == AZ_OK || status == AZ_DIFFERENCE) assert_int_equal(seen, T);
    return status;
}

#endif
