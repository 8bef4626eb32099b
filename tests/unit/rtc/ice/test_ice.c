/* SPDX-License-Identifier: Apache-2.0 */
/* ICE agents alone: what a lite agent answers and remembers, how a controlling one paces, nominates
 * and goes on. */
#include "base/bytes.h"
#include "rtc/ice/ice.h"
#include "rtc/stun/stun.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PEER_UFRAG "peer"

static struct ice_agent *agent;
static struct ice_credentials ours = {"localufr", "localpasswordlocalpasswd"};
static struct ice_credentials theirs = {"remoteuf", "remotepasswordremotepass"};

static struct net_address address(const char *ip, uint16_t port)
{
    struct net_address a;
    cr_assert_eq(net_address_parse(&a, ip, port), 0);
    return a;
}

static struct net_tuple tuple_of(uint16_t port)
{
    return (struct net_tuple){.protocol = NET_UDP,
                              .local = address("192.0.2.1", 40000),
                              .remote = address("198.51.100.7", port)};
}

static void start_lite(void)
{
    const struct ice_config c = {.role = ICE_ROLE_LITE, .local = ours};
    cr_assert_eq(ice_agent_new(&agent, &c, 0), 0);
}

struct check {
    const char *username, *password;
    bool no_priority, no_role, no_fingerprint, controlled, use_candidate, unknown;
    uint32_t transaction;
};

static uint32_t next_transaction = 1;

static size_t build(uint8_t out[STUN_MESSAGE_MAX], const struct check *c)
{
    uint8_t transaction[STUN_TRANSACTION_BYTES] = {9};
    bytes_put_u32(transaction + 8, c->transaction ? c->transaction : next_transaction++);
    struct stun_writer w;
    const char *username = c->username ? c->username : "localufr:" PEER_UFRAG;
    const char *password = c->password ? c->password : ours.pwd;
    stun_begin(&w, out, STUN_MESSAGE_MAX, STUN_REQUEST, transaction);
    stun_put(&w, STUN_USERNAME, username, strlen(username));
    if (!c->no_role)
        stun_put_u64(&w, c->controlled ? STUN_ICE_CONTROLLED : STUN_ICE_CONTROLLING, 1);
    if (!c->no_priority)
        stun_put_u32(&w, STUN_PRIORITY, 1);
    if (c->use_candidate)
        stun_put(&w, STUN_USE_CANDIDATE, NULL, 0);
    if (c->unknown)
        stun_put_u32(&w, 0x0099, 1);
    size_t len = stun_end(&w, password, strlen(password));
    if (c->no_fingerprint) {
        len -= 8;
        bytes_put_u16(out + 2, (uint16_t)(len - 20));
    }
    return len;
}

/* Gives a check; the answer's length (0: silence), the answer in `out`. */
static size_t give(const struct check *c, uint16_t port, time_us now_us,
                   uint8_t out[STUN_MESSAGE_MAX], enum ice_received *received)
{
    uint8_t data[STUN_MESSAGE_MAX];
    struct net_tuple to;
    const struct net_tuple from = tuple_of(port);
    const size_t len = build(data, c);
    *received = ice_receive(agent, &from, data, len, now_us);
    const size_t answered = ice_next_datagram(agent, &to, out);
    cr_expect_leq(answered, len, "an answer may not be larger than its question");
    if (answered)
        cr_expect(net_tuple_equal(&to, &from));
    return answered;
}

static enum ice_received check_from(uint16_t port, bool use_candidate, time_us now_us)
{
    uint8_t out[STUN_MESSAGE_MAX];
    enum ice_received r;
    give(&(struct check){.use_candidate = use_candidate}, port, now_us, out, &r);
    return r;
}

Test(ice_lite, answers_an_authentic_check)
{
    uint8_t out[STUN_MESSAGE_MAX];
    enum ice_received r;
    struct stun_message m;
    start_lite();
    const size_t len = give(&(struct check){.use_candidate = true}, 5000, 1, out, &r);
    cr_expect_eq(r, ICE_ACCEPTED);
    cr_assert_eq(stun_parse(&m, out, len), 0);
    cr_expect_eq(m.class, STUN_SUCCESS);
    cr_expect(stun_check_integrity(&m, ours.pwd, strlen(ours.pwd)));
    const struct net_address mapped = address("198.51.100.7", 5000);
    cr_expect(net_address_equal(&m.mapped, &mapped));
    cr_expect_eq(ice_agent_state(agent), ICE_CONNECTED);
    ice_agent_free(agent);
}

