#define NEAR_FILL az_near_fill_avx512
#include "sky/near_lanes.h"
