/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward/producer: streams, RTX undone, duplicates, feedback. */
#include "rtc/rtx/rtx.h"
#include "tests/unit/relay/streams.h"

static bool offer(struct pair *p, struct packet *packet, struct forward_input *in, time_us now_us)
{
    struct rtp_view v;
    bool rtx;
    cr_assert_eq(rtp_parse(&v, packet->data, packet->len_bytes), 0);
    int stream = forward_producer_find(p->producer, v.ssrc, &rtx);
    cr_assert_geq(stream, 0);
    bool yes = forward_producer_receive(p->producer, (size_t)stream, rtx, packet, now_us, in);
    packet_unref(packet);
    return yes;
}

static bool offer_vp8(struct pair *p, struct sent_vp8 s, struct forward_input *in, time_us now_us)
{
    return offer(p, vp8_packet(p->pool, &s, now_us), in, now_us);
}

/* The feedback that is due, its NACKed numbers in seqs, and whether it has a PLI. */
static size_t feedback(struct pair *p, time_us now_us, uint16_t *seqs, size_t capacity, int *plis)
{
    uint8_t data[1200];
    struct byte_writer w = byte_writer_of(data, sizeof data);
    struct rtcp_iterator it;
    struct rtcp_packet packet;
    struct rtcp_nack nack;
    size_t count = 0;
    *plis = 0;
    if (!forward_producer_feedback(p->producer, &w, 1, 0, now_us))
        return 0;
    cr_assert_eq(rtcp_begin(&it, data, byte_writer_len(&w)), 0);
    while (rtcp_next(&it, &packet)) {
        *plis += packet.type == RTCP_PSFB && packet.count == RTCP_PSFB_PLI;
        if (rtcp_parse_nack(&nack, &packet) == 0) {
            cr_expect_eq(nack.media_ssrc, SENDER_SSRC);
            count += rtcp_nack_sequences(&nack, &seqs[count], capacity - count);
        }
    }
    return count;
}

Test(producer, asks_for_a_gap_and_takes_the_repair_by_rtx)
{
    struct pair p;
    struct forward_input in;
    uint16_t seqs[16];
    int plis;
    pair_open(&p, sender_video(1), receiver_video());
    cr_assert(offer_vp8(&p, (struct sent_vp8){.seq16 = 1, .key = true}, &in, 0));
    (void)feedback(&p, 0, seqs, 16, &plis);
    for (uint16_t i = 3; i < 8; i++)
        cr_assert(offer_vp8(&p, (struct sent_vp8){.seq16 = i, .picture_id = i}, &in, 1000));
    time_us due = forward_producer_deadline(p.producer, 0);
    cr_assert_lt(due, TIME_US_PER_S);
    due = due < 1000 ? 1000 : due;
    cr_assert_eq(feedback(&p, due, seqs, 16, &plis), 1);
    cr_expect_eq(seqs[0], 2);

    struct packet *packet =
        vp8_packet(p.pool, &(struct sent_vp8){.seq16 = 2, .picture_id = 2}, 50000);
    int len = rtx_encapsulate(packet->data, packet->len_bytes, sizeof packet->data, SENDER_PT_RTX,
                              SENDER_RTX_SSRC, 900);
    cr_assert_gt(len, 0);
    packet->len_bytes = (uint16_t)len;
    cr_assert(offer(&p, packet, &in, 50000));
    cr_expect_eq(in.seq, 2);
    cr_expect_eq(in.view.ssrc, SENDER_SSRC);
    cr_expect_eq(in.view.payload_type, SENDER_PT_VP8);
    cr_expect_eq(p.producer->streams[0].repaired, 1);
    cr_expect_eq(feedback(&p, 10 * TIME_US_PER_S, seqs, 16, &plis), 0, "repaired");
    pair_close(&p);
}

Test(producer, drops_what_came_before)
{
    struct pair p;
    struct forward_input in;
    pair_open(&p, sender_video(1), receiver_video());
    struct sent_vp8 s = {.seq16 = 1, .key = true};
    cr_expect(offer_vp8(&p, s, &in, 0));
    cr_expect_not(offer_vp8(&p, s, &in, 10));
    cr_expect_eq(p.producer->streams[0].duplicates, 1);
    pair_close(&p);
}

