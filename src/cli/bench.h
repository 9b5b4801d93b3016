/* bench.h: what the bench commands share: what they run on, and how they tell it. */
#ifndef AZ_CLI_BENCH_H
#define AZ_CLI_BENCH_H

#include "base/raise.h"
#include "cli/arguments.h"
#include "store/json.h"

struct az_bench_isas {
    enum az_isa list[AZ_ISA_COUNT];
    size_t count;
};

/* Those that --isa names, in its order; by default all that the machine has but the reference. */
enum az_status az_bench_isas(const struct az_arguments *arguments, struct az_bench_isas *isas,
                             struct az_error *error);

/* The machine in two lines: processor, threads, what else was running. */
void az_bench_print_machine(void);
/* The same as an object "machine". */
void az_bench_add_machine(struct az_json *json);

#define AZ_OPTION_BENCH_ISA                                                                        \
    {                                                                                              \
        "--isa", NULL, "NAME", "all but reference", AZ_COMPLETE_ISA, false, true,                  \
            "instruction set to time:" AZ_ISA_TABLE(AZ_OPTION_NAME) ""                             \
    }
#define AZ_OPTION_BENCH_CSV                                                                        \
    {                                                                                              \
        "--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,                             \
            "also writes the figures as comma-separated values"                                    \
    }
#define AZ_OPTION_JSON                                                                             \
    {                                                                                              \
        "--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,                                \
            "prints JSON instead of a table"                                                       \
    }

#endif
