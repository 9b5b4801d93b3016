#include "cli/structure_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/drawing.h"
#include "cli/lens_common.h"
#include "cli/print_json.h"
#include "store/csv.h"
#include "store/json.h"

/* The numbers of a frame: name, member. */
#define COLUMNS(X)                                                                                 \
    X(unique)                                                                                      \
    X(singletons)                                                                                  \
    X(black_holes)                                                                                 \
    X(grouped_tokens)                                                                              \
    X(excess)                                                                                      \
    X(largest_population)                                                                          \
    X(nan_rows)                                                                                    \
    X(adjacent_pairs)                                                                              \
    X(face_pairs)                                                                                  \
    X(components)                                                                                  \
    X(component_vectors)                                                                           \
    X(component_tokens)                                                                            \
    X(largest_component_vectors)                                                                   \
    X(largest_component_tokens)                                                                    \
    X(births)                                                                                      \
    X(deaths)                                                                                      \
    X(fissions)                                                                                    \
    X(left_tokens)                                                                                 \
    X(fusions)                                                                                     \
    X(joined_tokens)

enum {
#define COLUMN_NUMBER(name) COLUMN_##name,
    COLUMNS(COLUMN_NUMBER)
#undef COLUMN_NUMBER
        COLUMN_COUNT
};

static const char *const names[] = {
#define COLUMN_NAME(name) #name,
    COLUMNS(COLUMN_NAME)
#undef COLUMN_NAME
};

static int64_t value_of(const struct az_structure_frame *frame, int column)
{
    switch (column) {
#define COLUMN_VALUE(name)                                                                         \
    case COLUMN_##name: return frame->name;
        COLUMNS(COLUMN_VALUE)
#undef COLUMN_VALUE
    default: return 0;
    }
}

static const char *set_name(const struct az_structure *structure)
{
    return structure->set == AZ_LENS_NAMED ? structure->named : az_lens_set_name(structure->set);
}

/* ---- for people ---- */

/* A frame at which something changed hands, or one of the round numbers. */
static void print_frame(const struct az_structure_frame *frame)
{
    printf("%8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %9" PRId64 " %8" PRId64
           " %6" PRId64 " %8" PRId64 " %7" PRId64 " %6" PRId64 " %7" PRId64 " %6" PRId64 "\n",
           frame->step, frame->unique, frame->black_holes, frame->grouped_tokens,
           frame->largest_population, frame->adjacent_pairs, frame->face_pairs, frame->components,
           frame->component_tokens, frame->births, frame->deaths, frame->fissions, frame->fusions);
}

static void print_totals(const struct az_structure *structure)
{
    int64_t sums[COLUMN_COUNT] = {0};
    for (int64_t n = 0; n < structure->frame_count; n++)
        for (int column = COLUMN_births; column < COLUMN_COUNT; column++)
            sums[column] += value_of(&structure->frames[n], column);
    printf("\nover all frames: %" PRId64 " births and %" PRId64 " deaths of black holes; %" PRId64
           " fissions, in which %" PRId64 " tokens left;\n%" PRId64 " fusions, in which %" PRId64
           " joined\n",
           sums[COLUMN_births], sums[COLUMN_deaths], sums[COLUMN_fissions],
           sums[COLUMN_left_tokens], sums[COLUMN_fusions], sums[COLUMN_joined_tokens]);
}

void az_structure_print(const struct az_structure *structure, const char *path)
{
    char tokens[AZ_UNIT_TEXT_BYTES], frames[AZ_UNIT_TEXT_BYTES];
    int64_t last = structure->frame_count - 1;
    az_unit_count((uint64_t)structure->token_count, tokens);
    az_unit_count((uint64_t)structure->frame_count, frames);
    printf("%s: %s, %s frames from step %" PRId64 " to %" PRId64
           "\ntold of: %s, %s tokens of %" PRId64 " dimensions\n\n",
           path, structure->matrix, frames, structure->frames[0].step, structure->frames[last].step,
           set_name(structure), tokens, structure->dims);
    printf("%8s %8s %26s %18s %15s %14s\n", "", "unique", "black holes:", "neighbours, pairs",
           "components", "against the frame before");
    printf("%8s %8s %8s %8s %8s %9s %8s %6s %8s %7s %6s %7s %6s\n", "step", "vectors", "number",
           "tokens", "largest", "Linf = 1", "L1 = 1", "number", "tokens", "born", "died",
           "fissions", "fusions");
    for (int64_t n = 0; n <= last; n++)
        if (n == 0 || az_lens_is_shown(n, last)) print_frame(&structure->frames[n]);
    print_totals(structure);
    if (structure->frames[last].nan_rows)
        printf("%" PRId64 " rows have a NaN at the end\n", structure->frames[last].nan_rows);
}

/* ---- for programs ---- */

