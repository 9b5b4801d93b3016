#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/simulate_center.h"
#include "cli/snow_report.h"
#include "config/number.h"

#define MOST_SCALES 1000

/* What the three commands differ in. */
struct kind {
    const char *name;
    enum az_center reference;
    int64_t population, survivors, trials;
    const char *scales;
};

static const struct kind snowball = {"snowball", AZ_CENTER_CENTROID, 2100, 2100, 1000, "1.5e-9"};
static const struct kind valley = {
    "monument-valley", AZ_CENTER_CENTROID, 151936, 2221, 100, "1.4e-9,1.6e-9,2.78e-9,5.99e-9,2e-8"};
static const struct kind sweep = {"sigma-sweep", AZ_CENTER_VECTOR, 2200, 2200, 20, "1e-9:1e-7:50"};

/* "A,B,C" or "FROM:TO:COUNT", COUNT points of a logarithmic scale. */
static enum az_status parse_scales(const char *text, double *scales, size_t *count,
                                   struct az_error *error)
{
    char copy[4096], *next = copy;
    double from, to;
    int64_t points;
    if (strlen(text) >= sizeof copy) return az_error_raise(error, AZ_USAGE, "--scale is too long");
    snprintf(copy, sizeof copy, "%s", text);
    char *first = strchr(copy, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    *count = 0;
    if (second) {
        *first = *second = 0;
        if (az_number_parse(copy, &from) && az_number_parse(first + 1, &to) && from > 0 &&
            to > from && az_number_parse_integer(second + 1, &points) && points >= 2 &&
            points <= MOST_SCALES) {
            for (; *count < (size_t)points; ++*count)
                scales[*count] = from * pow(to / from, (double)*count / (double)(points - 1));
            return AZ_OK;
        }
    }
    while (!second && next && *count < MOST_SCALES) {
        char *comma = strchr(next, ',');
        if (comma) *comma = 0;
        if (!az_number_parse(next, &scales[*count]) || !(scales[*count] > 0)) break;
        ++*count;
        next = comma ? comma + 1 : NULL;
        if (!next) return AZ_OK;
    }
    return az_error_raise(error, AZ_USAGE,
                          "--scale %.100s: expected numbers above 0 such as 1.5e-9,2e-8, or "
                          "FROM:TO:COUNT such as 1e-9:1e-7:50",
                          text);
}

static enum az_status parse_name(const struct az_arguments *arguments, const char *option,
                                 const char *const *names, int count, int *value,
                                 struct az_error *error)
{
    const char *given = az_arguments_value(arguments, option);
    char list[256] = "";
    if (!given) return AZ_OK;
    for (int n = 0; n < count; n++) {
        if (strcmp(given, names[n]) == 0) {
            *value = n;
            return AZ_OK;
        }
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s %s", n ? "," : "", names[n]);
    }
    return az_error_raise(error, AZ_USAGE, "%s: there is no \"%.100s\"; there are%s", option, given,
                          list);
}

struct setting {
    struct az_snow snow;
    enum az_center reference;
    int64_t trials;
    size_t scale_count;
    double scales[MOST_SCALES];
};

static enum az_status read_setting(const struct az_arguments *arguments, const struct kind *kind,
                                   struct setting *setting, struct az_error *error)
{
#define NAME_OF(id, name, meaning) name,
    static const char *const references[] = {AZ_CENTER_TABLE(NAME_OF)};
    static const char *const noises[] = {AZ_NOISE_TABLE(NAME_OF)};
#undef NAME_OF
    enum az_status status = AZ_OK;
    int reference = (int)kind->reference, noise = AZ_NOISE_GAUSSIAN;
    int64_t seed = 42, population = kind->population, survivors = kind->survivors;
    const char *scales = az_arguments_value(arguments, "--scale");
    setting->trials = kind->trials;
    AZ_TRY(az_arguments_integer(arguments, "--rows", 1, 1 << 24, &survivors, error));
    if (kind->population == kind->survivors)
        population = survivors;
    else
        AZ_TRY(az_arguments_integer(arguments, "--population", 1, 1 << 24, &population, error));
    AZ_TRY(az_arguments_integer(arguments, "--trials", 1, 1 << 20, &setting->trials, error));
    AZ_TRY(az_arguments_integer(arguments, "--seed", 0, INT64_MAX, &seed, error));
    AZ_TRY(parse_name(arguments, "--reference", references, AZ_CENTER_COUNT, &reference, error));
    AZ_TRY(parse_name(arguments, "--noise", noises, sizeof noises / sizeof *noises, &noise, error));
    AZ_TRY(parse_scales(scales ? scales : kind->scales, setting->scales, &setting->scale_count,
                        error));
    setting->reference = (enum az_center)reference;
    setting->snow = (struct az_snow){.noise = (enum az_noise)noise,
                                     .population = population,
                                     .survivors = survivors,
                                     .seed = (uint64_t)seed};
out:
    return status;
}

static enum az_status find_laws(const struct az_snow *plans, size_t count, struct az_snow_law *laws,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t p = 0; p < count && status == AZ_OK; p++)
        status = az_snow_law(&plans[p], &laws[p], error);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, const struct kind *kind,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    static struct setting setting;
    struct az_pool *pool = NULL;
    struct az_simulate_center center = {0};
    struct az_snow *plans = NULL;
    struct az_snow_trial *results = NULL;
    struct az_snow_law *laws = NULL;
    const char *directory = az_arguments_value(arguments, "--output");
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(read_setting(arguments, kind, &setting, error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_simulate_center_read(&center, arguments, setting.reference, setting.snow.seed, pool,
                                   progress, error));
    setting.snow.center = center.values;
    setting.snow.dims = center.dims;
    size_t count = setting.scale_count, trials = (size_t)setting.trials;
    AZ_TRY(az_memory_allocate(&plans, count, sizeof *plans, "the plans", error));
    AZ_TRY(az_memory_allocate(&laws, count, sizeof *laws, "the laws", error));
    AZ_TRY(az_memory_allocate(&results, count * trials, sizeof *results, "the trials", error));
    for (size_t p = 0; p < count; p++) {
        plans[p] = setting.snow;
        plans[p].scale = setting.scales[p];
    }
    AZ_TRY(az_snow_run(plans, count, trials, results, pool, progress, error));
    bool law = setting.snow.noise == AZ_NOISE_GAUSSIAN || setting.snow.noise == AZ_NOISE_LAPLACE;
    if (law) AZ_TRY(find_laws(plans, count, laws, error));
    az_bar_end(&bar);
    struct az_snow_report report = {.name = kind->name,
                                    .plans = plans,
                                    .plan_count = count,
                                    .trials = trials,
                                    .results = results,
                                    .laws = law ? laws : NULL,
                                    .reference = center.name,
                                    .model = &center.model};
    az_snow_report_print(&report);
    if (directory) AZ_TRY(az_snow_report_write(&report, directory, error));
out:
    az_bar_end(&bar);
    az_pool_free(pool);
    az_memory_free(center.values);
    az_memory_free(plans);
    az_memory_free(laws);
    az_memory_free(results);
    return status;
}

static enum az_status run_snowball(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, &snowball, error);
}
static enum az_status run_valley(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, &valley, error);
}
static enum az_status run_sweep(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, &sweep, error);
}

