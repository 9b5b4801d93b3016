/* recording.h: a recording, whatever its container: tensors that have one frame per recorded step.
 *
 * Names, shapes and types are in docs/formats.md. A frame is what one step adds: a tensor
 * [T+1][V][D] has frames of [V][D]; losses [T+1] has frames of one number. Frame 0 is the initial
 * state; frame number and step differ when the tensor has a cadence: `steps` maps one to the other.
 */
#ifndef AZIMUTH_RECORDING_H
#define AZIMUTH_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/progress.h"
#include "azimuth/safetensors.h"
#include "azimuth/status.h"

struct az_recorded {
    char name[AZ_TENSOR_NAME_BYTES];
    enum az_dtype dtype;
    int frame_rank; /* dimensions of one frame: 2 for W, 3 for h, 0 for losses */
    int64_t frame_shape[AZ_TENSOR_DIMS];
    uint64_t frame_bytes;
    int64_t frames;           /* whole frames */
    int64_t first_step;       /* step of frame 0: 0, or 1 for h, which has no start */
    const int64_t *steps;     /* [frames] step of each frame; NULL: consecutive */
    const int64_t *token_ids; /* [frame_shape[0]] vocabulary row of each row; NULL: all */
};

/* ---- reading ---- */
struct az_recording;

/* path: a recording file, or a run directory that holds one. A recording cut short, NAME.part,
 * opens by its own name and has the frames that are known to be whole. Names, types and shapes are
 * checked; files without metadata, as the notebooks wrote them, are read too. */
AZ_API enum az_status az_recording_open(struct az_recording **recording, const char *path,
                                        struct az_error *error);
AZ_API void az_recording_close(struct az_recording *recording);
/* What is in the file by now: the frames that a run has added since, and its final name once it is
 * over. Pointers to tensors stay and tell the new number of frames; their steps and token_ids,
 * texts, constants and the path are others and must be asked for again. A run that was resumed may
 * have dropped frames after its checkpoint. A reader of a packed HDF5 recording refreshes at least
 * every 20 seconds: after 30 the writer may overwrite what was known then. On failure (AZ_MISSING:
 * the file is gone; AZ_FORMAT: it is another recording) everything stays as it was. */
AZ_API enum az_status az_recording_refresh(struct az_recording *recording, struct az_error *error);
AZ_API const char *az_recording_path(const struct az_recording *recording); /* of the file */
/* True when the run was killed: frames are those of its last note, maybe fewer than were written.
 */
AZ_API bool az_recording_cut_short(const struct az_recording *recording);
/* The last step of any frame, -1 when there is none. */
AZ_API int64_t az_recording_last_step(const struct az_recording *recording);
AZ_API size_t az_recording_count(const struct az_recording *recording);
AZ_API const struct az_recorded *az_recording_at(const struct az_recording *recording,
                                                 size_t index);
/* NULL, or AZ_MISSING with a list of what is there. */
AZ_API const struct az_recorded *az_recording_find(const struct az_recording *recording,
                                                   const char *name);
AZ_API enum az_status az_recording_require(const struct az_recording *recording, const char *name,
                                           const struct az_recorded **tensor,
                                           struct az_error *error);
/* Number of the frame of a step, or -1. */
AZ_API int64_t az_recording_frame_of(const struct az_recorded *tensor, int64_t step);
/* Step of a frame. */
AZ_API int64_t az_recording_step_of(const struct az_recorded *tensor, int64_t frame);

/* Frames of the steps up to `step`. */
AZ_API int64_t az_recording_frames_through(const struct az_recorded *tensor, int64_t step);

/* Frames first..first+count-1 into bytes (count * frame_bytes). */
AZ_API enum az_status az_recording_read(const struct az_recording *recording,
                                        const struct az_recorded *tensor, int64_t first,
                                        int64_t count, void *bytes, struct az_error *error);
/* Of the same frames the box that begins at begin[frame_rank] and has size[frame_rank]: packed, in
 * the order [count][size...]. Only what holds it is read and unpacked. */
AZ_API enum az_status az_recording_read_box(const struct az_recording *recording,
                                            const struct az_recorded *tensor, int64_t first,
                                            int64_t count, const int64_t *begin,
                                            const int64_t *size, void *bytes,
                                            struct az_error *error);
/* Rows row..row+rows-1 of each frame, whole: a token's life is rows = 1 of all frames. Rows are
 * those of the recording; token_ids says which tokens they are. */
AZ_API enum az_status az_recording_read_rows(const struct az_recording *recording,
                                             const struct az_recorded *tensor, int64_t first,
                                             int64_t count, int64_t row, int64_t rows, void *bytes,
                                             struct az_error *error);
/* Two sums over the words of a frame, docs/formats.md; they were written with it, so a frame whose
 * sums are others is not what was recorded. False where the recording has none. */
struct az_frame_sums {
    uint64_t plain, weighted;
};
AZ_API bool az_recording_sums(const struct az_recording *recording,
                              const struct az_recorded *tensor, int64_t frame,
                              struct az_frame_sums *sums);
/* A scalar hyperparameter by the name of the experiment file ("optimizer.lr") or of the notebooks
 * ("learning_rate"): the exact text of the metadata if it is there, else the 0-d tensor; a float is
 * taken for the decimal that was meant (0.001, not 0.00100000004749). AZ_MISSING when neither is.
 */
AZ_API enum az_status az_recording_number(const struct az_recording *recording, const char *name,
                                          double *value, struct az_error *error);
/* A parameter of the experiment, "optimizer.arithmetic", as text; NULL when not known. */
AZ_API const char *az_recording_text(const struct az_recording *recording, const char *key);

