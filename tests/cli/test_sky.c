/* Every command that looks at a matrix, as it is called: a tiny trained model and real tables go
 * through all of them, and what cannot be done is refused with a reason. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "program.h"
#include "recordings.h"

static bool has_gnuplot(void) { return system("command -v gnuplot >/dev/null") == 0; }

static bool is_there(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, R_OK) == 0;
}

/* Path of a file of the shared data, or NULL where it is not there. */
static const char *shared_file(const char *name)
{
    static char path[1024];
    const char *shared = getenv("AZ_SHARED");
    snprintf(path, sizeof path, "%s%s/data/%s", shared ? shared : getenv("AZ_SOURCE"),
             shared ? "" : "/../shared", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

static void run_well(const char *format, const char *matrix)
{
    char command[1500];
    snprintf(command, sizeof command, format, matrix);
    if (azimuth(command) != 0) fail_msg("%s: %s", command, err);
}

/* All commands of the sky on one matrix, and the files that they leave. */
static void look_from_all_sides(const char *matrix)
{
    static const char *const commands[] = {
        "census %s -o c --figure c/f.svg --suspects",
        "frame %s -o f",
        "frame %s --causal --pairs 100",
        "neighbours %s -k 2 -o n",
        "neighbours %s --rows 1,2 -k 3",
        "sky %s --map all --dpi 30 --overlay c/masks.safetensors:black_hole_mask -o s",
        "sky %s --level n/neighbours.safetensors:distances --dpi 30 --from mean -o l",
        "sky %s --causal --dpi 30 -o m",
        "telescope %s --at=0,0 --diameter 90 --dpi 30 --from 3 -o s",
        "tomography %s --slices 4 --dpi 30 -o s",
        "tomography %s --slices 4 --density --dpi 30 -o s",
        "views %s --dpi 30 -o s",
        "views %s --wedge 60 --dpi 30 -o s",
        "inspect %s 1 -k 3",
        "simulate sigma-sweep --from %s --token 1 --rows 50 --trials 2 --scale 1e-5,1e-2 -o i",
        "simulate snowball --from %s --token 1 --rows 50 --trials 2 --scale 1e-5",
        "simulate monument-valley --from %s --token 1 --rows 50 --trials 2 --scale 1e-5",
        "simulate drift --from %s --token 1 --rows 60 --cull 1 --steps 20 --every 10 -o i",
        "simulate pachinko --from %s --token 1 --rows 60 --cull 1 --steps 20 --every 10",
    };
    static const char *const files[] = {"c/catalog.sqlite",
                                        "c/masks.safetensors",
                                        "c/f-norms.svg",
                                        "c/f-detection.csv",
                                        "f/spectrum.png",
                                        "n/nearest.png",
                                        "n/profile.gp",
                                        "s/mollweide.png",
                                        "s/flattened.png",
                                        "s/perspective.png",
                                        "s/equatorial.raster.png",
                                        "s/telescope.png",
                                        "s/tomography.png",
                                        "s/views.png",
                                        "s/wedge.png",
                                        "l/mollweide.png",
                                        "s/sky.safetensors",
                                        "i/sigma-sweep.png",
                                        "i/drift.png"};
    run_well("census %s --duplicates", matrix);
    for (size_t n = 0; n < sizeof commands / sizeof commands[0]; n++) run_well(commands[n], matrix);
    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++)
        if (!is_there(files[n])) fail_msg("%s of %s is missing", files[n], matrix);
    char command[320];
    snprintf(command, sizeof command, "cd %s && rm -r c f n s l m i", directory);
    assert_int_equal(system(command), 0);
}

static void a_trained_model_is_seen_from_all_sides(void **state)
{
    (void)state;
    if (!has_gnuplot()) skip();
    look_from_all_sides("run");
    /* 1.1 of 15.9 inches stand below the lowest axis: its name is not cut. */
    assert_int_equal(azimuth("views run --dpi 30 -o views"), 0);
    char *script = read_all("views/views.gp");
    assert_has(script, "set bmargin at screen 0.069182;");
    assert_has(script, ", n = 270 tokens");
    az_memory_free(script);
    assert_int_equal(azimuth("census run@0 run@15 run run/model --csv models.csv"), 0);
    char *csv = read_all("models.csv");
    assert_has(csv, "matrix,tensor,dtype,matrix_hash,tokens,dims,unique_vectors,");
    assert_has(csv, "\nrun@15,W,BF16,");
    assert_has(csv, "\nrun/model,");
    az_memory_free(csv);
    assert_int_equal(azimuth("census run run/model --json"), 0);
    assert_has(out, "\"matrix\": \"run/model\"");
    assert_has(out, "\"unique_vectors\": 270");
    assert_has(out, "\"threshold_exps\": -1");
}

static void a_token_is_told_in_full(void **state)
{
    (void)state;
    assert_int_equal(azimuth("inspect run the --tokenizer run/tokenizer.json -k 2"), 0);
    assert_has(out, "text \"the\", class letters, script Latin\n  bytes 74 68 65\n");
    assert_has(out, "reachability ok; encodes to ");
    assert_has(out, "on the lattice, all rows compared: 0 equal");
    assert_has(out, "nearest rows by l2; steps of the lattice: Linf, L1, dimensions\n    1  token");
}

/* Rows about row 2 at 0, 1, 1 and 2 steps; a far one that a large value brings near in L2 to none.
 * One coordinate crosses a binade, one row differs in the sign of zero only, one has a NaN. */
static void what_touches_is_found_by_bits(void **state)
{
    (void)state;
    static const uint16_t words[7][3] = {{0x4000, 0x3f80, 0x0000}, {0x3fff, 0x3f80, 0x0000},
                                         {0x4000, 0x3f80, 0x8000}, {0x4001, 0x3f7f, 0x8001},
                                         {0x4002, 0x3f80, 0x0000}, {0x7fc0, 0x3f80, 0x0000},
                                         {0x4000, 0x3f90, 0x0000}};
    struct az_tensor tensor = {
        .name = "W", .dtype = AZ_DTYPE_BF16, .rank = 2, .shape = {7, 3}, .data = words};
    assert_int_equal(az_safetensors_save(in_directory("W.safetensors"), &tensor, 1, NULL, NULL),
                     AZ_OK);
    assert_int_equal(azimuth("inspect W.safetensors 2"), 0);
    assert_has(out, "1 equal (-0 as +0), 2 touching (Linf 1), 1 one step too far (Linf 2)\n"
                    "equal to it\n  token        0  L1 0  \n"
                    "touching it\n  token        1  L1 1  \n  token        3  L1 3  \n");
    assert_int_equal(azimuth("inspect W.safetensors 5"), 0);
    assert_has(out, "the row holds a NaN, so it is equal to nothing and touches nothing");
    assert_int_equal(azimuth("inspect W.safetensors 6 -k 1"), 0);
    assert_has(out, "0 equal (-0 as +0), 0 touching (Linf 1), 0 one step too far");
}

static void real_tables_are_seen_from_all_sides(void **state)
{
    (void)state;
    const char *path = shared_file("matrices/m2v_vocabquant.safetensors");
    if (!path || !has_gnuplot()) skip();
    look_from_all_sides(path);
    path = shared_file("matrices/m2v_2d_float16.safetensors");
    look_from_all_sides(path);
    path = shared_file("matrices/m2v_2d_int8.safetensors");
    char command[1100];
    snprintf(command, sizeof command, "sky %s", path);
    assert_int_equal(azimuth(command), 3);
    assert_has(err, "embeddings is I8 with 2 dimensions; a matrix of BF16, F16, F32 or U16");
}

static const char *const lookers[] = {"census",
                                      "frame",
                                      "sky",
                                      "telescope --at=0,0",
                                      "tomography",
                                      "views",
                                      "neighbours",
                                      "inspect --neighbours 1",
                                      "simulate drift --from",
                                      "simulate sigma-sweep --from"};

static void refuse(const char *matrix, const char *reason)
{
    char command[1300];
    for (size_t n = 0; n < sizeof lookers / sizeof lookers[0]; n++) {
        bool inspects = strncmp(lookers[n], "inspect", 7) == 0;
        snprintf(command, sizeof command, "%s %s%s", lookers[n], matrix, inspects ? " 1" : "");
        if (azimuth(command) != 3) fail_msg("%s was not refused: %s", command, out);
        assert_has(err, reason);
        assert_string_equal(out, "");
    }
}

static void damaged_and_absent_files_are_refused_by_all(void **state)
{
    (void)state;
    truncate_file("run/model/model.safetensors", "cut.safetensors", 7);
    write_file("junk.npy", "junk, and nothing but junk, as long as a header might be, and longer");
    refuse("nothing.safetensors", "nothing.safetensors: cannot open the file");
    refuse("cut.safetensors", "cut.safetensors: ");
    refuse("junk.npy", "junk.npy: ");
    refuse("run@lost", "lost was not recorded; what was: ");
    refuse("run/model@lost", "there is no tensor \"lost\"; the file has: ");
    refuse("run@W:99", "W has no frame of step 99; it has 31 frames from step 0 to step 30");
}

/* The files that the format's own tests refuse. */
static void lying_headers_are_refused_by_all(void **state)
{
    (void)state;
    const char *path = shared_file("safetensors_vectors/MANIFEST.tsv");
    char line[256], name[128], verdict[64];
    if (!path) skip();
    FILE *manifest = fopen(path, "r");
    assert_non_null(manifest);
    int refused = 0;
    while (fgets(line, sizeof line, manifest)) {
        assert_int_equal(sscanf(line, "%127s %*s %63s", name, verdict), 2);
        if (strcmp(verdict, "OK") == 0) continue;
        char file[160];
        snprintf(file, sizeof file, "safetensors_vectors/%s", name);
        refuse(shared_file(file), name);
        refused++;
    }
    assert_int_equal(fclose(manifest), 0);
    assert_int_equal(refused, 10);
}

static const char *const mistakes[][2] = {
    {"census run --center 270", "there is no token 270; the matrix has 270 rows"},
    {"census run --vector 270", "the matrix has no token 270"},
    {"census run --threshold 256", "--threshold 256: expected an integer from 0 to 255"},
    {"census run --steps 0", "--steps 0: expected an integer from 1 to 65535"},
    {"census run --select 'near=lost'", "selections: black_holes"},
    {"census run --select 'near=radius'", "<= or >= is expected"},
    {"census run --tokenizer nothing.json", "nothing.json: cannot open the file"},
    {"census run -o tiny.conf", "tiny.conf: cannot create the directory"},
    {"census run run --figure x.png", "are of one matrix"},
    {"census run --vector 1 --csv x", "leave away --csv"},
    {"frame run --leading 0", "--leading 0: expected an integer from 1 to 10000"},
    {"frame run --causal --leading 3", "--causal needs all components"},
    {"frame run --causal --ridge -1", "a ridge of -1: expected 0 or more"},
    {"frame run --ridge x", "--ridge x: expected a number such as 1e-6"},
    {"sky run --axes 1,2", "--axes 1,2: expected three components such as 2,1,3"},
    {"sky run --axes 1,1,2", "component 1 is taken for two axes"},
    {"sky run --axes 1,2,99", "axis 99: the frame has components 1 to 8"},
    {"sky run --from 270", "expected origin, mean, overlay or a row 0 to 269"},
    {"sky run --from overlay", "needs an --overlay that holds a row"},
    {"sky run --causal --from origin", "the causal metric is about the mean"},
    {"sky run --overlay nothing", "--overlay nothing: expected FILE:NAME"},
    {"sky run --overlay run/live_dead_tokens.safetensors:x", "the file has: live_indices"},
    {"sky run --level run/live_dead_tokens.safetensors", "expected FILE:NAME"},
    {"sky run --level nothing.safetensors:x", "nothing.safetensors: cannot open the file"},
    {"sky run --level run/live_dead_tokens.safetensors:x", "the file has: live_indices"},
    {"sky run --level run/live_dead_tokens.safetensors:live_indices",
     "expected a number for each of 270 rows"},
    {"sky run --basis run/live_dead_tokens.safetensors:live_mask",
     "expected north, meridian and equinox as 3 x 8 numbers"},
    {"sky run --map lost", "there is no map \"lost\"; there are all, mollweide, density"},
    {"sky run --bin x", "--bin x: expected a number"},
    {"sky run --bin 0", "--bin is 0.05 to 60 degrees"},
    {"sky run --dpi 5", "--dpi is 10 to 1200"},
    {"sky run --colormap jet", "there is no colormap \"jet\"; there are inferno"},
    {"telescope run", "where to look: --at LATITUDE,LONGITUDE"},
    {"telescope run --at 91,0", "a latitude is -90 to 90"},
    {"telescope run --at 0,0 --diameter 0", "--diameter is above 0 and at most 360 degrees"},
    {"tomography run --slices 65", "--slices 65: expected an integer from 1 to 64"},
    {"tomography run --depth 2,1", "--depth 2,1: expected LOW,HIGH"},
    {"views run --wedge -1", "--wedge is above 0 and at most 90 degrees"},
    {"views run --longitudes=0,30", "--longitudes and --radius are of a wedge"},
    {"views run --wedge 5 --longitudes=60,30", "expected FROM,TO such as -30,60"},
    {"neighbours run -k 0", "--neighbours 0: expected an integer from 1 to 1000"},
    {"neighbours run --metric taxi", "there are l2, cosine, causal"},
    {"neighbours run --rows 270", "row 270: the matrix has rows 0 to 269"},
    {"neighbours run --rows 1,x", "row numbers with commas between"},
    {"neighbours run --isa mmx", "'mmx' is no instruction set"},
    {"inspect run", "inspect: TOKEN is missing"},
    {"inspect run 270", "token 270 has no row in the matrix, which has 270"},
    {"inspect run the", "a token's text needs --tokenizer"},
    {"inspect run xyzzy --tokenizer run/tokenizer.json", "has no token \"xyzzy\""},
    {"simulate galaxy -o x --rows 1", "at least 8192 rows"},
    {"simulate snowball --scale 0", "--scale 0: expected numbers above 0"},
    {"simulate snowball --scale 2:1:5", "--scale 2:1:5: expected numbers above 0"},
    {"simulate snowball --reference lost", "there are vector, centroid, centred"},
    {"simulate snowball --noise pink", "there are gaussian, laplace, ball, shell"},
    {"simulate snowball --token 1", "--token needs --from MATRIX"},
    {"simulate snowball --from run@0", "has no black hole to start from"},
    {"simulate snowball --from run --token 270", "has no such token; it has 270 rows"},
    {"simulate snowball --from run --token 1 --reference centroid", "take --reference vector"},
    {"simulate monument-valley --population 10 --rows 11", "11 survivors of 10 rows"},
    {"simulate pachinko --decay 2", "decay above 0 and at most 1"},
    {"simulate pachinko --rows 10 --cull 10", "leave nothing of 10 rows"},
    {"simulate drift --length x", "--length x: expected a number"},
    {"simulate drift --every 1 --steps 100000 --cull 0", "censuses are too many"},
};

static void mistakes_are_told(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof mistakes / sizeof mistakes[0]; n++) {
        int code = azimuth(mistakes[n][0]);
        if (code != 2 && code != 3) fail_msg("%s was not refused", mistakes[n][0]);
        if (!strstr(err, mistakes[n][1])) fail_msg("%s: %s", mistakes[n][0], err);
        assert_string_equal(out, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trained_model_is_seen_from_all_sides),
        cmocka_unit_test(a_token_is_told_in_full),
        cmocka_unit_test(what_touches_is_found_by_bits),
        cmocka_unit_test(real_tables_are_seen_from_all_sides),
        cmocka_unit_test(damaged_and_absent_files_are_refused_by_all),
        cmocka_unit_test(lying_headers_are_refused_by_all),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, enter_and_train, leave);
}
