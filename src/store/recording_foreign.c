#include "store/recording_foreign.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/recording_names.h"

enum az_dtype az_foreign_dtype(const struct az_tensor *source)
{
    const struct az_known_movie *known = az_known_movie(source->name);
    return source->dtype == AZ_DTYPE_U16 && known && known->frame_rank > 0 ? AZ_DTYPE_BF16
                                                                           : source->dtype;
}

static bool is_whole_number(double value) { return value >= 0 && value < 9e15; }

/* -1: not told. */
static int64_t vocabulary_of(const struct az_container_functions *container,
                             const struct az_container_file *file)
{
    double value;
    const char *text = container->metadata(file, "vocab_size");
    bool told = (text && az_number_parse(text, &value)) ||
                az_recording_scalar(container->find(file, "vocab_size"), &value);
    return told && is_whole_number(value) ? (int64_t)value : -1;
}

enum az_status az_foreign_token_ids(const struct az_container_functions *container,
                                    const struct az_container_file *file, int64_t rows,
                                    int64_t **ids, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tensor *list = container->find(file, "dead_indices");
    bool fits = list && list->dtype == AZ_DTYPE_I64 && list->rank == 1 && list->shape[0] == rows &&
                list->data && rows > 0;
    *ids = NULL;
    if (!fits || vocabulary_of(container, file) == rows) return AZ_OK;
    AZ_TRY(az_memory_allocate(ids, (size_t)rows, sizeof **ids, "the tokens of the rows", error));
    memcpy(*ids, list->data, (size_t)rows * sizeof **ids);
    for (int64_t n = 0; n < rows; n++)
        if ((*ids)[n] < 0 || (n && (*ids)[n] <= (*ids)[n - 1]))
            AZ_RAISE(AZ_FORMAT, "dead_indices is not ascending from 0 up at its entry %" PRId64, n);
out:
    return status;
}

bool az_foreign_has_start(const struct az_recording *recording, size_t n)
{
    const struct az_recorded *tensors = recording->tensors;
    if (tensors[n].steps || tensors[n].first_step == 0) return false;
    for (size_t k = 0; k < recording->count; k++)
        if (!tensors[k].steps && tensors[k].first_step == 0 &&
            recording->movies[k].planned == recording->movies[n].planned)
            return true;
    return false;
}
