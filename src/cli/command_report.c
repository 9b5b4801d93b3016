#include <stdio.h>
#include <string.h>

#include "azimuth/account.h"
#include "azimuth/recording.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/plot.h"
#include "cli/report_file.h"
#include "cli/report_lens.h"
#include "cli/report_run.h"
#include "store/file.h"

#define PATH_BYTES 4096

/* Everything that a section is made from: a run directory, or a recording alone. */
struct page {
    const char *directory; /* or the recording */
    bool alone;
    char figures[PATH_BYTES]; /* the folder of the pictures */
    struct az_report_run run;
    struct az_report_file file;
    struct az_report *report;
    struct az_progress *progress;
    int threads;
};

/* ---- the verdict ---- */

static bool is_recorded_whole(const char *directory)
{
    static const char *const needed[] = {"W", "grad_W", "momentum_W", "variance_W"};
    struct az_recording *recording = NULL;
    if (az_recording_open(&recording, directory, NULL) != AZ_OK) return false;
    bool whole = true;
    for (size_t n = 0; n < sizeof needed / sizeof *needed; n++)
        whole = whole && az_recording_find(recording, needed[n]);
    az_recording_close(recording);
    return whole;
}

static enum az_status add_verdict(struct page *page, struct az_error *error)
{
    struct az_account_options options = {.threads = page->threads};
    static struct az_account_result result;
    char sentence[256], detail[512], exact[AZ_UNIT_TEXT_BYTES], all[AZ_UNIT_TEXT_BYTES];
    if (!is_recorded_whole(page->directory)) {
        az_report_text(page->report,
                       "Not accounted for: that needs W, grad_W, momentum_W and variance_W in the "
                       "recording, and this run does not have all of them.");
        return AZ_OK;
    }
    struct az_error why;
    az_error_clear(&why);
    enum az_status status = az_account(page->directory, &options, &result, page->progress, &why);
    if (page->alone && (status == AZ_MISSING || status == AZ_UNSUPPORTED || status == AZ_USAGE)) {
        snprintf(detail, sizeof detail, "Not accounted for: %.480s.", why.message);
        az_report_text(page->report, detail);
        return AZ_OK;
    }
    if (status != AZ_OK && status != AZ_DIFFERENCE) {
        if (error) *error = why;
        return status;
    }
    const struct az_account_counts *w = &result.counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W];
    az_unit_count((uint64_t)result.steps_exact, exact);
    az_unit_count((uint64_t)result.steps, all);
    snprintf(sentence, sizeof sentence, "%s of %s steps are explained to the last bit", exact, all);
    az_unit_count((uint64_t)w->equal, exact);
    az_unit_count((uint64_t)(w->equal + w->off_by_one + w->worse), all);
    snprintf(
        detail, sizeof detail,
        "AdamW in the arithmetic \"%s\", applied to frame t-1 and the gradient of step t, gives "
        "%s of %s components of W, and as many of each moment, with the bits of frame t.",
        az_arithmetic_name(result.arithmetic), exact, all);
    if (status == AZ_DIFFERENCE)
        snprintf(detail, sizeof detail,
                 "The first difference is at step %lld, %s, token %lld, dimension %lld. azimuth "
                 "account tells more.",
                 (long long)result.first.step, result.first.tensor_name,
                 (long long)result.first.token, (long long)result.first.dim);
    az_report_verdict(page->report, status == AZ_OK, sentence, detail);
    return AZ_OK;
}

/* ---- figures ---- */

static enum az_status add_training(struct page *page, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_plot_run run = {0};
    char path[PATH_BYTES];
    AZ_TRY(az_path_join(path, sizeof path, page->figures, "training.svg", error));
    if (page->alone) return az_report_file_training(&page->file, page->report, path, error);
    AZ_TRY(az_plot_read(&run, page->directory, NULL, error));
    AZ_TRY(az_plot_training(&run, 1, path, error));
    az_report_section(page->report, "Training");
    az_report_figure(page->report, path,
                     "Loss of each step's batch, and the share of dead tokens that moved at it.");
out:
    az_plot_free(&run);
    return status;
}

/* ---- the page ---- */

