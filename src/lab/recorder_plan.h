/* recorder_plan.h: what a run will record, known before anything big is allocated.
 *
 * Tensors in file order: those of AZ_RECORD_TABLE that have a cadence, `params` as one tensor
 * params/NAME for each parameter besides W and U; then, at every step, losses (F32, NaN at 0),
 * clip_coefficients (F32, 1 where clipping is off) and learning_rates (F64, 0 at 0). A recorded
 * gradient is that before clipping: the optimizer took it times the step's clip coefficient. */
#ifndef AZ_LAB_RECORDER_PLAN_H
#define AZ_LAB_RECORDER_PLAN_H

#include "azimuth/hash.h"
#include "azimuth/model.h"
#include "lab/recorder.h"

/* Token ids 0..vocabulary-1 by what training presents. */
struct az_recorder_tokens {
    int64_t *dead, *live;
    size_t dead_count, live_count;
};

struct az_recorder_facts {
    const struct az_experiment *experiment;
    const struct az_model_plan *model;
    const struct az_parameter *parameters;
    size_t parameter_count;
    const struct az_recorder_tokens *tokens;
    struct az_hash text_hash, tokenizer_hash;
};

enum az_recorder_series { AZ_SERIES_LOSS, AZ_SERIES_CLIP, AZ_SERIES_LR, AZ_SERIES_COUNT };

/* Where source n takes its data: a record, with the parameter's number for AZ_RECORD_PARAMETERS; or
 * a series. */
struct az_recorder_origin {
    bool is_series;
    enum az_record record;
    size_t parameter;
    enum az_recorder_series series;
};

/* Metadata: place of U's first element in the flat parameter vector. */
#define AZ_RECORDER_OFFSET_U "offset.U"

#define AZ_RECORDER_CONSTANTS 24

struct az_recorder_plan {
    struct az_recorder_source *sources;
    struct az_recorder_origin *origins;
    size_t source_count;
    int64_t *rows; /* [row_count] recorded rows of W and U; NULL: all */
    size_t row_count;
    int64_t *steps[AZ_RECORD_COUNT]; /* of the records whose frames are not consecutive */
    int64_t integers[AZ_RECORDER_CONSTANTS];
    float floats[AZ_RECORDER_CONSTANTS];
    struct az_tensor constants[AZ_RECORDER_CONSTANTS];
    char **metadata; /* pairs, ended by NULL */
    size_t metadata_count, metadata_capacity;
    struct az_recording_plan recording; /* of the above; its tensors are the sources' */
};

/* facts is borrowed during the call, its tokens until the plan is freed. */
enum az_status az_recorder_plan_create(struct az_recorder_plan **plan,
                                       const struct az_recorder_facts *facts,
                                       struct az_error *error);
void az_recorder_plan_free(struct az_recorder_plan *plan); /* NULL is allowed */

/* The plan of the recording with its tensors, which are to be freed with az_memory_free. */
enum az_status az_recorder_plan_whole(const struct az_recorder_plan *plan,
                                      struct az_recording_plan *whole, struct az_recorded **tensors,
                                      struct az_error *error);

/* Reads record.row_file: token ids, one a line, blank lines and lines that begin with # passed
 * over. *rows: ascending; free with az_memory_free. */
enum az_status az_recorder_read_rows(const char *path, size_t vocabulary, int64_t **rows,
                                     size_t *count, struct az_error *error);

#endif
