#define NEAR_FILL az_near_fill_base
#include "sky/near_lanes.h"
