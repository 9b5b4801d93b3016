#define _DEFAULT_SOURCE
#include "cli/preset.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "store/file.h"

#define SUFFIX ".conf"

static const char *const folders[] = {"experiments", AZ_PRESET_FOLDER};

static bool is_path(const char *name)
{
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    return strchr(name, '/') || (length > suffix && strcmp(name + length - suffix, SUFFIX) == 0);
}

enum az_status az_preset_read(struct az_experiment *experiment, const char *name,
                              struct az_error *error)
{
    char path[AZ_TEXT_BYTES];
    az_experiment_init(experiment);
    if (is_path(name)) return az_experiment_read(experiment, name, error);
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        int length = snprintf(path, sizeof path, "%s/%s" SUFFIX, folders[f], name);
        if (length < (int)sizeof path && az_file_exists(path))
            return az_experiment_read(experiment, path, error);
    }
    return az_error_raise(error, AZ_MISSING,
                          "no preset \"%.100s\": neither experiments/%.100s" SUFFIX
                          " nor one in " AZ_PRESET_FOLDER
                          "; the path of an experiment file will do as well",
                          name, name);
}

static enum az_status visit_path(const char *path,
                                 enum az_status (*visit)(void *, const char *, struct az_error *),
                                 void *context, struct az_error *error)
{
    char name[AZ_TEXT_BYTES];
    const char *file = strrchr(path, '/') + 1;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(SUFFIX)), file);
    return visit(context, name, error);
}

enum az_status az_preset_visit(enum az_status (*visit)(void *, const char *, struct az_error *),
                               void *context, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char pattern[AZ_TEXT_BYTES];
    glob_t found;
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        snprintf(pattern, sizeof pattern, "%s/*" SUFFIX, folders[f]);
        if (glob(pattern, 0, NULL, &found) != 0) continue;
        for (size_t n = 0; n < found.gl_pathc && status == AZ_OK; n++)
            status = visit_path(found.gl_pathv[n], visit, context, error);
        globfree(&found);
        return status;
    }
    return az_error_raise(error, AZ_MISSING,
                          "no presets: neither experiments/ here nor " AZ_PRESET_FOLDER
                          "; name experiment files instead");
}