Test(ice_lite, everything_else_gets_silence_and_leaves_no_trace)
{
    static const struct check bad[] = {
        {.username = "localufx:peer", .use_candidate = true},
        {.username = "localufr", .use_candidate = true},
        {.username = "localufr:", .use_candidate = true},
        {.username = "localuf:peer", .use_candidate = true},
        {.password = "wrongpasswordwrongpasswo", .use_candidate = true},
        {.no_fingerprint = true, .use_candidate = true},
        {.no_priority = true, .use_candidate = true},
        {.no_role = true, .use_candidate = true},
    };
    uint8_t out[STUN_MESSAGE_MAX];
    enum ice_received r;
    start_lite();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(give(&bad[i], 5000, 1, out, &r), 0, "case %zu", i);
        cr_expect_neq(r, ICE_ACCEPTED, "case %zu", i);
        const struct net_tuple t = tuple_of(5000);
        cr_expect_not(ice_is_validated(agent, &t), "case %zu", i);
    }
    cr_expect_eq(ice_agent_state(agent), ICE_NEW);
    cr_expect_eq(ice_deadline(agent), TIME_US_NEVER);
    ice_agent_free(agent);
}

Test(ice_lite, names_unknown_attributes_and_role_conflicts)
{
    uint8_t out[STUN_MESSAGE_MAX];
    enum ice_received r;
    struct stun_message m;
    start_lite();
    size_t len = give(&(struct check){.unknown = true, .use_candidate = true}, 5000, 1, out, &r);
    cr_assert_eq(stun_parse(&m, out, len), 0);
    cr_expect_eq(m.error_code, 420);
    len = give(&(struct check){.controlled = true, .use_candidate = true}, 5000, 1, out, &r);
    cr_assert_eq(stun_parse(&m, out, len), 0);
    cr_expect_eq(m.error_code, 487);
    cr_expect_eq(ice_agent_state(agent), ICE_NEW);
    ice_agent_free(agent);
}

/* STN-05 */
Test(ice_lite, ten_thousand_ports_leave_eight_tuples_and_the_selected_one)
{
    start_lite();
    check_from(1, true, 1);
    for (unsigned port = 2; port < 10000; port++) {
        check_from((uint16_t)port, false, (time_us)port);
        struct net_tuple t = tuple_of(1);
        cr_assert(ice_is_validated(agent, &t));
    }
    unsigned live = 0;
    for (unsigned port = 1; port < 10000; port++) {
        const struct net_tuple t = tuple_of((uint16_t)port);
        live += ice_is_validated(agent, &t);
    }
    cr_expect_eq(live, ICE_TUPLES_MAX);
    cr_expect_eq(ice_selected(agent)->remote.port, 1);
    ice_agent_free(agent);
}

Test(ice_lite, use_candidate_from_elsewhere_moves_the_path_but_a_replay_does_not)
{
    uint8_t data[STUN_MESSAGE_MAX];
    start_lite();
    const size_t len = build(data, &(struct check){.use_candidate = true});
    const struct net_tuple home = tuple_of(5000), away = tuple_of(6000);
    uint8_t answer[STUN_MESSAGE_MAX];
    struct net_tuple to;
    cr_expect_eq(ice_receive(agent, &home, data, len, 1), ICE_ACCEPTED);
    cr_expect_gt(ice_next_datagram(agent, &to, answer), 0);
    cr_expect_eq(ice_receive(agent, &away, data, len, 2), ICE_DROPPED_REPLAYED);
    cr_expect_eq(ice_next_datagram(agent, &to, answer), 0);
    cr_expect_eq(ice_selected(agent)->remote.port, 5000);
    cr_expect_not(ice_is_validated(agent, &away));
    cr_expect_eq(check_from(6000, false, 3), ICE_ACCEPTED);
    cr_expect_eq(ice_selected(agent)->remote.port, 5000);
    cr_expect_eq(check_from(6000, true, 4), ICE_ACCEPTED);
    cr_expect_eq(ice_selected(agent)->remote.port, 6000);
    ice_agent_free(agent);
}

Test(ice_lite, consent_ends_after_thirty_seconds_and_replays_do_not_prolong_it)
{
    uint8_t data[STUN_MESSAGE_MAX];
    start_lite();
    const size_t len = build(data, &(struct check){.use_candidate = true});
    const struct net_tuple home = tuple_of(5000);
    ice_receive(agent, &home, data, len, 0);
    ice_receive(agent, &home, data, len, 20 * TIME_US_PER_S);
    cr_expect_eq(ice_deadline(agent), 30 * TIME_US_PER_S);
    ice_timeout(agent, 30 * TIME_US_PER_S);
    cr_expect_eq(ice_agent_state(agent), ICE_INTERRUPTED);
    cr_expect_eq(check_from(5000, false, 40 * TIME_US_PER_S), ICE_ACCEPTED);
    cr_expect_eq(ice_agent_state(agent), ICE_CONNECTED);
    ice_agent_free(agent);
}

