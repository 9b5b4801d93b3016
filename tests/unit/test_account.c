/* Accounting on small recordings that the kernels themselves have made: every step is exact, and
 * every flipped bit is caught and found. */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/account.h"
#include "azimuth/safetensors.h"
#include "base/random.h"

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

static uint32_t draw(uint32_t index) { return az_random_u32(99, STREAM, index); }

/* Mostly of ordinary size, some tiny, some zero: many updates lie near ties. */
static float some_gradient(uint32_t index)
{
    uint32_t word = draw(index);
    float size = ldexpf(1 + (float)(word & 0x7f) / 128, (int)(word >> 8 & 15) - 20);
    if ((word >> 12 & 31) == 0) size = 0;
    if ((word >> 17 & 31) == 0) size = ldexpf(size, -60);
    return word >> 31 ? -size : size;
}

static struct az_adamw adamw_of(const struct recorded *how, int64_t step)
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

static void grow(const struct recorded *how)
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
            run.g[t][i] = some_gradient((uint32_t)t * N + i);
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

static bool is_narrow(const struct recorded *how)
{
    return az_arithmetic_state_bytes(how->arithmetic) == 2 && !how->upcast;
}

/* Frame t of tensor n (W, m, v, g) as it is recorded. */
static size_t frame(const struct recorded *how, int n, int64_t t, unsigned char *bytes)
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

static size_t list_tensors(const struct recorded *how, struct az_recorded *tensors, int *numbers)
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

static void write_ours(const struct recorded *how, const char *path)
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
static void write_silent(const struct recorded *how, const char *path)
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

static const char *record(const struct recorded *how)
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

static void keep(void *context, const struct az_account_step *step)
{
    int64_t *next = context;
    assert_int_equal(step->step, ++*next);
    steps[step->step] = *step;
}

static enum az_status account(const char *path, const char *arithmetic,
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

static void expect_exact(const struct recorded *how)
{
    struct az_account_result result;
    struct az_error error;
    az_error_clear(&error);
    const char *path = record(how);
    enum az_status status = account(path, NULL, &result, &error);
    if (status != AZ_OK || result.steps_exact != T)
        fail_msg("%s, %s: %s; step %d, %s, token %d, dim %d: expected %x, found %x",
                 az_arithmetic_name(how->arithmetic), az_rounding_name(how->rounding),
                 error.message, (int)result.first.step, result.first.tensor_name,
                 (int)result.first.token, (int)result.first.dim, result.first.expected_bits,
                 result.first.found_bits);
    int64_t rows = how->some_rows ? (V + 1) / 2 : V;
    assert_int_equal(result.steps, T);
    assert_int_equal(result.steps_complete, T);
    for (int n = 0; n < AZ_ACCOUNT_TENSORS; n++) {
        assert_int_equal(result.counts[AZ_ACCOUNT_ALL][n].equal, T * rows * D);
        if (how->silent) continue;
        assert_int_equal(result.counts[AZ_ACCOUNT_DEAD][n].equal, T * result.dead * D);
        assert_int_equal(result.counts[AZ_ACCOUNT_LIVE][n].equal, T * (rows - result.dead) * D);
    }
    assert_int_equal(result.dead, how->silent ? -1 : how->some_rows ? 6 : DEAD);
    assert_int_equal(result.frames_summed, how->silent ? 0 : 4 * (T + 1));
}

static void every_arithmetic_and_rounding_is_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (enum az_rounding r = 0; r < AZ_ROUNDING_COUNT; r++) {
            if (a == AZ_ARITHMETIC_MASTER && r == AZ_ROUNDING_KAHAN) continue;
            struct recorded how = {.arithmetic = a, .rounding = r};
            expect_exact(&how);
            how.scheduled = how.gradient_f32 = true;
            expect_exact(&how);
        }
}

