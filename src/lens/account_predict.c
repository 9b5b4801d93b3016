#include <string.h>

#include "lens/account_state.h"

/* The upper halves of float32 values. */
static void take_upper(const unsigned char *from, unsigned char *to, size_t count)
{
    for (size_t i = 0; i < count; i++) memcpy(to + 2 * i, from + 4 * i + 2, 2);
}

static void load_moment(const struct az_account_check *check, int tensor,
                        struct az_account_part part, unsigned char *to)
{
    size_t recorded = check->source->element_bytes[tensor];
    const unsigned char *from = check->before->bytes[tensor] + part.first * recorded;
    if (check->widened)
        take_upper(from, to, part.count);
    else
        memcpy(to, from, part.count * recorded);
}

static void load(const struct az_account_check *check, struct az_account_part part,
                 struct az_account_scratch *scratch)
{
    size_t p_bytes = sizeof *scratch->p;
    memcpy(scratch->p, check->before->bytes[AZ_ACCOUNT_W] + part.first * p_bytes,
           part.count * p_bytes);
    load_moment(check, AZ_ACCOUNT_M, part, scratch->m);
    load_moment(check, AZ_ACCOUNT_V, part, scratch->v);
    if (check->master && scratch->master) /* the tail of bf16-fused has none */
        memcpy(scratch->master, check->master + part.first, part.count * sizeof *check->master);
    if (check->residue)
        memcpy(scratch->residue, check->residue + part.first, part.count * sizeof *check->residue);
}

/* count may reach beyond the part, into what is not looked at. */
static void apply(const struct az_account_check *check, struct az_account_part part, size_t count,
                  struct az_account_scratch *scratch)
{
    size_t g_bytes = check->source->element_bytes[AZ_ACCOUNT_G];
    struct az_adamw_range range = {.count = count,
                                   .p = scratch->p,
                                   .g = check->now->bytes[AZ_ACCOUNT_G] + part.first * g_bytes,
                                   .g_is_f32 = g_bytes == sizeof(float),
                                   .m = scratch->m,
                                   .v = scratch->v,
                                   .master = check->master ? scratch->master : NULL,
                                   .residue = check->residue ? scratch->residue : NULL,
                                   .first_index = part.index};
    check->kernels->adamw[check->adamw.arithmetic](&check->adamw, &range);
}

struct az_account_part az_account_part_of_row(const struct az_account_check *check, size_t row)
{
    const struct az_account_source *source = check->source;
    uint64_t token = (uint64_t)az_account_token(source, (int64_t)row);
    return (struct az_account_part){.first = row * check->row_elements,
                                    .count = check->row_elements,
                                    .index = source->first_index + token * check->row_elements};
}

/* The elements of a row that are among the last numel % 16 of the whole matrix. */
static struct az_account_part tail_of_row(const struct az_account_check *check, size_t row)
{
    const struct az_account_source *source = check->source;
    struct az_account_part part = az_account_part_of_row(check, row);
    uint64_t numel = (uint64_t)source->vocabulary * check->row_elements;
    if (source->vocabulary < 0) numel = UINT64_MAX - source->first_index; /* dims % 16 is 0 */
    uint64_t tail = source->first_index + numel / AZ_ACCOUNT_TAIL_UNIT * AZ_ACCOUNT_TAIL_UNIT;
    size_t skipped = part.index >= tail ? 0 : (size_t)(tail - part.index);
    if (skipped > part.count) skipped = part.count;
    return (struct az_account_part){part.first + skipped, part.count - skipped,
                                    part.index + skipped};
}

void az_account_find_tail(const struct az_account_check *check, struct az_account_tail *tail)
{
    *tail = (struct az_account_tail){.first_token = -1, .first_dim = -1};
    if (check->adamw.arithmetic != AZ_ARITHMETIC_BF16_FUSED) return;
    for (int64_t row = check->source->rows; row-- > 0;) {
        struct az_account_part part = tail_of_row(check, (size_t)row);
        if (!part.count) break;
        tail->elements += (int64_t)part.count;
        tail->first_token = az_account_token(check->source, row);
        tail->first_dim = (int64_t)(check->row_elements - part.count);
    }
}

/* A part of fewer than 16 elements is a tail to the kernel. */
static void predict_tail(const struct az_account_check *check, size_t row,
                         struct az_account_part part, struct az_account_scratch *scratch)
{
    struct az_bf16 p[AZ_ACCOUNT_TAIL_UNIT], m[AZ_ACCOUNT_TAIL_UNIT], v[AZ_ACCOUNT_TAIL_UNIT],
        residue[AZ_ACCOUNT_TAIL_UNIT];
    struct az_account_scratch small = {p,    residue, (unsigned char *)m, (unsigned char *)v,
                                       NULL, NULL};
    struct az_account_part tail = tail_of_row(check, row);
    if (!tail.count) return;
    load(check, tail, &small);
    apply(check, tail, tail.count, &small);
    size_t at = tail.first - part.first;
    memcpy(scratch->p + at, p, tail.count * sizeof *p);
    memcpy(scratch->m + at * sizeof *m, m, tail.count * sizeof *m);
    memcpy(scratch->v + at * sizeof *v, v, tail.count * sizeof *v);
    if (check->residue) memcpy(scratch->residue + at, residue, tail.count * sizeof *residue);
}

static void keep_hidden(struct az_account_check *check, struct az_account_part part,
                        const struct az_account_scratch *scratch)
{
    if (check->master)
        memcpy(check->master + part.first, scratch->master, part.count * sizeof *check->master);
    if (check->residue)
        memcpy(check->residue + part.first, scratch->residue, part.count * sizeof *check->residue);
}

void az_account_predict(struct az_account_check *check, size_t first_row,
                        struct az_account_part part, struct az_account_scratch *scratch)
{
    load(check, part, scratch);
    apply(check, part, az_account_padded(part.count), scratch);
    if (check->adamw.arithmetic == AZ_ARITHMETIC_BF16_FUSED)
        for (size_t row = first_row; row * check->row_elements < part.first + part.count; row++)
            predict_tail(check, row, part, scratch);
    keep_hidden(check, part, scratch);
}
