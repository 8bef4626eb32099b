/* SPDX-License-Identifier: Apache-2.0 */
/* STUN messages (RFC 8489) as ICE uses them (RFC 8445): a bounded parser that copies nothing, and a
 * builder. Integrity is HMAC-SHA1 over short-term credentials, compared in constant time. Refuses
 * to know: sockets, candidates, who may talk to whom, when to retransmit. */
#ifndef RTC_STUN_STUN_H
#define RTC_STUN_STUN_H

#include "base/address.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_HEADER_BYTES      20
#define STUN_TRANSACTION_BYTES 12
#define STUN_MAGIC_COOKIE      0x2112A442u
#define STUN_MESSAGE_MAX                                                                           \
    1280 /* a STUN message fits one datagram of the IPv6 minimum MTU; larger is dropped */
#define STUN_ATTRIBUTES_MAX 32 /* ICE messages carry about 8 */
#define STUN_UNKNOWN_MAX    8  /* unknown mandatory attributes that an error response names */
#define STUN_METHOD_BINDING 0x001

enum stun_class { STUN_REQUEST = 0, STUN_INDICATION = 1, STUN_SUCCESS = 2, STUN_ERROR = 3 };

enum stun_attribute {
    STUN_MAPPED_ADDRESS = 0x0001,
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_UNKNOWN_ATTRIBUTES = 0x000A,
    STUN_REALM = 0x0014,
    STUN_NONCE = 0x0015,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_SOFTWARE = 0x8022,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802A
};

struct stun_message {
    enum stun_class class;
    uint16_t method;
    uint8_t transaction[STUN_TRANSACTION_BYTES];
    const char *username; /* borrowed, not terminated; NULL when absent */
    size_t username_len;
    bool has_integrity, has_fingerprint; /* a fingerprint that is present was right */
    bool has_priority, use_candidate;
    bool has_controlling, has_controlled;
    uint32_t priority;
    uint64_t tie_breaker;               /* of ICE-CONTROLLING or ICE-CONTROLLED */
    uint16_t error_code;                /* 300..699; 0 when absent */
    struct net_address mapped;          /* XOR-MAPPED-ADDRESS; family NET_NONE when absent */
    uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required, not known to us */
    size_t unknown_count;
    const uint8_t *data; /* borrowed: the whole message */
    size_t len_bytes;
    size_t integrity_offset; /* of the MESSAGE-INTEGRITY attribute */
};

/* True when the bytes can be STUN: two zero top bits, the cookie, a length that fits (RFC 8489
 * section 5). */
bool stun_is_message(const uint8_t *data, size_t len_bytes);

/* Parses a whole datagram; `out` borrows it. The first of duplicate attributes counts; what follows
 * MESSAGE-INTEGRITY is ignored but for FINGERPRINT (RFC 8489 section 14.5), which must be last and
 * right. 0, or SQ_ERR_INVALID (drop the datagram; `out` is then undefined). Authenticates nothing.
 */
int stun_parse(struct stun_message *out, const uint8_t *data, size_t len_bytes);

/* True when MESSAGE-INTEGRITY is present and right for the key (short-term: the password).
 * Constant-time. */
bool stun_check_integrity(const struct stun_message *m, const void *key, size_t key_len);

/* Builder: begin, attributes, then end. A writer without room fails once and for all; stun_end then
 * says 0. */
struct stun_writer {
    struct byte_writer bytes;
    uint8_t transaction[STUN_TRANSACTION_BYTES];
};

void stun_begin(struct stun_writer *w, void *buffer, size_t capacity_bytes, enum stun_class class,
                const uint8_t transaction[STUN_TRANSACTION_BYTES]);
void stun_put(struct stun_writer *w, uint16_t type, const void *value, size_t len_bytes);
void stun_put_u32(struct stun_writer *w, uint16_t type, uint32_t value);
void stun_put_u64(struct stun_writer *w, uint16_t type, uint64_t value);
void stun_put_xor_address(struct stun_writer *w, const struct net_address *address);
void stun_put_error(struct stun_writer *w, uint16_t code, const char *reason);
void stun_put_unknown(struct stun_writer *w, const uint16_t *types, size_t count);
/* Adds MESSAGE-INTEGRITY (key NULL: none) and FINGERPRINT. Length of the message in bytes; 0 on
 * failure. */
size_t stun_end(struct stun_writer *w, const void *key, size_t key_len);

#endif
