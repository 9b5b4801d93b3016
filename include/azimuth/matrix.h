/* matrix.h: one matrix of vectors out of somebody's file: a row per token, a column per dimension.
 *
 * It is named by a string, PATH[@[TENSOR][:STEP]] or PATH@STEP:
 * - PATH: a safetensors file; a sharded checkpoint (its directory or its index,
 *   model.safetensors.index.json); an .npy file; a recording or run directory.
 * - TENSOR: its name; without one it is found: the unembedding of an untied model, else the
 *   embedding (the list is in docs/formats.md), else the only matrix there is.
 * - STEP: of a recording, the frame after that optimizer step; without one, the last frame.
 * A PATH that exists is taken as it is, whatever signs it holds.
 *
 * Types: BF16, F16, F32; U16 (in npy also u2 and V2) is the raw bits of bf16, as the notebooks
 * stored them. The data stay in the file: they are mapped, never copied whole (but for a frame of
 * an HDF5 recording, which is compressed there). A file that another program truncates while it is
 * mapped ends the process, as any map would. */
#ifndef AZIMUTH_MATRIX_H
#define AZIMUTH_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/hash.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/safetensors.h"
#include "azimuth/status.h"

struct az_matrix {
    char path[512]; /* of the file that holds the data; shortened with "..." where it is longer */
    char tensor[AZ_TENSOR_NAME_BYTES]; /* "lm_head.weight"; "" for npy */
    char other[AZ_TENSOR_NAME_BYTES];  /* untied: the embedding beside this unembedding; else "" */
    enum az_dtype dtype;               /* BF16, F16 or F32 */
    bool raw_bits;                     /* stored as U16, read as BF16 */
    int64_t rows, dims;                /* both at least 1 */
    int64_t step;                      /* of the frame of a recording, else -1 */
    const int64_t *token_ids;          /* [rows] token of each row, ascending; NULL: row i is i */
    size_t row_bytes;
    const void *data; /* [rows][dims], little-endian; may be unaligned: use az_matrix_row */
    struct az_matrix_source *source; /* private */
};

/* Every check of the format is made here, so that reading rows cannot fail. AZ_MISSING lists what
 * is there. */
AZ_API enum az_status az_matrix_open(struct az_matrix **matrix, const char *name,
                                     struct az_error *error);
/* The same for an .npy file in memory (borrowed until close). */
AZ_API enum az_status az_matrix_open_npy_bytes(struct az_matrix **matrix, const void *bytes,
                                               size_t length_bytes, struct az_error *error);
/* A matrix in the caller's memory, borrowed until close, as if it came from a file. */
AZ_API enum az_status az_matrix_wrap(struct az_matrix **matrix, enum az_dtype dtype, int64_t rows,
                                     int64_t dims, const void *data, struct az_error *error);
AZ_API void az_matrix_close(struct az_matrix *matrix); /* NULL is allowed */

/* Row `row`, aligned to its elements: in the map, or copied to scratch (row_bytes, aligned) when it
 * lies unaligned there. BF16 and F16 rows are uint16 or struct az_bf16, F32 rows float. */
AZ_API const void *az_matrix_row(const struct az_matrix *matrix, int64_t row, void *scratch);
/* values[dims]: exact, whatever the type. */
AZ_API void az_matrix_row_f32(const struct az_matrix *matrix, int64_t row, float *values);
/* The token of a row. */
AZ_API int64_t az_matrix_token(const struct az_matrix *matrix, int64_t row);

/* IEEE half precision to single: exact. NaN keeps sign and payload, and becomes quiet. */
AZ_API float az_f16_to_f32(uint16_t bits);

/* What the matrix is, for provenance and caches: XXH3-128 of "BF16 151936 2560\n" followed by the
 * XXH3-128 of each row's raw bytes (16 bytes little-endian each, low half first). It does not
 * depend on file, name or threads. progress may be NULL. */
AZ_API enum az_status az_matrix_hash(const struct az_matrix *matrix, struct az_pool *pool,
                                     struct az_hash *hash, struct az_progress *progress,
                                     struct az_error *error);
/* The last step of az_matrix_hash, for who has the hashes of the rows [rows] already. */
AZ_API enum az_status az_matrix_hash_of_rows(const struct az_matrix *matrix,
                                             const struct az_hash *rows, struct az_hash *hash,
                                             struct az_error *error);

#endif
