#define PCRE2_CODE_UNIT_WIDTH 8
#include "cli/version.h"

#include <jansson.h>
#include <libdeflate.h>
#include <pcre2.h>
#include <sqlite3.h>
#include <string.h>
#include <unistring/version.h>
#include <xxhash.h>

#include "azimuth/build.h"
#include "azimuth/kernel.h"

char *openblas_get_config(void); /* its header is not where pkg-config points on every system */

static void print_libraries(FILE *file)
{
    char pcre2[64] = "?";
    unsigned xxhash = XXH_versionNumber();
    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    char openblas[64]; /* "OpenBLAS 0.3.21" of a longer description */
    snprintf(openblas, sizeof openblas, "%s", openblas_get_config());
    char *version_end = strchr(openblas, ' ');
    if (version_end && (version_end = strchr(version_end + 1, ' '))) *version_end = 0;
    for (char *c = pcre2; *c; c++)
        if (*c == ' ') *c = 0;
    fprintf(file,
            "libraries   xxHash %u.%u.%u, jansson %s, PCRE2 %s, libunistring %d.%d.%d, "
            "libdeflate %s, SQLite %s, %s\n",
            xxhash / 10000, xxhash / 100 % 100, xxhash % 100, jansson_version_str(), pcre2,
            _libunistring_version >> 16, _libunistring_version >> 8 & 0xff,
            _libunistring_version & 0xff, LIBDEFLATE_VERSION_STRING, sqlite3_libversion(),
            openblas);
}

enum az_status az_version_print(FILE *file, struct az_error *error)
{
    struct az_kernels kernels;
    enum az_status status = az_kernels_default(&kernels, NULL, error);
    if (status != AZ_OK) return status;
    fprintf(file, "azimuth %s, revision %s\n", az_build_version(), az_build_revision());
    fprintf(file, "compiler    %s, %s\n", az_build_compiler(), az_build_flags());
    fprintf(file, "isa         %s; this machine and build have", az_isa_name(kernels.isa));
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++)
        if (az_isa_available((enum az_isa)isa)) fprintf(file, " %s", az_isa_name((enum az_isa)isa));
    fprintf(file, "\n");
    print_libraries(file);
    return AZ_OK;
}
