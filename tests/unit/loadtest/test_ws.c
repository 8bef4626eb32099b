/* SPDX-License-Identifier: Apache-2.0 */
/* The harness' WebSocket client against the examples of RFC 6455 and against what a server must not
 * send. */
#include "loadtest/signaling/ws.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Section 1.3: this key is answered by this value. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define HEAD   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define GOOD   HEAD "sec-websocket-accept: " ACCEPT "\r\nSec-WebSocket-Protocol: p.v1 \r\n\r\n"

static struct ws_reader reader;
static struct ws_message message;

static void feed(const void *bytes, size_t len)
{
    uint8_t *room = ws_reader_room(&reader, len);
    cr_assert(room);
    memcpy(room, bytes, len);
    ws_reader_filled(&reader, len);
}

static void clean(void)
{
    ws_reader_clear(&reader);
}

static int answer(const char *text, size_t *used)
{
    return ws_response(text, strlen(text), "p.v1", KEY, used);
}

TestSuite(ws, .fini = clean);

Test(ws, key_of_the_rfc)
{
    char key[WS_KEY_SIZE];
    ws_key((const uint8_t *)"the sample nonce", key);
    cr_assert_str_eq(key, KEY);
}

Test(ws, request_names_host_key_and_subprotocol)
{
    char out[512];
    int len = ws_request(out, sizeof out, "127.0.0.1:8443", "/v1", "p.v1", KEY);
    cr_assert_gt(len, 0);
    cr_assert_eq(strncmp(out, "GET /v1 HTTP/1.1\r\nHost: 127.0.0.1:8443\r\n", 40), 0);
    cr_assert(strstr(out, "\r\nSec-WebSocket-Key: " KEY "\r\n"));
    cr_assert_str_eq(out + len - 4, "\r\n\r\n");
    cr_assert_eq(ws_request(out, 40, "127.0.0.1", "/v1", "p.v1", KEY), SQ_ERR_LIMIT);
}

Test(ws, answer_is_taken_whole)
{
    size_t used = 9;
    char more[512] = GOOD "\x81\x00";
    cr_assert_eq(answer(more, &used), 0);
    cr_assert_eq(used, sizeof GOOD - 1);
    for (size_t len = 0; len < sizeof GOOD - 1; len++) {
        cr_assert_eq(ws_response(more, len, "p.v1", KEY, &used), 0);
        cr_assert_eq(used, 0, "%zu bytes are not an answer yet", len);
    }
}

Test(ws, wrong_answers)
{
    size_t used;
    static char endless[WS_RESPONSE_MAX + 1];
    memset(endless, 'a', WS_RESPONSE_MAX);
    cr_expect_eq(answer("HTTP/1.1 403 Forbidden\r\n\r\n", &used), SQ_ERR_DENIED);
    cr_expect_eq(answer("SSH-2.0-OpenSSH\r\n\r\n", &used), SQ_ERR_INVALID);
    cr_expect_eq(answer(endless, &used), SQ_ERR_INVALID);
    cr_expect_eq(answer(HEAD "\r\n", &used), SQ_ERR_FORGED);
    cr_expect_eq(answer(HEAD "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n", &used), SQ_ERR_FORGED);
    cr_expect_eq(
        answer(HEAD "Sec-WebSocket-Accept: AAAA\r\nSec-WebSocket-Protocol: p.v1\r\n\r\n", &used),
        SQ_ERR_FORGED);
    cr_expect_eq(answer(HEAD "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Accept: " ACCEPT
                             "\r\nSec-WebSocket-Protocol: p.v1\r\n\r\n",
                        &used),
                 SQ_ERR_FORGED);
}

/* ---- frames ---- */

Test(ws, writes_the_masked_hello_of_the_rfc)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    static const uint8_t want[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                   0x7f, 0x9f, 0x4d, 0x51, 0x58}; /* section 5.7 */
    uint8_t out[5 + WS_HEADER_MAX];
    cr_assert_eq(ws_write(out, WS_TEXT, mask, "Hello", 5), sizeof want);
    cr_assert_arr_eq(out, want, sizeof want);
}

