/* commands.h: the list of subcommands, in the order of the help. Each is in command_NAME.c. */
#ifndef AZ_CLI_COMMANDS_H
#define AZ_CLI_COMMANDS_H

#include "cli/command.h"

#define AZ_COMMANDS(X)                                                                             \
    X(az_command_train)                                                                            \
    X(az_command_sweep)                                                                            \
    X(az_command_account)                                                                          \
    X(az_command_ledger)                                                                           \
    X(az_command_motion)                                                                           \
    X(az_command_lifecycle)                                                                        \
    X(az_command_kinematics)                                                                       \
    X(az_command_hidden)                                                                           \
    X(az_command_structure)                                                                        \
    X(az_command_plot)                                                                             \
    X(az_command_report)                                                                           \
    X(az_command_info)                                                                             \
    X(az_command_verify)                                                                           \
    X(az_command_compare)                                                                          \
    X(az_command_export)                                                                           \
    X(az_command_convert)                                                                          \
    X(az_command_corpus)                                                                           \
    X(az_command_tokenizer_train)                                                                  \
    X(az_command_tokenizer_encode)                                                                 \
    X(az_command_tokenizer_decode)                                                                 \
    X(az_command_tokenizer_inspect)                                                                \
    X(az_command_tokenizer_survey)                                                                 \
    X(az_command_tokenizer_reach)                                                                  \
    X(az_command_tokenizer_usage)                                                                  \
    X(az_command_sky)                                                                              \
    X(az_command_telescope)                                                                        \
    X(az_command_tomography)                                                                       \
    X(az_command_views)                                                                            \
    X(az_command_census)                                                                           \
    X(az_command_frame)                                                                            \
    X(az_command_simulate_galaxy)                                                                  \
    X(az_command_neighbours)                                                                       \
    X(az_command_inspect)                                                                          \
    X(az_command_simulate_snowball)                                                                \
    X(az_command_simulate_valley)                                                                  \
    X(az_command_simulate_pachinko)                                                                \
    X(az_command_simulate_drift)                                                                   \
    X(az_command_simulate_sweep)                                                                   \
    X(az_command_bench_kernels)                                                                    \
    X(az_command_bench_presets)                                                                    \
    X(az_command_bench_targets)                                                                    \
    X(az_command_completion)                                                                       \
    X(az_command_help)

#define AZ_COMMAND_DECLARATION(id) extern const struct az_command id;
AZ_COMMANDS(AZ_COMMAND_DECLARATION)
#undef AZ_COMMAND_DECLARATION

#endif
