#define _DEFAULT_SOURCE
#include "cli/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azimuth/build.h"
#include "base/cpu.h"
#include "base/memory.h"

static enum az_status add_named(struct az_bench_isas *isas, const char *name,
                                struct az_error *error)
{
    struct az_kernels kernels;
    enum az_status status = az_kernels_default(&kernels, name, error);
    if (status != AZ_OK) return status;
    for (size_t n = 0; n < isas->count; n++)
        if (isas->list[n] == kernels.isa) return AZ_OK;
    isas->list[isas->count++] = kernels.isa;
    return AZ_OK;
}

enum az_status az_bench_isas(const struct az_arguments *arguments, struct az_bench_isas *isas,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *name;
    size_t cursor = 0;
    isas->count = 0;
    while ((name = az_arguments_next(arguments, "--isa", &cursor)))
        AZ_TRY(add_named(isas, name, error));
    for (int isa = AZ_ISA_REFERENCE + 1; cursor == 0 && isa < AZ_ISA_COUNT; isa++)
        if (az_isa_available((enum az_isa)isa)) isas->list[isas->count++] = (enum az_isa)isa;
    if (isas->count == 0) isas->list[isas->count++] = AZ_ISA_REFERENCE;
out:
    return status;
}

struct machine {
    char processor[256];
    long processors;
    double load; /* of the last minute; negative where unknown */
};

static struct machine look(void)
{
    struct machine machine = {.processors = sysconf(_SC_NPROCESSORS_ONLN), .load = -1};
    az_cpu_name(machine.processor, sizeof machine.processor);
    if (getloadavg(&machine.load, 1) != 1) machine.load = -1;
    return machine;
}

void az_bench_print_machine(void)
{
    struct machine machine = look();
    printf("machine     %s, %ld processor%s", machine.processor, machine.processors,
           machine.processors == 1 ? "" : "s");
    if (machine.load >= 0) printf("; load %.1f in the last minute", machine.load);
    printf("\nazimuth     %s, revision %s, %s\n", az_build_version(), az_build_revision(),
           az_build_compiler());
}

void az_bench_add_machine(struct az_json *json)
{
    struct machine machine = look();
    az_json_open(json, "machine", '{');
    az_json_text(json, "processor", machine.processor);
    az_json_integer(json, "processors", machine.processors);
    if (machine.load >= 0) az_json_real(json, "load", machine.load);
    az_json_text(json, "version", az_build_version());
    az_json_text(json, "revision", az_build_revision());
    az_json_text(json, "compiler", az_build_compiler());
    az_json_close(json, '}');
}
