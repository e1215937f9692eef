#pragma once
#include <pthread.h>
#include <sys/socket.h>
#include <uv.h>

#ifdef __linux__
/* glibc declares these only with _GNU_SOURCE, which Swift's own import of glibc does not define. */
extern int cuv_accept4(int socket, struct sockaddr *address, socklen_t *length, int flags) __asm__("accept4");
extern int cuv_set_thread_name(pthread_t thread, const char *name) __asm__("pthread_setname_np");
#endif
