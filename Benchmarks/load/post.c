// post: a closed loop of POST /v1/events on kept-alive connections; every request carries new events.
//   post --port P --connections N --batch EVENTS --seconds S --rate EVENTS_PER_S --spans N --size BYTES --pids PIDS
// A batch of 1 is one JSON object, more are an array. The events are the deltas of --spans spans (64) that are
// interleaved, 200 deltas each, about --size bytes an event. With --rate the batches are spread evenly over time
// instead of following each other; 0 sends as fast as answers come.
#include "common.h"

enum { SPAN_DELTAS = 200 };
typedef struct {
  int fd, status;
  uint64_t sent;
  size_t length, wanted;  // of the answer
  bool busy;
  char answer[16384];
} connection;

static int port, connections = 1, batch = 500, spans = 64, size = 230;
static double rate = 0, seconds = 5, warm = 1;
static const char *path = "/v1/events";
static processes server;
static uint64_t run, event_number, sent_events, answered_events, refused;
static histogram latency;
static bool measuring;
static char *body, *request;

static char *put(char *p, const char *text) {
  size_t n = strlen(text);
  memcpy(p, text, n);
  return p + n;
}

static char *put_hex(char *p, uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) *p++ = "0123456789abcdef"[value >> shift & 15];
  return p;
}

static char *put_decimal(char *p, uint64_t value) {
  char digits[20];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  while (n) *p++ = digits[--n];
  return p;
}

// The next delta: which of the interleaved spans, and which place in it.
static char *put_event(char *p) {
  char *start = p;
  uint64_t lane = event_number % (uint64_t)spans, turn = event_number / (uint64_t)spans;
  uint64_t span = run + (turn / SPAN_DELTAS) * (uint64_t)spans + lane;
  event_number++;
  p = put(p, "{\"type\":\"llm.delta\",\"phase\":\"delta\",\"time\":\"2026-11-21T09:30:00.123456Z\",\"trace\":\"");
  p = put_hex(put_hex(p, span ^ 0x5bd1e995), span);
  p = put(p, "\",\"span\":\"");
  p = put_hex(p, span);
  p = put(p, "\",\"session\":\"s-");
  p = put_decimal(p, span / 4 % 1000000);
  p = put(p, "\",\"index\":");
  p = put_decimal(p, turn % SPAN_DELTAS);
  p = put(p, ",\"data\":{\"text\":\" word");
  p = put_decimal(p, turn);
  while (p < start + size - 3) *p++ = 'e';
  return put(p, "\"}}");
}

static void send_request(connection *c) {
  char *p = body;
  if (batch > 1) *p++ = '[';
  for (int i = 0; i < batch; i++) {
    if (i) *p++ = ',';
    p = put_event(p);
  }
  if (batch > 1) *p++ = ']';
  size_t length = (size_t)(p - body);
  int head = sprintf(request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                              "Content-Length: %zu\r\n\r\n", path, port, length);
  memcpy(request + head, body, length);
  c->sent = now_ns(), c->length = 0, c->wanted = 0, c->busy = true;
  sent_events += (uint64_t)batch;
  send_all(c->fd, request, (size_t)head + length);
}

// Reads on; true when the answer is complete.
static bool read_answer(connection *c) {
  ssize_t n = read(c->fd, c->answer + c->length, sizeof c->answer - 1 - c->length);
  if (n < 0 && errno == EAGAIN) return false;
  if (n <= 0) errno = 0, fail("the server closed the connection");
  c->length += (size_t)n;
  c->answer[c->length] = 0;
  if (!c->wanted) {
    char *end = strstr(c->answer, "\r\n\r\n"), *field = strcasestr(c->answer, "\r\ncontent-length:");
    if (!end) return false;
    if (!field) fail("an answer without a length");
    c->wanted = (size_t)(end + 4 - c->answer) + strtoul(field + 17, NULL, 10);
    if (c->wanted >= sizeof c->answer) fail("an answer too long");
    c->status = atoi(c->answer + 9);
  }
  return c->length >= c->wanted;
}

