/* lens_fixture.h: planted recordings: movies of a matrix whose every hop is set by hand, written as
 * runs write them. Include it after cmocka.h. */
#ifndef AZ_TESTS_LENS_FIXTURE_H
#define AZ_TESTS_LENS_FIXTURE_H

#include <math.h>

#include "azimuth/lens.h"
#include "azimuth/recording.h"
#include "base/random.h"
#include "store_fixture.h"

/* Rows are no multiple of a chunk, dims none of a vector. */
enum { ROWS = 300, DIMS = 21, STEPS = 60, SIZE = ROWS * DIMS, NOISE_STREAM = 78 };

/* The rows with a life of their own; those from NOISE on move at random. */
enum { FROZEN, WALKER, LIFE, FLIPPER, CROSSER, STUMBLER, RESTLESS, NOISE };

static struct az_bf16 movie[STEPS + 1][SIZE];

static inline struct az_bf16 *at(int64_t step, int64_t row, int64_t d)
{
    return &movie[step][row * DIMS + d];
}

/* n cells up (or down) the lattice. */
static inline struct az_bf16 moved_by(struct az_bf16 x, int32_t cells)
{
    int32_t ord = az_bf16_ord(x) + cells;
    uint16_t bits = (uint16_t)(ord < 0 ? 0x8000 - ord : ord);
    return (struct az_bf16){bits};
}

static inline void hop(int64_t step, int64_t row, int64_t d, int32_t cells)
{
    struct az_bf16 x = moved_by(*at(step, row, d), cells);
    for (int64_t t = step; t <= STEPS; t++) *at(t, row, d) = x;
}

static inline uint32_t noise(int64_t step, int64_t row, int64_t d)
{
    return az_random_u32(7, NOISE_STREAM, (uint64_t)((step * ROWS + row) * DIMS + d));
}

/* Moves at random up to a step of its own; late steps move few coordinates, one cell each. */
static inline void plant_noise(int64_t row)
{
    int64_t last = 1 + noise(0, row, 0) % (STEPS - 5);
    for (int64_t t = 1; t <= last; t++) {
        for (int64_t d = 0; d < DIMS; d++) {
            uint32_t word = noise(t, row, d);
            if (word % (uint32_t)(t + 1) > 1) continue;
            int32_t size = 1 + (int32_t)((word >> 8) % (uint32_t)(200 / (t * t) + 1));
            hop(t, row, d, word >> 31 ? size : -size);
        }
    }
}

/* LIFE: hypernova to step 2, early to 5, midlife to 9, late to 13, and a last hop at 20. */
static inline void plant_lives(void)
{
    hop(1, LIFE, 0, 1500);
    hop(2, LIFE, 0, -1001);
    for (int64_t t = 3; t <= 5; t++)
        for (int64_t d = 0; d < DIMS; d++) hop(t, LIFE, d, 2);
    for (int64_t t = 6; t <= 9; t++) hop(t, LIFE, 4, -2);
    for (int64_t t = 10; t <= 13; t++) hop(t, LIFE, 5, 1);
    hop(20, LIFE, 5, 1);
    for (int64_t t = 1; t <= 17; t++) hop(t, WALKER, 3, 1);
    for (int64_t t = 4; t <= STEPS; t += 10) hop(t, STUMBLER, 1, t % 20 == 4 ? 1 : 3);
    for (int64_t t = 1; t <= STEPS; t++) hop(t, RESTLESS, t % DIMS, 1);
}

static inline void plant(void)
{
    for (int64_t row = 0; row < ROWS; row++) {
        for (int64_t d = 0; d < DIMS; d++) {
            double x = 0.02 * az_random_normal(3, NOISE_STREAM, (uint64_t)(row * DIMS + d));
            for (int64_t t = 0; t <= STEPS; t++) *at(t, row, d) = az_bf16_from_f32((float)x);
        }
    }
    for (int64_t t = 0; t <= STEPS; t++) {
        at(t, FLIPPER, 2)->bits = (uint16_t)(t % 2 ? 0x8000 : 0);      /* a zero changes its sign */
        at(t, CROSSER, 0)->bits = (uint16_t)(t < 3 ? 0x3f7f : 0x3f80); /* a binade upward at 3 */
        at(t, CROSSER, 1)->bits = (uint16_t)(t < 6 ? 1 : 0x8002); /* through zero at 6, 3 cells */
    }
    plant_lives();
    for (int64_t row = NOISE; row < ROWS; row++) plant_noise(row);
}

