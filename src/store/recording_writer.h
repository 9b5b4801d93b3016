/* recording_writer.h: a recording that is being written, for the two ways to begin one. */
#ifndef AZ_STORE_RECORDING_WRITER_H
#define AZ_STORE_RECORDING_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "azimuth/recording.h"
#include "store/recording_plan.h"

struct az_recording_movie {
    struct az_recorded plan; /* steps point into the copy below */
    int64_t *steps;
    atomic_bool *written;  /* [frames] */
    int64_t written_first; /* frames 0..written_first-1 are written; under the lock */
};

struct az_recording_writer {
    const struct az_container_functions *container;
    struct az_container_file *file;
    struct az_recording_layout layout;
    struct az_recording_movie *movies;
    size_t count;
    int64_t noted_step;

    pthread_mutex_t lock; /* of notes and of what follows */
    pthread_cond_t wake;
    pthread_t thread;
    bool thread_runs, ending;
    struct az_error failure; /* of the thread; status AZ_OK: none */
    atomic_bool failed;      /* it has one: looked at without the lock, which a flush may hold */
};

/* A writer of the plan without its file; free with az_recording_leave or az_recording_abort. */
enum az_status az_recording_writer_create(struct az_recording_writer **writer,
                                          const struct az_recording_plan *plan,
                                          struct az_error *error);
/* The file is there and has its constants: notes are taken from now on. */
enum az_status az_recording_writer_start(struct az_recording_writer *writer,
                                         struct az_error *error);
/* The note says `step`, on the disk. */
enum az_status az_recording_writer_note(struct az_recording_writer *writer, int64_t step,
                                        struct az_error *error);

#endif
