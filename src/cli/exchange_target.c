#include "cli/exchange_target.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/unit.h"
#include "config/number.h"

static const struct {
    const char *ending;
    bool is_array;
    enum az_exchange_form form;
    enum az_container container;
} endings[] = {
    {".safetensors", false, AZ_EXCHANGE_NPY, AZ_CONTAINER_SAFETENSORS},
    {".h5", false, AZ_EXCHANGE_NPY, AZ_CONTAINER_HDF5},
    {".hdf5", false, AZ_EXCHANGE_NPY, AZ_CONTAINER_HDF5},
    {".npy", true, AZ_EXCHANGE_NPY, AZ_CONTAINER_SAFETENSORS},
    {".csv", true, AZ_EXCHANGE_CSV, AZ_CONTAINER_SAFETENSORS},
};

static enum az_status choose_compression(struct az_exchange_target *target,
                                         const struct az_arguments *arguments,
                                         struct az_error *error)
{
    static const char *const names[] = {
#define COMPRESSION_NAME(id, name, meaning) [id] = name,
        AZ_COMPRESSION_TABLE(COMPRESSION_NAME)
#undef COMPRESSION_NAME
    };
    const char *wanted = az_arguments_value(arguments, "--compression");
    bool hdf5 = !target->is_array && target->container == AZ_CONTAINER_HDF5;
    target->compression = AZ_COMPRESSION_FAST;
    if (!wanted) return AZ_OK;
    if (!hdf5)
        return az_error_raise(error, AZ_USAGE,
                              "--compression is for .h5 files; %s is not compressed", target->path);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        if (strcmp(names[n], wanted) != 0) continue;
        target->compression = (enum az_compression)n;
        return AZ_OK;
    }
    return az_error_raise(error, AZ_USAGE, "--compression %.40s: expected one of%s", wanted,
                          AZ_COMPRESSION_TABLE(AZ_OPTION_NAME));
}

enum az_status az_exchange_target(struct az_exchange_target *target,
                                  const struct az_arguments *arguments, const char *path,
                                  struct az_error *error)
{
    size_t length = strlen(path);
    for (size_t n = 0; n < sizeof endings / sizeof endings[0]; n++) {
        size_t ending = strlen(endings[n].ending);
        if (length <= ending || strcmp(path + length - ending, endings[n].ending) != 0) continue;
        *target = (struct az_exchange_target){.path = path,
                                              .is_array = endings[n].is_array,
                                              .form = endings[n].form,
                                              .container = endings[n].container};
        return choose_compression(target, arguments, error);
    }
    return az_error_raise(error, AZ_USAGE,
                          "%s: the ending says what is written: .safetensors, .h5, .npy or .csv",
                          path);
}

/* The number between two colons; *value is left alone where there is none. */
static bool take_number(const char **at, int64_t *value)
{
    char text[24];
    size_t length = strcspn(*at, ":");
    if (length >= sizeof text) return false;
    memcpy(text, *at, length);
    text[length] = 0;
    *at += length;
    return length == 0 || (az_number_parse_integer(text, value) && *value >= 0);
}

enum az_status az_exchange_range(const struct az_arguments *arguments, const char *option,
                                 int64_t *first, int64_t *end, int64_t *every,
                                 struct az_error *error)
{
    const char *text = az_arguments_value(arguments, option), *at = text;
    int64_t numbers[3] = {0, 0, 1};
    if (!text) return AZ_OK;
    bool single = !strchr(text, ':'), good = *text && take_number(&at, &numbers[0]);
    for (int n = 1; good && *at == ':' && n < (every ? 3 : 2); n++) {
        at++;
        good = take_number(&at, &numbers[n]) && (n < 2 || numbers[n] > 0);
    }
    if (single) numbers[1] = numbers[0] + 1;
    if (!good || *at || (numbers[1] && numbers[1] <= numbers[0]))
        return az_error_raise(error, AZ_USAGE,
                              "%s %.40s: expected FIRST:END%s with END after FIRST, or one number",
                              option, text, every ? ":EVERY" : "");
    *first = numbers[0];
    *end = numbers[1];
    if (every) *every = numbers[2];
    return AZ_OK;
}

/* Of the file that was written: values take more room than the bits they were recorded as. */
static uint64_t bytes_of_file(const char *path, uint64_t frame_bytes)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size
                                                             : frame_bytes;
}

void az_exchange_tell(const struct az_exchange_target *target,
                      const struct az_exchange_result *result)
{
    char frames[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES], text[AZ_HASH_TEXT_BYTES];
    az_unit_count((uint64_t)result->frames, frames);
    az_unit_bytes(bytes_of_file(target->path, result->bytes), bytes);
    az_hash_text(result->fingerprint, text);
    printf("%s: %s frame%s, %s", target->path, frames, result->frames == 1 ? "" : "s", bytes);
    printf(target->is_array ? "\n" : ", fingerprint %s\n", text);
}
