// Stands in for the C library's allocator, so that its calls can be counted. Every thread has a count of its own.
#include "CAllocations.h"

#include <stdlib.h>

static __thread unsigned long allocations;

unsigned long sb_allocations(void) { return allocations; }

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}
#endif
