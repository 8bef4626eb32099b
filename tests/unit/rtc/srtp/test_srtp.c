/* SPDX-License-Identifier: Apache-2.0 */
/* SRTP and SRTCP: published vectors where the exporter's key layout allows them, then each profile
 * against damage, replay, gaps and floods of SSRCs. */
#include "base/bytes.h"
#include "rtc/srtp/srtp.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <srtp2/srtp.h>
#include <string.h>

#define CAPACITY 256

static struct srtp_session *client, *server;

static void open_pair(enum srtp_profile p)
{
    uint8_t keying[SRTP_KEYING_MAX];
    for (size_t i = 0; i < sizeof(keying); i++)
        keying[i] = (uint8_t)(i * 7 + 1);
    const size_t len = srtp_profile_keying_bytes(p);
    cr_assert_eq(srtp_session_new(&client, p, keying, len, true), 0);
    cr_assert_eq(srtp_session_new(&server, p, keying, len, false), 0);
}

static void close_pair(void)
{
    srtp_session_free(client);
    srtp_session_free(server);
}

static size_t rtp(uint8_t out[CAPACITY], uint32_t ssrc, uint16_t seq16)
{
    memset(out, 0, CAPACITY);
    out[0] = 0x80;
    out[1] = 96;
    bytes_put_u16(out + 2, seq16);
    bytes_put_u32(out + 8, ssrc);
    memset(out + 12, (uint8_t)seq16, 30);
    return 42;
}

static size_t receiver_report(uint8_t out[CAPACITY], uint32_t ssrc)
{
    static const uint8_t header[] = {0x80, 201, 0, 1};
    memset(out, 0, CAPACITY);
    memcpy(out, header, sizeof(header));
    bytes_put_u32(out + 4, ssrc);
    return 8;
}

static int pass(uint32_t ssrc, uint16_t seq16)
{
    uint8_t packet[CAPACITY];
    size_t len = rtp(packet, ssrc, seq16);
    cr_assert_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), 0);
    return srtp_open_rtp(server, packet, &len);
}

/* Master key and salt of RFC 3711 appendix B.3 and, for GCM, 00 01 .. and a0 a1 ..; the sealed
 * packets are those of libsrtp's own driver (test/srtp_driver.c). */
static void expect_reference(enum srtp_profile p, const uint8_t key[16], const uint8_t *salt,
                             const uint8_t *sealed, size_t sealed_len)
{
    static const uint8_t plain[28] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                      0xba, 0xbe, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
                                      0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab};
    const size_t keying_len = srtp_profile_keying_bytes(p), salt_len = keying_len / 2 - 16;
    uint8_t keying[SRTP_KEYING_MAX], packet[CAPACITY];
    for (size_t half = 0; half < 2; half++) {
        memcpy(keying + 16 * half, key, 16);
        memcpy(keying + 32 + salt_len * half, salt, salt_len);
    }
    cr_assert_eq(srtp_session_new(&client, p, keying, keying_len, true), 0);
    cr_assert_eq(srtp_session_new(&server, p, keying, keying_len, false), 0);
    size_t len = sizeof(plain);
    memcpy(packet, plain, len);
    cr_assert_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), 0);
    cr_assert_eq(len, sealed_len);
    cr_expect_arr_eq(packet, sealed, sealed_len);
    cr_assert_eq(srtp_open_rtp(server, packet, &len), 0);
    cr_expect_arr_eq(packet, plain, sizeof(plain));
    close_pair();
}

Test(srtp, aes_cm_80_reference_packet)
{
    static const uint8_t key[16] = {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0,
                                    0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39};
    static const uint8_t salt[14] = {0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe,
                                     0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6};
    static const uint8_t sealed[38] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                       0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8,
                                       0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
                                       0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb};
    expect_reference(SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80, key, salt, sealed, sizeof(sealed));
}

Test(srtp, aead_gcm_reference_packet)
{
    static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t salt[12] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5,
                                     0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab};
    static const uint8_t sealed[44] = {
        0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 0xc5, 0x00, 0x2e,
        0xde, 0x04, 0xcf, 0xdd, 0x2e, 0xb9, 0x11, 0x59, 0xe0, 0x88, 0x0a, 0xa0, 0x6e, 0xd2, 0x97,
        0x68, 0x26, 0xf7, 0x96, 0xb2, 0x01, 0xdf, 0x31, 0x31, 0xa1, 0x27, 0xe8, 0xa3, 0x92};
    expect_reference(SRTP_PROFILE_AEAD_AES_128_GCM, key, salt, sealed, sizeof(sealed));
}

