#define AZ_ROWS_FILL az_rows_fill_base
#include "lens/rows_lanes.h"
