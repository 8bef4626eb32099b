/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an RTCP datagram: every packet through every parser, all lists read to their end,
 * and feedback through the sender's history. */
#include "base/check.h"
#include "rtc/bwe/estimator.h"
#include "rtc/bwe/twcc_sender.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtcp/twcc.h"

static void read_reports(const struct rtcp_packet *p)
{
    struct rtcp_sr sr;
    struct rtcp_rr rr;
    struct rtcp_block b;
    time_us rtt_us;
    if (rtcp_parse_sr(&sr, p) == 0) {
        for (size_t i = 0; i < sr.block_count; i++)
            rtcp_block_at(&b, sr.blocks, i);
        (void)rtcp_utc_us_of_ntp(sr.ntp);
    }
    if (rtcp_parse_rr(&rr, p) == 0) {
        for (size_t i = 0; i < rr.block_count; i++) {
            rtcp_block_at(&b, rr.blocks, i);
            rtcp_round_trip_us(&b, INT64_C(1700000000000000), &rtt_us);
        }
    }
}

static void read_feedback(const struct rtcp_packet *p)
{
    struct rtcp_nack nack;
    struct rtcp_pli pli;
    struct rtcp_fir fir;
    struct rtcp_remb remb;
    uint16_t sequences[64];
    if (rtcp_parse_nack(&nack, p) == 0)
        CHECK(rtcp_nack_sequences(&nack, sequences, 64) <= 64);
    (void)rtcp_parse_pli(&pli, p);
    if (rtcp_parse_fir(&fir, p) == 0) {
        for (size_t i = 0; i < fir.entry_count; i++) {
            uint32_t ssrc;
            uint8_t command;
            rtcp_fir_at(&fir, i, &ssrc, &command);
        }
    }
    if (rtcp_parse_remb(&remb, p) == 0) {
        volatile uint32_t sum = 0;
        for (size_t i = 0; i < remb.ssrc_count; i++)
            sum += bytes_get_u32(remb.ssrcs + 4 * i);
    }
}

static void read_others(const struct rtcp_packet *p)
{
    struct rtcp_cname names[4];
    struct rtcp_bye bye;
    volatile uint8_t sum = 0;
    int count = rtcp_parse_sdes(names, 4, p);
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < names[i].len_bytes; k++)
            sum = (uint8_t)(sum + names[i].text[k]);
    (void)rtcp_parse_bye(&bye, p);
}

static void run_twcc(const struct rtcp_packet *p)
{
    static struct twcc_sender sender;
    static struct twcc_result results[TWCC_RESULTS_MAX];
    struct estimator e;
    struct rtcp_twcc feedback;
    if (rtcp_parse_twcc(&feedback, p) != 0)
        return;
    twcc_sender_init(&sender);
    for (int i = 0; i < 1500; i++)
        twcc_sender_on_send(&sender, 1000, i * 1000);
    size_t count = twcc_sender_on_feedback(&sender, &feedback, results, TWCC_RESULTS_MAX);
    CHECK(count <= feedback.status_count);
    estimator_init(&e, &(struct estimator_config){0}, 0);
    estimator_on_results(&e, results, count, 50000, 1500000);
    CHECK(estimator_bps(&e) >= ESTIMATOR_FLOOR_BPS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    if (rtcp_begin(&it, data, size) != 0)
        return 0;
    while (rtcp_next(&it, &p)) {
        read_reports(&p);
        read_feedback(&p);
        read_others(&p);
        run_twcc(&p);
    }
    return 0;
}
