// What the load clients share: a clock, a histogram, blocking set-up of connections, and what the kernel says about
// the server's processes. Each client is one thread on epoll and prints one JSON object.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "unexpected");
  exit(1);
}

// A histogram of nanoseconds: 32 buckets a power of two, so a percentile is exact to 3 %.
enum { HISTOGRAM_BITS = 5, HISTOGRAM_SIZE = 64 << HISTOGRAM_BITS };
typedef struct {
  uint64_t counts[HISTOGRAM_SIZE], total, max;
} histogram;

static inline void record(histogram *h, uint64_t ns) {
  ns = ns ? ns : 1;
  if (ns > h->max) h->max = ns;
  int power = 63 - __builtin_clzll(ns);
  int shift = power > HISTOGRAM_BITS ? power - HISTOGRAM_BITS : 0;
  h->counts[((uint64_t)shift << HISTOGRAM_BITS) + (ns >> shift)]++;
  h->total++;
}

// The value below which this share of what was recorded lies, in microseconds.
static inline double percentile_us(const histogram *h, double share) {
  uint64_t wanted = (uint64_t)(share * (double)h->total), seen = 0;
  for (int i = 0; i < HISTOGRAM_SIZE; i++) {
    seen += h->counts[i];
    if (seen > wanted) {
      int shift = i >> HISTOGRAM_BITS;
      shift = shift ? shift - 1 : 0;
      return (double)((uint64_t)(i - (shift << HISTOGRAM_BITS)) << shift) / 1e3;
    }
  }
  return (double)h->max / 1e3;
}

static inline void print_histogram(const char *name, const histogram *h) {
  printf(", \"%s_p50_us\": %.1f, \"%s_p99_us\": %.1f, \"%s_p999_us\": %.1f, \"%s_max_us\": %.1f", name,
         percentile_us(h, .5), name, percentile_us(h, .99), name, percentile_us(h, .999), name, h->max / 1e3);
}

static inline int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  return fd;
}

static inline void make_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

// Writes all of it; a full socket is waited for.
static inline void send_all(int fd, const char *data, size_t size) {
  while (size) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      struct timespec t = {0, 20000};
      nanosleep(&t, NULL);
    } else if (n < 0) {
      fail("send");
    } else {
      data += n, size -= (size_t)n;
    }
  }
}

// Reads byte by byte through the given text, so nothing behind it is consumed. For set-up only.
static inline void read_through(int fd, const char *end, char *head, size_t capacity) {
  size_t length = strlen(end), n = 0;
  while (n < length || memcmp(head + n - length, end, length)) {
    if (n + 1 >= capacity || read(fd, head + n, 1) != 1) {
      head[n] = 0;
      errno = 0;
      fprintf(stderr, "got: %s\n", head);
      fail("the other side did not answer as expected");
    }
    n++;
  }
  head[n] = 0;
}

static inline void watch(int epoll, int fd, uint32_t events, void *owner) {
  struct epoll_event e = {.events = events, .data.ptr = owner};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
}

// The processes of the server, as "pid,pid,…".
typedef struct {
  int pids[32], count;
} processes;

static inline processes parse_processes(const char *text) {
  processes p = {.count = 0};
  for (char *end; *text && p.count < 32; text = *end ? end + 1 : end) p.pids[p.count++] = (int)strtol(text, &end, 10);
  return p;
}

// CPU seconds that the processes have used so far, in user and kernel mode.
static inline double cpu_seconds(const processes *p) {
  double total = 0;
  for (int i = 0; i < p->count; i++) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", p->pids[i]);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    unsigned long user = 0, kernel = 0;
    char *after = strrchr(text, ')');
    if (after) sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    total += (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
  }
  return total;
}

static inline long resident_kb(const processes *p) {
  long total = 0;
  for (int i = 0; i < p->count; i++) {
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", p->pids[i]);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kb);
    if (file) fclose(file);
    total += kb;
  }
  return total;
}

static inline double own_cpu_seconds(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}