Test(ice_lite, tuples_that_were_not_selected_expire)
{
    start_lite();
    check_from(5000, false, 0);
    check_from(5001, false, TIME_US_PER_S);
    const struct net_tuple first = tuple_of(5000), second = tuple_of(5001);
    ice_timeout(agent, 30 * TIME_US_PER_S);
    cr_expect_not(ice_is_validated(agent, &first));
    cr_expect(ice_is_validated(agent, &second));
    ice_timeout(agent, 31 * TIME_US_PER_S);
    cr_expect_null(ice_send_tuple(agent));
    cr_expect_eq(ice_deadline(agent), TIME_US_NEVER);
    ice_agent_free(agent);
}

/* ---- controlling ---- */

static struct ice_candidate candidates[ICE_CANDIDATES_MAX];

static void start_controlling(size_t udp, size_t tcp)
{
    for (size_t i = 0; i < udp + tcp; i++) {
        char ip[32];
        snprintf(ip, sizeof(ip), "192.0.2.%zu", i + 1);
        const struct net_address a = address(ip, 40000);
        ice_candidate_host(&candidates[i], i < udp ? NET_UDP : NET_TCP, &a, i);
    }
    const struct ice_config c = {.role = ICE_ROLE_CONTROLLING,
                                 .local = ours,
                                 .remote = theirs,
                                 .candidates = candidates,
                                 .candidate_count = udp + tcp,
                                 .local_udp = address("10.0.0.7", 5000)};
    cr_assert_eq(ice_agent_new(&agent, &c, 0), 0);
}

Test(ice_controlling, paces_checks_and_never_stops)
{
    struct net_tuple to;
    uint8_t out[STUN_MESSAGE_MAX];
    start_controlling(4, 0);
    time_us now_us = 0, last = -TIME_US_PER_S;
    unsigned sent = 0;
    while (now_us < 120 * TIME_US_PER_S) {
        now_us = ice_deadline(agent);
        cr_assert_neq(now_us, TIME_US_NEVER);
        ice_timeout(agent, now_us);
        while (ice_next_datagram(agent, &to, out)) {
            cr_assert_geq(now_us - last, 50 * TIME_US_PER_MS); /* RFC 8445 section 14.2 */
            last = now_us;
            sent++;
        }
    }
    cr_expect_geq(sent, 4 * 120 / 2 - 10);
    cr_expect_leq(sent, 4 * 120);
    ice_agent_free(agent);
}

static size_t answer_to(uint8_t *out, const uint8_t *check, size_t len, const char *password)
{
    struct stun_message m;
    struct stun_writer w;
    const struct net_address mapped = address("198.51.100.7", 61000);
    cr_assert_eq(stun_parse(&m, check, len), 0);
    stun_begin(&w, out, STUN_MESSAGE_MAX, STUN_SUCCESS, m.transaction);
    stun_put_xor_address(&w, &mapped);
    return stun_end(&w, password, strlen(password));
}