enum az_status az_structure_csv(const struct az_structure *structure, const char *path,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    az_csv_text(csv, "step");
    az_csv_text(csv, "tokens");
    for (int column = 0; column < COLUMN_COUNT; column++) az_csv_text(csv, names[column]);
    AZ_TRY(az_csv_end(csv, error));
    for (int64_t n = 0; n < structure->frame_count; n++) {
        az_csv_integer(csv, structure->frames[n].step);
        az_csv_integer(csv, structure->token_count);
        for (int column = 0; column < COLUMN_COUNT; column++)
            az_csv_integer(csv, value_of(&structure->frames[n], column));
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_structure_tokens_csv(const struct az_structure *structure, const char *path,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "token,population_start,population_end,group_end,first_left_step,"
                         "first_joined_step",
                         error));
    for (int64_t n = 0; n < structure->token_count; n++) {
        const struct az_structure_token *token = &structure->tokens[n];
        const int64_t values[] = {token->token,           token->population_start,
                                  token->population_end,  token->group_end,
                                  token->first_left_step, token->first_joined_step};
        for (int k = 0; k < 6; k++) az_csv_integer(csv, values[k]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_structure_arrays(const struct az_structure *structure, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *values = NULL, frames = structure->frame_count, tokens = structure->token_count;
    const char *metadata[] = {"format", "azimuth-structure-1", "matrix", structure->matrix,
                              "set",    set_name(structure),   NULL};
    struct az_tensor tensors[COLUMN_COUNT + 3] = {0};
    size_t count = 0, at = 0;
    AZ_TRY(az_memory_allocate(&values, (size_t)(frames * (COLUMN_COUNT + 1) + 2 * tokens),
                              sizeof *values, "arrays", error));
    for (int column = -1; column < COLUMN_COUNT + 2; column++) {
        struct az_tensor *tensor = &tensors[count++];
        bool of_tokens = column >= COLUMN_COUNT;
        int64_t length = of_tokens ? tokens : frames;
        const char *name = column < 0               ? "steps"
                           : column == COLUMN_COUNT ? "token_ids"
                           : of_tokens              ? "group_end"
                                                    : names[column];
        *tensor = (struct az_tensor){
            .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {length}, .data = values + at};
        snprintf(tensor->name, sizeof tensor->name, "%s", name);
        for (int64_t n = 0; n < length; n++)
            values[at++] = column < 0               ? structure->frames[n].step
                           : column == COLUMN_COUNT ? structure->tokens[n].token
                           : of_tokens              ? structure->tokens[n].group_end
                                                    : value_of(&structure->frames[n], column);
    }
    AZ_TRY(az_safetensors_save(path, tensors, count, metadata, error));
out:
    az_memory_free(values);
    return status;
}

enum az_status az_structure_print_json(const struct az_structure *structure, const char *path,
                                       struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", path);
    az_json_text(&json, "matrix", structure->matrix);
    az_json_text(&json, "set", set_name(structure));
    az_json_integer(&json, "tokens", structure->token_count);
    az_json_open(&json, "frames", '[');
    for (int64_t n = 0; n < structure->frame_count; n++) {
        az_json_open(&json, NULL, '{');
        az_json_integer(&json, "step", structure->frames[n].step);
        for (int column = 0; column < COLUMN_COUNT; column++)
            az_json_integer(&json, names[column], value_of(&structure->frames[n], column));
        az_json_close(&json, '}');
    }
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}

/* ---- picture ---- */

static void add_column(struct az_drawing *drawing, const struct az_structure *structure,
                       const double *steps, int column, const char *name)
{
    size_t count = (size_t)structure->frame_count;
    double *values = az_drawing_array(drawing, count);
    for (size_t n = 0; values && n < count; n++)
        values[n] = (double)value_of(&structure->frames[n], column);
    az_drawing_add(drawing, name, AZ_MARK_STEPS, steps, values, count);
}

enum az_status az_structure_draw(const struct az_structure *structure, const char *file,
                                 struct az_error *error)
{
    char title[128];
    snprintf(title, sizeof title, "%s of %.60s tokens", structure->matrix, set_name(structure));
    struct az_drawing *drawing = az_drawing_create(title, error);
    size_t count = (size_t)structure->frame_count;
    if (!drawing) return AZ_MEMORY;
    double *steps = az_drawing_array(drawing, count);
    for (size_t n = 0; steps && n < count; n++) steps[n] = (double)structure->frames[n].step;
    az_drawing_panel(drawing, "Equal rows", "frames", "step", "number");
    add_column(drawing, structure, steps, COLUMN_unique, "unique vectors");
    add_column(drawing, structure, steps, COLUMN_grouped_tokens, "tokens in black holes");
    add_column(drawing, structure, steps, COLUMN_largest_population, "largest black hole");
    az_drawing_panel(drawing, "Neighbours", "frames", "step", "number");
    add_column(drawing, structure, steps, COLUMN_adjacent_pairs, "adjacent pairs");
    add_column(drawing, structure, steps, COLUMN_face_pairs, "face pairs");
    az_drawing_panel(drawing, "Components of neighbours", "frames", "step", "number");
    add_column(drawing, structure, steps, COLUMN_components, "components");
    add_column(drawing, structure, steps, COLUMN_component_tokens, "tokens in components");
    az_drawing_panel(drawing, "Tokens that change their vector's company", "frames", "step",
                     "tokens per frame");
    add_column(drawing, structure, steps, COLUMN_left_tokens, "left");
    add_column(drawing, structure, steps, COLUMN_joined_tokens, "joined");
    return az_drawing_draw(drawing, file, "structure", error);
}
