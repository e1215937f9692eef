// Finds where every value of a document lies. simdjson finds what gives the text its structure (brackets, colons,
// commas, and where strings and other scalars begin) with the widest instructions of the machine, and checks that
// it is UTF-8 with every string closed; the grammar is checked here, token by token, so nothing is left unread.
// simdjson's own readers lie above the same index: On-Demand validates only what it is asked for, and is compiled
// for the oldest machines; the DOM copies every string.
#include "CSimdjson.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <simdjson.h>
#include <vector>

using namespace simdjson;

struct sb_json_parser {
  std::unique_ptr<internal::dom_parser_implementation> index;
  std::vector<sb_json_node> nodes;
  std::vector<uint32_t> open;  // the arrays and objects around the current value, as places in `nodes`
};

namespace {

bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_digit(uint8_t c) { return uint8_t(c - '0') < 10; }

// RFC 8259, section 6.
bool is_number(const uint8_t *p, const uint8_t *end) {
  auto digits = [&] {
    const uint8_t *from = p;
    while (p < end && is_digit(*p)) p++;
    return p > from;
  };
  if (p < end && *p == '-') p++;
  if (p < end && *p == '0') p++;
  else if (!digits()) return false;
  if (p < end && *p == '.') {
    p++;
    if (!digits()) return false;
  }
  if (p < end && (*p | 0x20) == 'e') {
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (!digits()) return false;
  }
  return p == end;
}

// The four digits of a \u escape; -1 where they are none.
int32_t code_unit(const uint8_t *p, const uint8_t *end) {
  if (end - p < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t c = p[i], letter = c | 0x20;
    if (is_digit(c)) unit = unit << 4 | (c - '0');
    else if (letter >= 'a' && letter <= 'f') unit = unit << 4 | (letter - 'a' + 10);
    else return -1;
  }
  return unit;
}

// Whether all escapes from the first backslash on are those of RFC 8259, section 7, and surrogates come in pairs.
bool has_valid_escapes(const uint8_t *p, const uint8_t *end) {
  while ((p = static_cast<const uint8_t *>(memchr(p, '\\', size_t(end - p))))) {
    if (++p == end) return false;
    switch (*p++) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': break;
    case 'u': {
      int32_t unit = code_unit(p, end);
      if (unit < 0 || (unit & 0xFC00) == 0xDC00) return false;
      p += 4;
      if ((unit & 0xFC00) != 0xD800) break;
      if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return false;
      int32_t low = code_unit(p + 2, end);
      if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
      p += 6;
      break;
    }
    default: return false;
    }
  }
  return true;
}

// Walks the tokens of an indexed text.
struct Walk {
  const uint8_t *text;
  const uint32_t *token;  // where the next token begins
  const uint32_t *end;    // past the last token
  size_t length;
  std::vector<sb_json_node> &nodes;
  std::vector<uint32_t> &open;

  // Past the token that begins at `start` and its following white space: where the next one begins.
  size_t limit() const { return token < end ? *token : length; }

  void add(size_t from, size_t to, uint8_t kind, bool escaped = false) {
    nodes.push_back({uint32_t(from), uint32_t(to), uint32_t(nodes.size() + 1), kind, uint8_t(escaped), 0});
  }

  // Takes a string (or key) whose opening quote lies at `start`.
  bool string(size_t start, uint8_t kind) {
    size_t close = limit() - 1;
    while (close > start && is_space(text[close])) close--;
    if (close == start || text[close] != '"') return false;
    const uint8_t *body = text + start + 1, *tail = text + close;
    auto *escape = static_cast<const uint8_t *>(memchr(body, '\\', size_t(tail - body)));
    if (escape && !has_valid_escapes(escape, tail)) return false;
    add(start + 1, close, kind, escape);
    return true;
  }

