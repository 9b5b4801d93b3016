#define _GNU_SOURCE
#include "view/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "view/script.h"

/* Reads what comes until the end; keeps what fits, as one line. */
static void listen_to(int fd, char *words, size_t capacity_bytes)
{
    char block[4096];
    size_t used = 0;
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        for (ssize_t i = 0; i < got && used + 1 < capacity_bytes; i++)
            words[used++] = (unsigned char)block[i] < 0x20 ? ' ' : block[i];
    }
    while (used && words[used - 1] == ' ') used--;
    words[used] = 0;
}

/* The child gets no input, and both its outputs go to the pipe. Returns an errno value. */
static int start(pid_t *child, const char *directory, char *const *arguments, int output_fd)
{
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    code = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!code) code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
    if (!code) code = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int wait_for(pid_t child)
{
    int state;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static enum az_status not_installed(struct az_error *error)
{
    return az_error_raise(error, AZ_MISSING,
                          "gnuplot, which draws the figures, is not installed; get it with apt-get "
                          "install gnuplot-nox");
}

enum az_status az_gnuplot_run(const char *directory, const char *script, const char *output,
                              struct az_error *error)
{
    char quoted[AZ_QUOTED_BYTES], assignment[AZ_QUOTED_BYTES + 16], words[600];
    snprintf(assignment, sizeof assignment, "output='%s'", az_script_quote(quoted, output));
    char program[] = "gnuplot", option[] = "-e";
    char name[4096];
    snprintf(name, sizeof name, "%s", script);
    char *arguments[] = {program, option, assignment, name, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return az_error_system(error, errno, "cannot start gnuplot");
    pid_t child;
    int code = start(&child, directory, arguments, ends[1]);
    close(ends[1]);
    if (code) {
        close(ends[0]);
        return code == ENOENT ? not_installed(error)
                              : az_error_system(error, code, "cannot start gnuplot");
    }
    listen_to(ends[0], words, sizeof words);
    close(ends[0]);
    code = wait_for(child);
    if (code == 0) return AZ_OK;
    /* What posix_spawn finds out too late to return, it tells so. */
    if (code == 127 && !words[0]) return not_installed(error);
    return az_error_raise(error, AZ_IO, "gnuplot failed on %s/%s: %s", directory, script, words);
}
