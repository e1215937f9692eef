#pragma once
#include <pthread.h>
#include <sys/socket.h>
#include <uv.h>

#ifdef __linux__
#include <malloc.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc declares these only with _GNU_SOURCE, which Swift's own import of glibc does not define. */
extern int cuv_accept4(int socket, struct sockaddr *address, socklen_t *length, int flags) __asm__("accept4");
extern int cuv_set_thread_name(pthread_t thread, const char *name) __asm__("pthread_setname_np");

/* Keeps a few megabytes of freed memory in each arena: given back at once, it is asked for again, and cleared by the
   kernel, with the next batch. Blocks of some megabytes still go straight back. */
static inline void cuv_keep_freed_memory(void) {
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  mallopt(M_TOP_PAD, 256 << 10);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

/* sched_setattr(2), which glibc 2.36 does not wrap: asks that the calling thread's turns be this long. A thread that
   runs short turns is let in front of others when it wakes up, and gets no more of the processor for it. Kernels
   before 6.12 take no notice; a thread of another scheduling class than the usual one is left alone. */
static inline void cuv_prefer_short_turns(uint64_t nanoseconds) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
  } attributes = {0};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) || attributes.policy != 0) return;
  attributes.size = sizeof attributes;
  attributes.flags = 0;
  attributes.runtime = nanoseconds;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
#endif
