// fanout: one publisher, many viewers. Counts deliveries, and measures each from publishing to arrival.
//   fanout --port P --protocol ws|sse|resp|nats --viewers N --rate EVENTS_PER_S | --window IN_FLIGHT
//          --seconds S --warm S --size BYTES --pids SERVER_PIDS --subscribe PATH --publish PATH
// An event is {"type":"bench.tick","session":"s-1","data":{"t":"<19 digits>","pad":"…"}}; whatever the server adds to
// it, the time is found again behind "t":". With --window the next event goes out when all viewers have the one that
// is IN_FLIGHT before it, so 1 is "one at a time".
#include "common.h"

enum protocol { WEBSOCKET, SSE, RESP, NATS };
static enum protocol protocol_named(const char *name) {
  if (!strcmp(name, "sse")) return SSE;
  if (!strcmp(name, "resp")) return RESP;
  if (!strcmp(name, "nats")) return NATS;
  return WEBSOCKET;
}
typedef struct {
  int fd;
  size_t length;  // of what is left over from the last read: an incomplete message
  char *rest;
  bool dead;
} viewer;

static enum protocol protocol = WEBSOCKET;
static int port, viewers = 1, size = 200, window = 0, dead = 0;
static double rate = 0, seconds = 4, warm = 1;
static const char *subscribe_path = "/v1/live", *publish_path = "/v1/ingest";
static processes server;

static uint64_t received, measured, published;
static bool measuring;
static histogram latency;
static char read_buffer[1 << 18];

static void on_message(const char *message, size_t length, uint64_t at) {
  static size_t likely = 0;  // where the last one had its time
  const char *mark = message + likely;
  if (likely + 25 > length || memcmp(mark, "\"t\":\"", 5)) {
    mark = memmem(message, length, "\"t\":\"", 5);
    if (!mark || mark + 24 > message + length) return;  // a control frame, a comment
    likely = (size_t)(mark - message);
  }
  uint64_t sent = 0;
  for (int i = 0; i < 19; i++) sent = sent * 10 + (uint64_t)(mark[5 + i] - '0');
  received++;
  if (measuring) {
    measured++;
    record(&latency, at - sent);
  }
}

// Takes the complete messages; returns how many bytes they were, or -1 when the viewer was closed.
static ssize_t take(const char *data, size_t length, uint64_t at) {
  const char *p = data, *end = data + length;
  for (;;) {
    size_t left = (size_t)(end - p), head, body;
    if (protocol == WEBSOCKET) {
      if (left < 2) break;
      const uint8_t *b = (const uint8_t *)p;
      head = 2, body = b[1] & 0x7f;
      if (body == 126) {
        if (left < 4) break;
        head = 4, body = (size_t)b[2] << 8 | b[3];
      } else if (body == 127) {
        if (left < 10) break;
        head = 10, body = 0;
        for (int i = 2; i < 10; i++) body = body << 8 | b[i];
      }
      if (left < head + body) break;
      if ((b[0] & 15) == 8) return -1;
      if ((b[0] & 15) == 1) on_message(p + head, body, at);
      p += head + body;
    } else if (protocol == SSE) {
      const char *blank = memmem(p, left, "\n\n", 2);
      if (!blank) break;
      on_message(p, (size_t)(blank - p), at);
      p = blank + 2;
    } else if (protocol == NATS) {
      // MSG t 1 <size>, then the event; a PING in between is not answered: it may wait for minutes.
      static char prefix[64];
      static size_t known = 0;
      if (!known) known = (size_t)sprintf(prefix, "MSG t 1 %d\r\n", size);
      if (left >= 6 && !memcmp(p, "PING\r\n", 6)) {
        p += 6;
        continue;
      }
      if (left < known + (size_t)size + 2) break;
      if (memcmp(p, prefix, known)) return -1;
      on_message(p + known, (size_t)size, at);
      p += known + (size_t)size + 2;
    } else {
      // *3 $7 message $1 t $<size> <event>
      static char prefix[64];
      static size_t known = 0;
      if (!known) known = (size_t)sprintf(prefix, "*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$%d\r\n", size);
      if (left < known + (size_t)size + 2) break;
      if (memcmp(p, prefix, known)) return -1;
      on_message(p + known, (size_t)size, at);
      p += known + (size_t)size + 2;
    }
  }
  return p - data;
}