static void add_making(struct page *page)
{
    char commands[2 * PATH_BYTES];
    az_report_section(page->report, "How it was made");
    az_report_text(page->report,
                   "The same experiment gives the same bits on every machine: the fingerprint is a "
                   "hash of every recorded frame.");
    snprintf(commands, sizeof commands,
             "fingerprint  %s\n\nazimuth train EXPERIMENT -o %s\nazimuth report %s",
             az_report_run_fingerprint(&page->run), page->directory, page->directory);
    az_report_command(page->report, commands);
    az_report_run_parameters(&page->run, page->report);
}

static enum az_status make(struct page *page, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_report_create(&page->report, page->alone ? page->file.name : page->run.name,
                            page->run.question, page->alone ? page->file.facts : page->run.facts,
                            error));
    AZ_TRY(add_verdict(page, error));
    if (page->alone)
        AZ_TRY(az_report_file_numbers(&page->file, page->report, error));
    else
        az_report_run_numbers(&page->run, page->report);
    AZ_TRY(add_training(page, error));
    const struct az_report_source source = {page->directory, page->figures, page->threads,
                                            page->progress};
    AZ_TRY(az_report_add_lens(page->report, &source, error));
    AZ_TRY(az_report_add_forces(page->report, &source, error));
    AZ_TRY(az_report_add_hidden(page->report, &source, error));
    AZ_TRY(az_report_add_structure(page->report, &source, error));
    if (page->alone)
        AZ_TRY(az_report_file_parameters(&page->file, page->report, error));
    else
        add_making(page);
    AZ_TRY(az_report_write(page->report, path, error));
out:
    az_report_free(page->report);
    return status;
}

/* Length of a path without the ending of its last part. */
static int stem_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    bool ends = dot && dot > (slash ? slash + 1 : path);
    return (int)(ends ? (size_t)(dot - path) : strlen(path));
}

/* The page and the folder of its pictures: DIR/report.html and DIR/figures, or for NAME.h5
 * NAME-report.html and, as for any page of a recording alone, PAGE-figures. */
static enum az_status name_files(struct page *page, const char *output, char path[PATH_BYTES],
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *of = output ? output : page->directory;
    if (strlen(of) + 32 > PATH_BYTES) AZ_RAISE(AZ_USAGE, "%.100s...: the name is too long", of);
    if (output)
        snprintf(path, PATH_BYTES, "%s", output);
    else if (page->alone)
        snprintf(path, PATH_BYTES, "%.*s-report.html", stem_of(of), of);
    else
        AZ_TRY(az_path_join(path, PATH_BYTES, of, "report.html", error));
    if (page->alone)
        snprintf(page->figures, sizeof page->figures, "%.*s-figures", stem_of(path), path);
    else
        AZ_TRY(az_path_join(page->figures, PATH_BYTES, page->directory, "figures", error));
    AZ_TRY(az_directory_create(page->figures, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static struct page page;
    struct az_bar bar;
    char path[PATH_BYTES];
    const char *output = az_arguments_value(arguments, "--output");
    page.directory = arguments->operands[0];
    page.progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_threads(arguments, &page.threads, error));
    page.alone = !az_file_is_directory(page.directory);
    if (page.alone)
        AZ_TRY(az_report_file_read(&page.file, page.directory, error));
    else
        AZ_TRY(az_report_run_read(&page.run, page.directory, error));
    AZ_TRY(name_files(&page, output, path, error));
    AZ_TRY(make(&page, path, error));
    az_bar_end(&bar);
    printf("%s\n", path);
out:
    az_bar_end(&bar);
    az_report_run_free(&page.run);
    az_report_file_free(&page.file);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", "DIR/report.html, or NAME-report.html", AZ_COMPLETE_OUTPUT, false,
     false, "the page"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_report = {
    .name = "report",
    .summary = "makes one page of a run: verdict, numbers, figures, parameters",
    .operands = "RUN",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "RUN is a run directory, or a recording alone, as PyTorch or a notebook wrote it. Writes "
        "one HTML page that stands alone: it opens without a "
        "network, reads on a phone, and prints well. It says what the run was, whether every step "
        "of it is accounted for, what came out, with the definition of each number at hand, and "
        "shows how the tokens moved, froze and why, as far as the recording tells. The pictures, "
        "with their numbers and scripts, stay in DIR/figures; of a recording alone in a folder "
        "beside the page, NAME-report-figures.",
    .options = options,
    .examples = "azimuth report demo-run\n"
                "azimuth report demo-run -o page.html\n"
                "azimuth report thimble-1.safetensors\n",
    .run = run,
};
