/* SPDX-License-Identifier: Apache-2.0 */
/* A transport alone: what it refuses, and that it stays silent until somebody has proved himself.
 */
#include "rtc/transport/transport.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

#define UTC_2026_US INT64_C(1767225600000000)

static struct dtls_identity *identity;

static struct transport_config config(void)
{
    struct transport_config c = {.profiles = {SRTP_PROFILE_AEAD_AES_128_GCM}, .profile_count = 1};
    cr_assert_eq(dtls_identity_new(&identity, UTC_2026_US), 0);
    c.identity = identity;
    ice_credentials_new(&c.local);
    ice_credentials_new(&c.remote);
    return c;
}

Test(transport, refuses_a_bad_configuration)
{
    struct transport *t = NULL;
    const struct transport_config good = config();
    struct transport_config c = good;
    c.profile_count = 0;
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.profile_count = SRTP_PROFILE_COUNT + 1;
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.profiles[0] = SRTP_PROFILE_NONE;
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.identity = NULL;
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.local.ufrag[0] = '\0';
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.ice_role = ICE_ROLE_CONTROLLING;
    c.remote.pwd[5] = '\0';
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    c = good;
    c.ice_role = ICE_ROLE_CONTROLLING;
    c.candidate_count = ICE_CANDIDATES_MAX + 1;
    cr_expect_eq(transport_new(&t, &c, 0), SQ_ERR_INVALID);
    cr_expect_null(t);
    dtls_identity_free(identity);
}

Test(transport, a_new_one_seals_nothing_and_waits_for_nothing)
{
    struct transport *t;
    const struct transport_config c = config();
    cr_assert_eq(transport_new(&t, &c, 0), 0);
    uint8_t packet[64] = {0x80, 96};
    size_t len = 20;
    cr_expect_eq(transport_seal_rtp(t, packet, &len, sizeof(packet), 0), SQ_ERR_STATE);
    cr_expect_eq(transport_seal_rtcp(t, packet, &len, sizeof(packet), 0), SQ_ERR_STATE);
    cr_expect_eq(len, 20);
    struct transport_datagram d;
    struct transport_event e;
    cr_expect_not(transport_next_datagram(t, &d));
    cr_expect_not(transport_next_event(t, &e));
    cr_expect_eq(transport_deadline(t), TIME_US_NEVER);
    cr_expect_null(transport_tuple(t));
    cr_expect_eq(transport_state(t), TRANSPORT_NEW);
    cr_expect_str_eq(transport_local_ufrag(t), c.local.ufrag);
    transport_timeout(t, 1000);
    cr_expect_eq(transport_deadline(t), TIME_US_NEVER);
    transport_free(t);
    dtls_identity_free(identity);
}

/* Each first byte of RFC 7983 and each length up to a header, from nobody in particular. */
Test(transport, answers_no_stranger)
{
    struct transport *t;
    const struct transport_config c = config();
    const struct net_tuple from = {.protocol = NET_UDP,
                                   .local = {.family = NET_IPV4, .port = 1},
                                   .remote = {.family = NET_IPV4, .port = 2}};
    cr_assert_eq(transport_new(&t, &c, 0), 0);
    for (int first = 0; first < 256; first++)
        for (size_t size = 0; size < 64; size++) {
            uint8_t data[64];
            size_t len = size;
            memset(data, first, sizeof(data));
            cr_assert_eq(transport_receive(t, &from, data, &len, 1), TRANSPORT_RECEIVED_NOTHING);
            struct transport_datagram d;
            cr_assert_not(transport_next_datagram(t, &d));
        }
    struct transport_stats s;
    transport_get_stats(t, &s);
    cr_expect_eq(s.dropped_unvalidated + s.dropped_malformed + s.dropped_forged, 256 * 64);
    cr_expect_eq(s.packets_received, 0);
    cr_expect_eq(transport_deadline(t), TIME_US_NEVER);
    transport_free(t);
    dtls_identity_free(identity);
}

Test(transport, states_have_names)
{
    cr_expect_str_eq(transport_state_name(TRANSPORT_INTERRUPTED), "interrupted");
    cr_expect_str_eq(transport_state_name((enum transport_state)99), "unknown");
}

Test(transport, closed_is_closed)
{
    struct transport *t;
    const struct transport_config c = config();
    cr_assert_eq(transport_new(&t, &c, 0), 0);
    transport_close(t, 5);
    transport_close(t, 6);
    struct transport_event e;
    cr_assert(transport_next_event(t, &e));
    cr_expect_eq(e.state, TRANSPORT_CLOSED);
    cr_expect_not(transport_next_event(t, &e));
    transport_timeout(t, 7);
    transport_free(t);
    dtls_identity_free(identity);
}
