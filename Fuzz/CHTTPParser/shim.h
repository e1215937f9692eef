#pragma once
#include <http_parser.h>

/* Bit fields of the parser that Swift does not import. */
static inline unsigned shim_method(const http_parser *parser) { return parser->method; }
static inline int shim_is_chunked(const http_parser *parser) { return (parser->flags & F_CHUNKED) != 0; }
