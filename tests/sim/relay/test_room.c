/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals and a relay's room with real ICE, DTLS and SRTP over a lossy virtual link, in virtual
 * time. */
#include "rtc/payload/vp8.h"
#include "rtc/rtcp/rtcp.h"
#include "tests/sim/relay/world.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SENDER_SSRC       0x11110000u
#define SENDER_RTX_SSRC   0x22220000u /* SENDER_SSRC + 0x11110000, as world.c repeats */
#define RECEIVER_SSRC     0xaaaa0000u
#define RECEIVER_RTX_SSRC 0xbbbb0000u
#define FRAME_US          (40 * TIME_US_PER_MS)

static struct media_parameters sender(void)
{
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "1", .cname = "village"};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_VP8, 96, 0, 90000, true};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_RTX, 97, 96, 90000, false};
    m.encodings[m.encoding_count++] = (struct media_encoding){SENDER_SSRC, SENDER_RTX_SSRC, ""};
    return m;
}

static struct media_parameters receiver(uint32_t plus)
{
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "v", .cname = "village"};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_VP8, 101, 0, 90000, true};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_RTX, 102, 101, 90000, false};
    m.encodings[m.encoding_count++] =
        (struct media_encoding){RECEIVER_SSRC + plus, RECEIVER_RTX_SSRC + plus, ""};
    m.extension_ids[RTP_EXTENSION_MID] = 1;
    m.extension_ids[RTP_EXTENSION_TRANSPORT_CC] = 3;
    return m;
}

/* One frame a packet; the last four bytes are `n`. */
static void send_frame(struct world *w, int i, uint32_t n, bool key)
{
    uint8_t data[128], body[32] = {0};
    struct rtp_writer writer;
    rtp_writer_init(&writer, data, sizeof data,
                    &(struct rtp_header){.payload_type = 96,
                                         .marker = true,
                                         .seq16 = (uint16_t)n,
                                         .timestamp = n * 3600,
                                         .ssrc = SENDER_SSRC});
    struct vp8_descriptor d = {.start = true,
                               .picture_id = (int32_t)(n & 0x7fff),
                               .picture_id_long = true,
                               .tl0_picture = (int16_t)(n & 0xff),
                               .key_index = -1};
    int len = vp8_write(&d, body, sizeof body);
    body[len] = key ? 0x10 : 0x11;
    memcpy(&body[len + 3], "\x9d\x01\x2a\x40\x01\xf0\x00", 7);
    bytes_put_u32(&body[len + 10], n);
    rtp_writer_payload(&writer, body, (size_t)len + 14);
    int total = rtp_writer_finish(&writer);
    cr_assert_gt(total, 0);
    world_send(w, i, data, (size_t)total, false);
}

static void send_rtcp(struct world *w, int i, const struct byte_writer *b)
{
    world_send(w, i, b->begin, byte_writer_len(b), true);
}

/* Descriptor without fields, a frame's beginning (RFC 6386 section 9.1), and four bytes. */
#define KEY_FRAME   "\x10\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00mark"
#define DELTA_FRAME "\x10\x11\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00mark"
#define FRAME_BYTES 15

static void connect_all(struct world *w)
{
    time_us until = w->now_us + 5 * TIME_US_PER_S;
    while (!world_connected(w) && w->now_us < until)
        world_run(w, w->now_us + 10 * TIME_US_PER_MS);
    cr_assert(world_connected(w), "not connected after 5 s");
    world_run(w, w->now_us + 200 * TIME_US_PER_MS);
}

Test(relay_sim, media_flows_from_one_to_the_other)
{
    struct world *w = world_new(1);
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), false);
    time_us start = w->now_us;
    connect_all(w);
    cr_expect_geq(w->terminals[a].plis, 1, "the relay asks for a key frame");
    cr_expect_leq(w->now_us - start, 800 * TIME_US_PER_MS);
    for (uint32_t n = 0; n < 250; n++) {
        send_frame(w, a, n, n == 0);
        world_run(w, w->now_us + FRAME_US);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    struct world_terminal *t = &w->terminals[b];
    cr_assert_eq(t->got_count, 250);
    for (uint32_t n = 0; n < 250; n++) {
        cr_expect_eq(t->got[n].mark, n);
        cr_expect_eq(t->got[n].ssrc, RECEIVER_SSRC);
        cr_expect_eq(t->got[n].seq16, (uint16_t)(t->got[0].seq16 + n));
        cr_expect_eq(t->got[n].payload_type, 101);
    }
    cr_expect_eq(w->terminals[a].got_count, 0, "nobody gets his own");
    world_free(w);
}

