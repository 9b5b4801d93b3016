#include "cli/lifecycle_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "azimuth/tokens.h"
#include "base/memory.h"
#include "base/unit.h"

#define SHOWN_STRAGGLERS 20
#define HEX_COLUMNS 18

int64_t az_lifecycle_token_text(const struct az_lifecycle_report *report, int64_t token, char *text,
                                size_t capacity_bytes, const char **script)
{
    size_t length;
    const char *bytes = report->tokenizer && token >= 0
                            ? az_tokenizer_bytes(report->tokenizer, (size_t)token, &length)
                            : NULL;
    text[0] = 0;
    *script = "-";
    if (!bytes) return -1;
    az_token_escape(bytes, length, text, capacity_bytes);
    *script = az_script_name(az_token_classify(bytes, length).script);
    return (int64_t)length;
}

void az_lifecycle_token_hex(const struct az_lifecycle_report *report, int64_t token, char *hex,
                            size_t capacity_bytes)
{
    size_t length = 0, most = (capacity_bytes - 1) / 2;
    const char *bytes = report->tokenizer && token >= 0
                            ? az_tokenizer_bytes(report->tokenizer, (size_t)token, &length)
                            : NULL;
    size_t shown = length > most ? most - 1 : length;
    hex[0] = 0;
    for (size_t n = 0; bytes && n < shown; n++)
        snprintf(hex + 2 * n, 3, "%02x", (unsigned char)bytes[n]);
    if (bytes && shown < length) snprintf(hex + 2 * shown, 3, "..");
}

static bool in_set(const struct az_lens *lens, enum az_lens_set set, int64_t row)
{
    return lens->subject.sets[row] >> set & 1;
}

static void print_step(int width, int64_t step)
{
    if (step < 0)
        printf(" %*s", width, "never");
    else
        printf(" %*" PRId64, width, step);
}

/* ---- phases ---- */

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Median, least and most of the last steps of a phase, over the tokens of the set that had it. */
static int64_t ends_of(const struct az_lifecycle_report *report, int phase, int64_t ends[3])
{
    const struct az_lens *lens = report->lens;
    int64_t *steps, count = 0;
    if (az_memory_allocate(&steps, (size_t)lens->subject.rows, sizeof *steps, "ends", NULL) !=
        AZ_OK)
        return -1;
    for (int64_t row = 0; row < lens->subject.rows; row++)
        if (in_set(lens, report->request->set, row) && lens->lifecycle->tokens[row].end_step[phase])
            steps[count++] = lens->lifecycle->tokens[row].end_step[phase];
    qsort(steps, (size_t)count, sizeof *steps, compare_steps);
    for (int k = 0; k < 3 && count; k++) ends[k] = steps[(count - 1) * k / 2];
    az_memory_free(steps);
    return count;
}

static void print_phases(const struct az_lifecycle_report *report)
{
    static const char *const conditions[] = {
#define CONDITION(id, state, phase, condition) condition,
        AZ_LIFE_TABLE(CONDITION)};
    printf("%-14s %-14s %10s %27s\n", "", "", "tokens", "last step, over these tokens");
    printf("%-14s %-14s %10s %8s %9s %8s\n", "phase", "lasts while", "that had it", "first",
           "median", "last");
    for (int phase = AZ_LIFE_HYPERNOVA; phase >= AZ_LIFE_LATE; phase--) {
        int64_t ends[3], count = ends_of(report, phase, ends);
        printf("%-14s %-14s %10" PRId64, az_life_phase_name((enum az_life)phase), conditions[phase],
               count);
        if (count > 0) printf("  %8" PRId64 " %9" PRId64 " %8" PRId64, ends[0], ends[1], ends[2]);
        printf("\n");
    }
    printf("\n");
}

