#include "sky/census_files.h"

#include "base/memory.h"
#include "store/file.h"

#define PATH_BYTES 4096

enum az_status az_census_print_json(const struct az_census *census, FILE *file,
                                    struct az_error *error)
{
    char *text;
    size_t length;
    enum az_status status = az_census_json(census, &text, &length, error);
    if (status != AZ_OK) return status;
    if (fwrite(text, 1, length, file) != length)
        status = az_error_raise(error, AZ_IO, "cannot write the census");
    az_memory_free(text);
    return status;
}

static enum az_status write_json(const struct az_census *census, const char *path,
                                 struct az_error *error)
{
    char *text;
    size_t length;
    enum az_status status = az_census_json(census, &text, &length, error);
    if (status == AZ_OK) status = az_file_write(path, text, length, error);
    az_memory_free(text);
    return status;
}

enum az_status az_census_write(const struct az_census *census, const char *directory,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_directory_create(directory, error));
    az_progress_begin(progress);
    az_progress_tell(progress, "writing the census", "file", 0, 4, "masks");
    AZ_TRY(az_path_join(path, sizeof path, directory, "masks.safetensors", error));
    AZ_TRY(az_census_masks(census, path, error));
    az_progress_tell(progress, "writing the census", "file", 1, 4, "tables");
    AZ_TRY(az_census_tables(census, directory, error));
    az_progress_tell(progress, "writing the census", "file", 2, 4, "catalog");
    AZ_TRY(az_path_join(path, sizeof path, directory, "catalog.sqlite", error));
    AZ_TRY(az_census_catalog(census, path, error));
    az_progress_tell(progress, "writing the census", "file", 3, 4, "census.json");
    AZ_TRY(az_path_join(path, sizeof path, directory, "census.json", error));
    AZ_TRY(write_json(census, path, error));
    az_progress_end(progress, "writing the census", "file", 4, 4, "");
out:
    return status;
}