static void rows_that_are_recorded_in_part_are_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (enum az_rounding r = 0; r < AZ_ROUNDING_KAHAN; r++) {
            struct recorded how = {.arithmetic = a, .rounding = r, .some_rows = true};
            expect_exact(&how);
        }
}

static void the_notebooks_schema_is_searched_and_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++) {
        struct az_account_result result;
        struct recorded how = {
            .arithmetic = a, .silent = true, .upcast = az_arithmetic_state_bytes(a) == 2};
        expect_exact(&how);
        assert_int_equal(account(fixture_path("recording.safetensors"), NULL, &result, NULL),
                         AZ_OK);
        assert_int_equal(result.arithmetic, a);
        assert_true(result.arithmetic_from_search);
        for (enum az_arithmetic other = 0; other < AZ_ARITHMETIC_COUNT; other++) {
            bool fits = az_arithmetic_state_bytes(other) == az_arithmetic_state_bytes(a);
            assert_true(fits ? result.explained_share[other] > 0.3
                             : result.explained_share[other] == -1);
            assert_true((result.explained_share[other] == 1) == (other == a));
        }
    }
}

static void norms_are_those_of_the_changes(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    assert_int_equal(account(path, NULL, &result, NULL), AZ_OK);
    for (int64_t t = 1; t <= T; t++) {
        double squares[2] = {0, 0};
        for (size_t i = 0; i < N; i++) {
            bool dead = i / D % 3 == 1 && i / D / 3 < DEAD;
            squares[dead] += pow(
                (double)az_bf16_to_f32(run.w[t][i]) - (double)az_bf16_to_f32(run.w[t - 1][i]), 2);
        }
        assert_true(fabs(steps[t].observed_norm_w[AZ_ACCOUNT_DEAD] / sqrt(squares[1]) - 1) < 1e-12);
        assert_true(fabs(steps[t].predicted_norm_w[AZ_ACCOUNT_LIVE] / sqrt(squares[0]) - 1) <
                    1e-12);
        assert_true(fabs(steps[t].observed_norm_w[AZ_ACCOUNT_ALL] / sqrt(squares[0] + squares[1]) -
                         1) < 1e-12);
        assert_true(steps[t].residual_norm_w[AZ_ACCOUNT_ALL] == 0);
        assert_true(steps[t].cosine[AZ_ACCOUNT_ALL] <= 1 &&
                    steps[t].cosine[AZ_ACCOUNT_ALL] > 1 - 1e-15);
        assert_true(steps[t].ratio[AZ_ACCOUNT_ALL] == 1);
    }
}

static void results_do_not_depend_on_threads_or_instruction_sets(void **state)
{
    (void)state;
    struct az_account_step kept[T + 1];
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16_FUSED};
    const char *path = record(&how);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    memcpy(kept, steps, sizeof kept);
    for (int threads = 1; threads < 5; threads++) {
        int64_t seen = 0;
        struct az_account_options options = {.threads = threads,
                                             .arithmetic = "bf16",
                                             .isa = "reference",
                                             .step = keep,
                                             .context = &seen};
        assert_int_equal(az_account(path, &options, &result, NULL, NULL), AZ_DIFFERENCE);
        assert_memory_equal(kept + 1, steps + 1, sizeof kept - sizeof *kept);
    }
}

/* ---- what is wrong ---- */

static uint64_t tensor_offset(const char *path, const char *name, size_t *bytes)
{
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    const struct az_tensor *tensor = az_safetensors_find(file, name);
    assert_non_null(tensor);
    uint64_t offset = tensor->offset_bytes;
    *bytes = (size_t)tensor->bytes;
    az_safetensors_close(file);
    return offset;
}

static void flip(const char *path, uint64_t offset, int bit)
{
    FILE *file = fopen(path, "r+b");
    unsigned char byte;
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fread(&byte, 1, 1, file), 1);
    byte ^= (unsigned char)(1 << bit);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

struct flipped {
    uint64_t offset;
    int bit, tensor, width;
    int64_t step, token, dim;
};

