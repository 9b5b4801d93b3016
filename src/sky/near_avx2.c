#define NEAR_FILL az_near_fill_avx2
#include "sky/near_lanes.h"
