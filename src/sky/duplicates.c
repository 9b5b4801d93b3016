#include "sky/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Classes as they are met, in a table with open addressing; slot: class + 1, 0 is empty. */
struct table {
    const struct az_matrix *matrix;
    const struct az_hash *hashes;
    bool distinct_zero;
    uint32_t *slots;
    size_t mask;
    int32_t *head;     /* [classes] first row */
    int32_t *class_of; /* [rows] */
    int64_t count;
};

static bool same_components(const struct az_matrix *matrix, const char *a, const char *b)
{
    size_t size = az_dtype_bytes(matrix->dtype);
    uint32_t zero = size == 4 ? 0x80000000u : 0x8000u;
    for (int64_t d = 0; d < matrix->dims; d++) {
        uint32_t left = 0, right = 0;
        memcpy(&left, a + (size_t)d * size, size);
        memcpy(&right, b + (size_t)d * size, size);
        if (left != right && (left | right) != zero) return false;
    }
    return true;
}

static bool same_row(const struct table *table, int64_t row, int64_t other)
{
    size_t bytes = table->matrix->row_bytes;
    const char *data = table->matrix->data;
    const char *a = data + (size_t)row * bytes, *b = data + (size_t)other * bytes;
    if (memcmp(a, b, bytes) == 0) return true;
    return !table->distinct_zero && same_components(table->matrix, a, b);
}

static void add_row(struct table *table, int64_t row)
{
    struct az_hash hash = table->hashes[row];
    size_t slot = (size_t)hash.low & table->mask;
    for (; table->slots[slot]; slot = (slot + 1) & table->mask) {
        int32_t class = (int32_t)table->slots[slot] - 1;
        int64_t head = table->head[class];
        if (table->hashes[head].low != hash.low || table->hashes[head].high != hash.high) continue;
        if (!same_row(table, row, head)) continue;
        table->class_of[row] = class;
        return;
    }
    table->head[table->count] = (int32_t)row;
    table->class_of[row] = (int32_t)table->count++;
    table->slots[slot] = (uint32_t)table->count;
}

static void table_free(struct table *table)
{
    az_memory_free(table->slots);
    az_memory_free(table->head);
    az_memory_free(table->class_of);
}

/* Fills a table with every row that has no NaN. */
static enum az_status table_fill(struct table *table, const struct az_matrix *matrix,
                                 const struct az_scan *scan, bool distinct_zero,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)matrix->rows, slots = 16;
    *table = (struct table){.matrix = matrix, .distinct_zero = distinct_zero};
    table->hashes = distinct_zero ? scan->raw : scan->folded;
    while (slots < 2 * rows) slots *= 2;
    table->mask = slots - 1;
    AZ_TRY(
        az_memory_allocate(&table->slots, slots, sizeof *table->slots, "a table of rows", error));
    AZ_TRY(az_memory_allocate(&table->head, rows, sizeof *table->head, "a table of rows", error));
    AZ_TRY(az_memory_allocate(&table->class_of, rows, sizeof *table->class_of, "a table of rows",
                              error));
    for (int64_t row = 0; row < matrix->rows; row++) {
        table->class_of[row] = AZ_NO_VECTOR;
        if (!(scan->flags[row] & AZ_ROW_NAN)) add_row(table, row);
    }
out:
    return status;
}

struct rank {
    int64_t population;
    int32_t head, class;
};

static int compare_ranks(const void *left, const void *right)
{
    const struct rank *a = left, *b = right;
    if (a->population != b->population) return a->population > b->population ? -1 : 1;
    return a->head < b->head ? -1 : a->head > b->head;
}

/* ranks[classes] in the final order. */
static void rank_classes(const struct table *table, struct rank *ranks)
{
    for (int32_t class = 0; class < table->count; class ++)
        ranks[class] = (struct rank){.head = table->head[class], .class = class};
    for (int64_t row = 0; row < table->matrix->rows; row++)
        if (table->class_of[row] >= 0) ranks[table->class_of[row]].population++;
    qsort(ranks, (size_t)table->count, sizeof *ranks, compare_ranks);
}

static enum az_status allocate(struct az_duplicates *found, const struct table *table,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)found->rows, unique = (size_t)table->count;
    AZ_TRY(az_memory_allocate(&found->vector_of, rows, sizeof *found->vector_of, "vectors", error));
    AZ_TRY(az_memory_allocate(&found->members, rows, sizeof *found->members, "vectors", error));
    AZ_TRY(az_memory_allocate(&found->population, unique, sizeof *found->population, "vectors",
                              error));
    AZ_TRY(az_memory_allocate(&found->first, unique, sizeof *found->first, "vectors", error));
    AZ_TRY(az_memory_allocate(&found->begin, unique + 1, sizeof *found->begin, "vectors", error));
out:
    return status;
}

static void count_vectors(struct az_duplicates *found)
{
    for (int64_t v = 0; v < found->unique; v++) {
        int64_t population = found->population[v];
        found->black_holes += population > 1;
        if (population > 1) found->black_hole_tokens += population;
        found->excess += population - 1;
        found->zero_pairs += population * (population - 1) / 2;
    }
}

/* place: [classes], class to vector. */
static void number_vectors(struct az_duplicates *found, const struct table *table,
                           const struct rank *ranks, int32_t *place)
{
    found->unique = table->count;
    for (int64_t v = 0; v < found->unique; v++) {
        place[ranks[v].class] = (int32_t)v;
        found->population[v] = ranks[v].population;
        found->first[v] = ranks[v].head;
        found->begin[v + 1] = found->begin[v] + ranks[v].population;
    }
    for (int64_t row = 0; row < found->rows; row++) {
        int32_t class = table->class_of[row];
        found->vector_of[row] = class < 0 ? AZ_NO_VECTOR : place[class];
        found->nan_rows += class < 0;
        if (class >= 0) found->members[found->begin[place[class]]++] = (int32_t)row;
    }
    for (int64_t v = found->unique; v > 0; v--) found->begin[v] = found->begin[v - 1];
    found->begin[0] = 0;
    count_vectors(found);
}

enum az_status az_duplicates_find(struct az_duplicates *found, const struct az_matrix *matrix,
                                  const struct az_scan *scan, bool distinct_zero,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct table table = {0}, other = {0};
    struct rank *ranks = NULL;
    int32_t *place = NULL;
    *found = (struct az_duplicates){.rows = matrix->rows};
    if (matrix->rows > INT32_MAX) AZ_RAISE(AZ_UNSUPPORTED, "more than 2^31 - 1 rows");
    AZ_TRY(table_fill(&table, matrix, scan, distinct_zero, error));
    AZ_TRY(az_memory_allocate(&ranks, (size_t)table.count, sizeof *ranks, "vectors", error));
    AZ_TRY(az_memory_allocate(&place, (size_t)table.count, sizeof *place, "vectors", error));
    AZ_TRY(allocate(found, &table, error));
    rank_classes(&table, ranks);
    number_vectors(found, &table, ranks, place);
    found->other_unique = found->unique;
    if (scan->negative_zero_rows) {
        AZ_TRY(table_fill(&other, matrix, scan, !distinct_zero, error));
        found->other_unique = other.count;
    }
out:
    table_free(&table);
    table_free(&other);
    az_memory_free(ranks);
    az_memory_free(place);
    return status;
}

void az_duplicates_free(struct az_duplicates *found)
{
    az_memory_free(found->vector_of);
    az_memory_free(found->population);
    az_memory_free(found->first);
    az_memory_free(found->begin);
    az_memory_free(found->members);
    *found = (struct az_duplicates){0};
}