Test(relay_sim, loss_on_both_legs_is_repaired)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world *w = world_new(seed);
        int a = world_join(w), b = world_join(w);
        world_produce(w, a, "p", sender());
        world_consume(w, b, "c", "p", receiver(0), false);
        connect_all(w);
        w->manner.loss = 0.05;
        w->manner.jitter_sd_us = 5 * TIME_US_PER_MS;
        const uint32_t frames = 1500;
        static bool seen[1500], asked[65536];
        size_t count = 0, at = 0;
        memset(seen, 0, sizeof seen);
        memset(asked, 0, sizeof asked);
        struct world_terminal *t = &w->terminals[b];
        bool any = false;
        uint16_t newest = 0;
        size_t obeyed = w->terminals[a].plis;
        for (uint32_t n = 0; n < frames + 100; n++) {
            if (n < frames)
                send_frame(w, a, n, n % 100 == 0 || w->terminals[a].plis > obeyed);
            obeyed = w->terminals[a].plis;
            world_run(w, w->now_us + FRAME_US);
            for (; at < t->got_count; at++) {
                const struct world_got *g = &t->got[at];
                cr_assert_lt(g->mark, frames);
                count += !seen[g->mark];
                seen[g->mark] = true;
                asked[g->seq16] = true;
                if (!any || (int16_t)(uint16_t)(g->seq16 - newest) > 0)
                    newest = g->seq16;
                any = true;
            }
            /* the receiver asks for what is missing among the last 40 */
            uint16_t missing[40];
            size_t miss = 0;
            for (uint16_t back = 40; back >= 1 && any && n % 4 == 0; back--)
                if (!asked[(uint16_t)(newest - back)] && count > 50)
                    missing[miss++] = (uint16_t)(newest - back);
            uint8_t data[256];
            struct byte_writer out = byte_writer_of(data, sizeof data);
            if (miss && rtcp_write_nack(&out, 1, RECEIVER_SSRC, missing, miss) == 0)
                send_rtcp(w, b, &out);
        }
        uint64_t counters[RELAY_COUNTER_COUNT];
        router_get_counters(w->router, counters);
        cr_expect_geq(count * 1000, frames * 995,
                      "seed %lu: %zu of %u; asked %zu, repaired %lu, nacked %lu, resent %lu, "
                      "refused %lu, forged %lu, replayed %lu, plis %zu",
                      seed, count, frames, w->terminals[a].nacks, counters[RELAY_RTX_RECEIVED],
                      counters[RELAY_NACK_RECEIVED], counters[RELAY_RTX_SENT],
                      counters[RELAY_RTX_REFUSED], counters[RELAY_DROP_FORGED],
                      counters[RELAY_DROP_REPLAYED], w->terminals[a].plis);
        cr_expect_gt(w->terminals[a].nacks, 0);
        cr_expect_gt(counters[RELAY_RTX_RECEIVED], 0);
        cr_expect_gt(counters[RELAY_RTX_SENT], 0);
        world_free(w);
    }
}

Test(relay_sim, paused_consumer_hears_nothing_until_resumed)
{
    struct world *w = world_new(4);
    struct relay_reply reply;
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), true);
    connect_all(w);
    for (uint32_t n = 0; n < 50; n++) {
        send_frame(w, a, n, true);
        world_run(w, w->now_us + FRAME_US);
    }
    cr_expect_eq(w->terminals[b].got_count, 0);
    size_t plis = w->terminals[a].plis;
    world_command(w, (struct relay_command){.type = RELAY_CONSUMER_RESUME, .consumer = "c"},
                  &reply);
    world_run(w, w->now_us + 200 * TIME_US_PER_MS);
    cr_expect_eq(w->terminals[a].plis, plis + 1, "resume asks for a key frame");
    for (uint32_t n = 50; n < 60; n++) {
        send_frame(w, a, n, n == 50);
        world_run(w, w->now_us + FRAME_US);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    cr_expect_eq(w->terminals[b].got_count, 10);
    world_free(w);
}

