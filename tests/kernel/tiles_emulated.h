/* tiles_emulated.h: the AMX operations in plain C, for kernel/x86/amx.c on machines without tiles.
 *
 * TDPBF16PS as the Intel SDM, volume 2, gives it: with input subnormals read as zeros, results
 * flushed, rounding to nearest; what it computes is the reference's block (measured on a processor
 * that has it). A tile that is stored without a configuration is a wrong result. */
#ifndef AZ_TESTS_KERNEL_TILES_EMULATED_H
#define AZ_TESTS_KERNEL_TILES_EMULATED_H

#include <stdbool.h>
#include <string.h>

#include "kernel/reference/arithmetic.h"

struct emulated_tile {
    unsigned char rows[16][64];
};

static struct emulated_tile emulated_tiles[8];
static bool emulated_configured;

static void tile_configure(const struct tile_config *config)
{
    emulated_configured = config->palette == 1 && config->start_row == 0;
    for (int t = 0; t < 8; t++)
        emulated_configured &= config->row_bytes[t] == 64 && config->rows[t] == 16;
    memset(emulated_tiles, 0, sizeof emulated_tiles);
}

static void tile_release(void) { emulated_configured = false; }

static void tile_clear(int tile) { memset(&emulated_tiles[tile], 0, sizeof *emulated_tiles); }

static void tile_load(int tile, const void *base, size_t stride_bytes)
{
    for (size_t r = 0; r < 16; r++)
        memcpy(emulated_tiles[tile].rows[r], (const char *)base + r * stride_bytes, 64);
}

static void tile_store(int tile, void *base, size_t stride_bytes)
{
    for (size_t r = 0; r < 16; r++)
        if (emulated_configured)
            memcpy((char *)base + r * stride_bytes, emulated_tiles[tile].rows[r], 64);
        else
            memset((char *)base + r * stride_bytes, 0x55, 64);
}

static void tile_barrier(void) {}

static void put_row(size_t columns, const float *row, bool add, float *c)
{
    for (size_t j = 0; j < columns; j++)
        c[j] = add ? az_add_flushed(az_flush(c[j]), row[j]) : row[j];
}

/* Nothing here depends on the mode of the processor. */
static void flushing(void (*walk)(const struct az_product_bf16 *),
                     const struct az_product_bf16 *product)
{
    walk(product);
}

static float emulated_bf16(const unsigned char *row, size_t i)
{
    struct az_bf16 x;
    memcpy(&x, row + 2 * i, sizeof x);
    return az_flush(az_bf16_to_f32(x));
}

static void tile_dot(int c, int a, int b)
{
    for (size_t m = 0; m < 16; m++)
        for (size_t n = 0; n < 16; n++) {
            float sums[2] = {0, 0}, acc;
            for (size_t k = 0; k < 16; k++)
                for (size_t half = 0; half < 2; half++) {
                    float x = emulated_bf16(emulated_tiles[a].rows[m], 2 * k + half);
                    float y = emulated_bf16(emulated_tiles[b].rows[k], 2 * n + half);
                    sums[half] = az_fma_flushed(x, y, sums[half]);
                }
            memcpy(&acc, emulated_tiles[c].rows[m] + 4 * n, sizeof acc);
            acc = az_add_flushed(az_flush(acc), az_add_flushed(sums[0], sums[1]));
            memcpy(emulated_tiles[c].rows[m] + 4 * n, &acc, sizeof acc);
        }
}

#endif
