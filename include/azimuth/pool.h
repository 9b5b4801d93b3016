/* pool.h: a fixed set of threads that take numbered chunks of work.
 *
 * Results must not depend on who takes which chunk: chunk sizes are fixed by the work, never by the
 * number of threads, and a chunk writes only to its own place. */
#ifndef AZIMUTH_POOL_H
#define AZIMUTH_POOL_H

#include <stddef.h>

#include "azimuth/status.h"

struct az_pool;

/* Does chunk `chunk`; `thread` in 0..threads-1 picks the scratch of the thread that runs it. */
typedef void az_pool_task(void *context, size_t chunk, int thread);

/* threads counts the caller, so 1 starts none. 0 takes one per processor that the process may use.
 */
AZ_API enum az_status az_pool_create(struct az_pool **pool, int threads, struct az_error *error);
AZ_API void az_pool_free(struct az_pool *pool); /* NULL is allowed */
AZ_API int az_pool_threads(const struct az_pool *pool);

/* Runs task for chunks 0..chunks-1 on all threads, the caller among them; returns when all are
 * done. Allocates nothing. Not reentrant: a task must not call it on the same pool. */
AZ_API void az_pool_run(struct az_pool *pool, az_pool_task *task, void *context, size_t chunks);

#endif
