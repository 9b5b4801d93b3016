#include <inttypes.h>
#include <stdio.h>

#include "azimuth/galaxy.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"

static void print_count(const char *name, int64_t count)
{
    char text[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)count, text);
    printf("%-24s %9s\n", name, text);
}

static void print_truth(const struct az_galaxy_truth *truth)
{
    print_count("unique vectors", truth->unique);
    print_count("rows in excess", truth->excess);
    print_count("black holes", truth->black_holes);
    print_count("tokens in them", truth->black_hole_tokens);
    print_count("neighbourhood, tokens", truth->near_tokens);
    print_count("neighbourhood, vectors", truth->near_vectors);
    print_count("edges at one step", truth->edges);
    print_count("components", truth->components);
    print_count("flood fill, vectors", truth->flood_vectors);
    print_count("core, vectors", truth->core_vectors);
    print_count("Oort cloud, vectors", truth->oort_vectors);
    print_count("halo, tokens", truth->halo_tokens);
    printf("%-24s %9" PRId64 "\n", "token of the centre", truth->center_token);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_galaxy_options options = {AZ_GALAXY_ROWS, AZ_GALAXY_DIMS, 42};
    struct az_galaxy_truth truth;
    struct az_pool *pool = NULL;
    struct az_bar bar;
    int64_t seed = 42;
    int threads;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_integer(arguments, "--rows", 1, INT32_MAX, &options.rows, error));
    AZ_TRY(az_arguments_integer(arguments, "--dims", 1, INT32_MAX, &options.dims, error));
    AZ_TRY(az_arguments_integer(arguments, "--seed", 0, INT64_MAX, &seed, error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    options.seed = (uint64_t)seed;
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_galaxy_write(az_arguments_value(arguments, "--output"), &options, pool, &truth,
                           progress, error));
    az_bar_end(&bar);
    print_truth(&truth);
out:
    az_bar_end(&bar);
    az_pool_free(pool);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", NULL, AZ_COMPLETE_OUTPUT, true, false,
     "the matrix; FILE less .safetensors plus .plan.json and .plan.safetensors say what was "
     "planted"},
    {"--rows", NULL, "N", "151936", AZ_COMPLETE_NONE, false, false, "tokens, at least 8192"},
    {"--dims", NULL, "N", "2560", AZ_COMPLETE_NONE, false, false, "dimensions, at least 2048"},
    {"--seed", NULL, "N", "42", AZ_COMPLETE_NONE, false, false, "of everything that is drawn"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_simulate_galaxy = {
    .name = "simulate galaxy",
    .summary = "makes a full-size matrix with planted truth",
    .operands = "",
    .description =
        "Writes a bf16 matrix whose core is that of Qwen 3 4B as its census was published: 13 "
        "black holes, 112 singletons, their distances in steps, components, exponents and radii; "
        "around it an Oort cloud, a halo in shells, and a bulk with the published norms, mean and "
        "leading covariance. The plan lies beside it. azimuth census must find what was planted, "
        "and nothing else.\n"
        "The full size takes 778 MB. The bytes depend on rows, dims and seed alone.",
    .options = options,
    .examples = "azimuth simulate galaxy -o galaxy.safetensors\n"
                "azimuth simulate galaxy -o small.safetensors --rows 8192 --dims 2048\n",
    .run = run,
};