Test(srtp, round_trip_with_each_profile)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        open_pair((enum srtp_profile)p);
        for (uint32_t i = 0; i < 200000; i += 997) { /* over the wrap of the sequence number */
            uint8_t packet[CAPACITY], before[CAPACITY];
            size_t len = rtp(packet, 5, (uint16_t)i);
            const size_t plain_len = len;
            memcpy(before, packet, len);
            cr_assert_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), 0);
            cr_assert_eq(len, plain_len + srtp_profile_rtp_trailer_bytes((enum srtp_profile)p));
            cr_assert_neq(memcmp(packet + 12, before + 12, 30), 0);
            cr_assert_eq(srtp_open_rtp(server, packet, &len), 0, "index %u", i);
            cr_assert_eq(len, plain_len);
            cr_assert_arr_eq(packet, before, plain_len);
        }
        uint8_t packet[CAPACITY];
        size_t len = receiver_report(packet, 6);
        cr_assert_eq(srtp_seal_rtcp(server, packet, &len, CAPACITY), 0);
        cr_assert_eq(srtp_open_rtcp(client, packet, &len), 0);
        cr_assert_eq(len, 8);
        close_pair();
    }
}

Test(srtp, each_changed_byte_is_noticed)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        open_pair((enum srtp_profile)p);
        uint8_t good[CAPACITY];
        size_t good_len = rtp(good, 5, 1);
        cr_assert_eq(srtp_seal_rtp(client, good, &good_len, CAPACITY), 0);
        for (size_t i = 0; i < good_len; i++) {
            uint8_t copy[CAPACITY];
            size_t len = good_len;
            memcpy(copy, good, good_len);
            copy[i] ^= 0x01;
            cr_expect_neq(srtp_open_rtp(server, copy, &len), 0, "byte %zu", i);
        }
        cr_expect_eq(srtp_open_rtp(server, good, &good_len), 0);
        good_len = receiver_report(good, 5);
        cr_assert_eq(srtp_seal_rtcp(client, good, &good_len, CAPACITY), 0);
        for (size_t i = 0; i < good_len; i++) {
            uint8_t copy[CAPACITY];
            size_t len = good_len;
            memcpy(copy, good, good_len);
            copy[i] ^= 0x01;
            cr_expect_neq(srtp_open_rtcp(server, copy, &len), 0, "SRTCP byte %zu", i);
        }
        cr_expect_eq(srtp_open_rtcp(server, good, &good_len), 0);
        close_pair();
    }
}

Test(srtp, cuts_of_a_packet_are_refused)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        open_pair((enum srtp_profile)p);
        uint8_t good[CAPACITY];
        size_t good_len = rtp(good, 5, 1);
        cr_assert_eq(srtp_seal_rtp(client, good, &good_len, CAPACITY), 0);
        for (size_t cut = 0; cut < good_len; cut++) {
            uint8_t copy[CAPACITY];
            size_t len = cut;
            memcpy(copy, good, good_len);
            cr_expect_neq(srtp_open_rtp(server, copy, &len), 0);
            len = cut;
            memcpy(copy, good, good_len);
            cr_expect_neq(srtp_open_rtcp(server, copy, &len), 0);
        }
        close_pair();
    }
}

Test(srtp, replays_are_refused_at_once_later_and_after_the_wrap)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        open_pair((enum srtp_profile)p);
        uint8_t good[CAPACITY], copy[CAPACITY];
        size_t good_len = rtp(good, 5, 100);
        cr_assert_eq(srtp_seal_rtp(client, good, &good_len, CAPACITY), 0);
        for (uint32_t i = 0; i < 70000; i += i < 2000 ? 1 : 500) {
            size_t len = good_len;
            memcpy(copy, good, good_len);
            const int error = srtp_open_rtp(server, copy, &len);
            cr_assert(i == 0 ? error == 0 : error != 0, "after %u", i);
            cr_assert_eq(pass(5, (uint16_t)(101 + i)), 0, "after %u", i);
        }
        close_pair();
    }
}

Test(srtp, srtcp_replay_is_refused)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    uint8_t good[CAPACITY], copy[CAPACITY];
    size_t good_len = receiver_report(good, 5);
    cr_assert_eq(srtp_seal_rtcp(client, good, &good_len, CAPACITY), 0);
    for (int i = 0; i < 10; i++) {
        size_t len = good_len;
        memcpy(copy, good, good_len);
        cr_expect_eq(srtp_open_rtcp(server, copy, &len), i == 0 ? 0 : SQ_ERR_REPLAY);
    }
    close_pair();
}