int main(int count, char **arguments) {
  static const struct option options[] = {
      {"port", 1, 0, 'P'}, {"connections", 1, 0, 'c'}, {"batch", 1, 0, 'b'}, {"seconds", 1, 0, 'd'},
      {"warm", 1, 0, 'W'}, {"rate", 1, 0, 'r'}, {"spans", 1, 0, 'n'}, {"size", 1, 0, 's'},
      {"pids", 1, 0, 'p'}, {"path", 1, 0, 'u'}, {0}};
  for (int o; (o = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (o) {
      case 'P': port = atoi(optarg); break;
      case 'c': connections = atoi(optarg); break;
      case 'b': batch = atoi(optarg); break;
      case 'd': seconds = atof(optarg); break;
      case 'W': warm = atof(optarg); break;
      case 'r': rate = atof(optarg); break;
      case 'n': spans = atoi(optarg); break;
      case 's': size = atoi(optarg); break;
      case 'p': server = parse_processes(optarg); break;
      case 'u': path = optarg; break;
      default: return 2;
    }
  prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  run = now_ns() << 8;
  body = malloc((size_t)batch * (size_t)(size + 300) + 16);
  request = malloc((size_t)batch * (size_t)(size + 300) + 1024);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  connection *all = calloc((size_t)connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].fd = connect_to(port);
    make_nonblocking(all[i].fd);
    watch(epoll, all[i].fd, EPOLLIN, &all[i]);
  }
  uint64_t start = now_ns(), begin = start + (uint64_t)(warm * 1e9), end = begin + (uint64_t)(seconds * 1e9);
  uint64_t step = rate > 0 ? (uint64_t)(1e9 * batch / rate) : 0, due = start;
  double server_cpu = 0, client_cpu = 0;
  int next = 0;
  if (!step) for (int i = 0; i < connections; i++) send_request(&all[i]);
  struct epoll_event events[256];
  for (uint64_t t; (t = now_ns()) < end;) {
    if (!measuring && t >= begin) {
      measuring = true, begin = t, answered_events = 0;
      server_cpu = cpu_seconds(&server), client_cpu = own_cpu_seconds();
    }
    for (; step && due <= t && !all[next].busy; due += step, next = (next + 1) % connections) send_request(&all[next]);
    uint64_t wait = step && due > t ? due - t : 100000000u;
    struct timespec timeout = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
    int n = epoll_pwait2(epoll, events, 256, &timeout, NULL);
    for (int i = 0; i < n; i++) {
      connection *c = events[i].data.ptr;
      if (!read_answer(c)) continue;
      c->busy = false;
      if (c->status == 200) answered_events += (uint64_t)batch;
      else if (!refused++) fprintf(stderr, "%s\n", c->answer);
      if (measuring) record(&latency, now_ns() - c->sent);
      if (!step) send_request(c);
    }
  }
  double elapsed = (double)(now_ns() - begin) / 1e9;
  server_cpu = cpu_seconds(&server) - server_cpu, client_cpu = own_cpu_seconds() - client_cpu;
  printf("{\"connections\": %d, \"batch\": %d, \"events_per_s\": %.0f, \"requests_per_s\": %.0f, \"refused\": %llu, "
         "\"server_cpu\": %.3f, \"client_cpu\": %.3f, \"cpu_us_per_event\": %.3f, \"cpu_us_per_request\": %.2f, "
         "\"rss_after_kb\": %ld",
         connections, batch, (double)answered_events / elapsed, (double)answered_events / elapsed / batch,
         (unsigned long long)refused, server_cpu / elapsed, client_cpu / elapsed,
         answered_events ? server_cpu * 1e6 / (double)answered_events : 0,
         answered_events ? server_cpu * 1e6 / ((double)answered_events / batch) : 0, resident_kb(&server));
  print_histogram("answer", &latency);
  printf("}\n");
  return 0;
}
