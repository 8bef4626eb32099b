/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS without I/O: virtual time only, size of datagrams, bounds of an unfinished handshake,
 * fingerprints. */
#include "base/bytes.h"
#include "rtc/dtls/dtls.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

#define UTC_2026_US INT64_C(1767225600000000)

static struct dtls_identity *identity_a, *identity_b;
static struct dtls *client, *server;

static void start_pair(void)
{
    cr_assert_eq(dtls_identity_new(&identity_a, UTC_2026_US), 0);
    cr_assert_eq(dtls_identity_new(&identity_b, UTC_2026_US), 0);
    struct dtls_config c = {.identity = identity_a,
                            .role = DTLS_ROLE_CLIENT,
                            .profiles = {SRTP_PROFILE_AEAD_AES_128_GCM},
                            .profile_count = 1};
    struct dtls_config s = c;
    s.identity = identity_b;
    s.role = DTLS_ROLE_SERVER;
    dtls_identity_fingerprint(identity_b, &c.remote);
    dtls_identity_fingerprint(identity_a, &s.remote);
    cr_assert_eq(dtls_new(&client, &c), 0);
    cr_assert_eq(dtls_new(&server, &s), 0);
}

static void end_pair(void)
{
    dtls_free(client);
    dtls_free(server);
    dtls_identity_free(identity_a);
    dtls_identity_free(identity_b);
}

static size_t discard(struct dtls *d)
{
    const uint8_t *data;
    size_t len, count = 0;
    while (dtls_next_datagram(d, &data, &len)) {
        cr_expect_leq(len, DTLS_MTU_BYTES);
        count++;
    }
    return count;
}

static size_t deliver(struct dtls *from, struct dtls *to, time_us now_us)
{
    const uint8_t *data;
    size_t len, count = 0;
    while (dtls_next_datagram(from, &data, &len)) {
        cr_expect_leq(len, DTLS_MTU_BYTES);
        dtls_receive(to, data, len, now_us);
        count++;
    }
    return count;
}

static void finish(time_us now_us)
{
    dtls_start(client, false, now_us);
    for (int i = 0; i < 10; i++) {
        deliver(client, server, now_us);
        deliver(server, client, now_us);
    }
    cr_assert_eq(dtls_state(client), DTLS_CONNECTED);
    cr_assert_eq(dtls_state(server), DTLS_CONNECTED);
}

Test(dtls, both_sides_export_the_same_keys)
{
    uint8_t a[SRTP_KEYING_MAX] = {0}, b[SRTP_KEYING_MAX] = {0};
    enum srtp_profile pa, pb;
    start_pair();
    cr_expect_eq(dtls_export(client, &pa, a), SQ_ERR_STATE);
    finish(5);
    cr_assert_eq(dtls_export(client, &pa, a), 0);
    cr_assert_eq(dtls_export(server, &pb, b), 0);
    cr_expect_eq(pa, SRTP_PROFILE_AEAD_AES_128_GCM);
    cr_expect_eq(pb, pa);
    cr_expect_arr_eq(a, b, 56);
    cr_expect_eq(dtls_deadline(client), TIME_US_NEVER);
    cr_expect_eq(dtls_deadline(server), TIME_US_NEVER);
    end_pair();
}

/* The OS clock stands still for this test, and virtual time moves by hours: retransmission must
 * follow the latter, and nothing else. This guards the pointer of BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT
 * that dtls_bio.c keeps. */
Test(dtls, retransmission_follows_virtual_time_only)
{
    const time_us hours[] = {0, 3600 * TIME_US_PER_S, INT64_C(1000000) * 3600 * TIME_US_PER_S};
    for (size_t i = 0; i < 3; i++) {
        start_pair();
        time_us now_us = hours[i];
        dtls_start(client, false, now_us);
        cr_assert_eq(discard(client), 1);
        unsigned sent = 0;
        time_us last_wait = 0;
        while (dtls_state(client) == DTLS_HANDSHAKING) {
            const time_us at = dtls_deadline(client);
            cr_assert_gt(at, now_us);
            cr_assert_leq(at - now_us, 3 * TIME_US_PER_S);
            dtls_timeout(client, at - 1); /* not due: nothing happens */
            cr_assert_eq(discard(client), 0);
            cr_assert_eq(dtls_deadline(client), at);
            dtls_timeout(client, at);
            last_wait = at - now_us;
            now_us = at;
            sent += (unsigned)discard(client);
        }
        cr_expect_eq(dtls_state(client), DTLS_FAILED);
        cr_expect_str_eq(dtls_failure(client), "timeout");
        cr_expect_eq(now_us - hours[i], DTLS_HANDSHAKE_LIMIT_US);
        cr_expect_geq(sent, 8);
        cr_expect_gt(last_wait, 0);
        end_pair();
    }
}

