/* The sweep file, and which experiment is which run. */
#include "azimuth/sweep.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/raise.h"
#include "base/suggest.h"
#include "config/lines.h"

enum section { SWEEP, SET, VARY, SECTIONS };
static const char *const section_names[SECTIONS] = {"sweep", "set", "vary"};

enum key { NAME, QUESTION, BASE, GRID, KEYS };
static const char *const key_names[KEYS] = {"name", "question", "base", "grid"};

static const char *const grid_names[] = {
#define SWEEP_NAME(id, name, meaning) [id] = name,
    AZ_SWEEP_GRID_TABLE(SWEEP_NAME)
#undef SWEEP_NAME
};

struct parser {
    struct az_sweep *sweep;
    enum section section;
    bool seen[SECTIONS], set[KEYS];
};

/* The index of a name in a list; AZ_USAGE with the nearest when it is not there. */
static enum az_status find(const char *const *names, size_t count, const char *kind,
                           const char *name, size_t *index, struct az_error *error)
{
    struct az_suggest suggest;
    az_suggest_init(&suggest, name);
    for (*index = 0; *index < count; (*index)++) {
        if (strcmp(names[*index], name) == 0) return AZ_OK;
        az_suggest_offer(&suggest, names[*index]);
    }
    const char *best = az_suggest_best(&suggest);
    return az_error_raise(error, AZ_USAGE, "unknown %s \"%.80s\"; expected %s", kind, name,
                          best ? best : names[0]);
}

static enum az_status take_section(void *context, int line, const char *name,
                                   struct az_error *error)
{
    (void)line;
    struct parser *parser = context;
    size_t section;
    enum az_status status = find(section_names, SECTIONS, "section", name, &section, error);
    if (status != AZ_OK || section >= SECTIONS) return status;
    if (parser->seen[section])
        return az_error_raise(error, AZ_USAGE, "section [%s] comes twice", name);
    parser->seen[section] = true;
    parser->section = (enum section)section;
    return AZ_OK;
}

static enum az_status copy_text(char to[AZ_TEXT_BYTES], const char *value, struct az_error *error)
{
    if (strlen(value) >= AZ_TEXT_BYTES)
        return az_error_raise(error, AZ_USAGE, "longer than %d bytes", AZ_TEXT_BYTES - 1);
    memcpy(to, value, strlen(value) + 1);
    return AZ_OK;
}

/* The base stands beside the sweep file, unless its path is absolute. */
static enum az_status read_base(struct az_sweep *sweep, const char *value, struct az_error *error)
{
    char path[AZ_TEXT_BYTES];
    const char *slash = strrchr(sweep->path, '/');
    int folder = value[0] == '/' || !slash ? 0 : (int)(slash - sweep->path) + 1;
    int length = snprintf(path, sizeof path, "%.*s%s", folder, sweep->path, value);
    if (length < 0 || (size_t)length >= sizeof path)
        return az_error_raise(error, AZ_USAGE, "the path is too long: %.80s...", value);
    az_experiment_init(&sweep->base);
    return az_experiment_read(&sweep->base, path, error);
}

static enum az_status take_key(struct parser *parser, const char *name, const char *value,
                               struct az_error *error)
{
    struct az_sweep *sweep = parser->sweep;
    size_t key, grid;
    enum az_status status = find(key_names, KEYS, "key in [sweep]", name, &key, error);
    if (status != AZ_OK || key >= KEYS) return status;
    if (parser->set[key]) return az_error_raise(error, AZ_USAGE, "key \"%s\" comes twice", name);
    parser->set[key] = true;
    switch ((enum key)key) {
    case NAME: return copy_text(sweep->name, value, error);
    case QUESTION: return copy_text(sweep->question, value, error);
    case BASE: return read_base(sweep, value, error);
    default:
        status =
            find(grid_names, sizeof grid_names / sizeof *grid_names, "grid", value, &grid, error);
        if (status == AZ_OK) sweep->grid = (enum az_sweep_grid)grid;
        return status;
    }
}

static enum az_status take_setting(struct az_sweep *sweep, const char *name, const char *value,
                                   struct az_error *error)
{
    char assignment[2 * AZ_TEXT_BYTES];
    struct az_experiment experiment;
    size_t length = strlen(name);
    for (size_t s = 0; s < sweep->setting_count; s++)
        if (strncmp(sweep->settings[s], name, length) == 0 && sweep->settings[s][length] == '=')
            return az_error_raise(error, AZ_USAGE, "key \"%s\" comes twice in [set]", name);
    if (sweep->setting_count == AZ_SWEEP_SETTINGS)
        return az_error_raise(error, AZ_USAGE, "more than %d settings", AZ_SWEEP_SETTINGS);
    snprintf(assignment, sizeof assignment, "%s=%s", name, value);
    az_experiment_init(&experiment);
    enum az_status status = az_experiment_override(&experiment, assignment, error);
    if (status != AZ_OK) return status;
    return az_memory_copy_string(&sweep->settings[sweep->setting_count++], assignment, error);
}

