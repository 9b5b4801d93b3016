/* tiles.h: the operations that amx.c uses: AMX's by tile number (a literal), and what is done by
 * vector beside them.
 *
 * With AZ_TILES_EMULATED the same names come from tests/kernel/tiles_emulated.h, so that the rest
 * of amx.c is proven on machines without tiles. */
#ifndef AZ_KERNEL_X86_TILES_H
#define AZ_KERNEL_X86_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TILE_ROWS 16
#define TILE_ROW_BYTES 64

/* LDTILECFG's 64 bytes: Intel SDM volume 1, 18.2. */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

#ifndef AZ_TILES_EMULATED
#include <immintrin.h>

#include "kernel/x86/flush.h"

#define tile_configure(config) _tile_loadconfig(config)
#define tile_release() _tile_release()
#define tile_clear(tile) _tile_zero(tile)
#define tile_load(tile, base, stride_bytes) _tile_loadd(tile, base, stride_bytes)
#define tile_store(tile, base, stride_bytes) _tile_stored(tile, base, stride_bytes)
#define tile_dot(c, a, b) _tile_dpbf16ps(c, a, b)
/* gcc's intrinsics do not say that a load reads memory: what was written must be there. */
#define tile_barrier() __asm__ volatile("" ::: "memory")

/* One row of a stored tile, aligned, to the first `columns` of C, or added to them; both flushed.
 */
static inline void put_row(size_t columns, const float *row, bool add, float *c)
{
    __mmask16 mask = (__mmask16)((1u << columns) - 1);
    __m512 x = _mm512_load_ps(row);
    if (add) x = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, c), x);
    _mm512_mask_storeu_ps(c, mask, x);
}
#endif

#endif
