#include "sky/sighting.h"

#include <math.h>

#include "base/memory.h"
#include "sky/lattice_row.h"
#include "sky/row_pass.h"

enum { LANES = 8 };

struct seeing {
    struct az_sighting *sighting;
    const void *centre;
    float *values; /* of the centre */
    int16_t *exponents;
    int32_t *orders;
};

static double radius_of(const float *a, const float *b, int64_t dims)
{
    double lanes[LANES] = {0}, sum = 0;
    int64_t d = 0;
    for (; d + LANES <= dims; d += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            double gap = (double)a[d + lane] - (double)b[d + lane];
            lanes[lane] += gap * gap;
        }
    for (; d < dims; d++) {
        double gap = (double)a[d] - (double)b[d];
        lanes[d % LANES] += gap * gap;
    }
    for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
    return sqrt(sum);
}

/* What a row shows in its exponents; shift and mask are those of a 16-bit type. */
static void see_exponents(struct az_sighting *sighting, int64_t row, const uint16_t *words,
                          const uint16_t *centre, const int16_t *exponents, int shift,
                          uint16_t mask)
{
    enum { BLOCK = 1024 }; /* counts of a block fit 16 bits */
    int16_t greatest = 0;
    uint32_t mismatches = 0, beyond[AZ_SIGHTING_DEEP] = {0};
    for (int64_t begin = 0; begin < sighting->dims; begin += BLOCK) {
        int64_t end = begin + BLOCK < sighting->dims ? begin + BLOCK : sighting->dims;
        uint16_t signs = 0, deep[AZ_SIGHTING_DEEP] = {0};
        for (int64_t d = begin; d < end; d++) {
            int16_t gap = (int16_t)((words[d] >> shift & mask) - exponents[d]);
            gap = (int16_t)(gap < 0 ? -gap : gap);
            greatest = gap > greatest ? gap : greatest;
            signs = (uint16_t)(signs + ((words[d] ^ centre[d]) >> 15));
            for (int t = 0; t < AZ_SIGHTING_DEEP; t++) deep[t] = (uint16_t)(deep[t] + (gap > t));
        }
        mismatches += signs;
        for (int t = 0; t < AZ_SIGHTING_DEEP; t++) beyond[t] += deep[t];
    }
    sighting->exponents[row] = (uint16_t)greatest;
    sighting->sign_mismatches[row] = mismatches;
    for (int t = 0; t < AZ_SIGHTING_DEEP; t++)
        sighting->beyond[row * AZ_SIGHTING_DEEP + t] = beyond[t];
}

static uint32_t words_steps(const uint16_t *words, const int32_t *orders, int64_t dims)
{
    int32_t greatest = 0;
    for (int64_t d = 0; d < dims; d++) {
        int32_t magnitude = words[d] & 0x7fff, sign = -(words[d] >> 15);
        int32_t gap = ((magnitude ^ sign) - sign) - orders[d];
        gap = gap < 0 ? -gap : gap;
        greatest = gap > greatest ? gap : greatest;
    }
    return (uint32_t)greatest;
}

static void see_singles(struct az_sighting *sighting, int64_t row, const uint32_t *words,
                        const uint32_t *centre)
{
    uint32_t mismatches = 0, steps = 0, beyond[AZ_SIGHTING_DEEP] = {0};
    int greatest = 0;
    for (int64_t d = 0; d < sighting->dims; d++) {
        int gap =
            az_bits_exponent(AZ_DTYPE_F32, words[d]) - az_bits_exponent(AZ_DTYPE_F32, centre[d]);
        int64_t apart =
            (int64_t)az_bits_ord(AZ_DTYPE_F32, words[d]) - az_bits_ord(AZ_DTYPE_F32, centre[d]);
        gap = gap < 0 ? -gap : gap;
        greatest = gap > greatest ? gap : greatest;
        apart = apart < 0 ? -apart : apart;
        steps = (uint32_t)apart > steps ? (uint32_t)apart : steps;
        mismatches += (words[d] ^ centre[d]) >> 31;
        for (int t = 0; t < AZ_SIGHTING_DEEP; t++) beyond[t] += gap > t;
    }
    sighting->exponents[row] = (uint16_t)greatest;
    sighting->sign_mismatches[row] = mismatches;
    sighting->steps[row] = steps;
    for (int t = 0; t < AZ_SIGHTING_DEEP; t++)
        sighting->beyond[row * AZ_SIGHTING_DEEP + t] = beyond[t];
}

