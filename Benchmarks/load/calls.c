// calls: streamed completions in a closed loop on kept-alive connections.
//   calls --port P --path PATH --concurrency N --seconds S --pids SERVER_PIDS --body BYTES [--mark TEXT]
// Measures time to first chunk, total time, how long a chunk took from upstream (by its `created`, in nanoseconds),
// and stalls: streams in which nothing came for more than 200 ms. The start of the N loops is spread over a second.
// With --mark the first chunk is the one that contains TEXT, of at most 48 bytes.
#include "common.h"

enum { KEEP = 48 };  // bytes kept from one read to the next, so that a `created` that was torn apart is found
typedef struct {
  int fd, status;
  bool busy, started, stalled;
  uint64_t sent, heard, start_at;
  size_t kept;
  char rest[KEEP];
} call;

static int port, concurrency = 1, body_size = 1000;
static double seconds = 5, warm = 1;
static const char *path = "/v1/chat/completions";
static const char *mark;  // what the first chunk is known by, where chunks have no `created`
static processes server;
static histogram first_chunk, whole, transit;
static uint64_t finished, failed, stalled, chunks, longest_gap;
static bool measuring;
static char *request;
static size_t request_length;

static void start(call *c) {
  c->sent = c->heard = now_ns();
  c->busy = true, c->started = c->stalled = false, c->kept = 0;
  send_all(c->fd, request, request_length);
}

static void count_gap(call *c, uint64_t t) {
  if (t - c->heard > longest_gap && measuring) longest_gap = t - c->heard;
  if (t - c->heard > 200000000u) c->stalled = true;
  c->heard = t;
}

// Reads what is there; true when the reply is complete.
static bool read_reply(call *c) {
  static char buffer[(1 << 18) + KEEP];
  for (;;) {
    memcpy(buffer, c->rest, c->kept);
    ssize_t n = recv(c->fd, buffer + c->kept, sizeof buffer - c->kept, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) errno = 0, fail("a stream was closed");
    uint64_t t = now_ns();
    size_t length = c->kept + (size_t)n;
    count_gap(c, t);
    if (!c->status) c->status = atoi(buffer + 9);
    char *end = buffer + length, *after = buffer;
    if (mark && !c->started && memmem(buffer, length, mark, strlen(mark))) {
      c->started = true;
      if (measuring) record(&first_chunk, t - c->sent);
    }
    for (char *p = buffer; !mark && (p = memmem(p, (size_t)(end - p), "\"created\":", 10)) && end - p >= 31; p += 10) {
      if (!c->started) {
        c->started = true;
        if (measuring) record(&first_chunk, t - c->sent);
      }
      if (measuring) record(&transit, t - strtoull(p + 10, NULL, 10)), chunks++;
      after = p + 10;
    }
    bool complete = length >= 5 && !memcmp(end - 5, "0\r\n\r\n", 5);
    // A mark that was counted is not kept, or it would be counted twice.
    c->kept = (size_t)(end - after) < KEEP ? (size_t)(end - after) : KEEP;
    memcpy(c->rest, buffer + length - c->kept, c->kept);
    if (complete) {
      if (measuring) record(&whole, t - c->sent);
      return true;
    }
  }
}

int main(int count, char **arguments) {
  static const struct option options[] = {
      {"port", 1, 0, 'P'}, {"path", 1, 0, 'u'}, {"concurrency", 1, 0, 'c'}, {"seconds", 1, 0, 'd'},
      {"warm", 1, 0, 'W'}, {"pids", 1, 0, 'p'}, {"body", 1, 0, 'b'}, {"mark", 1, 0, 'm'}, {0}};
  for (int o; (o = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (o) {
      case 'P': port = atoi(optarg); break;
      case 'u': path = optarg; break;
      case 'c': concurrency = atoi(optarg); break;
      case 'd': seconds = atof(optarg); break;
      case 'W': warm = atof(optarg); break;
      case 'p': server = parse_processes(optarg); break;
      case 'b': body_size = atoi(optarg); break;
      case 'm': mark = optarg; break;
      default: return 2;
    }
  prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  char *body = malloc((size_t)body_size + 512);
  int n = sprintf(body, "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"");
  while (n < body_size - 4) body[n] = "tell me more "[n % 13], n++;
  n += sprintf(body + n, "\"}]}");
  request = malloc((size_t)n + 1024);
  request_length = (size_t)sprintf(
      request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer sk-bench\r\n"
               "Content-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s",
      path, port, n, body);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  call *all = calloc((size_t)concurrency, sizeof *all);
  uint64_t begin = now_ns();
  for (int i = 0; i < concurrency; i++) {
    all[i].fd = connect_to(port);
    all[i].start_at = begin + (uint64_t)i * 1000000000u / (uint64_t)concurrency;
    watch(epoll, all[i].fd, EPOLLIN, &all[i]);
  }
  uint64_t from = begin + (uint64_t)((warm + (concurrency > 1)) * 1e9), until = from + (uint64_t)(seconds * 1e9);
  double server_cpu = 0, client_cpu = 0, elapsed = 0;
  int opened = 0, active = 0;
  struct epoll_event events[512];
  for (;;) {
    uint64_t t = now_ns();
    if (!measuring && !elapsed && t >= from) {
      measuring = true, from = t, finished = 0;
      server_cpu = cpu_seconds(&server), client_cpu = own_cpu_seconds();
    }
    if (measuring && t >= until) {
      measuring = false, elapsed = (double)(t - from) / 1e9;
      server_cpu = cpu_seconds(&server) - server_cpu, client_cpu = own_cpu_seconds() - client_cpu;
    }
    if (elapsed && (!active || t > until + 20000000000u)) break;
    for (; opened < concurrency && all[opened].start_at <= t; opened++, active++) start(&all[opened]);
    int got = epoll_wait(epoll, events, 512, opened < concurrency ? 1 : 100);
    for (int i = 0; i < got; i++) {
      call *c = events[i].data.ptr;
      if (!c->busy || !read_reply(c)) continue;
      c->busy = false;
      if (c->status != 200 || !c->started) failed++;
      if (c->stalled) stalled++;
      if (measuring) finished++;
      if (elapsed) active--;
      else start(c);
    }
  }
  printf("{\"concurrency\": %d, \"requests_per_s\": %.1f, \"chunks_per_s\": %.0f, \"failed\": %llu, \"stalled\": %llu, "
         "\"unfinished\": %d, \"longest_gap_ms\": %.1f, \"server_cpu\": %.3f, \"client_cpu\": %.3f, "
         "\"cpu_us_per_request\": %.1f",
         concurrency, (double)finished / elapsed, (double)chunks / elapsed, (unsigned long long)failed,
         (unsigned long long)stalled, active, longest_gap / 1e6, server_cpu / elapsed, client_cpu / elapsed,
         finished ? server_cpu * 1e6 / (double)finished : 0);
  print_histogram("first", &first_chunk);
  print_histogram("total", &whole);
  print_histogram("transit", &transit);
  printf("}\n");
  return 0;
}
