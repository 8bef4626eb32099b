/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS records (RFC 6347 section 4.1) before OpenSSL sees them: so far as needed to bound what it
 * will keep. */
#include "base/bytes.h"
#include "rtc/dtls/dtls_private.h"

#define RECORD_HEADER_BYTES    13
#define HANDSHAKE_HEADER_BYTES 12
#define VERSION_DTLS_1_0       0xFEFF /* a first ClientHello's record may say so */
#define VERSION_DTLS_1_2       0xFEFD
#define CLIENT_HELLO           1
#define RANDOM_OFFSET          2 /* behind client_version */
#define RANDOM_BYTES           32

bool dtls_record_next(struct dtls_record *out, const uint8_t **data, size_t *len_bytes)
{
    const uint8_t *p = *data;
    if (*len_bytes < RECORD_HEADER_BYTES)
        return false;
    const uint16_t version = bytes_get_u16(p + 1);
    const size_t len = RECORD_HEADER_BYTES + (size_t)bytes_get_u16(p + 11);
    if (p[0] < DTLS_CCS || p[0] > DTLS_DATA || len > *len_bytes || len == RECORD_HEADER_BYTES ||
        (version != VERSION_DTLS_1_0 && version != VERSION_DTLS_1_2))
        return false;
    *out = (struct dtls_record){.type = (enum dtls_content)p[0],
                                .epoch = bytes_get_u16(p + 3),
                                .data = p,
                                .len_bytes = len};
    *data += len;
    *len_bytes -= len;
    return true;
}

static size_t budget_used(const struct dtls_budget *b)
{
    size_t sum = 0;
    for (size_t i = 0; i < DTLS_MESSAGES_MAX; i++)
        sum += b->message_len[i];
    return sum;
}

static bool admit_fragment(struct dtls_budget *b, const uint8_t *header, size_t left)
{
    const size_t message_len = bytes_get_u24(header + 1);
    const size_t sequence = bytes_get_u16(header + 4);
    const size_t offset = bytes_get_u24(header + 6), fragment_len = bytes_get_u24(header + 9);
    if (sequence >= DTLS_MESSAGES_MAX || message_len > DTLS_HANDSHAKE_INPUT_MAX ||
        offset + fragment_len > message_len || fragment_len > left - HANDSHAKE_HEADER_BYTES ||
        (fragment_len == 0 && message_len != 0))
        return false;
    const size_t known = b->message_len[sequence];
    if (message_len <= known)
        return true;
    if (budget_used(b) - known + message_len > DTLS_HANDSHAKE_INPUT_MAX)
        return false;
    b->message_len[sequence] = (uint16_t)message_len;
    return true;
}

bool dtls_budget_admit(struct dtls_budget *b, const struct dtls_record *r)
{
    const uint8_t *p = r->data + RECORD_HEADER_BYTES;
    size_t left = r->len_bytes - RECORD_HEADER_BYTES;
    while (left > 0) {
        if (left < HANDSHAKE_HEADER_BYTES || !admit_fragment(b, p, left))
            return false;
        const size_t taken = HANDSHAKE_HEADER_BYTES + bytes_get_u24(p + 9);
        p += taken;
        left -= taken;
    }
    return true;
}

const uint8_t *dtls_record_client_random(const struct dtls_record *r)
{
    const uint8_t *p = r->data + RECORD_HEADER_BYTES;
    const size_t len = r->len_bytes - RECORD_HEADER_BYTES;
    if (r->type != DTLS_HANDSHAKE || r->epoch != 0 ||
        len < HANDSHAKE_HEADER_BYTES + RANDOM_OFFSET + RANDOM_BYTES || p[0] != CLIENT_HELLO ||
        bytes_get_u16(p + 4) != 0 || bytes_get_u24(p + 6) != 0 ||
        bytes_get_u24(p + 9) < RANDOM_OFFSET + RANDOM_BYTES)
        return NULL;
    return p + HANDSHAKE_HEADER_BYTES + RANDOM_OFFSET;
}
