#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a node of a scanned document is.
enum {
  SB_JSON_NULL = 0, SB_JSON_FALSE = 1, SB_JSON_TRUE = 2, SB_JSON_NUMBER = 3,
  SB_JSON_STRING = 4, SB_JSON_ARRAY = 5, SB_JSON_OBJECT = 6, SB_JSON_KEY = 7
};

/// One value or key of a document, in document order. Strings and keys lie between their quotes;
/// arrays and objects include their brackets.
typedef struct {
  uint32_t start;    // first byte in the text
  uint32_t end;      // past the last byte
  uint32_t next;     // index of the node after this value and all that it contains
  uint8_t kind;      // SB_JSON_…
  uint8_t escaped;   // 1: a string or key that contains a backslash
  uint16_t reserved;
} sb_json_node;

typedef struct sb_json_parser sb_json_parser;

sb_json_parser *sb_json_parser_create(void);
void sb_json_parser_destroy(sb_json_parser *parser);

/// Bytes that must be readable (any content) behind the text given to sb_json_scan.
size_t sb_json_padding(void);

/// Scans and fully validates one JSON text. Returns the number of nodes and sets *nodes (valid until the
/// next scan), or a negative simdjson error code.
int64_t sb_json_scan(sb_json_parser *parser, const uint8_t *text, size_t length, uint32_t max_depth,
                     const sb_json_node **nodes);

/// A plain sentence for a negative result of sb_json_scan.
const char *sb_json_error(int64_t code);

/// Copies the text without insignificant white space; `out` holds `length` bytes at least.
/// Returns the new length or a negative error code.
int64_t sb_json_minify(const uint8_t *text, size_t length, uint8_t *out);

#ifdef __cplusplus
}
#endif