Test(srtp, reordering_within_the_window_is_fine)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    static uint8_t packets[SRTP_REPLAY_WINDOW][CAPACITY];
    static size_t lens[SRTP_REPLAY_WINDOW];
    for (uint16_t i = 0; i < SRTP_REPLAY_WINDOW; i++) {
        lens[i] = rtp(packets[i], 5, i);
        cr_assert_eq(srtp_seal_rtp(client, packets[i], &lens[i], CAPACITY), 0);
    }
    for (size_t i = SRTP_REPLAY_WINDOW; i-- > 0;)
        cr_assert_eq(srtp_open_rtp(server, packets[i], &lens[i]), 0, "%zu", i);
    close_pair();
}

/* The sender goes on, the receiver hears nothing for `gap` packets. */
static void expect_recovery(enum srtp_profile p, uint32_t gap)
{
    open_pair(p);
    cr_assert_eq(pass(5, 65000), 0);
    uint8_t packet[CAPACITY];
    uint32_t seq = 65001;
    for (uint32_t i = 0; i < gap; i++, seq++) {
        size_t len = rtp(packet, 5, (uint16_t)seq);
        cr_assert_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), 0);
    }
    unsigned lost = 0;
    while (pass(5, (uint16_t)seq++) != 0)
        cr_assert_lt(++lost, 40, "gap of %u", gap);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(pass(5, (uint16_t)seq++), 0, "gap of %u", gap);
    close_pair();
}

Test(srtp, a_receiver_finds_the_stream_again_after_any_gap)
{
    static const uint32_t gaps[] = {0,     100,   32767, 32768, 33000,  60000,
                                    65535, 65536, 70000, 98304, 140000, 400000};
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
        expect_recovery(SRTP_PROFILE_AEAD_AES_128_GCM, gaps[i]);
    for (int p = 2; p <= SRTP_PROFILE_COUNT; p++) {
        expect_recovery((enum srtp_profile)p, 33000);
        expect_recovery((enum srtp_profile)p, 70000);
    }
}

/* The sender itself leaves numbers out: it was told not to send. */
Test(srtp, a_sender_that_leaves_out_half_the_numbers_is_heard_again)
{
    static const uint16_t jumps[] = {32767, 32768, 40000, 64000};
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
            open_pair((enum srtp_profile)p);
            uint16_t seq16 = 30000;
            cr_assert_eq(pass(5, seq16++), 0);
            seq16 = (uint16_t)(seq16 + jumps[i]);
            unsigned lost = 0;
            while (pass(5, seq16++) != 0)
                cr_assert_lt(++lost, 20, "jump of %u", jumps[i]);
            for (int n = 0; n < 100; n++)
                cr_assert_eq(pass(5, seq16++), 0);
            close_pair();
        }
    }
}

/* A forger on the validated path must not make a healthy stream lose its counter. */
Test(srtp, forged_packets_do_not_disturb_a_stream)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert_eq(pass(5, (uint16_t)(65000 + i)), 0);
        for (int n = 0; n < 30; n++) {
            uint8_t fake[CAPACITY];
            size_t len = rtp(fake, 5, (uint16_t)(i * 77 + (uint32_t)n));
            len += 16;
            cr_assert_neq(srtp_open_rtp(server, fake, &len), 0);
        }
    }
    struct srtp_counters c;
    srtp_get_counters(server, &c);
    cr_expect_eq(c.recovered, 0);
    cr_expect_eq(c.forged + c.replayed, 30000);
    close_pair();
}

Test(srtp, ssrcs_are_capped_and_the_known_ones_go_on)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    for (uint32_t ssrc = 1; ssrc <= SRTP_RECEIVE_SSRC_MAX; ssrc++)
        cr_assert_eq(pass(ssrc, 1), 0);
    cr_expect_eq(pass(9999, 1), SQ_ERR_LIMIT);
    cr_expect_eq(pass(3, 2), 0);
    uint8_t packet[CAPACITY];
    int error = 0;
    for (uint32_t ssrc = 10000; ssrc < 10000 + SRTP_SEND_SSRC_MAX && !error; ssrc++) {
        size_t len = rtp(packet, ssrc, 1);
        error = srtp_seal_rtp(client, packet, &len, CAPACITY);
    }
    cr_expect_eq(error, SQ_ERR_LIMIT);
    struct srtp_counters c;
    srtp_get_counters(server, &c);
    cr_expect_eq(c.over_limit, 1);
    close_pair();
}

/* A forged packet with a new SSRC takes no place. */
Test(srtp, forged_ssrcs_take_no_place)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    for (uint32_t ssrc = 1; ssrc <= 20000; ssrc++) {
        uint8_t fake[CAPACITY];
        size_t len = rtp(fake, ssrc, 1) + 16;
        cr_assert_eq(srtp_open_rtp(server, fake, &len), SQ_ERR_FORGED);
    }
    cr_expect_eq(pass(77777, 1), 0);
    close_pair();
}

