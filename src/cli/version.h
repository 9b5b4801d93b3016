/* version.h: what `azimuth --version` says. */
#ifndef AZ_CLI_VERSION_H
#define AZ_CLI_VERSION_H

#include <stdio.h>

#include "azimuth/status.h"

/* AZ_USAGE when AZ_ISA names what is not there. */
enum az_status az_version_print(FILE *file, struct az_error *error);

#endif