static void on_readable(viewer *v) {
  while (!v->dead) {
    memcpy(read_buffer, v->rest, v->length);
    ssize_t n = read(v->fd, read_buffer + v->length, sizeof read_buffer - v->length);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ssize_t used = n > 0 ? take(read_buffer, v->length + (size_t)n, now_ns()) : -1;
    if (used < 0) {
      v->dead = true, dead++;
      close(v->fd);
      return;
    }
    bool full = v->length + (size_t)n == sizeof read_buffer;
    v->length = v->length + (size_t)n - (size_t)used;
    v->rest = realloc(v->rest, v->length + 1);
    memcpy(v->rest, read_buffer + used, v->length);
    if (!full) return;
  }
}

static int upgrade(const char *path) {
  char request[1024], head[4096];
  int fd = connect_to(port);
  int n = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: c2lnbmFsYm94IGJlbmNoIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
  send_all(fd, request, (size_t)n);
  read_through(fd, "\r\n\r\n", head, sizeof head);
  if (memcmp(head, "HTTP/1.1 101", 12)) fprintf(stderr, "%s", head), exit(1);
  return fd;
}

// A connection to NATS after its greeting; every message comes as it is asked for, without an answer to each.
static int open_nats(void) {
  char line[4096];
  int fd = connect_to(port);
  read_through(fd, "\r\n", line, sizeof line);
  const char *hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";
  send_all(fd, hello, strlen(hello));
  read_through(fd, "PONG\r\n", line, sizeof line);
  return fd;
}

static int open_viewer(void) {
  char request[1024], head[4096];
  if (protocol == WEBSOCKET) return upgrade(subscribe_path);
  if (protocol == NATS) {
    int fd = open_nats();
    send_all(fd, "SUB t 1\r\nPING\r\n", 15);
    read_through(fd, "PONG\r\n", head, sizeof head);
    return fd;
  }
  int fd = connect_to(port);
  if (protocol == RESP) {
    send_all(fd, "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nt\r\n", 26);
    read_through(fd, ":1\r\n", head, sizeof head);
    return fd;
  }
  int n = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", subscribe_path, port);
  send_all(fd, request, (size_t)n);
  read_through(fd, "\r\n\r\n", head, sizeof head);
  if (memcmp(head, "HTTP/1.1 200", 12)) fprintf(stderr, "%s", head), exit(1);
  return fd;
}

static int publisher;
static char out[1 << 20];
static size_t out_length, out_sent;

// Writes one event with the time of now behind what is to be sent.
static void append_event(void) {
  char *p = out + out_length;
  if (protocol == RESP) {
    p += sprintf(p, "*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$%d\r\n", size);
  } else if (protocol == NATS) {
    p += sprintf(p, "PUB t %d\r\n", size);
  } else {
    *p++ = (char)0x81;
    *p++ = (char)(0x80 | (size < 126 ? size : 126));
    if (size >= 126) *p++ = (char)(size >> 8), *p++ = (char)size;
    memset(p, 0, 4);  // a mask of zeros: the payload as it is
    p += 4;
  }
  char *start = p;
  p += sprintf(p, "{\"type\":\"bench.tick\",\"session\":\"s-1\",\"data\":{\"t\":\"%019llu\",\"pad\":\"",
               (unsigned long long)now_ns());
  while (p < start + size - 3) *p++ = 'x';
  memcpy(p, "\"}}", 3);
  p += 3;
  if (protocol == RESP || protocol == NATS) *p++ = '\r', *p++ = '\n';
  out_length = (size_t)(p - out);
  published++;
}