Test(dtls, a_measured_round_trip_shortens_the_timer)
{
    start_pair();
    dtls_set_rtt(client, 50 * TIME_US_PER_MS);
    dtls_start(client, false, 0);
    cr_expect_eq(dtls_deadline(client), 400 * TIME_US_PER_MS);
    end_pair();
}

Test(dtls, each_lost_flight_is_repeated)
{
    for (int lost = 0; lost < 4; lost++) {
        start_pair();
        time_us now_us = 0;
        dtls_start(client, false, now_us);
        int flight = 0;
        for (int step = 0; step < 20 && dtls_state(client) != DTLS_CONNECTED; step++) {
            struct dtls *from = step % 2 ? server : client, *to = step % 2 ? client : server;
            if (flight++ == lost)
                discard(from);
            else
                deliver(from, to, now_us);
            const time_us at = time_us_min(dtls_deadline(client), dtls_deadline(server));
            if (flight > lost && at != TIME_US_NEVER && at < now_us + 5 * TIME_US_PER_S &&
                step % 2) {
                now_us = at;
                if (dtls_deadline(client) <= now_us)
                    dtls_timeout(client, now_us);
                if (dtls_deadline(server) <= now_us)
                    dtls_timeout(server, now_us);
            }
        }
        cr_expect_eq(dtls_state(client), DTLS_CONNECTED, "flight %d lost", lost);
        cr_expect_eq(dtls_state(server), DTLS_CONNECTED, "flight %d lost", lost);
        end_pair();
    }
}

static size_t fragment(uint8_t *out, uint16_t sequence, uint32_t message_len, uint32_t offset,
                       uint32_t fragment_len, size_t body)
{
    static uint8_t number;
    const uint8_t header[13] = {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 1, number++, 0, 0};
    memcpy(out, header, sizeof(header));
    bytes_put_u16(out + 11, (uint16_t)(12 + body));
    out[13] = 1;
    bytes_put_u24(out + 14, message_len);
    bytes_put_u16(out + 17, sequence);
    bytes_put_u24(out + 19, offset);
    bytes_put_u24(out + 22, fragment_len);
    memset(out + 25, 0x5A, body);
    return 25 + body;
}

/* DTL-03: what announces more than the budget is dropped before OpenSSL makes room for it. */
Test(dtls, huge_fragments_are_dropped_and_the_handshake_still_works)
{
    uint8_t data[1500];
    start_pair();
    for (uint16_t sequence = 0; sequence < 200; sequence++) {
        dtls_receive(server, data, fragment(data, sequence, 0xFFFFFF, 0, 100, 100), 0);
        dtls_receive(server, data, fragment(data, sequence, 16000, 100, 100, 100), 0);
        dtls_receive(server, data, fragment(data, sequence, 100, 90, 100, 100), 0);
        dtls_receive(server, data, fragment(data, sequence, 100, 0, 0, 0), 0);
        dtls_receive(server, data, fragment(data, sequence, 100, 0, 100, 20), 0);
    }
    cr_expect_eq(dtls_state(server), DTLS_IDLE); /* nothing was taken, no clock runs */
    cr_expect_eq(discard(server), 0);
    finish(0);
    end_pair();
}

/* DTL-06 and the queue of early encrypted records, 17 KB each inside OpenSSL. */
Test(dtls, encrypted_records_before_their_time_are_dropped)
{
    start_pair();
    uint8_t record[60] = {22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 0, 0, 47};
    for (int i = 0; i < 1000; i++) {
        bytes_put_u16(record + 9, (uint16_t)i);
        record[0] = (uint8_t)(20 + i % 4);
        dtls_receive(server, record, sizeof(record), 0);
    }
    cr_expect_eq(dtls_state(server), DTLS_IDLE);
    finish(0);
    end_pair();
}

