/* SPDX-License-Identifier: Apache-2.0 */
/* Request, answer and frames of RFC 6455, without extensions. */
#include "loadtest/signaling/ws.h"
#include "shanqiao/error.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* section 1.3 */

void ws_key(const uint8_t random[16], char out[WS_KEY_SIZE])
{
    EVP_EncodeBlock((unsigned char *)out, random, 16);
}

int ws_request(char *out, size_t size, const char *host, const char *path, const char *subprotocol,
               const char *key)
{
    int len = snprintf(out, size,
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
                       path, host, key, subprotocol);
    return len > 0 && (size_t)len < size ? len : SQ_ERR_LIMIT;
}

static void accept_value(const char *key, char out[32])
{
    char text[WS_KEY_SIZE + sizeof guid];
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_bytes = 0;
    int len = snprintf(text, sizeof text, "%s%s", key, guid);
    out[0] = '\0';
    if (EVP_Digest(text, (size_t)len, hash, &hash_bytes, EVP_sha1(), NULL) && hash_bytes == 20)
        EVP_EncodeBlock((unsigned char *)out, hash, 20);
}

/* Whether the header is there once, with that value. `head` ends in a zero. */
static bool has_header(const char *head, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    int found = 0;
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_len) || line[name_len] != ':')
            continue;
        const char *at = line + name_len + 1;
        at += strspn(at, " \t");
        size_t len = strcspn(at, "\r");
        while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        if (len != value_len || strncmp(at, value, len))
            return false;
        found++;
    }
    return found == 1;
}

int ws_response(const char *in, size_t len_bytes, const char *subprotocol, const char *key,
                size_t *used_bytes)
{
    char head[WS_RESPONSE_MAX + 1], accept[32];
    size_t len = len_bytes < WS_RESPONSE_MAX ? len_bytes : WS_RESPONSE_MAX;
    *used_bytes = 0;
    const char *end = memmem(in, len, "\r\n\r\n", 4);
    if (!end)
        return len_bytes >= WS_RESPONSE_MAX ? SQ_ERR_INVALID : 0;
    len = (size_t)(end - in) + 2; /* with the last header's line end */
    memcpy(head, in, len);
    head[len] = '\0';
    if (strlen(head) != len || strncmp(head, "HTTP/1.1 ", 9))
        return SQ_ERR_INVALID;
    if (strncmp(head + 9, "101", 3))
        return SQ_ERR_DENIED;
    accept_value(key, accept);
    if (!has_header(head, "Sec-WebSocket-Accept", accept) ||
        !has_header(head, "Sec-WebSocket-Protocol", subprotocol))
        return SQ_ERR_FORGED;
    *used_bytes = len + 2;
    return 0;
}

/* ---- frames ---- */

size_t ws_write(uint8_t *out, enum ws_opcode opcode, const uint8_t mask[4], const void *payload,
                size_t len_bytes)
{
    const uint8_t *from = payload;
    size_t at = 0;
    int length_bytes = len_bytes <= 125 ? 0 : len_bytes <= UINT16_MAX ? 2 : 8;
    out[at++] = (uint8_t)(0x80u | (unsigned)opcode);
    out[at++] = (uint8_t)(0x80u | (length_bytes == 0   ? (unsigned)len_bytes
                                   : length_bytes == 2 ? 126u
                                                       : 127u));
    for (int i = length_bytes - 1; i >= 0; i--)
        out[at++] = (uint8_t)((uint64_t)len_bytes >> (8 * i));
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len_bytes; i++)
        out[at + i] = from[i] ^ mask[i % 4];
    return at + len_bytes;
}

struct frame {
    bool final;
    unsigned opcode;
    const uint8_t *payload;
    size_t len_bytes, whole_bytes;
};

