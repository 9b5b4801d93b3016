#include "lens/structure_frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define AXES 3 /* coordinates by which neighbours are looked up */

enum az_status az_structure_scratch_create(struct az_structure_scratch *scratch, size_t count,
                                           size_t dims, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *scratch = (struct az_structure_scratch){.count = count, .dims = dims, .head_count = 16};
    while (scratch->head_count < 2 * count) scratch->head_count *= 2;
    AZ_TRY(az_groups_create(&scratch->groups, count, error));
    AZ_TRY(az_memory_allocate(&scratch->groups.group_of, count, sizeof(uint32_t), "groups", error));
    AZ_TRY(az_memory_allocate(&scratch->strings, count, dims * sizeof *scratch->strings,
                              "a frame's rows", error));
    AZ_TRY(az_memory_allocate(&scratch->orders, count, dims * sizeof *scratch->orders,
                              "a frame's rows", error));
    AZ_TRY(az_memory_allocate(&scratch->row_of, count, sizeof(uint32_t), "rows", error));
    AZ_TRY(az_memory_allocate(&scratch->next, count, sizeof(int32_t), "neighbours", error));
    AZ_TRY(az_memory_allocate(&scratch->parent, count, sizeof(int32_t), "components", error));
    AZ_TRY(az_memory_allocate(&scratch->vectors, count, sizeof(int64_t), "components", error));
    AZ_TRY(az_memory_allocate(&scratch->tokens, count, sizeof(int64_t), "components", error));
    AZ_TRY(az_memory_allocate(&scratch->heads, scratch->head_count, sizeof(int32_t), "neighbours",
                              error));
    AZ_TRY(az_memory_allocate(&scratch->rows, count, sizeof *scratch->rows, "rows", error));
out:
    return status;
}

void az_structure_scratch_free(struct az_structure_scratch *scratch)
{
    az_groups_free(&scratch->groups);
    void *blocks[] = {scratch->strings, scratch->orders, scratch->row_of,
                      scratch->next,    scratch->parent, scratch->vectors,
                      scratch->tokens,  scratch->heads,  scratch->rows};
    for (size_t n = 0; n < sizeof blocks / sizeof *blocks; n++) az_memory_free(blocks[n]);
    *scratch = (struct az_structure_scratch){0};
}

/* ---- equal rows ---- */

/* With +0 for -0. False where a coordinate is NaN. */
static bool copy_row(struct az_bf16 *to, const struct az_bf16 *from, size_t dims)
{
    bool sound = true;
    for (size_t d = 0; d < dims; d++) {
        uint16_t bits = from[d].bits;
        sound = sound && (bits & 0x7fff) <= 0x7f80;
        to[d].bits = bits == 0x8000 ? 0 : bits;
    }
    return sound;
}

static size_t group_rows(struct az_structure_scratch *scratch, const struct az_bf16 *matrix,
                         const int64_t *members, uint32_t *group_of)
{
    size_t sound = 0, dims = scratch->dims;
    for (size_t n = 0; n < scratch->count; n++) {
        scratch->row_of[sound] = (uint32_t)n;
        group_of[n] = UINT32_MAX;
        sound +=
            copy_row(scratch->strings + sound * dims, matrix + (size_t)members[n] * dims, dims);
    }
    az_groups_find(&scratch->groups, scratch->strings, sound, dims * sizeof *matrix);
    for (size_t n = 0; n < sound; n++) group_of[scratch->row_of[n]] = scratch->groups.group_of[n];
    uint32_t next = (uint32_t)scratch->groups.count;
    for (size_t n = 0; n < scratch->count; n++)
        if (group_of[n] == UINT32_MAX) group_of[n] = next++;
    return sound;
}

static void count_groups(const struct az_groups *groups, struct az_structure_frame *frame)
{
    frame->unique = (int64_t)groups->count;
    for (size_t g = 0; g < groups->count; g++) {
        int64_t population = groups->population[g];
        frame->singletons += population == 1;
        frame->black_holes += population > 1;
        frame->grouped_tokens += population > 1 ? population : 0;
        frame->excess += population - 1;
        if (population > frame->largest_population) frame->largest_population = population;
    }
}

/* ---- neighbours ---- */

static void take_orders(struct az_structure_scratch *scratch)
{
    size_t dims = scratch->dims;
    for (size_t v = 0; v < scratch->groups.count; v++) {
        const struct az_bf16 *row = scratch->strings + scratch->groups.first[v] * dims;
        for (size_t d = 0; d < dims; d++)
            scratch->orders[v * dims + d] = (int16_t)az_bf16_ord(row[d]);
    }
}

