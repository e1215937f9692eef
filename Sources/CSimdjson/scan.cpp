// Walks a document with simdjson's On-Demand reader and notes where every value lies. The walk touches
// every value, so the whole text is validated, which On-Demand alone does not do.
#include "CSimdjson.h"

#include <simdjson.h>
#include <vector>

using namespace simdjson;

struct sb_json_parser {
  ondemand::parser parser;
  std::vector<sb_json_node> nodes;
};

namespace {

bool valid_number(const char *p, const char *end) {
  auto digit = [&] { return p < end && *p >= '0' && *p <= '9'; };
  if (p < end && *p == '-') p++;
  if (!digit()) return false;
  if (*p == '0') p++;
  else while (digit()) p++;
  if (p < end && *p == '.') {
    p++;
    if (!digit()) return false;
    while (digit()) p++;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (!digit()) return false;
    while (digit()) p++;
  }
  return p == end;
}

struct Walk {
  std::vector<sb_json_node> &nodes;
  const char *base;
  uint32_t max_depth;

  uint32_t offset(const char *p) const { return uint32_t(p - base); }

  size_t open(uint8_t kind, const char *start) {
    nodes.push_back({offset(start), 0, 0, kind, 0, 0});
    return nodes.size() - 1;
  }

  void close(size_t at, const char *end) {
    nodes[at].end = offset(end);
    nodes[at].next = uint32_t(nodes.size());
  }

  // A string's end: the first quote that is not escaped.
  static const char *string_end(const char *p, bool &escaped) {
    for (;; p++) {
      if (*p == '"') return p;
      if (*p == '\\') { escaped = true; p++; }
    }
  }

  template <typename V> error_code scalar(V &value, std::string_view token) {
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
      token.remove_suffix(1);
    if (token.empty()) return TAPE_ERROR;
    const char *p = token.data(), *end = p + token.size();
    uint8_t kind;
    bool escaped = false;
    switch (*p) {
    case '"': {
      kind = SB_JSON_STRING;
      const char *close = string_end(p + 1, escaped);
      // Read, not skipped: On-Demand takes an unread string for a key when a colon follows it.
      if (escaped) {
        std::string_view ignored;
        if (auto error = value.get_string().get(ignored)) return error;
      } else {
        ondemand::raw_json_string ignored;
        if (auto error = value.get_raw_json_string().get(ignored)) return error;
      }
      nodes.push_back({offset(p + 1), offset(close), uint32_t(nodes.size() + 1), kind, uint8_t(escaped), 0});
      last_end = offset(close + 1);
      return close + 1 == end ? SUCCESS : TAPE_ERROR;
    }
    case 't': kind = SB_JSON_TRUE; if (token != "true") return T_ATOM_ERROR; break;
    case 'f': kind = SB_JSON_FALSE; if (token != "false") return F_ATOM_ERROR; break;
    case 'n': kind = SB_JSON_NULL; if (token != "null") return N_ATOM_ERROR; break;
    default: kind = SB_JSON_NUMBER; if (!valid_number(p, end)) return NUMBER_ERROR;
    }
    last_end = offset(end);
    nodes.push_back({offset(p), last_end, uint32_t(nodes.size() + 1), kind, 0, 0});
    return SUCCESS;
  }

  template <typename V> error_code value(V &v, uint32_t depth) {
    if (depth > max_depth) return DEPTH_ERROR;
    ondemand::json_type type;
    if (auto error = v.type().get(type)) return error;
    switch (type) {
    case ondemand::json_type::object: {
      std::string_view token;
      if (auto error = raw(v, token)) return error;
      size_t at = open(SB_JSON_OBJECT, token.data());
      const char *last = token.data();
      ondemand::object object;
      if (auto error = v.get_object().get(object)) return error;
      for (auto item : object) {
        ondemand::field field;
        if (auto error = std::move(item).get(field)) return error;
        const char *key = field.key().raw();
        bool escaped = false;
        const char *key_end = string_end(key, escaped);
        if (escaped) {
          std::string_view ignored;
          if (auto error = field.unescaped_key().get(ignored)) return error;
        }
        nodes.push_back({offset(key), offset(key_end), uint32_t(nodes.size() + 1), SB_JSON_KEY, uint8_t(escaped), 0});
        ondemand::value inner = field.value();
        if (auto error = value(inner, depth + 1)) return error;
        last = base + last_end;
      }
      close(at, find_close(last, '}'));
      return SUCCESS;
    }
    case ondemand::json_type::array: {
      std::string_view token;
      if (auto error = raw(v, token)) return error;
      size_t at = open(SB_JSON_ARRAY, token.data());
      const char *last = token.data();
      ondemand::array array;
      if (auto error = v.get_array().get(array)) return error;
      for (auto item : array) {
        ondemand::value inner;
        if (auto error = std::move(item).get(inner)) return error;
        if (auto error = value(inner, depth + 1)) return error;
        last = base + last_end;
      }
      close(at, find_close(last, ']'));
      return SUCCESS;
    }
    default: {
      std::string_view token;
      if (auto error = raw(v, token)) return error;
      return scalar(v, token);
    }
    }
  }

  static error_code raw(ondemand::value &v, std::string_view &token) {
    token = v.raw_json_token();
    return SUCCESS;
  }
  static error_code raw(ondemand::document &d, std::string_view &token) { return d.raw_json_token().get(token); }

  // Only white space lies between the last member (or the opening bracket) and the closing bracket.
  const char *find_close(const char *p, char bracket) {
    while (*p != bracket) p++;
    last_end = offset(p + 1);
    return p + 1;
  }

  uint32_t last_end = 0;  // past the value walked last, its closing quote or bracket included
};

} // namespace

extern "C" {

sb_json_parser *sb_json_parser_create(void) { return new sb_json_parser(); }
void sb_json_parser_destroy(sb_json_parser *parser) { delete parser; }
size_t sb_json_padding(void) { return SIMDJSON_PADDING; }

int64_t sb_json_scan(sb_json_parser *p, const uint8_t *text, size_t length, size_t capacity, uint32_t max_depth,
                     const sb_json_node **nodes) {
  p->nodes.clear();
  ondemand::document document;
  auto error = p->parser.iterate(reinterpret_cast<const char *>(text), length, capacity).get(document);
  if (error) return -int64_t(error);
  Walk walk{p->nodes, reinterpret_cast<const char *>(text), max_depth};
  if ((error = walk.value(document, 1))) return -int64_t(error);
  for (size_t i = walk.last_end; i < length; i++)
    if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') return -int64_t(TAPE_ERROR);
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
