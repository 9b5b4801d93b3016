/* What a run measures of itself while it trains, against its own recording. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/hidden.h"
#include "azimuth/ledger.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "store/table.h"
#include "tiny.h"

static struct az_table metrics;

static const double *column(const char *name)
{
    const double *values;
    struct az_error error;
    az_error_clear(&error);
    if (az_table_column(&metrics, name, &values, &error) != AZ_OK) fail_msg("%s", error.message);
    return values;
}

static void grow(const char *overrides)
{
    struct az_experiment experiment = tiny_experiment(overrides);
    tiny_run_well(&experiment, "live");
    az_table_free(&metrics);
    assert_int_equal(az_table_read(&metrics, tiny_path("live/metrics.csv"), NULL), AZ_OK);
}

static bool is_due(size_t step) { return step <= 10 || step % 10 == 0; }

static void *frame(const struct az_recording *recording, const char *name, int64_t step)
{
    const struct az_recorded *tensor = az_recording_find(recording, name);
    void *bytes;
    assert_non_null(tensor);
    assert_int_equal(az_memory_allocate(&bytes, 1, tensor->frame_bytes, "a frame", NULL), AZ_OK);
    int64_t number = az_recording_frame_of(tensor, step);
    assert_int_equal(az_recording_read(recording, tensor, number, 1, bytes, NULL), AZ_OK);
    return bytes;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void cells_are_those_of_the_recording(void **state)
{
    (void)state;
    grow("optimizer.arithmetic=bf16 record.h=1 train.steps=24");
    struct az_recording *recording;
    assert_int_equal(az_recording_open(&recording, tiny_path("live"), NULL), AZ_OK);
    const struct az_recorded *w = az_recording_find(recording, "W");
    const struct az_tensor *dead = az_recording_tensor(recording, "dead_indices");
    size_t dims = (size_t)w->frame_shape[1], count = (size_t)dead->shape[0];
    const int64_t *tokens = (const int64_t *)dead->data;
    double *l1, *linf;
    assert_true(count > 20);
    assert_int_equal(az_memory_allocate(&l1, count, sizeof *l1, "l1", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&linf, count, sizeof *linf, "linf", NULL), AZ_OK);
    for (size_t t = 1; t <= metrics.rows; t++) {
        assert_true(isnan(column("dead_l1_median_cells")[t - 1]) == !is_due(t));
        if (!is_due(t)) continue;
        struct az_bf16 *before = frame(recording, "W", (int64_t)t - 1);
        struct az_bf16 *after = frame(recording, "W", (int64_t)t);
        for (size_t n = 0; n < count; n++) {
            size_t at = (size_t)tokens[n] * dims;
            struct az_displacement by = az_bf16_displacement(before + at, after + at, dims);
            l1[n] = (double)by.l1_cells;
            linf[n] = by.linf_cells;
        }
        qsort(l1, count, sizeof *l1, ascending);
        qsort(linf, count, sizeof *linf, ascending);
        size_t q99 = (size_t)floor(.99 * (double)(count - 1));
        assert_true(column("dead_l1_median_cells")[t - 1] == l1[(count - 1) / 2]);
        assert_true(column("dead_l1_q99_cells")[t - 1] == l1[q99]);
        assert_true(column("dead_linf_median_cells")[t - 1] == linf[(count - 1) / 2]);
        assert_true(column("dead_linf_q99_cells")[t - 1] == linf[q99]);
        az_memory_free(before);
        az_memory_free(after);
    }
    az_memory_free(l1);
    az_memory_free(linf);
    az_recording_close(recording);
}

/* The run above. */
static void hidden_states_turn_as_recorded(void **state)
{
    (void)state;
    struct az_recording *recording;
    assert_int_equal(az_recording_open(&recording, tiny_path("live"), NULL), AZ_OK);
    const struct az_recorded *h = az_recording_find(recording, "h");
    size_t width = (size_t)h->frame_shape[2];
    size_t positions = (size_t)(h->frame_shape[0] * h->frame_shape[1]);
    double last[256] = {0}, mean[256];
    assert_true(width <= 256);
    for (size_t t = 1; t <= metrics.rows; t++) {
        struct az_bf16 *states = frame(recording, "h", (int64_t)t);
        double dot = 0, before = 0, now = 0;
        memset(mean, 0, sizeof mean);
        for (size_t p = 0; p < positions; p++)
            for (size_t d = 0; d < width; d++)
                mean[d] += (double)az_bf16_to_f32(states[p * width + d]);
        for (size_t d = 0; d < width; d++) {
            dot += mean[d] * last[d];
            before += last[d] * last[d];
            now += mean[d] * mean[d];
            last[d] = mean[d];
        }
        double told = column("h_autocorrelation")[t - 1];
        assert_true(t == 1 ? isnan(told) : fabs(told - dot / sqrt(before * now)) < 1e-6);
        az_memory_free(states);
    }
    az_recording_close(recording);
}

