/* The probability of dead tokens at every position: logits by the kernels that the model uses, in
 * two products, of dead and of live rows, whose exponentials meet at the greater maximum. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "lens/hidden_state.h"

#define TILE 32 /* positions of one product */

static size_t padded(size_t dims) { return (dims + 31) / 32 * 32; }

enum az_status az_hidden_softmax_create(struct az_hidden_softmax *softmax,
                                        const struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t most = look->dead_count > look->live_count ? look->dead_count : look->live_count;
    size_t bf16 = sizeof(struct az_bf16);
    AZ_TRY(az_memory_allocate(&softmax->rows, most, look->dims * bf16, "logits", error));
    AZ_TRY(az_memory_allocate(&softmax->packed, az_packed_bf16(look->dims, most), bf16, "logits",
                              error));
    AZ_TRY(az_memory_allocate(&softmax->tile, TILE, padded(look->dims) * bf16, "logits", error));
    AZ_TRY(az_memory_allocate(&softmax->narrow, most, bf16, "logits", error));
    AZ_TRY(az_memory_allocate(&softmax->logits, TILE, most * sizeof(float), "logits", error));
    AZ_TRY(az_memory_allocate(&softmax->shares, look->positions, sizeof(float), "shares", error));
    for (int set = 0; set < 2; set++) {
        AZ_TRY(az_memory_allocate(&softmax->maximum[set], look->positions, sizeof(float), "shares",
                                  error));
        AZ_TRY(az_memory_allocate(&softmax->sum[set], look->positions, sizeof(float), "shares",
                                  error));
    }
out:
    return status;
}

void az_hidden_softmax_free(struct az_hidden_softmax *softmax)
{
    void *blocks[] = {softmax->rows,       softmax->packed,    softmax->tile,   softmax->narrow,
                      softmax->logits,     softmax->shares,    softmax->sum[0], softmax->sum[1],
                      softmax->maximum[0], softmax->maximum[1]};
    for (size_t n = 0; n < sizeof blocks / sizeof *blocks; n++) az_memory_free(blocks[n]);
}

static void exponentials(const struct az_hidden_look *look, struct az_hidden_softmax *softmax,
                         size_t count, float *logits, float *maximum, float *sum)
{
    if (look->rounded) {
        look->kernels.narrow(count, logits, softmax->narrow);
        look->kernels.widen(count, softmax->narrow, logits);
    }
    look->kernels.softmax_exponentials(count, logits, maximum, sum);
}

/* maximum and sum of exponentials over the given rows of the matrix, at every position. */
static void of_rows(const struct az_hidden_look *look, const struct az_bf16 *h,
                    const struct az_bf16 *matrix, int set, struct az_hidden_softmax *softmax)
{
    size_t dims = look->dims, count = set ? look->live_count : look->dead_count;
    const int64_t *rows = set ? look->live : look->dead;
    for (size_t n = 0; n < count; n++)
        memcpy(softmax->rows + n * dims, matrix + (size_t)rows[n] * dims, dims * sizeof *matrix);
    look->kernels.pack_b_transposed(dims, count, softmax->rows, dims, softmax->packed);
    for (size_t from = 0; from < look->positions; from += TILE) {
        size_t tile = look->positions - from < TILE ? look->positions - from : TILE;
        for (size_t n = 0; n < tile; n++)
            memcpy(softmax->tile + n * padded(dims), h + (from + n) * dims, dims * sizeof *h);
        look->kernels.product_bf16(&(struct az_product_bf16){.m = tile,
                                                             .n = count,
                                                             .k = dims,
                                                             .a = softmax->tile,
                                                             .a_stride = padded(dims),
                                                             .b = softmax->packed,
                                                             .c = softmax->logits,
                                                             .c_stride = count});
        for (size_t n = 0; n < tile; n++)
            exponentials(look, softmax, count, softmax->logits + n * count,
                         softmax->maximum[set] + from + n, softmax->sum[set] + from + n);
    }
}

void az_hidden_shares(const struct az_hidden_look *look, const struct az_bf16 *h,
                      const struct az_bf16 *matrix, struct az_hidden_softmax *softmax)
{
    for (int set = 0; set < 2; set++) of_rows(look, h, matrix, set, softmax);
    for (size_t n = 0; n < look->positions; n++) {
        float most = fmaxf(softmax->maximum[0][n], softmax->maximum[1][n]), factors[2];
        const float down[2] = {softmax->maximum[0][n] - most, softmax->maximum[1][n] - most};
        look->kernels.exponential(2, down, factors);
        double dead = (double)softmax->sum[0][n] * (double)factors[0];
        double live = (double)softmax->sum[1][n] * (double)factors[1];
        softmax->shares[n] = (float)(dead / (dead + live));
    }
}