static void see_chunk(struct az_row_pass *pass, int64_t first, int64_t end,
                      const struct az_row_pass_thread *thread)
{
    const struct seeing *seeing = pass->context;
    const struct az_matrix *matrix = pass->matrix;
    struct az_sighting *sighting = seeing->sighting;
    for (int64_t row = first; row < end; row++) {
        const void *words = az_matrix_row(matrix, row, thread->row);
        if (matrix->dtype == AZ_DTYPE_F32) {
            see_singles(sighting, row, words, seeing->centre);
        } else {
            if (matrix->dtype == AZ_DTYPE_F16)
                see_exponents(sighting, row, words, seeing->centre, seeing->exponents, 10, 31);
            else
                see_exponents(sighting, row, words, seeing->centre, seeing->exponents, 7, 255);
            sighting->steps[row] = words_steps(words, seeing->orders, matrix->dims);
        }
        az_matrix_row_f32(matrix, row, thread->values);
        sighting->radii[row] = radius_of(thread->values, seeing->values, matrix->dims);
    }
}

static enum az_status allocate(struct az_sighting *sighting, struct seeing *seeing,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)sighting->rows, dims = (size_t)sighting->dims;
    const char *what = "distances of the rows";
    AZ_TRY(az_memory_allocate(&sighting->exponents, rows, sizeof(uint16_t), what, error));
    AZ_TRY(az_memory_allocate(&sighting->sign_mismatches, rows, sizeof(uint32_t), what, error));
    AZ_TRY(az_memory_allocate(&sighting->steps, rows, sizeof(uint32_t), what, error));
    AZ_TRY(az_memory_allocate(&sighting->radii, rows, sizeof(double), what, error));
    AZ_TRY(az_memory_allocate(&sighting->beyond, rows, AZ_SIGHTING_DEEP * sizeof(uint32_t), what,
                              error));
    AZ_TRY(az_memory_allocate(&seeing->values, dims, sizeof(float), "the centre", error));
    AZ_TRY(az_memory_allocate(&seeing->exponents, dims, sizeof(int16_t), "the centre", error));
    AZ_TRY(az_memory_allocate(&seeing->orders, dims, sizeof(int32_t), "the centre", error));
out:
    return status;
}

enum az_status az_sighting_take(struct az_sighting *sighting, const struct az_matrix *matrix,
                                const void *centre, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct seeing seeing = {.sighting = sighting, .centre = centre};
    struct az_matrix one = *matrix;
    struct az_row_pass pass = {.matrix = matrix,
                               .task = see_chunk,
                               .context = &seeing,
                               .stage = "measuring from the centre"};
    *sighting = (struct az_sighting){.rows = matrix->rows, .dims = matrix->dims};
    AZ_TRY(allocate(sighting, &seeing, error));
    one.data = centre;
    az_matrix_row_f32(&one, 0, seeing.values);
    for (int64_t d = 0; d < matrix->dims; d++) {
        uint32_t bits = az_row_bits(matrix->dtype, centre, d);
        seeing.exponents[d] = (int16_t)az_bits_exponent(matrix->dtype, bits);
        seeing.orders[d] = az_bits_ord(matrix->dtype, bits);
    }
    AZ_TRY(az_row_pass_run(&pass, pool, progress, error));
out:
    az_memory_free(seeing.values);
    az_memory_free(seeing.exponents);
    az_memory_free(seeing.orders);
    return status;
}

void az_sighting_free(struct az_sighting *sighting)
{
    az_memory_free(sighting->exponents);
    az_memory_free(sighting->sign_mismatches);
    az_memory_free(sighting->steps);
    az_memory_free(sighting->radii);
    az_memory_free(sighting->beyond);
    *sighting = (struct az_sighting){0};
}
