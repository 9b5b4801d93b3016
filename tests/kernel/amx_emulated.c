/* kernel/x86/amx.c as it is, over tiles in plain C. */
#define AZ_TILES_EMULATED
#define az_guest_fill_amx az_test_fill_emulated_amx
#define az_guest_burst_amx az_test_burst_emulated_amx
#include "kernel/x86/tiles.h"
#include "tiles_emulated.h"

#include "kernel/x86/amx.c"