static struct flipped flip_somewhere(const char *path, uint32_t number)
{
    struct flipped f = {.tensor = (int)(draw(number) % AZ_ACCOUNT_INPUTS),
                        .bit = (int)(draw(number + 1) % 8)};
    size_t bytes;
    uint64_t start = tensor_offset(path, names[f.tensor], &bytes);
    uint64_t within = draw(number + 2) % bytes;
    f.width = (int)(bytes / ((T + 1) * N));
    f.offset = start + within;
    f.step = (int64_t)(within / (size_t)f.width / N);
    f.token = (int64_t)(within / (size_t)f.width % N / D);
    f.dim = (int64_t)(within / (size_t)f.width % D);
    flip(path, f.offset, f.bit);
    return f;
}

static void every_flipped_bit_is_caught_and_found(void **state)
{
    (void)state;
    static const struct recorded cases[] = {
        {.arithmetic = AZ_ARITHMETIC_F32, .gradient_f32 = true},
        {.arithmetic = AZ_ARITHMETIC_BF16},
        {.arithmetic = AZ_ARITHMETIC_BF16_FUSED, .upcast = true},
        {.arithmetic = AZ_ARITHMETIC_MASTER}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const char *path = record(&cases[c]);
        for (uint32_t n = 0; n < 100; n++) {
            struct az_account_result result;
            struct flipped f = flip_somewhere(path, 3 * n + 10000 * (uint32_t)c);
            assert_int_equal(account(path, NULL, &result, NULL), AZ_DIFFERENCE);
            const struct az_account_place *first = &result.first;
            assert_int_equal(result.frames_altered, 1);
            assert_true(first->altered);
            assert_int_equal(first->step, f.step);
            assert_int_equal(first->tensor, f.tensor);
            assert_string_equal(first->tensor_name, names[f.tensor]);
            assert_int_equal(first->token, f.token);
            assert_int_equal(first->dim, f.dim);
            assert_int_equal(first->bits, 8 * f.width);
            uint32_t changed = first->expected_bits ^ first->found_bits;
            assert_int_equal(changed & (changed - 1), 0);
            assert_int_not_equal(changed, 0);
            if (f.step > 0) assert_false(steps[f.step].exact);
            flip(path, f.offset, f.bit);
        }
        struct az_account_result result;
        assert_int_equal(account(path, NULL, &result, NULL), AZ_OK);
    }
}

/* Without sums the formula alone must do: what changes W, m or v of its own frame is found there;
 * a gradient where it acts. */
static void without_sums_the_formula_finds_what_it_can(void **state)
{
    (void)state;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .silent = true};
    const char *path = record(&how);
    int unseen = 0, seen_gradients = 0;
    for (uint32_t n = 0; n < 300; n++) {
        struct az_account_result result;
        struct flipped f = flip_somewhere(path, 50000 + 3 * n);
        enum az_status status = account(path, "bf16", &result, NULL);
        const struct az_account_place *first = &result.first;
        if (f.tensor == AZ_ACCOUNT_G || f.step == 0) {
            unseen += status == AZ_OK;
            if (status == AZ_DIFFERENCE) {
                seen_gradients += f.tensor == AZ_ACCOUNT_G;
                assert_int_equal(first->step, f.step ? f.step : 1);
                assert_int_equal(first->token, f.token);
                assert_int_equal(first->dim, f.dim);
            }
        } else {
            assert_int_equal(status, AZ_DIFFERENCE);
            assert_false(first->altered);
            assert_int_equal(first->step, f.step);
            assert_int_equal(first->tensor, f.tensor);
            assert_int_equal(first->token, f.token);
            assert_int_equal(first->dim, f.dim);
            assert_int_equal(first->found_bits ^ first->expected_bits,
                             1u << (8 * (f.offset % 2) + (uint64_t)f.bit));
        }
        flip(path, f.offset, f.bit);
    }
    assert_in_range(unseen, 1, 60); /* such as a gradient at frame 0, or below rounding */
    assert_true(seen_gradients > 20);
}

