/* Hyperparameters of a recording, from metadata or 0-d tensors. */
#include <string.h>

#include "base/raise.h"
#include "config/number.h"
#include "store/recording_names.h"
#include "store/safetensors_header.h"

#define SCALAR(type, out)                                                                          \
    do {                                                                                           \
        type scalar;                                                                               \
        memcpy(&scalar, tensor->data, sizeof scalar);                                              \
        out = (double)scalar;                                                                      \
    } while (0)

bool az_recording_scalar(const struct az_tensor *tensor, double *value)
{
    float narrow;
    if (!tensor || !tensor->data || tensor->bytes != az_dtype_bytes(tensor->dtype)) return false;
    switch (tensor->dtype) {
    case AZ_DTYPE_F32:
        memcpy(&narrow, tensor->data, sizeof narrow);
        *value = az_number_meant(narrow);
        return true;
    case AZ_DTYPE_F64: SCALAR(double, *value); return true;
    case AZ_DTYPE_I64: SCALAR(int64_t, *value); return true;
    case AZ_DTYPE_I32: SCALAR(int32_t, *value); return true;
    case AZ_DTYPE_U32: SCALAR(uint32_t, *value); return true;
    case AZ_DTYPE_U8:
    case AZ_DTYPE_BOOL: SCALAR(uint8_t, *value); return true;
    default: return false;
    }
}

static bool read_metadata(const struct az_recording *recording, const char *name, double *value)
{
    const char *text = az_recording_text(recording, name);
    return text && az_number_parse(text, value);
}

enum az_status az_recording_number(const struct az_recording *recording, const char *name,
                                   double *value, struct az_error *error)
{
    const char *alone[] = {name, NULL};
    const char *const *names = az_number_synonyms(name);
    char shown[AZ_SHOWN_BYTES];
    if (!names) names = alone;
    for (const char *const *n = names; *n; n++)
        if (read_metadata(recording, *n, value)) return AZ_OK;
    for (const char *const *n = names; *n; n++)
        if (az_recording_scalar(az_recording_tensor(recording, *n), value)) return AZ_OK;
    az_error_raise(error, AZ_MISSING, "the recording does not say its %s",
                   az_tensor_shown(shown, name));
    az_error_at(error, az_recording_path(recording), -1, -1, -1);
    return AZ_MISSING;
}
