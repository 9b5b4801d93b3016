#include "lens/rows.h"

enum az_status az_rows_select(struct az_row_code *rows, const char *isa, struct az_error *error)
{
    struct az_kernels kernels;
    enum az_status status = az_kernels_default(&kernels, isa, error);
    if (status != AZ_OK) return status;
    rows->name = kernels.name;
    az_rows_fill_base(rows);
#if defined(__x86_64__)
    if (kernels.isa >= AZ_ISA_AVX2) az_rows_fill_avx2(rows);
    if (kernels.isa >= AZ_ISA_AVX512) az_rows_fill_avx512(rows);
#endif
    return AZ_OK;
}
