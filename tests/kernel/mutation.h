/* mutation.h: kernels that are wrong on purpose, to show that the comparison sees it. */
#ifndef AZ_TESTS_KERNEL_MUTATION_H
#define AZ_TESTS_KERNEL_MUTATION_H

#include "azimuth/kernel.h"

struct mutation {
    const char *name; /* of the kernel, then what is wrong with it */
    void (*apply)(struct az_kernels *kernels);
};

extern const struct mutation az_test_mutations[];
extern const size_t az_test_mutation_count;

/* kernels with the mutation applied; the honest functions are called through a copy. */
void az_test_mutate(struct az_kernels *kernels, const struct mutation *mutation);

#endif
