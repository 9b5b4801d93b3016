#include "store/recording_sums.h"

#include <string.h>

/* Words at a time. Columns keep their own sums, so that the compiler may take several at once; in
 * `later` each row is counted once for itself and once for every row after it. */
#define COLUMNS 4 /* their sums fit the registers of plain x86-64 */
#define ROWS 64
#define BLOCK (COLUMNS * ROWS)

static void add_block(struct az_frame_sums *sums, uint64_t first, const unsigned char *bytes)
{
    uint64_t plain[COLUMNS] = {0}, later[COLUMNS] = {0}, total = 0;
    uint32_t row[COLUMNS];
    for (int r = 0; r < ROWS; r++) {
        memcpy(row, bytes + (size_t)r * sizeof row, sizeof row);
        for (int c = 0; c < COLUMNS; c++) {
            plain[c] += row[c];
            later[c] += plain[c];
        }
    }
    for (uint64_t c = 0; c < COLUMNS; c++) {
        total += plain[c];
        sums->weighted += (first + COLUMNS * ROWS + c + 1) * plain[c] - COLUMNS * later[c];
    }
    sums->plain += total;
}

static void add_word(struct az_frame_sums *sums, uint64_t number, const unsigned char *bytes,
                     size_t length)
{
    uint32_t word = 0;
    memcpy(&word, bytes, length);
    sums->plain += word;
    sums->weighted += (number + 1) * word;
}

void az_frame_sums_add(struct az_frame_sums *sums, uint64_t offset_bytes, const void *bytes,
                       size_t length_bytes)
{
    const unsigned char *at = bytes;
    uint64_t first = offset_bytes / 4;
    size_t blocks = length_bytes / (4 * BLOCK), done = 4 * BLOCK * blocks;
    for (size_t n = 0; n < blocks; n++) add_block(sums, first + BLOCK * n, at + 4 * BLOCK * n);
    for (; done < length_bytes; done += 4)
        add_word(sums, first + done / 4, at + done,
                 length_bytes - done < 4 ? length_bytes - done : 4);
}

/* The exponent when x is 2^0 ... 2^31, else -1. */
static int exponent_of(uint64_t x)
{
    for (int bit = 0; bit < 32; bit++)
        if (x == (uint64_t)1 << bit) return bit;
    return -1;
}

bool az_frame_sums_locate(struct az_frame_sums written, struct az_frame_sums found,
                          uint64_t frame_bytes, uint64_t *offset_bytes, int *bit)
{
    uint64_t plain = found.plain - written.plain, weighted = found.weighted - written.weighted;
    if (exponent_of(plain) < 0) plain = 0 - plain, weighted = 0 - weighted;
    int exponent = exponent_of(plain);
    if (exponent < 0 || weighted == 0 || weighted % plain != 0) return false;
    uint64_t word = weighted / plain - 1, byte = 4 * word + (uint64_t)exponent / 8;
    if (word > frame_bytes / 4 || byte >= frame_bytes) return false;
    *offset_bytes = byte;
    *bit = exponent % 8;
    return true;
}