Test(relay_sim, key_frame_requests_of_many_receivers_are_merged)
{
    struct world *w = world_new(5);
    int a = world_join(w);
    int others[3];
    world_produce(w, a, "p", sender());
    for (int i = 0; i < 3; i++) {
        char name[] = {'c', (char)('0' + i), 0};
        others[i] = world_join(w);
        world_consume(w, others[i], name, "p", receiver((uint32_t)i), false);
    }
    connect_all(w);
    send_frame(w, a, 0, true);
    world_run(w, w->now_us + 3 * TIME_US_PER_S);
    size_t before = w->terminals[a].plis;
    for (int times = 0; times < 10; times++) {
        for (uint32_t i = 0; i < 3; i++) {
            uint8_t data[32];
            struct byte_writer out = byte_writer_of(data, sizeof data);
            cr_assert_eq(rtcp_write_pli(&out, 1, RECEIVER_SSRC + i), 0);
            send_rtcp(w, others[i], &out);
        }
        world_run(w, w->now_us + 100 * TIME_US_PER_MS);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    cr_expect_eq(w->terminals[a].plis - before, 3, "30 requests within 1 s became %zu",
                 w->terminals[a].plis - before);
    world_free(w);
}

Test(relay_sim, sender_reports_reach_the_receiver_translated)
{
    struct world *w = world_new(6);
    uint8_t data[64];
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), false);
    connect_all(w);
    send_frame(w, a, 1, true);
    world_run(w, w->now_us + FRAME_US);
    struct byte_writer out = byte_writer_of(data, sizeof data);
    struct rtcp_sr sr = {
        .ssrc = SENDER_SSRC, .ntp = UINT64_C(0xe812345680000000), .rtp_timestamp = 3600};
    cr_assert_eq(rtcp_write_sr(&out, &sr, NULL, 0), 0);
    send_rtcp(w, a, &out);
    world_run(w, w->now_us + TIME_US_PER_S);
    struct world_terminal *t = &w->terminals[b];
    cr_assert_eq(t->srs, 1, "once, not again and again");
    cr_expect_eq(t->sr.ssrc, RECEIVER_SSRC);
    cr_expect_eq(t->sr.ntp, sr.ntp);
    cr_expect_eq(t->sr.rtp_timestamp, t->got[0].timestamp);

    /* the receiver's block about that SR, at once: the relay knows the round trip of 60 ms */
    struct rtcp_block block = {.ssrc = RECEIVER_SSRC, .lsr = rtcp_ntp_middle(sr.ntp)};
    block.dlsr = (uint32_t)((TIME_US_PER_S - 2 * w->manner.delay_us) * 65536 / TIME_US_PER_S);
    out = byte_writer_of(data, sizeof data);
    cr_assert_eq(rtcp_write_rr(&out, 1, &block, 1), 0);
    send_rtcp(w, b, &out);
    world_run(w, w->now_us + 100 * TIME_US_PER_MS);
    struct relay_reply reply;
    world_command(w, (struct relay_command){.type = RELAY_STATS, .room = "r"}, &reply);
    for (size_t i = 0; i < reply.stats->transport_count; i++)
        if (strcmp(reply.stats->transports[i].id, "t1") == 0)
            cr_expect(llabs(reply.stats->transports[i].stats.rtt_us - 2 * w->manner.delay_us) <
                          1000,
                      "%lld us", (long long)reply.stats->transports[i].stats.rtt_us);
    free(reply.stats);
    world_free(w);
}

/* Browsers announce mid and rid; their SSRCs are learnt from the first packets (RFC 8843, RFC
 * 8852). */