/* The coordinates with the most different values, in which neighbours are told apart best. */
static void choose_axes(const struct az_structure_scratch *scratch, size_t axes[AXES])
{
    size_t most[AXES] = {0};
    memset(axes, 0, AXES * sizeof *axes);
    for (size_t d = 0; d < scratch->dims; d++) {
        uint64_t seen[512] = {0}; /* a bit for each half of 2 * 32,768 orders */
        size_t different = 0, axis = d;
        for (size_t v = 0; v < scratch->groups.count; v++) {
            unsigned half = (unsigned)((scratch->orders[v * scratch->dims + d] >> 1) + 16384);
            different += !(seen[half >> 6 & 511] >> (half & 63) & 1);
            seen[half >> 6 & 511] |= (uint64_t)1 << (half & 63);
        }
        for (int k = 0; k < AXES; k++) {
            if (different <= most[k]) continue;
            size_t old_most = most[k], old_axis = axes[k];
            most[k] = different;
            axes[k] = axis;
            different = old_most;
            axis = old_axis;
        }
    }
}

static size_t cell_of(const struct az_structure_scratch *scratch, const int halves[AXES])
{
    uint64_t hash = 0;
    for (int k = 0; k < AXES; k++)
        hash = (hash ^ (uint64_t)(uint32_t)halves[k]) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) & (scratch->head_count - 1);
}

static void fill_cells(struct az_structure_scratch *scratch, const size_t axes[AXES])
{
    for (size_t c = 0; c < scratch->head_count; c++) scratch->heads[c] = -1;
    for (size_t v = scratch->groups.count; v-- > 0;) {
        int halves[AXES];
        for (int k = 0; k < AXES; k++)
            halves[k] = scratch->orders[v * scratch->dims + axes[k]] >> 1;
        int32_t *head = &scratch->heads[cell_of(scratch, halves)];
        scratch->next[v] = *head;
        *head = (int32_t)v;
    }
}

static int32_t root_of(int32_t *parent, int32_t v)
{
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
}

/* L1 of two neighbours, 0 where they are none. */
static int64_t touch(const int16_t *a, const int16_t *b, size_t dims)
{
    int64_t l1 = 0;
    for (size_t d = 0; d < dims; d += 16) {
        size_t end = d + 16 < dims ? d + 16 : dims;
        int apart = 0, sum = 0;
        for (size_t k = d; k < end; k++) {
            int size = abs(a[k] - b[k]);
            apart |= size > 1;
            sum += size;
        }
        if (apart) return 0;
        l1 += sum;
    }
    return l1;
}

/* Vectors after v whose coordinates along the axes are in one cell. */
static void look_in_cell(struct az_structure_scratch *scratch, size_t v, size_t cell,
                         struct az_structure_frame *frame)
{
    size_t dims = scratch->dims;
    for (int32_t u = scratch->heads[cell]; u >= 0; u = scratch->next[u]) {
        if ((size_t)u <= v) continue;
        int64_t l1 = touch(scratch->orders + v * dims, scratch->orders + (size_t)u * dims, dims);
        if (!l1) continue;
        frame->adjacent_pairs++;
        frame->face_pairs += l1 == 1;
        int32_t a = root_of(scratch->parent, (int32_t)v), b = root_of(scratch->parent, u);
        if (a < b)
            scratch->parent[b] = a;
        else
            scratch->parent[a] = b;
    }
}

/* A neighbour along an axis has half of (order - 1) or half of (order + 1). Cells that fall on one
 * place of the table are looked into once. */
static void look_around(struct az_structure_scratch *scratch, size_t v, const size_t axes[AXES],
                        struct az_structure_frame *frame)
{
    size_t cells[1 << AXES];
    int count = 0;
    for (int corner = 0; corner < 1 << AXES; corner++) {
        int halves[AXES];
        bool known = false;
        for (int k = 0; k < AXES; k++) {
            int order = scratch->orders[v * scratch->dims + axes[k]];
            halves[k] = (order + (corner >> k & 1 ? 1 : -1)) >> 1;
        }
        size_t cell = cell_of(scratch, halves);
        for (int n = 0; n < count; n++) known = known || cells[n] == cell;
        if (known) continue;
        cells[count++] = cell;
        look_in_cell(scratch, v, cell, frame);
    }
}

