/* SPDX-License-Identifier: Apache-2.0 */
/* Writing STUN messages. */
#include "rtc/stun/stun.h"
#include "rtc/stun/stun_digest.h"
#include <string.h>

#define LENGTH_MAX 0xFFFF

void stun_begin(struct stun_writer *w, void *buffer, size_t capacity_bytes, enum stun_class class,
                const uint8_t transaction[STUN_TRANSACTION_BYTES])
{
    w->bytes = byte_writer_of(buffer, capacity_bytes);
    memcpy(w->transaction, transaction, STUN_TRANSACTION_BYTES);
    const unsigned bits = (unsigned)class;
    byte_write_u16(&w->bytes, (uint16_t)(STUN_METHOD_BINDING | (bits & 1) << 4 | (bits & 2) << 7));
    byte_write_u16(&w->bytes, 0); /* the length; stun_end fills it in */
    byte_write_u32(&w->bytes, STUN_MAGIC_COOKIE);
    byte_write(&w->bytes, transaction, STUN_TRANSACTION_BYTES);
}

void stun_put(struct stun_writer *w, uint16_t type, const void *value, size_t len_bytes)
{
    if (len_bytes > LENGTH_MAX) {
        w->bytes.failed = true;
        return;
    }
    byte_write_u16(&w->bytes, type);
    byte_write_u16(&w->bytes, (uint16_t)len_bytes);
    byte_write(&w->bytes, value, len_bytes);
    while (!w->bytes.failed && byte_writer_len(&w->bytes) % 4 != 0)
        byte_write_u8(&w->bytes, 0);
}

void stun_put_u32(struct stun_writer *w, uint16_t type, uint32_t value)
{
    uint8_t raw[4];
    bytes_put_u32(raw, value);
    stun_put(w, type, raw, sizeof(raw));
}

void stun_put_u64(struct stun_writer *w, uint16_t type, uint64_t value)
{
    uint8_t raw[8];
    bytes_put_u64(raw, value);
    stun_put(w, type, raw, sizeof(raw));
}

void stun_put_xor_address(struct stun_writer *w, const struct net_address *address)
{
    uint8_t raw[20] = {0, address->family == NET_IPV4 ? 1 : 2};
    uint8_t mask[16];
    bytes_put_u32(mask, STUN_MAGIC_COOKIE);
    memcpy(mask + 4, w->transaction, STUN_TRANSACTION_BYTES);
    bytes_put_u16(raw + 2, (uint16_t)(address->port ^ (STUN_MAGIC_COOKIE >> 16)));
    const size_t ip_len = address->family == NET_IPV4 ? 4 : 16;
    for (size_t i = 0; i < ip_len; i++)
        raw[4 + i] = address->ip[i] ^ mask[i];
    stun_put(w, STUN_XOR_MAPPED_ADDRESS, raw, 4 + ip_len);
}

void stun_put_error(struct stun_writer *w, uint16_t code, const char *reason)
{
    uint8_t raw[4 + 128] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
    const size_t len =
        strnlen(reason, sizeof(raw) - 4); /* RFC 8489 section 14.8: under 128 characters */
    memcpy(raw + 4, reason, len);
    stun_put(w, STUN_ERROR_CODE, raw, 4 + len);
}

void stun_put_unknown(struct stun_writer *w, const uint16_t *types, size_t count)
{
    uint8_t raw[2 * STUN_UNKNOWN_MAX];
    if (count > STUN_UNKNOWN_MAX)
        count = STUN_UNKNOWN_MAX;
    for (size_t i = 0; i < count; i++)
        bytes_put_u16(raw + 2 * i, types[i]);
    stun_put(w, STUN_UNKNOWN_ATTRIBUTES, raw, 2 * count);
}

size_t stun_end(struct stun_writer *w, const void *key, size_t key_len)
{
    struct byte_writer *b = &w->bytes;
    if (b->failed)
        return 0;
    if (key) {
        uint8_t digest[STUN_INTEGRITY_BYTES];
        if (!stun_integrity(b->begin, byte_writer_len(b), key, key_len, digest))
            return 0;
        stun_put(w, STUN_MESSAGE_INTEGRITY, digest, sizeof(digest));
    }
    if (b->failed || (size_t)(b->end - b->at) < 8 || byte_writer_len(b) + 8 > LENGTH_MAX)
        return 0;
    bytes_put_u16(b->begin + 2, (uint16_t)(byte_writer_len(b) - STUN_HEADER_BYTES + 8));
    stun_put_u32(w, STUN_FINGERPRINT, stun_fingerprint(b->begin, byte_writer_len(b)));
    return byte_writer_len(b);
}
