/* exchange_target.h: what `azimuth export` and `azimuth convert` write, by the name of the file. */
#ifndef AZ_CLI_EXCHANGE_TARGET_H
#define AZ_CLI_EXCHANGE_TARGET_H

#include "azimuth/exchange.h"
#include "cli/arguments.h"

struct az_exchange_target {
    const char *path;
    bool is_array; /* npy or csv */
    enum az_exchange_form form;
    enum az_container container;
    enum az_compression compression;
};

/* By the ending: .safetensors, .h5 or .hdf5, .npy, .csv; and by --compression. AZ_USAGE: another
 * ending, or a compression for what is not compressed. */
enum az_status az_exchange_target(struct az_exchange_target *target,
                                  const struct az_arguments *arguments, const char *path,
                                  struct az_error *error);

#define AZ_OPTION_COMPRESSION                                                                      \
    {                                                                                              \
        "--compression", NULL, "NAME", "fast", AZ_COMPLETE_NONE, false, false,                     \
            "of an .h5 file:" AZ_COMPRESSION_TABLE(AZ_OPTION_NAME)                                 \
    }

/* "FIRST:END:EVERY", all of them optional, as Python slices; one number N means N:N+1. every may be
 * NULL. AZ_USAGE names the option. */
enum az_status az_exchange_range(const struct az_arguments *arguments, const char *option,
                                 int64_t *first, int64_t *end, int64_t *every,
                                 struct az_error *error);

/* One line on stdout of what was written. */
void az_exchange_tell(const struct az_exchange_target *target,
                      const struct az_exchange_result *result);

#endif
