#include "azimuth/build.h"

#include "base/build_config.h"
#include "base/build_revision.h"

const char *az_build_version(void) { return AZ_BUILD_VERSION; }
const char *az_build_revision(void) { return AZ_BUILD_REVISION; }
const char *az_build_compiler(void) { return AZ_BUILD_COMPILER; }
const char *az_build_flags(void) { return AZ_BUILD_FLAGS; }