Test(relay_sim, ssrcs_are_learnt_by_mid_and_rid)
{
    struct world *w = world_new(13);
    struct media_parameters m = sender();
    uint64_t counters[RELAY_COUNTER_COUNT];
    int a = world_join(w), b = world_join(w);
    m.encoding_count = 2;
    m.encodings[0] = (struct media_encoding){0, 0, "l"};
    m.encodings[1] = (struct media_encoding){0, 0, "h"};
    m.extension_ids[RTP_EXTENSION_MID] = 4;
    m.extension_ids[RTP_EXTENSION_RID] = 5;
    world_produce(w, a, "p", m);
    world_consume(w, b, "c", "p", receiver(0), false);
    connect_all(w);
    for (uint32_t n = 0; n < 20; n++) {
        uint8_t data[128];
        struct rtp_writer writer;
        rtp_writer_init(&writer, data, sizeof data,
                        &(struct rtp_header){.payload_type = 96,
                                             .marker = true,
                                             .seq16 = (uint16_t)n,
                                             .timestamp = n * 3600,
                                             .ssrc = n % 4 == 3 ? 0x777 : 0x555});
        /* the stranger's packets name a rid that nobody announced; later packets of a known SSRC
         * name none */
        rtp_writer_extension(&writer, 4, "1", 1);
        if (n < 2 || n % 4 == 3)
            rtp_writer_extension(&writer, 5, n % 4 == 3 ? "x" : "h", 1);
        rtp_writer_payload(&writer, n == 0 ? KEY_FRAME : DELTA_FRAME, FRAME_BYTES);
        int len = rtp_writer_finish(&writer);
        cr_assert_gt(len, 0);
        world_send(w, a, data, (size_t)len, false);
        world_run(w, w->now_us + FRAME_US);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    router_get_counters(w->router, counters);
    cr_expect_eq(w->terminals[b].got_count, 15);
    cr_expect_eq(counters[RELAY_DROP_UNKNOWN_SSRC], 5);
    world_free(w);
}

static void inject(struct world *w, const struct net_tuple *from, const void *data,
                   size_t len_bytes)
{
    struct packet *p = packet_take(w->pool);
    cr_assert_not_null(p);
    memcpy(p->data, data, len_bytes);
    p->len_bytes = (uint16_t)len_bytes;
    router_receive(w->router, from, p, w->now_us);
    packet_unref(p);
}

/* TRUST RTP-02, DTL-06: nothing that is not authentic is forwarded, answered or remembered. */
Test(relay_sim, strangers_and_plain_media_change_nothing)
{
    struct world *w = world_new(7);
    uint64_t counters[RELAY_COUNTER_COUNT];
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), false);
    connect_all(w);
    send_frame(w, a, 0, true);
    world_run(w, w->now_us + FRAME_US * 2);
    size_t got = w->terminals[b].got_count;
    uint8_t rtp[40] = {0x80, 96, 0, 1, 0, 0, 0, 1, 0x11, 0x11};
    uint8_t dtls[40] = {22, 254, 253};
    struct net_tuple own = world_tuple(w, a), foreign = own;
    foreign.remote.port = 9999;
    router_get_counters(w->router, counters);
    uint64_t unknown = counters[RELAY_DROP_UNKNOWN_TUPLE];
    for (int i = 0; i < 100; i++) {
        inject(w, &foreign, rtp, sizeof rtp);
        inject(w, &foreign, dtls, sizeof dtls);
        inject(w, &own, rtp, sizeof rtp);
        cr_expect_eq(router_out_count(w->router), 0, "no answer");
    }
    world_run(w, w->now_us + 200 * TIME_US_PER_MS);
    router_get_counters(w->router, counters);
    cr_expect_eq(counters[RELAY_DROP_UNKNOWN_TUPLE], unknown + 200);
    cr_expect_geq(counters[RELAY_DROP_FORGED], 100);
    cr_expect_eq(w->terminals[b].got_count, got);
    send_frame(w, a, 1, false);
    world_run(w, w->now_us + 200 * TIME_US_PER_MS);
    cr_expect_eq(w->terminals[b].got_count, got + 1, "the call goes on");
    world_free(w);
}

/* TRUST STN-04: a guessed or malformed check gets no answer. */
Test(relay_sim, checks_without_our_credentials_get_no_answer)
{
    struct world *w = world_new(8);
    struct prng r = prng_of(8);
    (void)world_join(w);
    struct net_tuple from = world_tuple(w, 0);
    uint8_t stun[44] = {0, 1, 0, 24, 0x21, 0x12, 0xa4, 0x42};
    from.remote.port = 4444;
    for (int i = 0; i < 1000; i++) {
        for (size_t k = 8; k < sizeof stun; k++)
            stun[k] = (uint8_t)prng_u32(&r);
        stun[20] = 0, stun[21] = 6, stun[22] = 0, stun[23] = (uint8_t)prng_below(&r, 30);
        inject(w, &from, stun, sizeof stun);
        cr_assert_eq(router_out_count(w->router), 0);
    }
    world_free(w);
}