/* 1: a whole frame, 0: more bytes are wanted, or an error. */
static int parse_frame(const uint8_t *in, size_t len, struct frame *f)
{
    if (len < 2)
        return 0;
    f->final = in[0] & 0x80;
    f->opcode = in[0] & 0x0f;
    if (in[0] & 0x70 || in[1] & 0x80) /* no extension was agreed; servers don't mask (5.1) */
        return SQ_ERR_INVALID;
    uint64_t payload = in[1];
    size_t header = payload == 126 ? 4 : payload == 127 ? 10 : 2;
    if (len < header)
        return 0;
    if (header > 2)
        payload = 0;
    for (size_t i = 2; i < header; i++)
        payload = payload << 8 | in[i];
    if ((header == 4 && payload <= 125) || (header == 10 && payload <= UINT16_MAX))
        return SQ_ERR_INVALID; /* not the shortest form (5.2) */
    if (f->opcode >= WS_CLOSE && (!f->final || payload > WS_CONTROL_MAX))
        return SQ_ERR_INVALID;
    if (payload > WS_MESSAGE_MAX)
        return SQ_ERR_LIMIT;
    f->payload = in + header;
    f->len_bytes = (size_t)payload;
    f->whole_bytes = header + f->len_bytes;
    return len >= f->whole_bytes;
}

static int take_piece(struct ws_reader *r, const struct frame *f, struct ws_message *out)
{
    bool first = f->opcode != WS_CONTINUATION;
    if (first == r->in_text)
        return SQ_ERR_INVALID; /* a new message within one, or a rest of none */
    if (first && f->opcode != WS_TEXT)
        return SQ_ERR_UNSUPPORTED;
    if (first && f->final) {
        *out = (struct ws_message){WS_TEXT, f->payload, f->len_bytes};
        return 1;
    }
    if (r->text_bytes + f->len_bytes > WS_MESSAGE_MAX)
        return SQ_ERR_LIMIT;
    uint8_t *grown = realloc(r->text, r->text_bytes + f->len_bytes + 1);
    if (!grown)
        return SQ_ERR_NOMEM;
    r->text = grown;
    memcpy(r->text + r->text_bytes, f->payload, f->len_bytes);
    r->text_bytes += f->len_bytes;
    r->in_text = !f->final;
    *out = (struct ws_message){WS_TEXT, r->text, r->text_bytes};
    return f->final;
}

/* Memory of what was handed out goes with the next call. */
static void settle(struct ws_reader *r)
{
    if (!r->in_text) {
        free(r->text);
        r->text = NULL;
        r->text_bytes = 0;
    }
    if (r->used == r->len_bytes) {
        free(r->in);
        r->in = NULL;
        r->used = r->len_bytes = r->capacity = 0;
    }
}

int ws_reader_next(struct ws_reader *r, struct ws_message *out)
{
    struct frame f;
    int found = 0;
    settle(r);
    while (!found && r->len_bytes > r->used) {
        found = parse_frame(r->in + r->used, r->len_bytes - r->used, &f);
        if (found <= 0)
            return found;
        r->used += f.whole_bytes;
        if (f.opcode == WS_CLOSE || f.opcode == WS_PING || f.opcode == WS_PONG)
            *out = (struct ws_message){(enum ws_opcode)f.opcode, f.payload, f.len_bytes};
        else if (f.opcode <= WS_BINARY)
            found = take_piece(r, &f, out);
        else
            return SQ_ERR_INVALID;
    }
    return found;
}

uint8_t *ws_reader_room(struct ws_reader *r, size_t want)
{
    settle(r);
    if (r->used) {
        memmove(r->in, r->in + r->used, r->len_bytes - r->used);
        r->len_bytes -= r->used;
        r->used = 0;
    }
    if (r->capacity - r->len_bytes < want) {
        size_t capacity = r->len_bytes + want;
        uint8_t *grown = realloc(r->in, capacity);
        if (!grown)
            return NULL;
        r->in = grown;
        r->capacity = capacity;
    }
    return r->in + r->len_bytes;
}

void ws_reader_filled(struct ws_reader *r, size_t len_bytes)
{
    r->len_bytes += len_bytes;
}

void ws_reader_clear(struct ws_reader *r)
{
    free(r->in);
    free(r->text);
    memset(r, 0, sizeof *r);
}