static void print_shares(const struct az_lifecycle_report *report)
{
    const struct az_lens *lens = report->lens;
    double count = (double)lens->subject.counts[report->request->set] / 100;
    printf("%8s %56s %56s\n", "", "share of tokens in each phase (the last-time rule), %",
           "in each state (at this very step), %");
    printf("%8s", "step");
    for (int k = 0; k < 2; k++)
        for (int life = AZ_LIFE_HYPERNOVA; life >= 0; life--)
            printf(" %*s", life == AZ_LIFE_STILL && k == 0 ? 13 : 10,
                   k ? az_life_state_name((enum az_life)life)
                     : az_life_phase_name((enum az_life)life));
    printf("\n");
    for (int64_t move = 1; move <= lens->subject.moves; move++) {
        if (!az_lens_is_shown(move, lens->subject.moves)) continue;
        const int64_t *phases = lens->lifecycle->phases[report->request->set][move - 1];
        const int64_t *states = lens->lifecycle->states[report->request->set][move - 1];
        printf("%8" PRId64, lens->subject.steps[move]);
        for (int life = AZ_LIFE_HYPERNOVA; life >= 0; life--)
            printf(" %*.2f", life == AZ_LIFE_STILL ? 13 : 10, (double)phases[life] / count);
        for (int life = AZ_LIFE_HYPERNOVA; life >= 0; life--)
            printf(" %10.2f", (double)states[life] / count);
        printf("\n");
    }
    printf("\n");
}

/* ---- population ---- */

static void print_onsets(const struct az_lifecycle_report *report)
{
    const struct az_lens *lens = report->lens;
    printf("%-12s", "still share");
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
        if (lens->subject.present[set]) printf(" %21.21s", az_lens_set_title(lens, set));
    printf("\n%-12s", "");
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
        if (lens->subject.present[set]) printf(" %10s %10s", "first", "for good");
    printf("\n");
    for (int n = 0; n < AZ_LIFE_SHARES; n++) {
        printf("%9.0f %% ", 100 * az_life_share(n));
        for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
            if (!lens->subject.present[set]) continue;
            print_step(10, lens->lifecycle->sets[set].first_onset_step[n]);
            print_step(10, lens->lifecycle->sets[set].last_onset_step[n]);
        }
        printf("\n");
    }
    printf("\n");
}

static void print_freeze(const struct az_lifecycle_report *report)
{
    const struct az_lens_subject *subject = &report->lens->subject;
    const struct az_set_life *life = &report->lens->lifecycle->sets[report->request->set];
    int64_t stumbles = 0, reheats = 0, cools = 0;
    for (int64_t row = 0; row < subject->rows; row++) {
        const struct az_token_life *token = &report->lens->lifecycle->tokens[row];
        if (!in_set(report->lens, report->request->set, row)) continue;
        stumbles += token->stumbles;
        reheats += token->reheats;
        cools += token->cools;
    }
    printf("frozen      %" PRId64 " of %" PRId64 " tokens", life->frozen,
           subject->counts[report->request->set]);
    if (life->frozen)
        printf(", at steps %" PRId64 " (first), %" PRId64 ", %" PRId64 " (median), %" PRId64
               ", %" PRId64 " (last)",
               life->freeze_quantiles[0], life->freeze_quantiles[1], life->freeze_quantiles[2],
               life->freeze_quantiles[3], life->freeze_quantiles[4]);
    printf("\ncensored    %" PRId64 " tokens moved in the last %" PRId64
           " steps (the guard); never moved: %" PRId64 "\n",
           life->censored_tokens, subject->guard_steps, life->never_moved);
    printf("stumbles    %" PRId64 "; reheats %" PRId64 ", cools %" PRId64 "\n", stumbles, reheats,
           cools);
}

