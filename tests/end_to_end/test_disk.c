/* The program on a disk that runs full: a small file system of its own. The frames that are told to
 * be whole are whole and those of a run that had room; the file opens everywhere; when there is
 * room again, going on ends in the same files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "left.h"

enum { STEPS = 400, DISK_MB = 48, LARGER_MB = 400, EXIT_FAILED = 3 };

static char why_skipped[200]; /* "": there is a disk */

/* ---- the disk ---- */

static void write_line(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0) return;
    if (write(fd, text, strlen(text)) < 0) perror(path);
    close(fd);
}

/* Mounts are of this process and its children alone. Who may not mount becomes root of a name space
 * of users, where the system lets him. */
static bool enter_name_space(void)
{
    char map[64];
    unsigned uid = getuid(), gid = getgid();
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        write_line("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_line("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_line("/proc/self/gid_map", map);
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool mount_disk(const char *path, int megabytes, unsigned long flags)
{
    char size[32];
    snprintf(size, sizeof size, "size=%dm", megabytes);
    return mount("none", path, "tmpfs", flags, size) == 0;
}

static bool size_disk(int megabytes, unsigned long flags)
{
    return mount_disk(tiny_path("disk"), megabytes, flags);
}

/* With the directory "resumed" on it, empty. */
static void make_disk(int megabytes)
{
    umount(tiny_path("disk"));
    assert_true(size_disk(megabytes, 0));
    assert_int_equal(mkdir(tiny_path("disk/run"), 0777), 0);
    again_remove("resumed");
    assert_int_equal(symlink(tiny_path("disk/run"), tiny_path("resumed")), 0);
}

/* Another program takes all that is left. */
static void take_room(void)
{
    static const char zeros[1 << 16];
    int fd = open(tiny_path("disk/ballast"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    assert_true(fd >= 0);
    for (size_t size = sizeof zeros; size > 0; size /= 2)
        while (write(fd, zeros, size) > 0) {
        }
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void make_room(void) { assert_int_equal(unlink(tiny_path("disk/ballast")), 0); }

/* ---- the program ---- */

struct printing {
    FILE *file;
    char section[64];
};

static void print_parameter(void *context, const struct az_parameter_view *view)
{
    struct printing *printing = context;
    if (strcmp(printing->section, view->section) != 0)
        fprintf(printing->file, "[%s]\n", view->section);
    snprintf(printing->section, sizeof printing->section, "%s", view->section);
    fprintf(printing->file, "%s = %s\n", view->key, view->value);
}

static void write_experiment(const char *record)
{
    char all[300];
    snprintf(all, sizeof all, "train.steps=%d checkpoint.every=20 budget.hdf5=1TB %s", STEPS,
             record);
    struct az_experiment experiment = tiny_experiment(all);
    struct printing printing = {.file = fopen(tiny_path("tiny.conf"), "w")};
    assert_non_null(printing.file);
    az_experiment_visit(&experiment, print_parameter, &printing);
    assert_int_equal(fclose(printing.file), 0);
}

/* azimuth ARGUMENTS; all that it prints goes to "told". */
static pid_t start(const char *arguments)
{
    char command[2000];
    snprintf(command, sizeof command,
             "cd '%s' && exec env AZ_CACHE='%s' '%s' %s >'%s' 2>&1 </dev/null", tiny_path(""),
             tiny_path("cache"), getenv("AZ_PROGRAM"), arguments, tiny_path("told"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return child;
}

static int wait_for(pid_t child)
{
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (!WIFEXITED(ended)) fail_msg("ended by signal %d", WTERMSIG(ended));
    return WEXITSTATUS(ended);
}

static int azimuth(const char *arguments) { return wait_for(start(arguments)); }

static const char *told(void)
{
    static char text[16384];
    FILE *file = fopen(tiny_path("told"), "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void assert_told(const char *part)
{
    if (!strstr(told(), part)) fail_msg("expected \"%s\" in:\n%s", part, told());
}

static void succeed(const char *arguments)
{
    if (azimuth(arguments) != 0) fail_msg("azimuth %s:\n%s", arguments, told());
}

static long lines_of(const char *name)
{
    long lines = 0;
    FILE *file = fopen(tiny_path(name), "r");
    for (int c; file && (c = fgetc(file)) != EOF;) lines += c == '\n';
    if (file) fclose(file);
    return lines;
}

/* ---- the tests ---- */

static const char *file_name(const char *record)
{
    return strstr(record, "hdf5") ? "recording.h5" : "recording.safetensors";
}

/* What the small disk has of it. */
static void look(const char *record)
{
    char straight[600], command[1400];
    const char *file = file_name(record);
    int64_t whole = left_check_frames("resumed", file);
    print_message("%s: %lld whole frames were left\n", record, (long long)whole);
    assert_true(whole > 4 * 20);
    again_remove("kept");
    snprintf(command, sizeof command, "mkdir '%s' && cp '%s' '%s'", tiny_path("kept"),
             left_recording("resumed", file), tiny_path("kept"));
    assert_int_equal(system(command), 0);
    snprintf(straight, sizeof straight, "%s/%s", tiny_path("straight"), file);
    left_look_with_python(straight, tiny_path("kept"));
}

static void go_on(const char *record)
{
    succeed("train --resume resumed --dry-run");
    assert_told("steps that are done");
    assert_told("of it there already");
    succeed("train --resume resumed");
    again_same_files(file_name(record), record);
}

/* The run that has room. */
static void begin(const char *record)
{
    if (why_skipped[0]) {
        print_message("skipped: %s\n", why_skipped);
        skip();
    }
    again_remove("straight");
    write_experiment(record);
    succeed("train tiny.conf -o straight");
}

/* It notices before anything fails, and has everything written. */
static void a_packed_run_stops_before_the_disk_is_full(void **state)
{
    (void)state;
    const char *record = "record.container=hdf5";
    begin(record);
    make_disk(DISK_MB);
    succeed("train tiny.conf -o resumed");
    assert_told("are free on the disk of the recording; make room, and --resume goes on");
    assert_int_equal(access(tiny_path("resumed/run.json"), F_OK), 0);
    look(record);
    succeed("verify resumed");
    assert_true(size_disk(LARGER_MB, MS_REMOUNT));
    go_on(record);
}

static pid_t train_for_a_while(void)
{
    pid_t child = start("train tiny.conf -o resumed");
    while (lines_of("resumed/metrics.csv") < 50 && waitpid(child, NULL, WNOHANG) == 0) usleep(1000);
    return child;
}

/* Something else fills it from one moment to the next. */
static void fill_meanwhile(const char *record)
{
    begin(record);
    make_disk(LARGER_MB);
    pid_t child = train_for_a_while();
    kill(child, SIGSTOP);
    take_room();
    kill(child, SIGCONT);
    int code = wait_for(child);
    if (code != EXIT_FAILED) fail_msg("exit code %d:\n%s", code, told());
    assert_told("No space left");
    take_room(); /* what it has given back */
    look(record);
    make_room();
    go_on(record);
}

static void a_disk_that_is_filled_meanwhile(void **state)
{
    (void)state;
    fill_meanwhile("record.container=safetensors");
    fill_meanwhile("record.container=hdf5");
    fill_meanwhile("record.container=hdf5 record.compression=none");
}

static void a_disk_that_is_too_small_is_told_before_anything_is_written(void **state)
{
    (void)state;
    begin("record.container=safetensors");
    make_disk(8);
    assert_int_equal(azimuth("train tiny.conf -o resumed"), EXIT_FAILED);
    assert_told("GB that are free where resumed lies");
    assert_int_equal(rmdir(tiny_path("disk/run")), 0); /* nothing is in it */
}

/* Going on is refused as well, with what is missing. */
static void going_on_is_refused_while_there_is_no_room(void **state)
{
    (void)state;
    const char *record = "record.container=safetensors";
    begin(record);
    make_disk(LARGER_MB);
    pid_t child = train_for_a_while();
    kill(child, SIGINT); /* shortens the recording: its frames will have to be copied */
    if (wait_for(child) != 0) fail_msg("%s", told());
    take_room();
    assert_int_equal(azimuth("train --resume resumed"), EXIT_FAILED);
    assert_told("to go on the run would write");
    make_room();
    go_on(record);
}

/* Everything else lies on a disk in memory too: that of the machine may be slow. */
static char others[] = "/tmp/azimuth-disk-XXXXXX";

static int start_disk(void **state)
{
    if (!mkdtemp(others)) return 1;
    if (enter_name_space() && mount_disk(others, 2 * LARGER_MB, 0))
        setenv("TMPDIR", others, 1);
    else
        snprintf(why_skipped, sizeof why_skipped, "no file system can be mounted here: %s",
                 strerror(errno));
    return tiny_start(state) != 0 || mkdir(tiny_path("disk"), 0777) != 0;
}

static int finish_disk(void **state)
{
    umount(tiny_path("disk"));
    int failed = tiny_finish(state);
    umount(others);
    return rmdir(others) != 0 || failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_run_stops_before_the_disk_is_full),
        cmocka_unit_test(a_disk_that_is_filled_meanwhile),
        cmocka_unit_test(a_disk_that_is_too_small_is_told_before_anything_is_written),
        cmocka_unit_test(going_on_is_refused_while_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, start_disk, finish_disk);
}