Test(srtp, sealing_needs_room_a_header_and_a_fresh_number)
{
    open_pair(SRTP_PROFILE_AEAD_AES_128_GCM);
    uint8_t packet[CAPACITY];
    size_t len = rtp(packet, 5, 1);
    cr_expect_eq(srtp_seal_rtp(client, packet, &len, len + SRTP_TRAILER_MAX - 1), SQ_ERR_LIMIT);
    cr_expect_eq(srtp_seal_rtp(client, packet, &len, len + SRTP_TRAILER_MAX), 0);
    len = rtp(packet, 5, 1);
    cr_expect_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), SQ_ERR_REPLAY);
    len = 11;
    cr_expect_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), SQ_ERR_INVALID);
    len = rtp(packet, 5, 2);
    packet[0] = 0x40;
    cr_expect_eq(srtp_seal_rtp(client, packet, &len, CAPACITY), SQ_ERR_INVALID);
    cr_expect_eq(srtp_session_new(&client, SRTP_PROFILE_NONE, packet, 0, true), SQ_ERR_INVALID);
    cr_expect_eq(srtp_session_new(&client, SRTP_PROFILE_AEAD_AES_128_GCM, packet, 60, true),
                 SQ_ERR_INVALID);
    close_pair();
}

/* RTC-05: E=0 in both places where the flag can be. */
Test(srtp, srtcp_in_the_clear_is_refused)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        open_pair((enum srtp_profile)p);
        uint8_t packet[CAPACITY];
        size_t len = receiver_report(packet, 5);
        cr_assert_eq(srtp_seal_rtcp(client, packet, &len, CAPACITY), 0);
        packet[len - (p == SRTP_PROFILE_AEAD_AES_128_GCM ? 4 : 14)] &= 0x7F;
        cr_expect_eq(srtp_open_rtcp(server, packet, &len), SQ_ERR_INVALID);
        close_pair();
    }
}

/* Our GCM path against libsrtp's, packet by packet: order, wraps, reordering, gaps, headers of all
 * shapes. */
Test(srtp, gcm_seals_the_same_bytes_as_libsrtp)
{
    uint8_t keying[56], master[28];
    for (size_t i = 0; i < sizeof(keying); i++)
        keying[i] = (uint8_t)(i * 31 + 5);
    memcpy(master, keying, 16);
    memcpy(master + 16, keying + 32, 12);
    srtp_policy_t policy = {
        .ssrc = {.type = ssrc_any_outbound}, .key = master, .window_size = SRTP_REPLAY_WINDOW};
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    cr_assert_eq(
        srtp_session_new(&client, SRTP_PROFILE_AEAD_AES_128_GCM, keying, sizeof(keying), true), 0);
    srtp_t reference;
    cr_assert_eq(srtp_create(&reference, &policy), srtp_err_status_ok);
    uint32_t random = 1, at = 64000;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        at += random >> 30;                                                   /* repeats and gaps */
        const uint16_t seq16 = (uint16_t)(at - (random >> 20 & 7) * (i > 8)); /* reordering */
        uint8_t a[CAPACITY], b[CAPACITY];
        size_t a_len = rtp(a, 5 + (random >> 12 & 3), seq16);
        a_len = 24 + (random >> 8 & 63);
        if (random & 0x40)
            a[0] |= 0x02; /* two CSRCs */
        else if (random & 0x80)
            a[0] |= 0x10, a[15] = 1; /* an extension of one word */
        memcpy(b, a, a_len);
        int b_len = (int)a_len;
        const int error = srtp_seal_rtp(client, a, &a_len, CAPACITY);
        const srtp_err_status_t status = srtp_protect(reference, b, &b_len);
        cr_assert_eq(error == 0, status == srtp_err_status_ok, "packet %d: %d and %d", i, error,
                     (int)status);
        if (error)
            continue;
        cr_assert_eq(a_len, (size_t)b_len);
        cr_assert_arr_eq(a, b, a_len, "packet %d", i);
    }
    srtp_dealloc(reference);
    srtp_session_free(client);
}

Test(srtp, names_are_those_of_the_protocol)
{
    cr_expect_str_eq(srtp_profile_name(SRTP_PROFILE_AEAD_AES_128_GCM), "AEAD_AES_128_GCM");
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++)
        cr_expect_eq(srtp_profile_parse(srtp_profile_name((enum srtp_profile)p)),
                     (enum srtp_profile)p);
    cr_expect_eq(srtp_profile_parse("NULL_HMAC_SHA1_80"), SRTP_PROFILE_NONE);
    cr_expect_eq(srtp_profile_parse("none"), SRTP_PROFILE_NONE);
}
