// upstream: an OpenAI-compatible server that streams the same completion to everybody, and costs as little as can be.
//   upstream --port P --chunks N --interval-ms MS [--reply FILE --type CONTENT_TYPE]
// A POST whose target contains "paced" gets a chunk every MS milliseconds, any other all of them at once. `created`
// carries the nanosecond of sending, so that a client can tell how long a chunk took. With --reply everybody gets the
// file, at once.
#include "common.h"

typedef struct stream {
  int fd, left;
  uint64_t due;
  size_t length, body;  // of the request so far; what is still to come of its body
  bool closed, in_queue;
  struct stream *next;
  char request[16384];
} stream;

static int chunks = 64;
static uint64_t interval = 20000000;
static stream *first, *last;
static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    "x-request-id: req_0123456789abcdef\r\nTransfer-Encoding: chunked\r\n\r\n";
static char *reply;  // the whole answer, head and all
static size_t reply_length;
static const char done[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

static size_t put_chunk(char *p, int number) {
  char event[512];
  int n = sprintf(event,
                  "data: {\"id\":\"chatcmpl-0123456789abcdef0123456789abc\",\"object\":\"chat.completion.chunk\","
                  "\"created\":%llu,\"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":\"fp_0123456789\","
                  "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word%d\"},\"finish_reason\":%s}]}\n\n",
                  (unsigned long long)now_ns(), number, number + 1 == chunks ? "\"stop\"" : "null");
  return (size_t)sprintf(p, "%x\r\n%s\r\n", (unsigned)n, event);
}

static void enqueue(stream *s) {
  s->next = NULL, s->in_queue = true;
  if (last) last->next = s;
  else first = s;
  last = s;
}

static void answer(stream *s) {
  static char out[1 << 20];
  if (reply) {
    send_all(s->fd, reply, reply_length);
    s->length = 0;
    return;
  }
  size_t n = sizeof head - 1;
  memcpy(out, head, n);
  bool paced = memmem(s->request, 200, "paced", 5);
  int now = paced ? 1 : chunks;
  for (int i = 0; i < now; i++) n += put_chunk(out + n, i);
  s->left = chunks - now;
  if (!s->left) memcpy(out + n, done, sizeof done - 1), n += sizeof done - 1;
  send_all(s->fd, out, n);
  s->length = 0;
  if (s->left) s->due = now_ns() + interval, enqueue(s);
}

static void on_readable(stream *s) {
  static char drop[65536];
  for (;;) {
    ssize_t n = s->body ? recv(s->fd, drop, s->body < sizeof drop ? s->body : sizeof drop, MSG_DONTWAIT)
                        : recv(s->fd, s->request + s->length, sizeof s->request - 1 - s->length, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      close(s->fd);
      s->closed = true;
      if (!s->in_queue) free(s);
      return;
    }
    if (s->body) {
      s->body -= (size_t)n;
      if (!s->body) answer(s);
      continue;
    }
    s->length += (size_t)n;
    s->request[s->length] = 0;
    char *end = strstr(s->request, "\r\n\r\n"), *field = strcasestr(s->request, "\r\ncontent-length:");
    if (!end) continue;
    size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    size_t here = s->length - (size_t)(end + 4 - s->request);
    if (here >= body) answer(s);
    else s->body = body - here;
  }
}

// The file as the body of an answer, in one chunk.
static void read_reply(const char *path, const char *type) {
  FILE *file = fopen(path, "rb");
  static char body[1 << 20];
  size_t n = file ? fread(body, 1, sizeof body, file) : 0;
  if (!n) fail(path);
  fclose(file);
  reply = malloc(n + 512);
  size_t start = (size_t)sprintf(
      reply, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", type, n);
  memcpy(reply + start, body, n);
  memcpy(reply + start + n, "\r\n0\r\n\r\n", 7);
  reply_length = start + n + 7;
}

int main(int count, char **arguments) {
  int port = 0;
  const char *file = NULL, *type = "text/event-stream";
  static const struct option options[] = {
      {"port", 1, 0, 'P'}, {"chunks", 1, 0, 'n'}, {"interval-ms", 1, 0, 'i'}, {"reply", 1, 0, 'r'},
      {"type", 1, 0, 't'}, {0}};
  for (int o; (o = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (o) {
      case 'P': port = atoi(optarg); break;
      case 'n': chunks = atoi(optarg); break;
      case 'i': interval = strtoull(optarg, NULL, 10) * 1000000u; break;
      case 'r': file = optarg; break;
      case 't': type = optarg; break;
      default: return 2;
    }
  if (file) read_reply(file, type);
  prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail("listen");
  watch(epoll, listener, EPOLLIN, NULL);
  printf("ready\n");
  fflush(stdout);
  struct epoll_event events[512];
  for (;;) {
    uint64_t t = now_ns(), wait = !first ? 1000000000u : first->due > t ? first->due - t : 0;
    struct timespec timeout = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
    int n = epoll_pwait2(epoll, events, 512, &timeout, NULL);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr) {
        on_readable(events[i].data.ptr);
        continue;
      }
      for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        stream *s = calloc(1, sizeof *s);
        s->fd = fd;
        watch(epoll, fd, EPOLLIN, s);
      }
    }
    for (t = now_ns(); first && first->due <= t;) {
      stream *s = first;
      first = s->next;
      if (!first) last = NULL;
      s->in_queue = false;
      if (s->closed) {
        free(s);
        continue;
      }
      char out[1024];
      size_t size = put_chunk(out, chunks - s->left);
      if (!--s->left) memcpy(out + size, done, sizeof done - 1), size += sizeof done - 1;
      send(s->fd, out, size, MSG_NOSIGNAL);
      if (s->left) s->due += interval, enqueue(s);
    }
  }
}