static enum az_status add_value(struct az_sweep_axis *axis, const char *value, size_t length,
                                struct az_error *error)
{
    while (length && value[0] == ' ') value++, length--;
    while (length && value[length - 1] == ' ') length--;
    char text[AZ_TEXT_BYTES], assignment[2 * AZ_TEXT_BYTES];
    struct az_experiment experiment;
    if (length == 0 || length >= sizeof text)
        return az_error_raise(error, AZ_USAGE, "%s: expected values separated by commas",
                              axis->key);
    memcpy(text, value, length);
    text[length] = 0;
    for (size_t v = 0; v < axis->value_count; v++)
        if (strcmp(axis->values[v], text) == 0)
            return az_error_raise(error, AZ_USAGE, "%s: the value %s comes twice", axis->key, text);
    if (axis->value_count == AZ_SWEEP_VALUES)
        return az_error_raise(error, AZ_USAGE, "%s: more than %d values", axis->key,
                              AZ_SWEEP_VALUES);
    snprintf(assignment, sizeof assignment, "%s=%s", axis->key, text);
    az_experiment_init(&experiment);
    enum az_status status = az_experiment_override(&experiment, assignment, error);
    if (status != AZ_OK) return status;
    return az_memory_copy_string(&axis->values[axis->value_count++], text, error);
}

static enum az_status take_axis(struct az_sweep *sweep, const char *name, const char *value,
                                struct az_error *error)
{
    for (size_t a = 0; a < sweep->axis_count; a++)
        if (strcmp(sweep->axes[a].key, name) == 0)
            return az_error_raise(error, AZ_USAGE, "key \"%s\" comes twice in [vary]", name);
    if (sweep->axis_count == AZ_SWEEP_AXES)
        return az_error_raise(error, AZ_USAGE, "more than %d axes", AZ_SWEEP_AXES);
    struct az_sweep_axis *axis = &sweep->axes[sweep->axis_count++];
    if (strlen(name) >= sizeof axis->key)
        return az_error_raise(error, AZ_USAGE, "unknown key \"%.100s\"", name);
    memcpy(axis->key, name, strlen(name) + 1);
    for (const char *start = value;;) {
        const char *comma = strchr(start, ',');
        size_t length = comma ? (size_t)(comma - start) : strlen(start);
        enum az_status status = add_value(axis, start, length, error);
        if (status != AZ_OK || !comma) return status;
        start = comma + 1;
    }
}

static enum az_status take_assignment(void *context, int line, const char *name, const char *value,
                                      struct az_error *error)
{
    (void)line;
    struct parser *parser = context;
    switch (parser->section) {
    case SWEEP: return take_key(parser, name, value, error);
    case SET: return take_setting(parser->sweep, name, value, error);
    default: return take_axis(parser->sweep, name, value, error);
    }
}

/* Every run is a valid experiment. */
static enum az_status check_runs(const struct az_sweep *sweep, struct az_error *error)
{
    struct az_experiment experiment;
    struct az_error why;
    size_t count = az_sweep_run_count(sweep);
    if (count > AZ_SWEEP_RUNS)
        return az_error_raise(error, AZ_USAGE, "%zu runs; a sweep has at most %d", count,
                              AZ_SWEEP_RUNS);
    for (size_t run = 0; run < count; run++) {
        char name[AZ_SWEEP_NAME_BYTES];
        az_error_clear(&why);
        enum az_status status = az_sweep_experiment(sweep, run, &experiment, &why);
        if (status == AZ_OK) continue;
        az_sweep_name(sweep, run, name);
        return az_error_raise(error, status, "run %s: %s", name, why.message);
    }
    return AZ_OK;
}