/* ---- writing ---- */

struct planted {
    int64_t every;     /* cadence; 0: 1 */
    int64_t first_row; /* only these rows are recorded, if row_count is not 0 */
    int64_t row_count;
    bool no_dead;         /* says nothing of dead tokens */
    bool wide;            /* W in float32 */
    const int64_t *order; /* row n of the file is order[n]; NULL: as planted */
};

/* Every third token is dead. */
static inline bool is_dead(int64_t row) { return row % 3 == 0; }

static inline const char *write_planted(const struct planted *how, const char *name)
{
    static int64_t steps[STEPS + 1], dead[ROWS], ids[ROWS];
    static const int64_t vocabulary = ROWS;
    static unsigned char frame[4 * SIZE];
    int64_t every = how->every ? how->every : 1, dead_count = 0;
    int64_t rows = how->row_count ? how->row_count : ROWS, frames = STEPS / every + 1;
    for (int64_t n = 0; n < frames; n++) steps[n] = n * every;
    for (int64_t n = 0; n < rows; n++) ids[n] = how->first_row + n;
    for (int64_t n = 0; n < ROWS; n++)
        if (is_dead(how->order ? how->order[n] : n)) dead[dead_count++] = n;
    struct az_recorded w = {.name = "W",
                            .dtype = how->wide ? AZ_DTYPE_F32 : AZ_DTYPE_BF16,
                            .frame_rank = 2,
                            .frame_shape = {rows, DIMS},
                            .frames = frames,
                            .steps = every > 1 ? steps : NULL,
                            .token_ids = how->row_count ? ids : NULL};
    struct az_tensor constants[] = {
        {.name = "vocab_size", .dtype = AZ_DTYPE_I64, .data = &vocabulary},
        {.name = "dead_indices",
         .dtype = AZ_DTYPE_I64,
         .rank = 1,
         .shape = {dead_count},
         .data = dead}};
    struct az_recording_plan plan = {.tensors = &w,
                                     .tensor_count = 1,
                                     .constants = constants,
                                     .constant_count = how->no_dead ? 1 : 2};
    struct az_recording_writer *writer;
    const char *path = fixture_path(name);
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (int64_t n = 0; n < frames; n++) {
        for (int64_t row = 0; row < rows; row++) {
            int64_t from = how->order ? how->order[row] : how->first_row + row;
            for (int64_t d = 0; d < DIMS; d++) {
                float wide = az_bf16_to_f32(*at(steps[n], from, d));
                size_t to = (size_t)(row * DIMS + d);
                if (how->wide)
                    memcpy(frame + 4 * to, &wide, 4);
                else
                    memcpy(frame + 2 * to, at(steps[n], from, d), 2);
            }
        }
        assert_int_equal(az_recording_write(writer, 0, n, frame, NULL), AZ_OK);
    }
    assert_int_equal(az_recording_commit(writer, &frames, NULL), AZ_OK);
    return path;
}

static inline struct az_lens *look_with(const char *path, const struct az_lens_options *options)
{
    struct az_lens *lens;
    struct az_error error;
    az_error_clear(&error);
    if (az_lens_look(&lens, path, options, NULL, &error) != AZ_OK) fail_msg("%s", error.message);
    return lens;
}

static inline struct az_lens *look_at(const struct planted *how)
{
    struct az_lens_options options = {.threads = 2, .kinematics = true, .guard_steps = 10};
    return look_with(write_planted(how, "planted.safetensors"), &options);
}

#endif