Test(ice_controlling, takes_only_authentic_answers_from_where_it_asked)
{
    struct net_tuple to;
    uint8_t check[STUN_MESSAGE_MAX], reply[STUN_MESSAGE_MAX];
    struct stun_message m;
    start_controlling(1, 0);
    ice_timeout(agent, 0);
    const size_t len = ice_next_datagram(agent, &to, check);
    cr_assert_eq(stun_parse(&m, check, len), 0);
    cr_expect(stun_check_integrity(&m, theirs.pwd, strlen(theirs.pwd)));
    cr_expect_eq(m.username_len, 17);
    cr_expect_arr_eq(m.username, "remoteuf:localufr", 17);
    cr_expect_not(m.use_candidate); /* regular nomination */

    struct net_tuple from = to;
    size_t reply_len = answer_to(reply, check, len, ours.pwd);
    cr_expect_eq(ice_receive(agent, &from, reply, reply_len, 9), ICE_DROPPED_FORGED);
    reply_len = answer_to(reply, check, len, theirs.pwd);
    from.remote.port++;
    cr_expect_neq(ice_receive(agent, &from, reply, reply_len, 9), ICE_ACCEPTED);
    cr_expect_not(ice_is_validated(agent, &to));
    cr_expect_eq(ice_receive(agent, &to, reply, reply_len, 9), ICE_ACCEPTED);
    cr_expect(ice_is_validated(agent, &to));
    cr_expect_eq(ice_receive(agent, &to, reply, reply_len, 9), ICE_DROPPED_REPLAYED);
    cr_expect_eq(ice_agent_state(agent), ICE_NEW); /* not yet nominated */

    const size_t nomination = ice_next_datagram(agent, &to, check);
    cr_assert_eq(stun_parse(&m, check, nomination), 0);
    cr_expect(m.use_candidate);
    reply_len = answer_to(reply, check, nomination, theirs.pwd);
    cr_expect_eq(ice_receive(agent, &to, reply, reply_len, 20), ICE_ACCEPTED);
    cr_expect_eq(ice_agent_state(agent), ICE_CONNECTED);
    const time_us consent = ice_deadline(agent);
    cr_expect_geq(consent, 4 * TIME_US_PER_S); /* RFC 7675: 5 s, times 0.8 to 1.2 */
    cr_expect_leq(consent, 20 + 6 * TIME_US_PER_S);
    ice_agent_free(agent);
}

/* When the agent asks for a TCP connection; until then it may only send over UDP. */
static time_us time_of_tcp_request(struct net_tuple *asked)
{
    struct ice_event e;
    struct net_tuple to;
    uint8_t out[STUN_MESSAGE_MAX];
    time_us asked_at = TIME_US_NEVER;
    while (asked_at == TIME_US_NEVER) {
        const time_us now_us = ice_deadline(agent);
        cr_assert_lt(now_us, 10 * TIME_US_PER_S);
        ice_timeout(agent, now_us);
        while (ice_next_datagram(agent, &to, out))
            cr_expect_eq(to.protocol, NET_UDP);
        while (ice_next_event(agent, &e))
            if (e.type == ICE_EVENT_OPEN_TCP) {
                asked_at = now_us;
                *asked = e.tuple;
            }
    }
    return asked_at;
}

Test(ice_controlling, asks_for_tcp_at_once_where_udp_cannot_be_tried)
{
    struct net_tuple asked = {0};
    start_controlling(0, 1);
    cr_expect_leq(time_of_tcp_request(&asked), TIME_US_PER_MS);
    cr_expect_eq(asked.protocol, NET_TCP);
    ice_agent_free(agent);
}

Test(ice_controlling, asks_for_tcp_after_udp_had_its_chance)
{
    struct net_tuple asked = {0};
    start_controlling(1, 1);
    const time_us asked_at = time_of_tcp_request(&asked);
    cr_expect_geq(asked_at, 1 * TIME_US_PER_S);
    cr_expect_leq(asked_at, 3 * TIME_US_PER_S);
    cr_expect_eq(asked.protocol, NET_TCP);
    cr_expect_neq(asked.stream, 0);
    ice_agent_free(agent);
}

Test(ice_credentials, are_long_enough_and_checked)
{
    struct ice_credentials a, b;
    ice_credentials_new(&a);
    ice_credentials_new(&b);
    cr_expect(ice_credentials_valid(&a));
    cr_expect_str_neq(a.ufrag, b.ufrag);
    cr_expect_str_neq(a.pwd, b.pwd);
    cr_expect_geq(strlen(a.ufrag), 5); /* 24 bits at 5.95 bits a character */
    cr_expect_geq(strlen(a.pwd), 22);  /* 128 bits */
    snprintf(a.ufrag, sizeof(a.ufrag), "abc");
    cr_expect_not(ice_credentials_valid(&a));
    snprintf(b.pwd, sizeof(b.pwd), "short");
    cr_expect_not(ice_credentials_valid(&b));
    snprintf(a.ufrag, sizeof(a.ufrag), "with:colon");
    cr_expect_not(ice_credentials_valid(&a));
    const struct ice_config c = {.role = ICE_ROLE_LITE, .local = a};
    cr_expect_eq(ice_agent_new(&agent, &c, 0), SQ_ERR_INVALID);
}

Test(ice_candidates, udp_is_preferred_and_order_kept)
{
    cr_expect_gt(ice_host_priority(NET_UDP, 0), ice_host_priority(NET_UDP, 1));
    cr_expect_gt(ice_host_priority(NET_UDP, 15), ice_host_priority(NET_TCP, 0));
    cr_expect_eq(ice_host_priority(NET_UDP, 0), 2130706431u); /* RFC 8445: type 126, local 65535 */
}
