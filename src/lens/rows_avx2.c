#define AZ_ROWS_FILL az_rows_fill_avx2
#include "lens/rows_lanes.h"