enum az_status az_sweep_read(struct az_sweep *sweep, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct parser parser = {.sweep = sweep};
    struct az_lines_visitor visitor = {&parser, take_section, take_assignment};
    char *text = NULL;
    size_t length_bytes;
    memset(sweep, 0, sizeof *sweep);
    AZ_TRY(az_lines_load(path, "sweep file", &text, &length_bytes, error));
    snprintf(sweep->path, sizeof sweep->path, "%s", path);
    AZ_TRY(az_lines_parse(&visitor, path, text, length_bytes, error));
    if (!parser.set[NAME]) snprintf(sweep->name, sizeof sweep->name, "%s", path);
    if (!parser.set[BASE])
        AZ_RAISE(AZ_USAGE, "[sweep] base is missing: the experiment file that is varied");
    if (sweep->axis_count == 0)
        AZ_RAISE(AZ_USAGE, "[vary] is missing or empty: name a key and its values, "
                           "optimizer.arithmetic = bf16, f32");
    AZ_TRY(check_runs(sweep, error));
out:
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    az_memory_free(text);
    return status;
}

void az_sweep_free(struct az_sweep *sweep)
{
    for (size_t s = 0; s < sweep->setting_count; s++) az_memory_free(sweep->settings[s]);
    for (size_t a = 0; a < sweep->axis_count; a++)
        for (size_t v = 0; v < sweep->axes[a].value_count; v++)
            az_memory_free(sweep->axes[a].values[v]);
    memset(sweep, 0, sizeof *sweep);
}

/* ---- runs ---- */

size_t az_sweep_run_count(const struct az_sweep *sweep)
{
    size_t product = 1, each = 1;
    for (size_t a = 0; a < sweep->axis_count; a++) {
        product *= sweep->axes[a].value_count; /* 64^8 fits */
        each += sweep->axes[a].value_count - 1;
    }
    return sweep->grid == AZ_SWEEP_EACH ? each : product;
}

void az_sweep_indices(const struct az_sweep *sweep, size_t run, size_t indices[AZ_SWEEP_AXES])
{
    memset(indices, 0, AZ_SWEEP_AXES * sizeof *indices);
    if (sweep->grid == AZ_SWEEP_PRODUCT) {
        for (size_t a = sweep->axis_count; a-- > 0; run /= sweep->axes[a].value_count)
            indices[a] = run % sweep->axes[a].value_count;
        return;
    }
    if (run == 0) return;
    run--;
    for (size_t a = 0; a < sweep->axis_count; a++) {
        size_t others = sweep->axes[a].value_count - 1;
        if (run < others) {
            indices[a] = run + 1;
            return;
        }
        run -= others;
    }
}

/* The key without its section, unless two axes would then have one name. */
static const char *short_key(const struct az_sweep *sweep, size_t axis)
{
    const char *name = strchr(sweep->axes[axis].key, '.') + 1;
    for (size_t a = 0; a < sweep->axis_count; a++)
        if (a != axis && strcmp(strchr(sweep->axes[a].key, '.') + 1, name) == 0)
            return sweep->axes[axis].key;
    return name;
}

/* Characters that are safe in a file's name on every system; others become an underscore. */
static char safe(char c)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-+=,";
    return strchr(allowed, c) ? c : '_';
}

void az_sweep_name(const struct az_sweep *sweep, size_t run, char name[AZ_SWEEP_NAME_BYTES])
{
    size_t indices[AZ_SWEEP_AXES], used = 0;
    char text[AZ_SWEEP_AXES * (80 + AZ_TEXT_BYTES)];
    az_sweep_indices(sweep, run, indices);
    for (size_t a = 0; a < sweep->axis_count; a++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%s", a ? "," : "",
                                 short_key(sweep, a), sweep->axes[a].values[indices[a]]);
    bool changed = used >= AZ_SWEEP_NAME_BYTES;
    for (size_t c = 0; c < used; c++) {
        changed = changed || safe(text[c]) != text[c];
        text[c] = safe(text[c]);
    }
    if (changed) /* the number tells apart what may now be alike */
        snprintf(name, AZ_SWEEP_NAME_BYTES, "%.180s+%zu", text, run);
    else
        memcpy(name, text, used + 1);
}

enum az_status az_sweep_experiment(const struct az_sweep *sweep, size_t run,
                                   struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t indices[AZ_SWEEP_AXES];
    char assignment[2 * AZ_TEXT_BYTES];
    *experiment = sweep->base;
    for (size_t s = 0; s < sweep->setting_count; s++)
        AZ_TRY(az_experiment_override(experiment, sweep->settings[s], error));
    az_sweep_indices(sweep, run, indices);
    for (size_t a = 0; a < sweep->axis_count; a++) {
        const struct az_sweep_axis *axis = &sweep->axes[a];
        snprintf(assignment, sizeof assignment, "%s=%s", axis->key, axis->values[indices[a]]);
        AZ_TRY(az_experiment_override(experiment, assignment, error));
    }
    AZ_TRY(az_experiment_check(experiment, error));
out:
    return status;
}
