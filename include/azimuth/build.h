/* build.h: what this library was built from and with; goes into every manifest. */
#ifndef AZIMUTH_BUILD_H
#define AZIMUTH_BUILD_H

#include "azimuth/status.h"

AZ_API const char *az_build_version(void);  /* "0.1.0" */
AZ_API const char *az_build_revision(void); /* git describe, "-dirty" appended; or "unknown" */
AZ_API const char *az_build_compiler(void); /* "gcc 12.2.0" */
AZ_API const char *az_build_flags(void);    /* those that decide code generation */

#endif