  error_code scalar(size_t start) {
    size_t past = limit();
    while (past > start && is_space(text[past - 1])) past--;
    const uint8_t *p = text + start;
    size_t size = past - start;
    auto is = [&](const char *word) { return size == strlen(word) && memcmp(p, word, size) == 0; };
    switch (*p) {
    case 't':
      if (!is("true")) return T_ATOM_ERROR;
      add(start, past, SB_JSON_TRUE);
      return SUCCESS;
    case 'f':
      if (!is("false")) return F_ATOM_ERROR;
      add(start, past, SB_JSON_FALSE);
      return SUCCESS;
    case 'n':
      if (!is("null")) return N_ATOM_ERROR;
      add(start, past, SB_JSON_NULL);
      return SUCCESS;
    default:
      if (!is_number(p, p + size)) return *p == '-' || is_digit(*p) ? NUMBER_ERROR : TAPE_ERROR;
      add(start, past, SB_JSON_NUMBER);
      return SUCCESS;
    }
  }

  error_code run(uint32_t max_depth) {
    if (token == end) return EMPTY;
    for (;;) {
      // A value.
      size_t start = *token++;
      uint8_t first = text[start];
      if (first == '{' || first == '[') {
        if (open.size() == max_depth) return DEPTH_ERROR;
        open.push_back(uint32_t(nodes.size()));
        add(start, start, first == '{' ? SB_JSON_OBJECT : SB_JSON_ARRAY);
        if (token == end) return TAPE_ERROR;
        if (text[*token] != first + 2) {  // '}' and ']' lie two behind their openings
          if (first == '{' && !key()) return TAPE_ERROR;
          if (token == end) return TAPE_ERROR;
          continue;
        }
      } else if (first == '"') {
        if (!string(start, SB_JSON_STRING)) return STRING_ERROR;
      } else if (auto error = scalar(start)) {
        return error;
      }
      // What follows it: closing brackets, then a comma or the end.
      for (;;) {
        if (open.empty()) return token == end ? SUCCESS : TAPE_ERROR;
        if (token == end) return TAPE_ERROR;
        sb_json_node &around = nodes[open.back()];
        bool in_object = around.kind == SB_JSON_OBJECT;
        size_t at = *token++;
        if (text[at] == ',') {
          if (in_object && !key()) return TAPE_ERROR;
          if (token == end) return TAPE_ERROR;
          break;
        }
        if (text[at] != (in_object ? '}' : ']')) return TAPE_ERROR;
        around.end = uint32_t(at + 1);
        around.next = uint32_t(nodes.size());
        open.pop_back();
      }
    }
  }

  // Takes a key and its colon.
  bool key() {
    if (token == end || text[*token] != '"') return false;
    size_t start = *token++;
    return string(start, SB_JSON_KEY) && token < end && text[*token++] == ':';
  }
};

}  // namespace

extern "C" {

sb_json_parser *sb_json_parser_create(void) { return new sb_json_parser(); }
void sb_json_parser_destroy(sb_json_parser *parser) { delete parser; }
size_t sb_json_padding(void) { return SIMDJSON_PADDING; }

int64_t sb_json_scan(sb_json_parser *p, const uint8_t *text, size_t length, uint32_t max_depth,
                     const sb_json_node **nodes) {
  p->nodes.clear();
  p->open.clear();
  // One huge text does not hold its memory for all the small ones that follow.
  if (p->index && p->index->capacity() > (1 << 20) && length < (1 << 16)) {
    p->index.reset();
    p->nodes.shrink_to_fit();
  }
  error_code error = SUCCESS;
  if (!p->index) {
    error = get_active_implementation()->create_dom_parser_implementation(length + 1024, 1, p->index);
  } else if (p->index->capacity() < length) {
    error = p->index->allocate(std::min(length + length / 2, size_t(SIMDJSON_MAXSIZE_BYTES)), 1);
  }
  if (error) return -int64_t(error);
  if ((error = p->index->stage1(text, length, stage1_mode::regular))) return -int64_t(error);
  const uint32_t *tokens = p->index->structural_indexes.get();
  Walk walk{text, tokens, tokens + p->index->n_structural_indexes, length, p->nodes, p->open};
  if ((error = walk.run(max_depth))) return -int64_t(error);
  *nodes = p->nodes.data();
  return int64_t(p->nodes.size());
}

const char *sb_json_error(int64_t code) { return error_message(error_code(-code)); }

int64_t sb_json_minify(const uint8_t *text, size_t length, uint8_t *out) {
  size_t written = 0;
  auto error = minify(reinterpret_cast<const char *>(text), length, reinterpret_cast<char *>(out), written);
  return error ? -int64_t(error) : int64_t(written);
}
}
