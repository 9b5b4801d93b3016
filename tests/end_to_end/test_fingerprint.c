/* Golden fingerprints: the same constants for every instruction set, number of threads, compiler.
 *
 * A constant changes only when the arithmetic is meant to change. `test_fingerprint --print` shows
 * what they are now, by the reference kernels on one thread. */
#include <stdio.h>
#include <string.h>

#include "tiny.h"

static const struct {
    const char *what, *overrides, *fingerprint;
} cases[] = {
    {"f32", "", "6fd1df61bad1918558598784c276d727"},
    {"bf16", "optimizer.arithmetic=bf16", "8e169a30151621664c90182e2209014f"},
    {"bf16-foreach", "optimizer.arithmetic=bf16-foreach optimizer.weight_decay=5",
     "eb4886f9429e9729b15f0d92297b5fa1"},
    {"bf16-legacy", "optimizer.arithmetic=bf16-legacy", "eb6c9a60d7adf480a8fef4c4acdf0b42"},
    {"bf16-fused", "optimizer.arithmetic=bf16-fused", "209fb5aea7c491dc3ed1f0849c84a67c"},
    {"master", "optimizer.arithmetic=master", "fb04347799bb9af8616624e828fd5654"},
    {"stochastic rounding", "optimizer.arithmetic=bf16 optimizer.rounding=stochastic",
     "d2d4977449b75df80f30acbdaeb9d976"},
    {"kahan", "optimizer.arithmetic=bf16 optimizer.rounding=kahan",
     "69932975833f75629405787999c83c87"},
    {"compute in f32", "model.compute=f32", "d4da56e5496eb184e9f36fcc3120d241"},
    {"untied", "model.tied=false record.U=1 record.grad_U=1", "350888dc16b12bc59c6a0bae0e11ecdf"},
    {"clipping, cosine, decay",
     "optimizer.clip_norm=0.5 optimizer.schedule=cosine optimizer.warmup_steps=3 "
     "optimizer.weight_decay=0.1 optimizer.lr=0.01",
     "2b14c0f4e418d33eec99513e77475817"},
    {"chunks, offset 2", "train.sampler=chunks train.target_offset=2 optimizer.schedule=linear",
     "4c2428fb0b107432a04bcff3c490772a"},
    {"hidden states and all parameters",
     "record.h=1 record.params=1 record.grad_W=off record.rows=dead",
     "57929248004f7bd3cf3bdf2c557c2648"},
    {"singular point", "model.init=singular model.heads=4 model.layers=1",
     "b345c577d13b1ac4b6c846218b1a24c4"},
    {"odd shapes", "model.width=24 model.heads=3 model.context=13 train.batch=3",
     "b4524d6b627bfe298b862632741f7d1d"},
};

static void fingerprint_of(size_t n, const char *isa, int threads, char text[AZ_HASH_TEXT_BYTES])
{
    struct az_experiment experiment = tiny_experiment(cases[n].overrides);
    struct az_train_result result;
    struct az_error error;
    if (tiny_run(&experiment, "run", isa, threads, &result, &error) != AZ_OK)
        fail_msg("%s: %s", cases[n].what, error.message);
    az_hash_text(result.fingerprint, text);
}

static void compare(size_t n, const char *isa, int threads)
{
    char text[AZ_HASH_TEXT_BYTES];
    fingerprint_of(n, isa, threads, text);
    if (strcmp(text, cases[n].fingerprint) != 0)
        fail_msg("%s, %s, %d threads: %s instead of %s", cases[n].what, isa ? isa : "best isa",
                 threads, text, cases[n].fingerprint);
}

static int print_all(void)
{
    char text[AZ_HASH_TEXT_BYTES];
    if (tiny_start(NULL) != 0) return 1;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        fingerprint_of(n, "reference", 1, text);
        printf("%s  %s\n", text, cases[n].what);
    }
    return tiny_finish(NULL);
}

static void fingerprints_are_the_same_for_every_instruction_set(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int isa = 0; isa < AZ_ISA_COUNT; isa++)
            if (az_isa_available((enum az_isa)isa)) compare(n, az_isa_name((enum az_isa)isa), 2);
}

static void fingerprints_are_the_same_for_every_number_of_threads(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int threads = 1; threads <= 3; threads += 2) compare(n, NULL, threads);
}

static void another_seed_gives_another_fingerprint(void **state)
{
    (void)state;
    static const char *const seeds[] = {"seed.embedding=43", "seed.body=43", "seed.data=43"};
    for (size_t n = 0; n < sizeof seeds / sizeof *seeds; n++) {
        struct az_experiment experiment = tiny_experiment(seeds[n]);
        struct az_train_result result = tiny_run_well(&experiment, "run");
        char text[AZ_HASH_TEXT_BYTES];
        az_hash_text(result.fingerprint, text);
        assert_string_not_equal(text, cases[0].fingerprint);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) return print_all();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints_are_the_same_for_every_instruction_set),
        cmocka_unit_test(fingerprints_are_the_same_for_every_number_of_threads),
        cmocka_unit_test(another_seed_gives_another_fingerprint),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