static void several_flips_in_a_frame_are_caught_and_the_frame_is_named(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    size_t bytes;
    uint64_t start = tensor_offset(path, "grad_W", &bytes), at = start + 7 * N * 2;
    for (int n = 0; n < 5; n++) flip(path, at + (uint64_t)(100 * n), n);
    assert_int_equal(account(path, NULL, &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.frames_altered, 1);
    assert_int_equal(result.first.step, 7);
    assert_int_equal(result.first.tensor, AZ_ACCOUNT_G);
    assert_int_equal(result.first.token, -1);
}

static void a_nan_is_compared_by_its_bits(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .silent = true};
    const char *path = record(&how);
    uint16_t nan = 0x7fc0;
    size_t bytes;
    FILE *file = fopen(path, "r+b");
    assert_int_equal(
        fseek(file, (long)tensor_offset(path, "grad_W", &bytes) + 2 * (3 * N + 5), SEEK_SET), 0);
    assert_int_equal(fwrite(&nan, 2, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.first.step, 3);
    assert_int_equal(result.first.expected_bits, 0x7fc0);
    assert_int_equal(steps[3].counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W].worse, 1);
    assert_int_equal(steps[4].counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_M].worse, 0);
}

static void steps_that_cannot_be_checked_are_not_called_exact(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .every = 2};
    assert_int_equal(account(record(&how), NULL, &result, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "none of 20 steps"));
    assert_int_equal(result.steps_complete, 0);
    assert_int_equal(result.steps_exact, 0);
}

static void missing_tensors_are_named_with_what_to_do(void **state)
{
    (void)state;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        struct az_account_result result;
        struct az_error error;
        struct recorded how = {.without = names[n]};
        assert_int_equal(account(record(&how), NULL, &result, &error), AZ_MISSING);
        assert_int_equal(strncmp(error.message, names[n], strlen(names[n])), 0);
        assert_non_null(strstr(error.message, "record all four"));
        assert_string_equal(error.file, fixture_path("recording.safetensors"));
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    assert_int_equal(account(path, "adam", &result, &error), AZ_USAGE);
    assert_int_equal(account(path, "f32", &result, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "recorded in bf16"));
    struct az_account_options options = {.matrix = "h"};
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_USAGE);
    options.matrix = "U";
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_MISSING);
    assert_int_equal(az_account("/nowhere/x", &options, &result, NULL, &error), AZ_MISSING);
}

static void a_wrong_arithmetic_is_told_by_counts(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16_FUSED};
    const char *path = record(&how);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.frames_altered, 0);
    assert_false(result.first.altered);
    for (int n = 0; n < AZ_ACCOUNT_TENSORS; n++) {
        const struct az_account_counts *counts = &result.counts[AZ_ACCOUNT_ALL][n];
        assert_int_equal(counts->equal + counts->off_by_one + counts->worse, T * N);
    }
    const struct az_account_counts *w = &result.counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W];
    assert_true(w->off_by_one > w->worse && w->worse >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_arithmetic_and_rounding_is_exact),
        cmocka_unit_test(rows_that_are_recorded_in_part_are_exact),
        cmocka_unit_test(the_notebooks_schema_is_searched_and_exact),
        cmocka_unit_test(norms_are_those_of_the_changes),
        cmocka_unit_test(results_do_not_depend_on_threads_or_instruction_sets),
        cmocka_unit_test(every_flipped_bit_is_caught_and_found),
        cmocka_unit_test(without_sums_the_formula_finds_what_it_can),
        cmocka_unit_test(several_flips_in_a_frame_are_caught_and_the_frame_is_named),
        cmocka_unit_test(a_nan_is_compared_by_its_bits),
        cmocka_unit_test(steps_that_cannot_be_checked_are_not_called_exact),
        cmocka_unit_test(missing_tensors_are_named_with_what_to_do),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_wrong_arithmetic_is_told_by_counts),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