static void flush_publisher(void) {
  while (out_sent < out_length) {
    ssize_t n = send(publisher, out + out_sent, out_length - out_sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("publish");
    out_sent += (size_t)n;
  }
  out_sent = out_length = 0;
}

static void publish(int64_t count) {
  while (count-- > 0 && out_length + (size_t)size + 128 < sizeof out) append_event();
  flush_publisher();
}

// Waits for at most this long and reads what came.
static void turn(int epoll, uint64_t wait_ns) {
  static struct epoll_event events[512];
  static char answers[65536];
  struct timespec wait = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
  int n = epoll_pwait2(epoll, events, 512, &wait, NULL);
  for (int i = 0; i < n; i++) {
    if (events[i].data.ptr) {
      on_readable(events[i].data.ptr);
      continue;
    }
    ssize_t got;
    while ((got = read(publisher, answers, sizeof answers)) > 0) {
    }
    if (got == 0) errno = 0, fail("the publisher was closed");
    flush_publisher();
  }
}

int main(int count, char **arguments) {
  static const struct option options[] = {
      {"port", 1, 0, 'P'}, {"protocol", 1, 0, 'm'}, {"viewers", 1, 0, 'n'}, {"rate", 1, 0, 'r'},
      {"window", 1, 0, 'w'}, {"seconds", 1, 0, 'd'}, {"warm", 1, 0, 'W'}, {"size", 1, 0, 's'},
      {"pids", 1, 0, 'p'}, {"subscribe", 1, 0, 'S'}, {"publish", 1, 0, 'B'}, {0}};
  for (int o; (o = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (o) {
      case 'P': port = atoi(optarg); break;
      case 'm': protocol = protocol_named(optarg); break;
      case 'n': viewers = atoi(optarg); break;
      case 'r': rate = atof(optarg); break;
      case 'w': window = atoi(optarg); break;
      case 'd': seconds = atof(optarg); break;
      case 'W': warm = atof(optarg); break;
      case 's': size = atoi(optarg); break;
      case 'p': server = parse_processes(optarg); break;
      case 'S': subscribe_path = optarg; break;
      case 'B': publish_path = optarg; break;
      default: return 2;
    }
  prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  viewer *all = calloc((size_t)viewers, sizeof *all);
  long before = resident_kb(&server);
  for (int i = 0; i < viewers; i++) {
    all[i].fd = open_viewer();
    make_nonblocking(all[i].fd);
    watch(epoll, all[i].fd, EPOLLIN, &all[i]);
  }
  publisher = protocol == RESP ? connect_to(port) : protocol == NATS ? open_nats() : upgrade(publish_path);
  make_nonblocking(publisher);
  watch(epoll, publisher, EPOLLIN | EPOLLOUT | EPOLLET, NULL);
  for (uint64_t settled = now_ns() + 500000000u; now_ns() < settled;) turn(epoll, 50000000u);
  long quiet = resident_kb(&server);

  uint64_t start = now_ns(), begin = start + (uint64_t)(warm * 1e9), end = begin + (uint64_t)(seconds * 1e9);
  uint64_t step = rate > 0 ? (uint64_t)(1e9 / rate) : 0, due = start, published_before = 0;
  double server_cpu = 0, client_cpu = 0;
  for (uint64_t t; (t = now_ns()) < end;) {
    if (!measuring && t >= begin) {
      measuring = true, begin = t, published_before = published;
      server_cpu = cpu_seconds(&server), client_cpu = own_cpu_seconds();
    }
    if (rate > 0) {
      for (; due <= t; due += step) publish(1);
    } else {
      publish((int64_t)(received / (uint64_t)viewers) + window - (int64_t)published);
    }
    t = now_ns();
    turn(epoll, rate > 0 ? (due > t ? due - t : 0) : 1000000u);
  }
  measuring = false;
  double elapsed = (double)(now_ns() - begin) / 1e9;
  server_cpu = cpu_seconds(&server) - server_cpu, client_cpu = own_cpu_seconds() - client_cpu;
  uint64_t sent = published - published_before, expected = published * (uint64_t)viewers;
  for (uint64_t limit = now_ns() + 3000000000u; now_ns() < limit && received < expected;) turn(epoll, 10000000u);

  printf("{\"viewers\": %d, \"published_per_s\": %.0f, \"delivered_per_s\": %.0f, \"server_cpu\": %.3f, "
         "\"client_cpu\": %.3f, \"delivered_per_cpu_s\": %.0f, \"lost\": %lld, \"dead\": %d, "
         "\"rss_before_kb\": %ld, \"rss_quiet_kb\": %ld, \"rss_after_kb\": %ld",
         viewers, (double)sent / elapsed, (double)measured / elapsed, server_cpu / elapsed, client_cpu / elapsed,
         server_cpu > 0 ? (double)measured / server_cpu : 0, (long long)(expected - received), dead, before, quiet,
         resident_kb(&server));
  print_histogram("latency", &latency);
  printf("}\n");
  return 0;
}
