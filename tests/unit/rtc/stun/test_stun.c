/* SPDX-License-Identifier: Apache-2.0 */
/* STUN against the vectors of RFC 5769 and against malformed messages. */
#include "base/address.h"
#include "rtc/stun/stun.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

/* RFC 5769 section 2.1 */
static const uint8_t request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

/* RFC 5769 section 2.2 */
static const uint8_t response4[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};

/* RFC 5769 section 2.3 */
static const uint8_t response6[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

/* RFC 5769 section 2.4 */
static const uint8_t long_term[] = {
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72,
    0xc0, 0x29, 0xda, 0x41, 0x2e, 0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88,
    0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00,
    0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
    0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73,
    0x41, 0x00, 0x14, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72,
    0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02,
    0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66};

Test(stun, rfc5769_request)
{
    struct stun_message m;
    cr_assert_eq(stun_parse(&m, request, sizeof(request)), 0);
    cr_expect_eq(m.class, STUN_REQUEST);
    cr_expect_eq(m.method, STUN_METHOD_BINDING);
    cr_expect_eq(m.username_len, 9);
    cr_expect_arr_eq(m.username, "evtj:h6vY", 9);
    cr_expect(m.has_fingerprint && m.has_integrity && m.has_controlled && !m.has_controlling);
    cr_expect_eq(m.priority, 0x6e0001ff);
    cr_expect_eq(m.tie_breaker, UINT64_C(0x932ff9b151263b36));
    cr_expect(stun_check_integrity(&m, password, strlen(password)));
    cr_expect_not(stun_check_integrity(&m, password, strlen(password) - 1));
}

Test(stun, rfc5769_ipv4_response)
{
    struct stun_message m;
    struct net_address wanted;
    cr_assert_eq(stun_parse(&m, response4, sizeof(response4)), 0);
    cr_assert_eq(net_address_parse(&wanted, "192.0.2.1", 32853), 0);
    cr_expect_eq(m.class, STUN_SUCCESS);
    cr_expect(net_address_equal(&m.mapped, &wanted));
    cr_expect(stun_check_integrity(&m, password, strlen(password)));
}

Test(stun, rfc5769_ipv6_response)
{
    struct stun_message m;
    struct net_address wanted;
    cr_assert_eq(stun_parse(&m, response6, sizeof(response6)), 0);
    cr_assert_eq(net_address_parse(&wanted, "2001:db8:1234:5678:11:2233:4455:6677", 32853), 0);
    cr_expect(net_address_equal(&m.mapped, &wanted));
    cr_expect(stun_check_integrity(&m, password, strlen(password)));
}

Test(stun, rfc5769_long_term_request)
{
    static const char text[] =
        "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
        ":example.org:TheMatrIX";
    uint8_t key[16];
    struct stun_message m;
    cr_assert(EVP_Digest(text, sizeof(text) - 1, key, NULL, EVP_md5(), NULL));
    cr_assert_eq(stun_parse(&m, long_term, sizeof(long_term)), 0);
    cr_expect_not(m.has_fingerprint);
    cr_expect(stun_check_integrity(&m, key, sizeof(key)));
}

/* Builds the RFC's request with our writer; only the padding of USERNAME differs (spaces there),
 * and so the digests. */
Test(stun, built_messages_parse_and_verify)
{
    uint8_t buffer[256];
    struct stun_writer w;
    struct stun_message m;
    struct net_address a;
    const uint16_t unknown[] = {0x0099, 0x0077};
    cr_assert_eq(net_address_parse(&a, "2001:db8::5", 3478), 0);
    stun_begin(&w, buffer, sizeof(buffer), STUN_ERROR, request + 8);
    stun_put(&w, STUN_USERNAME, "evtj:h6vY", 9);
    stun_put_u64(&w, STUN_ICE_CONTROLLING, 5);
    stun_put_u32(&w, STUN_PRIORITY, 7);
    stun_put(&w, STUN_USE_CANDIDATE, NULL, 0);
    stun_put_xor_address(&w, &a);
    stun_put_error(&w, 420, "Unknown");
    stun_put_unknown(&w, unknown, 2);
    const size_t len = stun_end(&w, password, strlen(password));
    cr_assert_gt(len, 0);
    cr_assert_eq(stun_parse(&m, buffer, len), 0);
    cr_expect_eq(m.class, STUN_ERROR);
    cr_expect_eq(m.error_code, 420);
    cr_expect(m.use_candidate && m.has_controlling && m.has_fingerprint);
    cr_expect_eq(m.tie_breaker, 5);
    cr_expect(net_address_equal(&m.mapped, &a));
    cr_expect(stun_check_integrity(&m, password, strlen(password)));
    cr_expect_eq(memcmp(m.transaction, request + 8, 12), 0);
}

Test(stun, a_writer_without_room_says_zero)
{
    uint8_t buffer[256];
    for (size_t room = 0; room < 100; room++) {
        struct stun_writer w;
        stun_begin(&w, buffer, room, STUN_REQUEST, request + 8);
        stun_put(&w, STUN_USERNAME, "evtj:h6vY", 9);
        const size_t len = stun_end(&w, password, strlen(password));
        cr_expect_eq(len, room < 20 + 16 + 24 + 8 ? 0 : 68, "room %zu", room);
    }
}

/* Every cut and every changed byte of a real message: refused, or without fingerprint or integrity.
 */
Test(stun, damage_is_noticed)
{
    for (size_t len = 0; len < sizeof(request); len++) {
        uint8_t *cut = malloc(len ? len : 1); /* exact size: a sanitizer sees a byte too far */
        struct stun_message m;
        memcpy(cut, request, len);
        cr_expect_neq(stun_parse(&m, cut, len), 0, "length %zu", len);
        free(cut);
    }
    for (size_t i = 0; i < sizeof(request); i++) {
        uint8_t copy[sizeof(request)];
        struct stun_message m;
        memcpy(copy, request, sizeof(copy));
        copy[i] ^= 0x04;
        cr_expect(stun_parse(&m, copy, sizeof(copy)) != 0 || !m.has_fingerprint ||
                      !stun_check_integrity(&m, password, strlen(password)),
                  "byte %zu", i);
    }
}

static size_t one_attribute(uint8_t *out, uint16_t type, uint16_t claimed, size_t present)
{
    memcpy(out, request, 20);
    bytes_put_u16(out + 2, (uint16_t)(4 + present));
    bytes_put_u16(out + 20, type);
    bytes_put_u16(out + 22, claimed);
    memset(out + 24, 1, present);
    return 24 + present;
}

Test(stun, lengths_that_lie_are_refused)
{
    uint8_t data[256];
    struct stun_message m;
    static const struct {
        uint16_t type, claimed;
        size_t present;
    } cases[] = {
        {STUN_USERNAME, 0xFFFF, 8}, /* past the end; 0xFFFF + 3 wraps 16 bits */
        {STUN_USERNAME, 0xFFFD, 8},
        {STUN_USERNAME, 9, 8},
        {STUN_XOR_MAPPED_ADDRESS, 4, 4}, /* truncated address */
        {STUN_XOR_MAPPED_ADDRESS, 8, 8}, /* family 1 of 0x0101: fine; see below */
        {STUN_PRIORITY, 3, 4},
        {STUN_ICE_CONTROLLING, 4, 4},
        {STUN_MESSAGE_INTEGRITY, 19, 20},
        {STUN_MESSAGE_INTEGRITY, 32, 32},
        {STUN_FINGERPRINT, 4, 4},
        {STUN_ERROR_CODE, 2, 4},
        {STUN_USE_CANDIDATE, 4, 4},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const size_t len = one_attribute(data, cases[i].type, cases[i].claimed, cases[i].present);
        const bool fine = cases[i].type == STUN_XOR_MAPPED_ADDRESS && cases[i].claimed == 8;
        cr_expect_eq(stun_parse(&m, data, len), fine ? 0 : SQ_ERR_INVALID, "case %zu", i);
    }
    /* A body length that wraps 16 bits together with the header, or is no multiple of 4. */
    memcpy(data, request, sizeof(request));
    bytes_put_u16(data + 2, 0xFFFF);
    cr_expect_neq(stun_parse(&m, data, sizeof(request)), 0);
    bytes_put_u16(data + 2, 0xFFEC); /* + 20 = 0 in 16 bits */
    cr_expect_neq(stun_parse(&m, data, sizeof(request)), 0);
    bytes_put_u16(data + 2, 0x57);
    cr_expect_neq(stun_parse(&m, data, sizeof(request) - 1), 0);
}

Test(stun, first_of_duplicates_counts_and_what_follows_integrity_does_not)
{
    uint8_t buffer[256];
    struct stun_writer w;
    struct stun_message m;
    stun_begin(&w, buffer, sizeof(buffer), STUN_REQUEST, request + 8);
    stun_put(&w, STUN_USERNAME, "first", 5);
    stun_put(&w, STUN_USERNAME, "second", 6);
    stun_put_u32(&w, STUN_PRIORITY, 1);
    stun_put_u32(&w, STUN_PRIORITY, 2);
    uint8_t digest[20] = {0};
    stun_put(&w, STUN_MESSAGE_INTEGRITY, digest, sizeof(digest));
    stun_put(&w, STUN_USE_CANDIDATE, NULL, 0);
    const size_t len = stun_end(&w, NULL, 0);
    cr_assert_eq(stun_parse(&m, buffer, len), 0);
    cr_expect_eq(m.username_len, 5);
    cr_expect_eq(m.priority, 1);
    cr_expect_not(m.use_candidate);
}

Test(stun, unknown_mandatory_attributes_are_listed_and_optional_ones_passed)
{
    uint8_t data[64];
    struct stun_message m;
    size_t len = one_attribute(data, 0x0099, 4, 4);
    cr_assert_eq(stun_parse(&m, data, len), 0);
    cr_expect_eq(m.unknown_count, 1);
    cr_expect_eq(m.unknown[0], 0x0099);
    len = one_attribute(data, 0xC057, 4, 4);
    cr_assert_eq(stun_parse(&m, data, len), 0);
    cr_expect_eq(m.unknown_count, 0);
}