/* TRUST RTP-08, RTP-09: an SSRC of nobody, and more than a participant may send. */
Test(relay_sim, foreign_ssrcs_and_floods_stop_at_the_door)
{
    struct world *w = world_new(9);
    uint64_t counters[RELAY_COUNTER_COUNT];
    int a = world_join(w), b = world_join(w);
    world_produce(w, b, "p", sender());
    world_consume(w, a, "c", "p", receiver(0), false);
    connect_all(w);
    send_frame(w, a, 1, true); /* a sends with the SSRC of b's producer */
    world_run(w, w->now_us + 100 * TIME_US_PER_MS);
    router_get_counters(w->router, counters);
    cr_expect_eq(counters[RELAY_DROP_UNKNOWN_SSRC], 1);
    cr_expect_eq(w->terminals[a].got_count, 0);
    w->manner.delay_us = 0; /* so that little is in flight */
    for (uint32_t n = 0; n < 3 * ROUTER_POLICE_PACKETS_PER_S / 2; n++) {
        send_frame(w, b, n, n == 0);
        if (n % 500 == 0)
            world_run(w, w->now_us + 100);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    router_get_counters(w->router, counters);
    cr_expect_gt(counters[RELAY_DROP_POLICED], ROUTER_POLICE_PACKETS_PER_S / 3);
    world_free(w);
}

/* TRUST fault 27: a new NAT mapping moves the path with the first authenticated check. */
Test(relay_sim, media_follows_a_new_nat_mapping)
{
    struct world *w = world_new(10);
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), false);
    connect_all(w);
    send_frame(w, a, 0, true);
    world_run(w, w->now_us + 200 * TIME_US_PER_MS);
    w->terminals[b].address.port = 7777;
    transport_path_changed(w->terminals[b].t, &w->terminals[b].address, w->now_us);
    world_run(w, w->now_us + TIME_US_PER_S);
    size_t got = w->terminals[b].got_count;
    for (uint32_t n = 1; n < 20; n++) {
        send_frame(w, a, n, false);
        world_run(w, w->now_us + FRAME_US);
    }
    world_run(w, w->now_us + TIME_US_PER_S);
    cr_expect_eq(w->terminals[b].got_count, got + 19);
    world_free(w);
}

/* An outage: nothing is closed, media goes on by itself, at a key frame that the relay asks for. */
Test(relay_sim, an_outage_ends_by_itself)
{
    struct world *w = world_new(11);
    int a = world_join(w), b = world_join(w);
    world_produce(w, a, "p", sender());
    world_consume(w, b, "c", "p", receiver(0), false);
    connect_all(w);
    uint32_t n = 0;
    for (; n < 25; n++) {
        send_frame(w, a, n, n == 0);
        world_run(w, w->now_us + FRAME_US);
    }
    w->lost_address = w->terminals[b].address;
    for (; n < 1025; n++) { /* 40 s */
        send_frame(w, a, n, false);
        world_run(w, w->now_us + FRAME_US);
    }
    size_t got = w->terminals[b].got_count, plis = w->terminals[a].plis;
    w->lost_address = (struct net_address){0};
    bool asked = false;
    for (; n < 1200; n++) {
        bool key = !asked && w->terminals[a].plis > plis;
        asked = asked || key;
        send_frame(w, a, n, key);
        world_run(w, w->now_us + FRAME_US);
    }
    cr_expect(asked, "the relay asked for a key frame");
    cr_expect_gt(w->terminals[b].got_count, got + 50);
    world_free(w);
}

Test(relay_sim, closing_and_opening_again_is_idempotent)
{
    struct world *w = world_new(12);
    struct relay_reply first, again, reply;
    struct router_sizes sizes;
    struct relay_command create = {
        .type = RELAY_TRANSPORT_CREATE, .room = "r", .transport = "x", .profile_count = 1};
    create.profiles[0] = SRTP_PROFILE_AEAD_AES_128_GCM;
    world_command(w, create, &first);
    world_command(w, create, &again);
    cr_expect_str_eq(first.ice.ufrag, again.ice.ufrag);
    cr_expect_str_eq(first.ice.pwd, again.ice.pwd);
    struct relay_command restart = {.type = RELAY_TRANSPORT_RESTART_ICE, .transport = "x"};
    world_command(w, restart, &first);
    cr_expect_str_neq(first.ice.ufrag, again.ice.ufrag);
    world_command(w, restart, &again);
    cr_expect_str_eq(first.ice.ufrag, again.ice.ufrag, "nobody used it yet");
    struct relay_command produce = {
        .type = RELAY_PRODUCER_CREATE, .transport = "x", .producer = "p", .media = sender()};
    world_command(w, produce, &reply);
    world_command(w, produce, &reply);
    strcpy(produce.producer, "q");
    router_command(w->router, &produce, &reply, w->now_us);
    cr_expect_lt(reply.error, 0, "the same SSRC twice on a transport");
    router_get_sizes(w->router, &sizes);
    cr_expect_eq(sizes.producers, 1);
    struct relay_command close = {.type = RELAY_ROOM_CLOSE, .room = "r"};
    world_command(w, close, &reply);
    world_command(w, close, &reply);
    router_get_sizes(w->router, &sizes);
    cr_expect_eq(sizes.rooms + sizes.transports + sizes.producers + sizes.consumers, 0);
    router_command(w->router, &create, &reply, w->now_us);
    cr_expect_lt(reply.error, 0, "no room any more");
    cr_expect_neq(strlen(reply.message), 0);
    world_free(w);
}