static void print_stillness(const struct az_lifecycle_report *report)
{
    const struct az_set_life *life = &report->lens->lifecycle->sets[report->request->set];
    printf("stillness   in %" PRId64 " steps nobody moved, in %" PRId64 " runs", life->still_steps,
           life->runs);
    if (life->longest.frames)
        printf("; the longest has %" PRId64 " (steps %" PRId64 " to %" PRId64 ")",
               life->longest.frames, life->longest.first_step, life->longest.last_step);
    if (life->second.frames) printf(", the second %" PRId64, life->second.frames);
    printf("\nFimbulwinter ");
    if (life->fimbulwinter_steps == 0) {
        printf("not reached: somebody moved at the last step\n\n");
        return;
    }
    printf("from step %" PRId64 ", %" PRId64 " steps to the end", life->fimbulwinter_step,
           life->fimbulwinter_steps);
    if (isfinite(life->fimbulwinter_ratio))
        printf(", %.3g times the longest run before", life->fimbulwinter_ratio);
    printf("%s\n\n", life->censored ? "; censored: shorter than the guard" : "");
}

/* ---- stragglers ---- */

static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++) columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* A number, or "-" where it is not known. */
static void print_known(int width, const char *format, double value)
{
    char text[48];
    snprintf(text, sizeof text, format, value);
    printf(" %*s", width, isnan(value) ? "-" : text);
}

static void print_straggler(const struct az_lifecycle_report *report, int64_t n)
{
    const struct az_lens *lens = report->lens;
    int64_t row = lens->lifecycle->stragglers[n], token = lens->subject.tokens[row];
    const struct az_token_life *life = &lens->lifecycle->tokens[row];
    const struct az_straggling *straggling = &report->straggling;
    const char *script;
    char text[64], hex[HEX_COLUMNS + 1];
    bool known = az_lifecycle_token_text(report, token, text, sizeof text, &script) >= 0;
    int pad = 20 - columns_of(text);
    az_lifecycle_token_hex(report, token, hex, sizeof hex);
    printf("%8" PRId64 " %s%*s %-*s", token, text, pad > 0 ? pad : 0, "", HEX_COLUMNS,
           known ? hex : "-");
    printf(" %-12.12s %8" PRId64 " %-8s %8" PRId64 " %8.4f", script, life->freeze_step,
           life->censored ? "censored" : "", life->stumbles, life->norm_end_w);
    if (straggling->point_count && n < straggling->token_count) {
        int64_t at = (straggling->point_count - 1) * straggling->token_count + n;
        print_known(7, "%.1f", straggling->angle_h_degrees[at]);
        print_known(9, "%.3g", straggling->p_mean[n]);
        print_known(9, "%.3g", straggling->p_mean[at]);
    }
    printf("\n");
}

static void print_stragglers(const struct az_lifecycle_report *report)
{
    const struct az_lifecycle *lifecycle = report->lens->lifecycle;
    const struct az_straggling *straggling = &report->straggling;
    bool dead = report->lens->subject.present[AZ_LENS_DEAD];
    if (lifecycle->straggler_count == 0) return;
    printf("stragglers: %" PRId64 " %s tokens whose freeze step lies above %" PRId64
           " (99 %% of them), or is censored%s\n",
           lifecycle->straggler_count, dead ? "dead" : "recorded",
           lifecycle->sets[dead ? AZ_LENS_DEAD : AZ_LENS_ALL].straggler_step,
           lifecycle->straggler_count > SHOWN_STRAGGLERS ? "; the latest of them" : "");
    printf("%8s %-20s %-*s %-12s %8s %-8s %8s %8s", "token", "text", HEX_COLUMNS, "bytes", "script",
           "freezes", "", "stumbles", "norm, w");
    if (straggling->point_count) printf(" %7s %9s %9s", "angle h", "p first", "p last");
    printf("\n");
    for (int64_t n = 0; n < lifecycle->straggler_count && n < SHOWN_STRAGGLERS; n++)
        print_straggler(report, n);
}

void az_lifecycle_print(const struct az_lifecycle_report *report)
{
    az_lens_print_head(report->lens, report->request);
    print_phases(report);
    print_shares(report);
    print_onsets(report);
    print_freeze(report);
    print_stillness(report);
    print_stragglers(report);
}