/* The same functions sum while it trains and afterwards: the same numbers, but for h_dead, which
 * the run takes from gradients that are rounded to bf16 and azimuth hidden from probabilities. */
static void compare_hidden(const char *overrides)
{
    static const struct {
        const char *name;
        enum az_hidden_quantity quantity;
        bool due, rounded;
    } columns[] = {
        {"h_autocorrelation", AZ_HIDDEN_AGAIN, false, false},
        {"h_mean_norm", AZ_HIDDEN_NORM, false, false},
        {"h_resultant_length", AZ_HIDDEN_RESULTANT, false, false},
        {"cos_h_dead_h_mean", AZ_HIDDEN_DEAD_MEAN, true, true},
        {"cos_h_mean_minus_dc", AZ_HIDDEN_MEAN_DRIFT, true, false},
        {"cos_h_dead_minus_dc", AZ_HIDDEN_DEAD_DRIFT, true, true},
    };
    struct az_hidden *hidden;
    struct az_hidden_options options = {.threads = 2};
    grow(overrides);
    assert_int_equal(az_hidden_look(&hidden, tiny_path("live"), &options, NULL, NULL), AZ_OK);
    assert_int_equal(hidden->count, metrics.rows);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        for (size_t n = 0; n < metrics.rows; n++) {
            double told = column(columns[c].name)[n];
            double found = hidden->steps[n].of[columns[c].quantity];
            if (columns[c].due && !is_due(n + 1))
                assert_true(isnan(told));
            else if (isnan(found))
                assert_true(isnan(told));
            else if (columns[c].rounded)
                assert_true(fabs(told - found) < 1e-4);
            else
                assert_true((float)told == (float)found);
        }
    }
    for (int64_t n = 0; n < hidden->count; n++)
        assert_true(hidden->steps[n].of[AZ_HIDDEN_GRADIENT] > 1 - 1e-5);
    az_hidden_free(hidden);
}

static void hidden_states_are_those_of_the_recording(void **state)
{
    (void)state;
    compare_hidden("record.h=1 record.grad_W=1 train.steps=24");
    compare_hidden("record.h=1 record.grad_W=1 train.steps=12 model.compute=f32");
    compare_hidden("record.h=1 record.U=1 record.grad_U=1 train.steps=12 model.tied=false");
    compare_hidden("record.h=1 record.grad_W=1 train.steps=12 record.container=hdf5");
}

static void compare_drive(void *context, const struct az_ledger_step *step)
{
    size_t row = (size_t)step->step - 1;
    const double *measured[] = {column("dead_drive_median"), column("dead_drive_q99")};
    const double expected[] = {step->sets[AZ_LEDGER_DEAD].drive[3],
                               step->sets[AZ_LEDGER_DEAD].drive[5]};
    for (int q = 0; q < 2; q++) {
        if (!is_due((size_t)step->step)) {
            assert_true(isnan(measured[q][row]));
            continue;
        }
        /* float32 beside float64, and both rounded to bf16 */
        assert_true(fabs(measured[q][row] - expected[q]) <= expected[q] / 120);
        ++*(int *)context;
    }
}

static void the_drive_ratio_is_that_of_the_ledger(void **state)
{
    (void)state;
    for (int f32 = 0; f32 < 2; f32++) {
        int compared = 0;
        grow(f32 ? "optimizer.arithmetic=f32 record.grad_W=1 record.momentum_W=1 "
                   "record.variance_W=1 "
                   "train.steps=24"
                 : "optimizer.arithmetic=bf16 record.grad_W=1 record.momentum_W=1 "
                   "record.variance_W=1 train.steps=24");
        struct az_ledger ledger;
        struct az_ledger_options options = {
            .token = -1, .step = compare_drive, .context = &compared};
        assert_int_equal(az_ledger_make(&ledger, tiny_path("live"), &options, NULL, NULL), AZ_OK);
        assert_true(compared >= 20);
        az_ledger_free(&ledger);
    }
}

static void a_run_ends_when_its_dead_tokens_are_frozen(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("optimizer.lr=1e-30 stop.when_frozen=7");
    struct az_train_result result = tiny_run_well(&experiment, "frozen");
    assert_int_equal(result.steps, 7);
    assert_non_null(strstr(result.ended, "no dead token moved in the 7 steps up to step 7"));
    experiment = tiny_experiment("stop.when_frozen=7");
    result = tiny_run_well(&experiment, "moving");
    assert_int_equal(result.steps, TINY_STEPS);
}

static int leave(void **state)
{
    az_table_free(&metrics);
    return tiny_finish(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_those_of_the_recording),
        cmocka_unit_test(hidden_states_turn_as_recorded),
        cmocka_unit_test(hidden_states_are_those_of_the_recording),
        cmocka_unit_test(the_drive_ratio_is_that_of_the_ledger),
        cmocka_unit_test(a_run_ends_when_its_dead_tokens_are_frozen),
    };
    return cmocka_run_group_tests(tests, tiny_start, leave);
}
