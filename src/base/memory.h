/* memory.h: the one allocator, with sizes checked, and the arena for scratch.
 *
 * Whoever creates frees. Every block is zeroed and aligned to 64 bytes (a cache line, an AMX row);
 * blocks of 2 MiB and more ask for huge pages. */
#ifndef AZ_BASE_MEMORY_H
#define AZ_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/raise.h"

#define AZ_ALIGNMENT_BYTES 64

/* *product = a * b; AZ_MEMORY when it does not fit a size_t. The one helper for size arithmetic. */
enum az_status az_size_multiply(size_t a, size_t b, size_t *product, struct az_error *error);
enum az_status az_size_add(size_t a, size_t b, size_t *sum, struct az_error *error);

/* *block = count * size zeroed bytes, or NULL and AZ_MEMORY. A count of 0 gives a valid block.
 * Free with az_memory_free. `what` names it in the error ("the gradients"). */
enum az_status az_memory_allocate(void *block_pointer, size_t count, size_t size, const char *what,
                                  struct az_error *error);

/* Grows *block (from az_memory_allocate, or NULL) to new_count elements; the new part is zeroed.
 * On failure *block is untouched. */
enum az_status az_memory_grow(void *block_pointer, size_t old_count, size_t new_count, size_t size,
                              const char *what, struct az_error *error);

/* A copy of a string; free with az_memory_free. */
enum az_status az_memory_copy_string(char **copy, const char *string, struct az_error *error);

void az_memory_free(void *block); /* NULL is allowed */

/* For fault tests: the nth allocation from now (1 is the next) and all after it fail; 0 turns it
 * off. */
void az_memory_fail_after(size_t n);

/* Resident memory of the process in bytes: its peak so far (VmHWM), and now. 0 where the system
 * does not tell. */
size_t az_memory_peak_bytes(void);
size_t az_memory_resident_bytes(void);

/* What the system could still give without swapping (MemAvailable); 0 where it does not tell. */
size_t az_memory_available_bytes(void);

/* The peak counts from now on. False where the system cannot do that; then it stays. */
bool az_memory_peak_reset(void);

/* Gives memory that was freed back to the system, so that what is resident is what is in use. */
void az_memory_trim(void);

/* Scratch: a stack of blocks in memory that the caller owns. Nothing is freed one by one. */
struct az_arena {
    unsigned char *base;
    size_t capacity_bytes;
    size_t used_bytes;
};

void az_arena_init(struct az_arena *arena, void *base, size_t capacity_bytes);

/* count * size bytes aligned to 64, not cleared; NULL when the arena is too small, which is an
 * error in the sizing and never happens after a run has started. */
void *az_arena_take(struct az_arena *arena, size_t count, size_t size);

static inline void az_arena_reset(struct az_arena *arena) { arena->used_bytes = 0; }

#endif