/* Somebody else's ClientHello comes first, then the real one. */
Test(dtls, a_spoofed_client_hello_does_not_keep_the_client_out)
{
    start_pair();
    struct dtls *stranger;
    struct dtls_config c = {.identity = identity_b,
                            .role = DTLS_ROLE_CLIENT,
                            .profiles = {SRTP_PROFILE_AEAD_AES_128_GCM},
                            .profile_count = 1};
    cr_assert_eq(dtls_new(&stranger, &c), 0);
    dtls_start(stranger, false, 0);
    deliver(stranger, server, 0);
    discard(server);
    finish(0);
    dtls_free(stranger);
    end_pair();
}

Test(dtls, an_early_first_flight_is_repeated_only_when_there_is_a_path)
{
    start_pair();
    dtls_start_early(client, 0);
    cr_expect_eq(discard(client), 1);
    cr_expect_eq(dtls_deadline(client), TIME_US_NEVER);
    dtls_start(client, true, 60 * TIME_US_PER_S); /* a path at last: 20 s from here */
    cr_expect_eq(dtls_deadline(client), 60 * TIME_US_PER_S);
    dtls_timeout(client, 60 * TIME_US_PER_S);
    for (int i = 0; i < 4; i++) {
        deliver(client, server, 60 * TIME_US_PER_S);
        deliver(server, client, 60 * TIME_US_PER_S);
    }
    cr_expect_eq(dtls_state(client), DTLS_CONNECTED);
    end_pair();
}

/* The server's last flight is lost: the client repeats its own, and the established server answers
 * again. */
Test(dtls, an_established_server_repeats_its_finished)
{
    start_pair();
    dtls_start(client, false, 0);
    deliver(client, server, 0);
    deliver(server, client, 0);
    deliver(client, server, 0);
    cr_assert_eq(dtls_state(server), DTLS_CONNECTED);
    discard(server);
    const time_us at = dtls_deadline(client);
    dtls_timeout(client, at);
    cr_expect_gt(deliver(client, server, at), 0);
    cr_expect_gt(deliver(server, client, at), 0);
    cr_expect_eq(dtls_state(client), DTLS_CONNECTED);
    end_pair();
}

Test(dtls, close_notify_is_authentic_and_ends_both)
{
    start_pair();
    finish(0);
    dtls_close(client, 0);
    cr_expect_eq(deliver(client, server, 0), 1);
    cr_expect_eq(dtls_state(server), DTLS_CLOSED);
    end_pair();
}

Test(dtls, fingerprints_are_parsed_and_formatted)
{
    static const char sha256[] =
        "12:df:3e:5D:49:6b:19:e5:7c:ab:4a:ad:b9:b1:3f:82:18:3b:54:02:12:df:3e:5d:49:6b:19:e5:"
        "7c:ab:4a:ad";
    struct dtls_fingerprint fp;
    char text[DTLS_FINGERPRINT_TEXT_MAX];
    cr_assert_eq(dtls_fingerprint_parse(&fp, "SHA-256", sha256), 0);
    cr_expect_eq(fp.algorithm, DTLS_FINGERPRINT_SHA256);
    cr_expect_eq(fp.value[0], 0x12);
    cr_expect_eq(fp.value[31], 0xad);
    dtls_fingerprint_format(&fp, text);
    cr_expect_eq(strlen(text), 95);
    cr_expect_eq(strcasecmp(text, sha256), 0);
    cr_expect_eq(dtls_fingerprint_parse(&fp, "sha-1", sha256), SQ_ERR_UNSUPPORTED);
    cr_expect_eq(dtls_fingerprint_parse(&fp, "md5", sha256), SQ_ERR_UNSUPPORTED);
    cr_expect_eq(dtls_fingerprint_parse(&fp, "sha-384", sha256), SQ_ERR_INVALID);
    cr_expect_eq(dtls_fingerprint_parse(&fp, "sha-256", "12:df"), SQ_ERR_INVALID);
    cr_expect_eq(dtls_fingerprint_parse(&fp, "sha-256", ""), SQ_ERR_INVALID);
    char wrong[sizeof(sha256)];
    for (size_t i = 0; i < sizeof(sha256) - 1; i++) {
        memcpy(wrong, sha256, sizeof(sha256));
        wrong[i] = 'g';
        cr_expect_eq(dtls_fingerprint_parse(&fp, "sha-256", wrong), SQ_ERR_INVALID);
    }
}