Test(ws, writes_each_form_of_length)
{
    static const struct {
        size_t payload, whole;
        uint8_t head[10];
    } cases[] = {
        {125, 6 + 125, {0x82, 0x80 | 125}},
        {126, 8 + 126, {0x82, 0xfe, 0, 126}},
        {65535, 8 + 65535, {0x82, 0xfe, 0xff, 0xff}},
        {65536, 14 + 65536, {0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}},
    };
    static const uint8_t zero[65536], mask[4];
    uint8_t *out = malloc(sizeof zero + WS_HEADER_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t whole = ws_write(out, WS_BINARY, mask, zero, cases[i].payload);
        cr_expect_eq(whole, cases[i].whole);
        cr_expect_arr_eq(out, cases[i].head, whole - 4 - cases[i].payload);
    }
    free(out);
}

Test(ws, reads_byte_by_byte)
{
    static const uint8_t bytes[] = "\x81\x05Hello\x89\x02hi\x01\x03Hel\x8a\x00\x80\x02lo";
    static const struct {
        enum ws_opcode opcode;
        const char *text;
    } want[] = {{WS_TEXT, "Hello"}, {WS_PING, "hi"}, {WS_PONG, ""}, {WS_TEXT, "Hello"}};
    size_t found = 0;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        feed(bytes + i, 1);
        while (ws_reader_next(&reader, &message) == 1) {
            cr_assert_lt(found, 4);
            cr_expect_eq(message.opcode, want[found].opcode);
            cr_expect_eq(message.len_bytes, strlen(want[found].text));
            cr_expect_arr_eq(message.bytes, want[found].text, message.len_bytes);
            found++;
        }
    }
    cr_expect_eq(found, 4);
    cr_expect_null(reader.in, "an idle reader holds no memory");
    cr_expect_null(reader.text);
}

Test(ws, reads_many_at_once)
{
    uint8_t bytes[4 * 300];
    for (size_t i = 0; i < 300; i++)
        memcpy(bytes + 4 * i, "\x81\x02ok", 4);
    feed(bytes, sizeof bytes);
    for (size_t i = 0; i < 300; i++)
        cr_assert_eq(ws_reader_next(&reader, &message), 1);
    cr_assert_eq(ws_reader_next(&reader, &message), 0);
}

Test(ws, refuses_what_a_server_must_not_send)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
        int error;
    } cases[] = {
        {"a mask", "\x81\x82\0\0\0\0ok", 8, SQ_ERR_INVALID},
        {"a reserved bit", "\xc1\x02ok", 4, SQ_ERR_INVALID},
        {"a reserved opcode", "\x83\x00", 2, SQ_ERR_INVALID},
        {"a reserved control opcode", "\x8b\x00", 2, SQ_ERR_INVALID},
        {"a fragmented ping", "\x09\x00", 2, SQ_ERR_INVALID},
        {"a long ping", "\x89\x7e\x00\x7e", 4, SQ_ERR_INVALID},
        {"a rest of nothing", "\x80\x02ok", 4, SQ_ERR_INVALID},
        {"a message within another", "\x01\x02ok\x81\x02ok", 8, SQ_ERR_INVALID},
        {"binary", "\x82\x02ok", 4, SQ_ERR_UNSUPPORTED},
        {"a length not in its shortest form", "\x81\x7e\x00\x7d", 4, SQ_ERR_INVALID},
        {"a long length not in its shortest form", "\x81\x7f\0\0\0\0\0\0\xff\xff", 10,
         SQ_ERR_INVALID},
        {"a length beyond all memory", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10,
         SQ_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int found;
        ws_reader_clear(&reader);
        feed(cases[i].bytes, cases[i].len);
        while ((found = ws_reader_next(&reader, &message)) > 0)
            ;
        cr_expect_eq(found, cases[i].error, "%s: %d", cases[i].what, found);
    }
}

Test(ws, fragments_beyond_a_message_are_refused)
{
    static uint8_t piece[4 + 60000] = {0x00, 0x7e, 60000 >> 8, 60000 & 0xff};
    int found = 0;
    feed("\x01\x00", 2);
    for (int i = 0; i < 5 && found == 0; i++) {
        feed(piece, sizeof piece);
        found = ws_reader_next(&reader, &message);
    }
    cr_assert_eq(found, SQ_ERR_LIMIT);
}