static void count_components(struct az_structure_scratch *scratch, struct az_structure_frame *frame)
{
    size_t unique = scratch->groups.count;
    memset(scratch->vectors, 0, unique * sizeof *scratch->vectors);
    memset(scratch->tokens, 0, unique * sizeof *scratch->tokens);
    for (size_t v = 0; v < unique; v++) {
        int32_t root = root_of(scratch->parent, (int32_t)v);
        scratch->vectors[root]++;
        scratch->tokens[root] += scratch->groups.population[v];
    }
    for (size_t v = 0; v < unique; v++) {
        if (scratch->vectors[v] < 2) continue;
        frame->components++;
        frame->component_vectors += scratch->vectors[v];
        frame->component_tokens += scratch->tokens[v];
        if (scratch->vectors[v] > frame->largest_component_vectors)
            frame->largest_component_vectors = scratch->vectors[v];
        if (scratch->tokens[v] > frame->largest_component_tokens)
            frame->largest_component_tokens = scratch->tokens[v];
    }
}

void az_structure_frame_find(struct az_structure_scratch *scratch, const struct az_bf16 *matrix,
                             const int64_t *members, struct az_structure_frame *frame,
                             uint32_t *group_of)
{
    size_t axes[AXES], sound = group_rows(scratch, matrix, members, group_of);
    frame->nan_rows = (int64_t)(scratch->count - sound);
    count_groups(&scratch->groups, frame);
    take_orders(scratch);
    choose_axes(scratch, axes);
    fill_cells(scratch, axes);
    for (size_t v = 0; v < scratch->groups.count; v++) scratch->parent[v] = (int32_t)v;
    for (size_t v = 0; v < scratch->groups.count; v++) look_around(scratch, v, axes, frame);
    count_components(scratch, frame);
}

/* ---- from one frame to the next ---- */

static int compare_rows(const void *left, const void *right)
{
    const struct az_structure_row *a = left, *b = right;
    if (a->before != b->before) return a->before < b->before ? -1 : 1;
    if (a->after != b->after) return a->after < b->after ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* How the rows of one vector are distributed over those of the other frame. */
struct parting {
    int64_t parts, largest, all;
};

static size_t end_of_part(const struct az_structure_row *rows, size_t count, size_t from)
{
    size_t end = from + 1;
    while (end < count && rows[end].before == rows[from].before &&
           rows[end].after == rows[from].after)
        end++;
    return end;
}

/* rows are those of one vector. Marks the rows that are not in its largest part, the first of
 * equals. */
static struct parting part(const struct az_structure_row *rows, size_t count, uint8_t *marks,
                           uint8_t mark)
{
    struct parting parting = {.all = (int64_t)count};
    size_t largest = 0;
    for (size_t from = 0, end; from < count; from = end) {
        end = end_of_part(rows, count, from);
        parting.parts++;
        if ((int64_t)(end - from) <= parting.largest) continue;
        parting.largest = (int64_t)(end - from);
        largest = from;
    }
    for (size_t n = 0; n < count; n++)
        if (rows[n].after != rows[largest].after) marks[rows[n].row] |= mark;
    return parting;
}

/* Sorted by `before`; sums of vectors that part, rows that leave, vectors that dissolve wholly. */
static void part_all(struct az_structure_scratch *scratch, uint8_t *marks, uint8_t mark,
                     int64_t *partings, int64_t *rows_apart, int64_t *dissolved)
{
    struct az_structure_row *rows = scratch->rows;
    qsort(rows, scratch->count, sizeof *rows, compare_rows);
    for (size_t from = 0, end; from < scratch->count; from = end) {
        end = from + 1;
        while (end < scratch->count && rows[end].before == rows[from].before) end++;
        if (end - from < 2) continue;
        struct parting parting = part(rows + from, end - from, marks, mark);
        *partings += parting.parts > 1;
        *rows_apart += parting.all - parting.largest;
        *dissolved += parting.largest == 1;
    }
}

void az_structure_compare(struct az_structure_scratch *scratch, const uint32_t *before,
                          const uint32_t *after, struct az_structure_frame *frame, uint8_t *marks)
{
    memset(marks, 0, scratch->count);
    for (uint32_t n = 0; n < scratch->count; n++)
        scratch->rows[n] = (struct az_structure_row){before[n], after[n], n};
    part_all(scratch, marks, 1, &frame->fissions, &frame->left_tokens, &frame->deaths);
    for (uint32_t n = 0; n < scratch->count; n++)
        scratch->rows[n] = (struct az_structure_row){after[n], before[n], n};
    part_all(scratch, marks, 2, &frame->fusions, &frame->joined_tokens, &frame->births);
}