/* Pair number `index` of all metadata; false beyond the last. Borrowed. */
AZ_API bool az_recording_metadata_at(const struct az_recording *recording, size_t index,
                                     const char **key, const char **value);
/* "safetensors" or "hdf5"; static. */
AZ_API const char *az_recording_container(const struct az_recording *recording);
/* Frames for which the file has room: more than tensor->frames when the run was cut short. */
AZ_API int64_t az_recording_planned(const struct az_recording *recording,
                                    const struct az_recorded *tensor);

/* The next tensor of the file that is neither a movie nor its companion (dead_indices,
 * learning_rate); *cursor starts at 0; NULL at the end. `data` is there where it has no more than
 * one dimension. */
AZ_API const struct az_tensor *az_recording_constant_next(const struct az_recording *recording,
                                                          size_t *cursor);
/* All its bytes. */
AZ_API enum az_status az_recording_read_constant(const struct az_recording *recording,
                                                 const struct az_tensor *constant, void *bytes,
                                                 struct az_error *error);

/* A whole tensor that is not a movie (dead_indices, learning_rates), as stored: borrowed, or NULL.
 */
AZ_API const struct az_tensor *az_recording_tensor(const struct az_recording *recording,
                                                   const char *name);

/* ---- writing ---- */
struct az_recording_writer;

struct az_recording_plan {
    enum az_container container;
    enum az_compression compression;   /* HDF5 only */
    const struct az_recorded *tensors; /* in file order; frames is the number planned */
    size_t tensor_count;
    const struct az_tensor *constants; /* scalars and index lists, with data */
    size_t constant_count;
    const char *const *metadata; /* pairs, ended by NULL */
};

/* Size that the file will have. */
AZ_API enum az_status az_recording_plan_bytes(const struct az_recording_plan *plan, uint64_t *bytes,
                                              struct az_error *error);
/* Memory that the writer will hold: what waits to be packed. */
AZ_API enum az_status az_recording_plan_memory(const struct az_recording_plan *plan,
                                               uint64_t *bytes, struct az_error *error);
/* Reserves the whole file under path + ".part". The writer adds the metadata `format`, `movies`
 * (the names of the tensors) and `recorded_through_step`, and the companions NAME.steps and
 * NAME.token_ids. A thread notes every two seconds how far the recording is whole on the disk. */
AZ_API enum az_status az_recording_create(struct az_recording_writer **writer, const char *path,
                                          const struct az_recording_plan *plan,
                                          struct az_error *error);
/* Goes on with a recording that ended early (path) or was cut short (path + ".part"): the frames up
 * to `step` are kept, those after it are dropped and will be written again. Type, shape, rows and
 * steps of the frames must be those it was created with, and so must the parameters in the
 * metadata, but for those that change no frame (docs/running.md); AZ_USAGE tells what differs.
 * AZ_FORMAT when the recording is not whole up to `step`. Where it is shorter than planned, or more
 * steps are planned than it was created for, the frames are copied into a new .part (with progress,
 * NULL: untold), which takes room for both; then the old file goes. A kill at any moment leaves a
 * recording that is whole up to `step`. */
AZ_API enum az_status az_recording_reopen(struct az_recording_writer **writer, const char *path,
                                          const struct az_recording_plan *plan, int64_t step,
                                          struct az_progress *progress, struct az_error *error);
/* Looks at what az_recording_reopen would do, and changes nothing. *held_bytes: what the file that
 * it would go on in takes on the disk; 0 where its frames would be copied into a new one. */
AZ_API enum az_status az_recording_held(const char *path, const struct az_recording_plan *plan,
                                        int64_t step, uint64_t *held_bytes, struct az_error *error);
/* Frame number `frame` of tensor number `tensor`; any order, thread-safe for different frames. */
AZ_API enum az_status az_recording_write(struct az_recording_writer *writer, size_t tensor,
                                         int64_t frame, const void *bytes, struct az_error *error);
/* Flushes and notes now. *through_step (NULL: not wanted): every frame up to that step is whole on
 * the disk, and is found there after a kill or a power cut; -1 for none. */
AZ_API enum az_status az_recording_sync(struct az_recording_writer *writer, int64_t *through_step,
                                        struct az_error *error);
/* What a recording whose size is not known beforehand takes. All zeros, free_bytes UINT64_MAX,
 * where its room was reserved. */
struct az_recording_room {
    uint64_t file_bytes;    /* of the file now */
    uint64_t waiting_bytes; /* of frames that are not in it yet; packed they take less */
    uint64_t free_bytes;    /* on the disk, for this user */
};
AZ_API enum az_status az_recording_room(struct az_recording_writer *writer,
                                        struct az_recording_room *room, struct az_error *error);
/* Replaces a value of the metadata by one of the same length: the fingerprint, known at the end. */
AZ_API enum az_status az_recording_amend(struct az_recording_writer *writer, const char *key,
                                         const char *value, struct az_error *error);
/* Ends the recording and gives it its name. frames[tensor_count]: frames that are whole (fewer than
 * planned when the run ended early); AZ_USAGE when one of them was never written. Frees the writer;
 * on failure the .part is kept. */
AZ_API enum az_status az_recording_commit(struct az_recording_writer *writer, const int64_t *frames,
                                          struct az_error *error);
/* Frees the writer and keeps the .part with a last note; or removes it. NULL is allowed. */
AZ_API void az_recording_leave(struct az_recording_writer *writer);
AZ_API void az_recording_abort(struct az_recording_writer *writer);

#endif
