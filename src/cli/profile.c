#include "cli/profile.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/unit.h"

static double loop_seconds(const struct az_train_result *result)
{
    return result->steps_per_second > 0 ? (double)result->steps / result->steps_per_second : 0;
}

double az_profile_other_seconds(const struct az_train_result *result)
{
    double seconds = loop_seconds(result);
    for (size_t p = 0; p < result->phase_count; p++)
        if (result->phases[p].place == AZ_PHASE_LOOP) seconds -= result->phases[p].seconds;
    return seconds > 0 ? seconds : 0;
}

static void print_row(const struct az_train_result *result, const char *name, double seconds)
{
    char ns[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)(seconds * 1e9 / (double)result->steps + 0.5), ns);
    printf("  %-38s %15s %8.1f %%\n", name, ns, 100 * seconds / loop_seconds(result));
}

static void print_place(const struct az_train_result *result, enum az_phase_place place)
{
    for (size_t p = 0; p < result->phase_count; p++)
        if (result->phases[p].place == place)
            print_row(result, result->phases[p].name, result->phases[p].seconds);
}

void az_profile_print(const struct az_train_result *result)
{
    char time[AZ_UNIT_TEXT_BYTES];
    if (result->steps < 1 || loop_seconds(result) <= 0) return;
    printf("\nprofile of %" PRId64 " steps\n", result->steps);
    printf("  %-38s %15s %10s\n", "phase", "ns a step", "share");
    print_place(result, AZ_PHASE_LOOP);
    print_row(result, "other", az_profile_other_seconds(result));
    print_row(result, "a step", loop_seconds(result));
    print_row(result, "processor time of a step, all threads", result->processor_seconds);
    print_place(result, AZ_PHASE_PART);
    print_place(result, AZ_PHASE_BESIDE);
    for (size_t p = 0; p < result->phase_count; p++) {
        if (result->phases[p].place != AZ_PHASE_OUTSIDE) continue;
        az_unit_seconds(result->phases[p].seconds, time);
        printf("  %-38s %15s\n", result->phases[p].name, time);
    }
}
