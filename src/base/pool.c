#define _GNU_SOURCE
#include "azimuth/pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

/* A job is announced by raising `epoch`. Workers spin on it for a short while, then sleep on the
 * futex: on a shared machine a long spin would take the core from whoever has the work. */
#define SPINS 4000

struct az_pool {
    _Alignas(64) atomic_uint epoch; /* even: no job yet seen; each job adds 1 */
    atomic_uint sleepers;
    _Alignas(64) atomic_size_t next_chunk;
    _Alignas(64) atomic_uint busy; /* workers that have not finished the current job */
    atomic_uint caller_sleeps;
    _Alignas(64) az_pool_task *task;
    void *context;
    size_t chunks;
    bool quit;
    int threads;
    struct worker {
        struct az_pool *pool;
        pthread_t thread;
        int number;
    } * workers;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void futex_wait(atomic_uint *word, unsigned expected)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void take_chunks(struct az_pool *pool, int thread)
{
    for (;;) {
        size_t chunk = atomic_fetch_add(&pool->next_chunk, 1);
        if (chunk >= pool->chunks) return;
        pool->task(pool->context, chunk, thread);
    }
}

static unsigned wait_for_job(struct az_pool *pool, unsigned seen)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load(&pool->epoch) != seen) return atomic_load(&pool->epoch);
        pause_briefly();
    }
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->epoch) == seen) futex_wait(&pool->epoch, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
    return atomic_load(&pool->epoch);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct az_pool *pool = worker->pool;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_job(pool, seen);
        if (pool->quit) return NULL;
        take_chunks(pool, worker->number);
        if (atomic_fetch_sub(&pool->busy, 1) == 1 && atomic_load(&pool->caller_sleeps))
            futex_wake(&pool->busy);
    }
}

static void announce(struct az_pool *pool)
{
    atomic_store(&pool->busy, (unsigned)(pool->threads - 1));
    atomic_fetch_add(&pool->epoch, 1);
    if (atomic_load(&pool->sleepers)) futex_wake(&pool->epoch);
}

static void wait_until_done(struct az_pool *pool)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (!atomic_load(&pool->busy)) return;
        pause_briefly();
    }
    atomic_store(&pool->caller_sleeps, 1);
    for (unsigned busy; (busy = atomic_load(&pool->busy));) futex_wait(&pool->busy, busy);
    atomic_store(&pool->caller_sleeps, 0);
}

void az_pool_run(struct az_pool *pool, az_pool_task *task, void *context, size_t chunks)
{
    pool->task = task;
    pool->context = context;
    pool->chunks = chunks;
    atomic_store(&pool->next_chunk, 0);
    bool shared = pool->threads > 1 && chunks > 1;
    if (shared) announce(pool);
    take_chunks(pool, 0);
    if (shared) wait_until_done(pool);
}

static int usable_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

enum az_status az_pool_create(struct az_pool **pool_pointer, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pool *pool = NULL;
    *pool_pointer = NULL;
    if (threads < 0 || threads > 1024)
        AZ_RAISE(AZ_USAGE, "threads must be between 0 (all) and 1024, not %d", threads);
    if (threads == 0) threads = usable_processors();
    AZ_TRY(az_memory_allocate(&pool, 1, sizeof *pool, "the thread pool", error));
    pool->threads = 1;
    AZ_TRY(az_memory_allocate(&pool->workers, (size_t)threads, sizeof *pool->workers, "the threads",
                              error));
    for (int n = 1; n < threads; n++) {
        struct worker *worker = &pool->workers[n];
        *worker = (struct worker){.pool = pool, .number = n};
        int code = pthread_create(&worker->thread, NULL, work, worker);
        if (code) {
            status = az_error_system(error, code, "cannot start thread %d of %d", n + 1, threads);
            goto out;
        }
        pool->threads = n + 1;
    }
    *pool_pointer = pool;
out:
    if (status != AZ_OK) az_pool_free(pool);
    return status;
}

void az_pool_free(struct az_pool *pool)
{
    if (!pool) return;
    pool->quit = true;
    atomic_fetch_add(&pool->epoch, 1);
    futex_wake(&pool->epoch);
    for (int n = 1; n < pool->threads; n++) pthread_join(pool->workers[n].thread, NULL);
    az_memory_free(pool->workers);
    az_memory_free(pool);
}

int az_pool_threads(const struct az_pool *pool) { return pool->threads; }
