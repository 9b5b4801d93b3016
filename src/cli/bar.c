#define _GNU_SOURCE
#include "cli/bar.h"

#include <langinfo.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unit.h"

#define LINE_INTERVAL_NS INT64_C(10000000000)
#define SHORT_STAGE_SECONDS 0.2
#define BAR_COLUMNS 20

static volatile int stop_requested;

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

/* SA_RESETHAND: the second signal finds the default action. */
static void listen_for_stop(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = request_stop;
    action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* "412/1,000 steps", "3.2/4.1 MB", "412 steps" where the total is unknown. */
static void amount_text(const struct az_progress_state *state, char *text, size_t capacity)
{
    char done[AZ_UNIT_TEXT_BYTES], total[AZ_UNIT_TEXT_BYTES];
    bool whole = state->done == floor(state->done) && state->total == floor(state->total);
    if (whole) {
        az_unit_count((uint64_t)fmax(state->done, 0), done);
        az_unit_count((uint64_t)fmax(state->total, 0), total);
    } else {
        snprintf(done, sizeof done, "%.1f", state->done);
        snprintf(total, sizeof total, "%.1f", state->total);
    }
    if (state->total > 0)
        snprintf(text, capacity, "%s/%s %s", done, total, state->unit);
    else
        snprintf(text, capacity, "%s %s", done, state->unit);
}

static void time_text(const struct az_progress_state *state, char *text, size_t capacity)
{
    char rate[AZ_UNIT_TEXT_BYTES], time[AZ_UNIT_TEXT_BYTES];
    text[0] = 0;
    if (!(state->rate_per_second > 0)) return;
    az_unit_rate(state->rate_per_second, rate);
    bool bytes = strcmp(state->unit, "MB") == 0;
    size_t used = (size_t)snprintf(text, capacity, "  %s%s/s", rate, bytes ? " MB" : "");
    if (state->finished) {
        az_unit_seconds(state->elapsed_seconds, time);
        snprintf(text + used, capacity - used, "  %s", time);
    } else if (state->remaining_seconds >= 0) {
        az_unit_clock(state->remaining_seconds, time);
        snprintf(text + used, capacity - used, "  %s left", time);
    }
}

static void bar_text(const struct az_progress_state *state, bool unicode, char *text,
                     size_t capacity)
{
    double share = state->total > 0 ? state->done / state->total : 0;
    int filled = (int)(fmin(fmax(share, 0), 1) * BAR_COLUMNS);
    size_t used = (size_t)snprintf(text, capacity, unicode ? " " : " [");
    for (int column = 0; column < BAR_COLUMNS && used < capacity; column++) {
        const char *cell = column < filled ? (unicode ? "█" : "#") : (unicode ? "░" : ".");
        used += (size_t)snprintf(text + used, capacity - used, "%s", cell);
    }
    if (used < capacity) snprintf(text + used, capacity - used, unicode ? " " : "] ");
}

/* Columns of UTF-8 text in which every character takes one. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void cut_to(char *text, int columns)
{
    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80 && columns-- <= 0) break;
    *text = 0;
}

void az_bar_line(const struct az_progress_state *state, int columns, bool unicode,
                 char line[AZ_BAR_BYTES])
{
    char bar[128], amount[128], time[96];
    bar_text(state, unicode, bar, sizeof bar);
    amount_text(state, amount, sizeof amount);
    time_text(state, time, sizeof time);
    bool with_bar = columns > 0 && state->total > 0 && !state->finished;
    for (int room = with_bar; room >= 0; room--) {
        snprintf(line, AZ_BAR_BYTES, "%.40s%s%s%s%s%.200s", state->stage, room ? bar : "  ", amount,
                 time, state->detail[0] ? "  " : "", state->detail);
        if (width_of(line) < columns) break;
    }
    if (columns > 0) cut_to(line, columns - 1);
}

static int terminal_columns(FILE *file)
{
    struct winsize size;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
    return size.ws_col;
}

static void update_terminal(struct az_bar *bar, const struct az_progress_state *state)
{
    char line[AZ_BAR_BYTES];
    az_bar_line(state, terminal_columns(bar->file), bar->unicode, line);
    fprintf(bar->file, "\r%s\x1b[K%s", line, state->finished ? "\n" : "");
    fflush(bar->file);
    bar->drawn = !state->finished;
}

static void update_file(struct az_bar *bar, const struct az_progress_state *state)
{
    char line[AZ_BAR_BYTES];
    int64_t now_ns = az_clock_ns();
    if (!state->finished && now_ns - bar->told_ns < LINE_INTERVAL_NS) return;
    az_bar_line(state, 0, false, line);
    fprintf(bar->file, "%s\n", line);
    fflush(bar->file);
    bar->told_ns = now_ns;
}

static void update(void *context, const struct az_progress_state *state)
{
    struct az_bar *bar = context;
    bool brief = state->finished && !bar->drawn && state->elapsed_seconds < SHORT_STAGE_SECONDS;
    if (brief) return;
    if (bar->terminal)
        update_terminal(bar, state);
    else
        update_file(bar, state);
}

struct az_progress *az_bar_start(struct az_bar *bar)
{
    const char *term = getenv("TERM");
    *bar = (struct az_bar){.file = stderr, .told_ns = az_clock_ns()};
    bar->terminal = isatty(fileno(stderr)) && term && strcmp(term, "dumb") != 0;
    bar->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    listen_for_stop();
    az_progress_init(&bar->progress, update, bar, &stop_requested);
    return &bar->progress;
}

void az_bar_end(struct az_bar *bar)
{
    if (bar->drawn) fputc('\n', bar->file);
    bar->drawn = false;
}
