/* SPDX-License-Identifier: Apache-2.0 */
/* Reading STUN messages: one pass over the attributes, nothing copied, every length checked before
 * use. */
#include "rtc/stun/stun.h"
#include "rtc/stun/stun_digest.h"
#include "shanqiao/error.h"
#include <openssl/crypto.h>
#include <string.h>

#define FINGERPRINT_BYTES 4
#define ATTRIBUTE_HEADER  4

bool stun_is_message(const uint8_t *data, size_t len_bytes)
{
    if (len_bytes < STUN_HEADER_BYTES || len_bytes > STUN_MESSAGE_MAX || (data[0] & 0xC0) != 0)
        return false;
    const size_t body = bytes_get_u16(data + 2);
    return bytes_get_u32(data + 4) == STUN_MAGIC_COOKIE && body % 4 == 0 &&
           body + STUN_HEADER_BYTES == len_bytes;
}

/* RFC 8489 section 5: the class bits C1 and C0 sit between the method bits. */
static void split_type(uint16_t type, struct stun_message *out)
{
    out->class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    out->method = (uint16_t)((type & 0x000F) | (type >> 1 & 0x0070) | (type >> 2 & 0x0F80));
}

static bool parse_xor_address(struct stun_message *out, const uint8_t *value, size_t len)
{
    if (len != 8 && len != 20)
        return false;
    const size_t ip_len = len - 4;
    const uint8_t family = value[1];
    if ((family == 1 && ip_len != 4) || (family == 2 && ip_len != 16) || family < 1 || family > 2)
        return false;
    struct net_address a = {.family = family == 1 ? NET_IPV4 : NET_IPV6};
    a.port = (uint16_t)(bytes_get_u16(value + 2) ^ (STUN_MAGIC_COOKIE >> 16));
    for (size_t i = 0; i < ip_len; i++)
        a.ip[i] = value[4 + i] ^ out->data[4 + i]; /* cookie, then transaction id */
    out->mapped = a;
    return true;
}

static bool parse_error_code(struct stun_message *out, const uint8_t *value, size_t len)
{
    if (len < 4)
        return false;
    const unsigned hundreds = value[2] & 7;
    if (hundreds < 3 || hundreds > 6 || value[3] > 99)
        return false;
    out->error_code = (uint16_t)(hundreds * 100 + value[3]);
    return true;
}

static bool parse_tie_breaker(struct stun_message *out, bool *which, const uint8_t *value,
                              size_t len)
{
    if (len != 8)
        return false;
    *which = true;
    out->tie_breaker = bytes_get_u64(value);
    return true;
}

static bool parse_username(struct stun_message *out, const uint8_t *value, size_t len)
{
    out->username = (const char *)value;
    out->username_len = len;
    return len > 0 && len <= 513; /* RFC 8445 section 7.1.2: two fragments of 256 and a colon */
}

static bool parse_priority(struct stun_message *out, const uint8_t *value, size_t len)
{
    if (len != 4)
        return false;
    out->has_priority = true;
    out->priority = bytes_get_u32(value);
    return true;
}

static bool note_unknown(struct stun_message *out, uint16_t type)
{
    if (type < 0x8000 && out->unknown_count < STUN_UNKNOWN_MAX)
        out->unknown[out->unknown_count++] = type;
    return true;
}

/* One attribute before MESSAGE-INTEGRITY. False when its value is malformed. The first of
 * duplicates counts (RFC 8489 section 14). */
static bool parse_attribute(struct stun_message *out, uint16_t type, const uint8_t *value,
                            size_t len)
{
    switch (type) {
    case STUN_USERNAME:
        return out->username || parse_username(out, value, len);
    case STUN_XOR_MAPPED_ADDRESS:
        return out->mapped.family != NET_NONE || parse_xor_address(out, value, len);
    case STUN_ERROR_CODE:
        return out->error_code || parse_error_code(out, value, len);
    case STUN_PRIORITY:
        return out->has_priority || parse_priority(out, value, len);
    case STUN_USE_CANDIDATE:
        out->use_candidate = true;
        return len == 0;
    case STUN_ICE_CONTROLLING:
        return out->has_controlling || out->has_controlled ||
               parse_tie_breaker(out, &out->has_controlling, value, len);
    case STUN_ICE_CONTROLLED:
        return out->has_controlling || out->has_controlled ||
               parse_tie_breaker(out, &out->has_controlled, value, len);
    case STUN_MAPPED_ADDRESS:
    case STUN_UNKNOWN_ATTRIBUTES:
    case STUN_REALM:
    case STUN_NONCE:
        return true; /* known, of no use to ICE */
    default:
        return note_unknown(out, type);
    }
}

static bool fingerprint_right(const struct stun_message *m, size_t offset, const uint8_t *value)
{
    return bytes_get_u32(value) == stun_fingerprint(m->data, offset);
}

static bool parse_attributes(struct stun_message *out, struct byte_reader *r)
{
    for (size_t count = 0; byte_reader_left(r) > 0; count++) {
        const size_t offset = (size_t)(r->at - out->data);
        const uint16_t type = byte_read_u16(r);
        const size_t len = byte_read_u16(r);
        const uint8_t *value = byte_read(r, (len + 3) & ~(size_t)3);
        if (!value || count == STUN_ATTRIBUTES_MAX)
            return false;
        if (type == STUN_FINGERPRINT) {
            out->has_fingerprint = true;
            return len == FINGERPRINT_BYTES && byte_reader_left(r) == 0 &&
                   fingerprint_right(out, offset, value);
        }
        if (out->has_integrity)
            continue; /* RFC 8489 section 14.5: not covered, so ignored */
        if (type == STUN_MESSAGE_INTEGRITY) {
            if (len != STUN_INTEGRITY_BYTES)
                return false;
            out->has_integrity = true;
            out->integrity_offset = offset;
        } else if (!parse_attribute(out, type, value, len)) {
            return false;
        }
    }
    return true;
}

int stun_parse(struct stun_message *out, const uint8_t *data, size_t len_bytes)
{
    memset(out, 0, sizeof(*out));
    if (!stun_is_message(data, len_bytes))
        return SQ_ERR_INVALID;
    out->data = data;
    out->len_bytes = len_bytes;
    split_type(bytes_get_u16(data), out);
    memcpy(out->transaction, data + 8, STUN_TRANSACTION_BYTES);
    struct byte_reader r = byte_reader_of(data + STUN_HEADER_BYTES, len_bytes - STUN_HEADER_BYTES);
    return parse_attributes(out, &r) && !r.failed ? 0 : SQ_ERR_INVALID;
}

bool stun_check_integrity(const struct stun_message *m, const void *key, size_t key_len)
{
    if (!m->has_integrity)
        return false;
    uint8_t copy[STUN_MESSAGE_MAX];
    memcpy(copy, m->data, m->integrity_offset);
    uint8_t wanted[STUN_INTEGRITY_BYTES];
    if (!stun_integrity(copy, m->integrity_offset, key, key_len, wanted))
        return false;
    const uint8_t *found = m->data + m->integrity_offset + ATTRIBUTE_HEADER;
    return CRYPTO_memcmp(wanted, found, sizeof(wanted)) == 0;
}