Test(producer, counts_and_drops_bad_payloads)
{
    struct pair p;
    struct forward_input in;
    pair_open(&p, sender_video(1), receiver_video());
    struct packet *cut = vp8_packet(p.pool, &(struct sent_vp8){.seq16 = 1, .key = true}, 0);
    struct rtp_view v;
    cr_assert_eq(rtp_parse(&v, cut->data, cut->len_bytes), 0);
    cut->len_bytes = (uint16_t)(v.payload_at + 1); /* a descriptor that promises more */
    cr_expect_not(offer(&p, cut, &in, 0));
    struct packet *foreign = vp8_packet(p.pool, &(struct sent_vp8){.seq16 = 2}, 0);
    rtp_set_payload_type(foreign->data, 33);
    cr_expect_not(offer(&p, foreign, &in, 0));
    struct packet *tiny = vp8_packet(p.pool, &(struct sent_vp8){.seq16 = 3}, 0);
    rtp_set_ssrc(tiny->data, SENDER_RTX_SSRC);
    rtp_set_payload_type(tiny->data, SENDER_PT_RTX);
    tiny->len_bytes = (uint16_t)(v.payload_at + 1); /* RTX without its two bytes */
    cr_expect_not(offer(&p, tiny, &in, 0));
    cr_expect_eq(p.producer->malformed, 3);
    cr_expect_not(p.producer->streams[0].started, "no state from bad packets");
    pair_close(&p);
}

Test(producer, learns_ssrcs_by_mid_and_rid)
{
    struct media_parameters m = sender_video(2);
    struct forward_producer *p;
    bool rtx;
    for (int i = 0; i < 2; i++) {
        m.encodings[i] = (struct media_encoding){0};
        strcpy(m.encodings[i].rid, i ? "h" : "l");
    }
    cr_assert_eq(forward_producer_new(&p, &m, false), 0);
    cr_expect_eq(forward_producer_learn(p, 7, "2", "h", "", SENDER_PT_VP8, &rtx), -1, "other mid");
    cr_expect_eq(forward_producer_learn(p, 7, "1", "x", "", SENDER_PT_VP8, &rtx), -1, "other rid");
    cr_expect_eq(forward_producer_learn(p, 7, "1", "h", "", 33, &rtx), -1, "foreign payload type");
    cr_expect_eq(forward_producer_learn(p, 7, "1", "h", "", SENDER_PT_VP8, &rtx), 1);
    cr_expect_not(rtx);
    cr_expect_eq(forward_producer_learn(p, 8, "1", "", "h", SENDER_PT_RTX, &rtx), 1);
    cr_expect(rtx);
    cr_expect_eq(forward_producer_learn(p, 9, "1", "h", "", SENDER_PT_VP8, &rtx), -1, "taken");
    cr_expect_eq(forward_producer_find(p, 8, &rtx), 1);
    cr_expect_eq(forward_producer_find(p, 0, &rtx), -1, "0 is nobody's");
    forward_producer_free(p);
}

Test(producer, key_frame_requests_of_many_are_merged)
{
    struct pair p;
    struct forward_input in;
    uint16_t seqs[16];
    int plis, total = 0;
    pair_open(&p, sender_video(1), receiver_video());
    cr_assert(offer_vp8(&p, (struct sent_vp8){.seq16 = 1}, &in, 0));
    for (time_us t = 0; t < TIME_US_PER_S; t += 10 * TIME_US_PER_MS) {
        forward_consumer_want_key_frame(p.consumer);
        (void)feedback(&p, t, seqs, 16, &plis);
        total += plis;
    }
    cr_expect_eq(total, 2);
    (void)feedback(&p, TIME_US_PER_S, seqs, 16, &plis);
    cr_expect_eq(plis, 1, "what was asked within the hold-off is sent at its end");
    pair_close(&p);
}

Test(producer, a_stream_that_begins_without_its_key_frame_is_asked_at_once)
{
    struct pair p;
    struct got g;
    uint16_t seqs[16];
    int plis;
    pair_open(&p, sender_video(1), receiver_video());
    (void)feedback(&p, 0, seqs, 16, &plis);
    cr_assert_eq(plis, 1, "asked before it sends");
    cr_expect_not(pair_vp8(&p, (struct sent_vp8){.seq16 = 5}, &g, 1000));
    (void)feedback(&p, 1000, seqs, 16, &plis);
    cr_expect_eq(plis, 1, "and again when it does");
    pair_close(&p);
}

Test(producer, paused_takes_nothing_and_asks_nothing)
{
    struct pair p;
    struct forward_input in;
    pair_open(&p, sender_video(1), receiver_video());
    forward_producer_pause(p.producer, true);
    cr_expect_not(offer_vp8(&p, (struct sent_vp8){.seq16 = 1, .key = true}, &in, 0));
    cr_expect_not(offer_vp8(&p, (struct sent_vp8){.seq16 = 9, .key = true}, &in, 0));
    cr_expect_eq(forward_producer_deadline(p.producer, 0), TIME_US_NEVER);
    forward_producer_pause(p.producer, false);
    cr_expect(offer_vp8(&p, (struct sent_vp8){.seq16 = 10, .key = true}, &in, 0));
    pair_close(&p);
}
