// reconnect: viewers that all lose their connection and come back at once, each behind the last position it has.
//   reconnect --port P --viewers N --events M --size BYTES
// M events come while nobody is connected. Says how long it takes until every viewer has all of them, how many were
// lost or came twice, and how long the connections themselves took.
#include "common.h"

typedef struct {
  int fd;
  bool upgraded, done;
  size_t length;
  uint64_t next;  // number of the event that it waits for
  char *rest, position[40];
} viewer;

static int port, viewers = 5000, events = 20, size = 200, epoll;
static uint64_t lost, twice;
static char buffer[1 << 18];

static void ask(viewer *v) {
  char request[512];
  int n = snprintf(request, sizeof request,
                   "GET /v1/live?type=bench.%s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: c2lnbmFsYm94IGJlbmNoIQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n",
                   *v->position ? "&after=" : "", v->position, port);
  send_all(v->fd, request, (size_t)n);
}

// Opens without waiting for the answer.
static void open_viewer(viewer *v) {
  v->fd = connect_to(port);
  v->upgraded = v->done = false, v->length = 0;
  ask(v);
  make_nonblocking(v->fd);
  watch(epoll, v->fd, EPOLLIN, v);
}

static void on_event(viewer *v, const char *message, size_t length) {
  const char *number = memmem(message, length, "\"n\":", 4), *place = memmem(message, length, "\"position\":\"", 12);
  if (!number || !place) return;
  uint64_t n = strtoull(number + 4, NULL, 10);
  if (n < v->next) twice++;
  else lost += n - v->next, v->next = n + 1;
  const char *end = memchr(place + 12, '"', length - (size_t)(place + 12 - message));
  if (end && end - place - 12 < (long)sizeof v->position)
    memcpy(v->position, place + 12, (size_t)(end - place - 12)), v->position[end - place - 12] = 0;
}

// Takes what is complete; returns how many bytes that was, or -1 when the viewer was refused or closed.
static ssize_t take(viewer *v, const char *data, size_t length) {
  const char *p = data, *end = data + length;
  if (!v->upgraded) {
    const char *blank = memmem(p, length, "\r\n\r\n", 4);
    if (!blank) return 0;
    if (memcmp(p, "HTTP/1.1 101", 12)) return -1;
    v->upgraded = true, p = blank + 4;
  }
  for (;;) {
    size_t left = (size_t)(end - p), head = 2;
    if (left < 2) break;
    const uint8_t *b = (const uint8_t *)p;
    size_t body = b[1] & 0x7f;
    if (body == 126) {
      if (left < 4) break;
      head = 4, body = (size_t)b[2] << 8 | b[3];
    } else if (body == 127) {
      return -1;
    }
    if (left < head + body) break;
    if ((b[0] & 15) == 8) return -1;
    if ((b[0] & 15) == 1) on_event(v, p + head, body);
    p += head + body;
  }
  return p - data;
}

static void on_readable(viewer *v) {
  memcpy(buffer, v->rest, v->length);
  ssize_t n = read(v->fd, buffer + v->length, sizeof buffer - v->length);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  ssize_t used = n > 0 ? take(v, buffer, v->length + (size_t)n) : -1;
  if (used < 0) errno = 0, fail("a viewer was closed");
  v->length = v->length + (size_t)n - (size_t)used;
  v->rest = realloc(v->rest, v->length + 1);
  memcpy(v->rest, buffer + used, v->length);
}

// Reads until every viewer has what is before `wanted`; returns whether they have.
static bool until(viewer *all, uint64_t wanted, double patience) {
  struct epoll_event ready[512];
  int have = 0;
  for (int i = 0; i < viewers; i++) have += all[i].done = all[i].upgraded && all[i].next >= wanted;
  for (uint64_t limit = now_ns() + (uint64_t)(patience * 1e9); have < viewers;) {
    if (now_ns() > limit) return false;
    int n = epoll_wait(epoll, ready, 512, 100);
    for (int i = 0; i < n; i++) {
      viewer *v = ready[i].data.ptr;
      on_readable(v);
      if (!v->done && v->upgraded && v->next >= wanted) v->done = true, have++;
    }
  }
  return true;
}

static void post(uint64_t from, int count) {
  int fd = connect_to(port);
  char body[8192], request[8500], answer[4096];
  for (int i = 0; i < count; i++) {
    int n = sprintf(body, "{\"type\":\"bench.tick\",\"data\":{\"n\":%llu,\"pad\":\"", (unsigned long long)from + (unsigned)i);
    while (n < size - 3) body[n++] = 'x';
    memcpy(body + n, "\"}}", 4);
    n += 3;
    int whole = sprintf(request, "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                                 "Content-Length: %d\r\n\r\n%s", port, n, body);
    send_all(fd, request, (size_t)whole);
    read_through(fd, "\r\n\r\n", answer, sizeof answer);
    if (memcmp(answer, "HTTP/1.1 200", 12)) errno = 0, fail("an event was refused");
    const char *field = strcasestr(answer, "content-length:");
    for (long left = field ? atol(field + 15) : 0; left > 0;) {
      ssize_t got = read(fd, answer, (size_t)left);
      if (got <= 0) fail("read");
      left -= got;
    }
  }
  close(fd);
}

int main(int count, char **arguments) {
  static const struct option options[] = {
      {"port", 1, 0, 'P'}, {"viewers", 1, 0, 'n'}, {"events", 1, 0, 'e'}, {"size", 1, 0, 's'}, {0}};
  for (int o; (o = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (o) {
      case 'P': port = atoi(optarg); break;
      case 'n': viewers = atoi(optarg); break;
      case 'e': events = atoi(optarg); break;
      case 's': size = atoi(optarg) < 8000 ? atoi(optarg) : 8000; break;
      default: return 2;
    }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  viewer *all = calloc((size_t)viewers, sizeof *all);
  for (int i = 0; i < viewers; i++) open_viewer(&all[i]);
  if (!until(all, 0, 60)) fail("the viewers do not get in");
  post(0, 1);
  if (!until(all, 1, 60)) fail("the first event does not reach everybody");
  for (int i = 0; i < viewers; i++) close(all[i].fd);
  post(1, events);

  uint64_t start = now_ns();
  for (int i = 0; i < viewers; i++) open_viewer(&all[i]);
  double connected = (double)(now_ns() - start) / 1e6;
  bool complete = until(all, (uint64_t)events + 1, 60);
  double caught_up = (double)(now_ns() - start) / 1e6;
  for (int i = 0; i < viewers; i++) lost += (uint64_t)events + 1 - all[i].next;
  printf("{\"viewers\": %d, \"connected_ms\": %.1f, \"caught_up_ms\": %.1f, \"complete\": %d, \"lost\": %llu, "
         "\"twice\": %llu}\n", viewers, connected, caught_up, complete, (unsigned long long)lost,
         (unsigned long long)twice);
  return 0;
}
