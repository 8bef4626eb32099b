/* SPDX-License-Identifier: Apache-2.0 */
/* The client side of WebSocket (RFC 6455) as bytes alone: request, answer, frames. Refuses to know
 * sockets, TLS and what a message says. */
#ifndef LOADTEST_SIGNALING_WS_H
#define LOADTEST_SIGNALING_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_KEY_SIZE     25           /* 16 random bytes as base64, and a zero */
#define WS_HEADER_MAX   14           /* of a frame: 2 + 8 + 4 (section 5.2) */
#define WS_CONTROL_MAX  125          /* section 5.5 */
#define WS_MESSAGE_MAX  (256 * 1024) /* docs/protocol/signaling.md */
#define WS_RESPONSE_MAX 4096         /* headers of the answer */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

/* ---- opening ---- */

void ws_key(const uint8_t random[16], char out[WS_KEY_SIZE]);
/* The request of section 4.1. Its length, or SQ_ERR_LIMIT. */
int ws_request(char *out, size_t size, const char *host, const char *path, const char *subprotocol,
               const char *key);
/* Looks at an answer's bytes. *used_bytes: its length once whole, 0 until then. SQ_ERR_INVALID: not
 * HTTP or too long, SQ_ERR_DENIED: another status than 101, SQ_ERR_FORGED: the wrong accept value
 * or subprotocol. */
int ws_response(const char *in, size_t len_bytes, const char *subprotocol, const char *key,
                size_t *used_bytes);

/* ---- frames ---- */

/* One final, masked frame; out has len_bytes + WS_HEADER_MAX bytes. Returns its length. */
size_t ws_write(uint8_t *out, enum ws_opcode opcode, const uint8_t mask[4], const void *payload,
                size_t len_bytes);

/* A whole message or control frame; bytes are borrowed from the reader until its next call. */
struct ws_message {
    enum ws_opcode opcode; /* WS_TEXT, WS_CLOSE, WS_PING or WS_PONG */
    const uint8_t *bytes;
    size_t len_bytes;
};

/* All zero is an empty one. Holds no memory while nothing is unfinished. */
struct ws_reader {
    uint8_t *in;
    size_t used, len_bytes, capacity;
    uint8_t *text; /* fragments of a message */
    size_t text_bytes;
    bool in_text;
};

/* Room for at least `want` more bytes, to be filled and told by ws_reader_filled. NULL: no memory.
 */
uint8_t *ws_reader_room(struct ws_reader *r, size_t want);
void ws_reader_filled(struct ws_reader *r, size_t len_bytes);
/* 1: a message, 0: more bytes are wanted, SQ_ERR_INVALID, SQ_ERR_LIMIT, SQ_ERR_UNSUPPORTED (binary)
 * or SQ_ERR_NOMEM: the connection is to be closed. */
int ws_reader_next(struct ws_reader *r, struct ws_message *out);
void ws_reader_clear(struct ws_reader *r);

#endif
