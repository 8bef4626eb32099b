/* SPDX-License-Identifier: Apache-2.0 */
/* Transport-wide feedback: what one side stamps, the other reports, and the first estimates. */
#include "base/bytes.h"
#include "rtc/rtp/rtp.h"
#include "world.h"
#include <criterion/criterion.h>
#include <string.h>

#define TRANSPORT_CC_ID 3
#define ABS_TIME_ID     4

static struct world w;

static void start(void)
{
    world_init(&w, &(struct world_config){.seed = 1});
    const struct transport_extensions ids = {.receive_transport_cc = TRANSPORT_CC_ID,
                                             .send_transport_cc = TRANSPORT_CC_ID,
                                             .send_abs_send_time = ABS_TIME_ID};
    cr_assert_eq(transport_set_extensions(w.terminal.transport, &ids), 0);
    cr_assert_eq(transport_set_extensions(w.relay.transport, &ids), 0);
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
}

static void send_stamped(uint16_t seq16)
{
    static const uint8_t blank[3];
    uint8_t packet[1300];
    struct rtp_writer writer;
    const struct rtp_header h = {.payload_type = 96, .seq16 = seq16, .ssrc = 0x77};
    rtp_writer_init(&writer, packet, 1100, &h);
    rtp_writer_extension(&writer, TRANSPORT_CC_ID, blank, RTP_TRANSPORT_CC_LEN);
    rtp_writer_extension(&writer, ABS_TIME_ID, blank, RTP_ABS_SEND_TIME_LEN);
    memset(rtp_writer_reserve(&writer, 900), 1, 900);
    const int len = rtp_writer_finish(&writer);
    cr_assert_gt(len, 0);
    cr_assert_eq(world_send(&w, false, packet, (size_t)len, sizeof(packet)), 0);
}

Test(congestion, feedback_becomes_an_estimate)
{
    start();
    for (uint16_t i = 0; i < 400; i++) {
        send_stamped(i);
        world_run(&w, w.now_us + 10 * TIME_US_PER_MS, NULL);
    }
    cr_expect_geq(w.relay.rtp_received, 390); /* the last are on the way */
    struct rtp_view v;
    uint16_t wide = 0;
    uint32_t sent_at = 0;
    cr_assert_eq(rtp_parse(&v, w.relay.last_rtp, w.relay.last_rtp_len), 0);
    cr_expect(rtp_get_transport_cc(&v, TRANSPORT_CC_ID, &wide));
    cr_expect_geq(wide, 390);
    cr_expect(rtp_get_abs_send_time(&v, ABS_TIME_ID, &sent_at));
    cr_expect_neq(sent_at, 0);
    cr_expect_gt(w.terminal.rtcp_received, 20); /* ten a second */
    cr_expect_leq(w.terminal.rtcp_received, 45);
    struct transport_stats s;
    transport_get_stats(w.terminal.transport, &s);
    cr_expect_gt(s.estimate_bps, 100000);
    bool event = false;
    for (size_t i = 0; i < w.terminal.event_count; i++)
        event |= w.terminal.events[i].type == TRANSPORT_EVENT_ESTIMATE;
    cr_expect(event);
    world_fini(&w);
}

/* Nothing is reported, and no deadline kept, when nothing was stamped. */
Test(congestion, silence_without_the_extension)
{
    world_init(&w, &(struct world_config){.seed = 2});
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    for (uint16_t i = 0; i < 50; i++) {
        world_send_rtp(&w, false, 1, i, 100);
        world_run(&w, w.now_us + 20 * TIME_US_PER_MS, NULL);
    }
    cr_expect_eq(w.terminal.rtcp_received, 0);
    struct transport_stats s;
    transport_get_stats(w.terminal.transport, &s);
    cr_expect_eq(s.estimate_bps, 0);
    world_fini(&w);
}
