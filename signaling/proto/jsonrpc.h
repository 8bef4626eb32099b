/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0 texts: parse what a terminal sent, build what it gets. Strict: UTF-8, no duplicate
 * members, no batch, depth and size bounded before the parser sees the text, unknown members
 * refused. Refuses to know which methods exist. */
#ifndef SIGNALING_PROTO_JSONRPC_H
#define SIGNALING_PROTO_JSONRPC_H

#include <jansson.h>
#include <stddef.h>

#define JSONRPC_MESSAGE_MAX (256 * 1024) /* bytes (docs/protocol/signaling.md) */
#define JSONRPC_DEPTH_MAX   32
#define JSONRPC_KEY_MIN     8 /* characters of an id: it is the idempotency key */
#define JSONRPC_KEY_MAX     64
#define JSONRPC_METHOD_MAX  64

/* JSON-RPC's own codes; ours are -32000 + the value of enum sq_error. */
enum jsonrpc_code {
    JSONRPC_PARSE = -32700,
    JSONRPC_REQUEST = -32600,
    JSONRPC_METHOD = -32601,
    JSONRPC_PARAMS = -32602
};

struct jsonrpc_request {
    char key[JSONRPC_KEY_MAX + 1];
    char method[JSONRPC_METHOD_MAX + 1];
    json_t *params; /* owned object; {} when absent */
};

/* 0, or one of enum jsonrpc_code; then `out->key` is set when the text had a valid id, else "",
 * params is NULL and `detail` (borrowed literal) says what was wrong in English. */
int jsonrpc_parse(const char *text, size_t len_bytes, struct jsonrpc_request *out,
                  const char **detail);

/* New texts (free() them), NULL when memory is used up. `result` and `params` are borrowed. */
char *jsonrpc_reply(const char *key, json_t *result, size_t *len_bytes);
/* `params` gets a member "seq", unless it is JSONRPC_NO_SEQ. */
#define JSONRPC_NO_SEQ 0
char *jsonrpc_notification(const char *method, json_t *params, int64_t seq, size_t *len_bytes);
/* error: enum sq_error or enum jsonrpc_code. key "" makes id null. Texts empty or NULL: the general
 * ones. */
char *jsonrpc_error(const char *key, int error, const char *en, const char *zh, size_t *len_bytes);
/* The general English text of one of enum jsonrpc_code with the detail of jsonrpc_parse in it. */
void jsonrpc_explain(int code, const char *detail, char *out, size_t size);

/* Nesting of objects and arrays, strings skipped; stops counting at `limit` + 1. */
unsigned jsonrpc_depth(const char *text, size_t len_bytes, unsigned limit);

#endif