#define OPTION_OUTPUT                                                                              \
    {                                                                                              \
        "--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,                        \
            "writes NAME_trials.csv and NAME_summary.csv there and, for two scales or more, "      \
            "NAME.png with its numbers and script"                                                 \
    }
#define OPTION_SCALE(scales)                                                                       \
    {                                                                                              \
        "--scale", NULL, "LIST", scales, AZ_COMPLETE_NONE, false, false,                           \
            "scales of the noise in weight units: numbers with commas between, or FROM:TO:COUNT "  \
            "for a logarithmic grid"                                                               \
    }
#define OPTION_ROWS(rows, help)                                                                    \
    {                                                                                              \
        "--rows", NULL, "N", rows, AZ_COMPLETE_NONE, false, false, help                            \
    }
#define OPTION_TRIALS(trials)                                                                      \
    {                                                                                              \
        "--trials", NULL, "N", trials, AZ_COMPLETE_NONE, false, false, "trials of each scale"      \
    }
#define OPTION_REFERENCE(name)                                                                     \
    {                                                                                              \
        "--reference", NULL, "NAME", name, AZ_COMPLETE_NONE, false, false,                         \
            "the point that rows are scattered about: vector (a lattice point with the exponents " \
            "of Qwen 3 4B's token 80091), centroid (off the lattice as the core's centroid is), "  \
            "centred (a random vector in the centred frame, where the notebooks went wrong)"       \
    }
#define OPTION_NOISE                                                                               \
    {                                                                                              \
        "--noise", NULL, "NAME", "gaussian", AZ_COMPLETE_NONE, false, false,                       \
            "gaussian, laplace, ball or shell"                                                     \
    }
#define OPTION_SEED                                                                                \
    {                                                                                              \
        "--seed", NULL, "N", "42", AZ_COMPLETE_NONE, false, false, "seed of all random numbers"    \
    }

#define WHAT_SNOW_IS                                                                               \
    "Each row is the reference plus noise, rounded to bf16 once. The table has means over trials " \
    "and the standard deviation between trials; beside them, where dimensions are independent, "   \
    "what the law of rounding expects: the probability of each lattice point in closed form."

static const struct az_option snowball_options[] = {
    OPTION_OUTPUT,
    OPTION_SCALE("1.5e-9"),
    OPTION_ROWS("2100", "rows of a trial"),
    OPTION_TRIALS("1000"),
    OPTION_REFERENCE("centroid"),
    AZ_CENTER_OPTIONS,
    OPTION_NOISE,
    OPTION_SEED,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_simulate_snowball = {
    .name = "simulate snowball",
    .summary = "scatters rows, rounds, counts black holes",
    .operands = "",
    .description = WHAT_SNOW_IS,
    .options = snowball_options,
    .examples = "azimuth simulate snowball\n"
                "azimuth simulate snowball --reference centred  # the frame of the notebooks\n",
    .run = run_snowball,
};

static const struct az_option valley_options[] = {
    OPTION_OUTPUT,
    OPTION_SCALE("1.4e-9,1.6e-9,2.78e-9,5.99e-9,2e-8"),
    OPTION_ROWS("2221", "rows that survive the cull"),
    {"--population", NULL, "N", "151936", AZ_COMPLETE_NONE, false, false,
     "rows before the cull, a whole vocabulary"},
    OPTION_TRIALS("100"),
    OPTION_REFERENCE("centroid"),
    AZ_CENTER_OPTIONS,
    OPTION_NOISE,
    OPTION_SEED,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_simulate_valley = {
    .name = "simulate monument-valley",
    .summary = "a vocabulary culled to a few",
    .operands = "",
    .description = "All rows start about the reference and a uniform choice of them survives, as "
                   "tokens do that training leaves alone. A uniform cull changes nothing in the "
                   "law of the survivors, so only they are drawn. " WHAT_SNOW_IS,
    .options = valley_options,
    .examples = "azimuth simulate monument-valley --trials 300 -o valley\n"
                "azimuth simulate monument-valley --noise ball --scale 1.42e-7,3.59e-7\n",
    .run = run_valley,
};

static const struct az_option sweep_options[] = {
    OPTION_OUTPUT,
    OPTION_SCALE("1e-9:1e-7:50"),
    OPTION_ROWS("2200", "rows of a trial"),
    OPTION_TRIALS("20"),
    OPTION_REFERENCE("vector"),
    AZ_CENTER_OPTIONS,
    OPTION_NOISE,
    OPTION_SEED,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_simulate_sweep = {
    .name = "simulate sigma-sweep",
    .summary = "black holes against the noise",
    .operands = "",
    .description = WHAT_SNOW_IS,
    .options = sweep_options,
    .examples = "azimuth simulate sigma-sweep -o sweep\n"
                "azimuth simulate sigma-sweep --scale 1e-8,2.024e-8 --trials 200\n"
                "azimuth simulate sigma-sweep --from model.safetensors --token 124\n",
    .run = run_sweep,
};
