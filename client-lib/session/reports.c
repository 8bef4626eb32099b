/* SPDX-License-Identifier: Apache-2.0 */
/* See reports.h. */
#include "client-lib/session/reports.h"

#include "base/random.h"
#include "rtc/rtcp/rtcp.h"

static size_t collect_blocks(const struct reports_streams *streams, struct rtcp_block *blocks,
                             time_us now_us)
{
    size_t count = 0;
    for (size_t i = 0; i < streams->remote_count && count < RTCP_COUNT_MAX; i++)
        if (streams->remote[i] &&
            receive_stats_report(&streams->remote[i]->stats, &blocks[count], now_us))
            count++;
    return count;
}

static void write_all(const struct reports_streams *streams, struct byte_writer *w,
                      uint32_t sender_ssrc, time_us utc_us, time_us now_us)
{
    struct rtcp_block blocks[RTCP_COUNT_MAX];
    size_t count = collect_blocks(streams, blocks, now_us);
    bool reported = false;
    for (size_t i = 0; i < streams->local_count; i++) {
        struct rtcp_sr sr;
        if (!send_stats_report(&local_track_stream(streams->local[i])->stats, &sr, utc_us, now_us))
            continue;
        rtcp_write_sr(w, &sr, blocks, reported ? 0 : count);
        reported = true;
    }
    if (!reported)
        rtcp_write_rr(w, sender_ssrc, blocks, count);
}

/* RFC 3550 section 6.2: intervals vary by half, so that parties don't fall into step. */
static time_us pause_us(const struct reports *r)
{
    time_us base = r->sent < REPORTS_EARLY_COUNT ? REPORTS_EARLY_US : REPORTS_INTERVAL_US;
    return base / 2 + (time_us)(random_u32() % (uint32_t)base);
}

bool reports_write(struct reports *r, const struct reports_streams *streams, struct byte_writer *w,
                   uint32_t sender_ssrc, const char *cname, time_us utc_us, time_us now_us)
{
    if (now_us < r->next_us)
        return false;
    write_all(streams, w, sender_ssrc, utc_us, now_us);
    rtcp_write_cname(w, sender_ssrc, cname);
    r->next_us = now_us + pause_us(r);
    r->sent++;
    return byte_writer_len(w) > 0;
}

static struct local_track *local_of(const struct reports_streams *streams, uint32_t ssrc)
{
    for (size_t i = 0; i < streams->local_count; i++)
        if (local_track_stream(streams->local[i])->config.ssrc == ssrc)
            return streams->local[i];
    return NULL;
}

static void on_blocks(const struct reports_streams *streams, const uint8_t *blocks, size_t count,
                      time_us utc_us)
{
    for (size_t i = 0; i < count; i++) {
        struct rtcp_block block;
        rtcp_block_at(&block, blocks, i);
        struct local_track *t = local_of(streams, block.ssrc);
        if (t)
            send_stats_on_block(&local_track_stream(t)->stats, &block, utc_us);
    }
}

static void on_sr(const struct reports_streams *streams, const struct rtcp_sr *sr, time_us now_us)
{
    for (size_t i = 0; i < streams->remote_count; i++) {
        struct receive_stream *s = streams->remote[i];
        if (!s || s->consumer.ssrc != sr->ssrc)
            continue;
        receive_stats_on_sr(&s->stats, sr->ntp, now_us);
        sync_clock_on_sr(&s->clock, sr->ntp, sr->rtp_timestamp);
    }
}

static void on_key_request(const struct reports_streams *streams, uint32_t ssrc, time_us now_us)
{
    struct local_track *t = local_of(streams, ssrc);
    if (t && local_track_settings(t)->kind == SQ_VIDEO)
        local_track_request_key(t, now_us);
}

static void on_feedback(const struct reports_streams *streams, struct pacer *pacer,
                        const struct rtcp_packet *p, time_us rtt_us, time_us now_us)
{
    struct rtcp_nack nack;
    struct rtcp_pli pli;
    struct rtcp_fir fir;
    if (rtcp_parse_nack(&nack, p) == 0) {
        struct local_track *t = local_of(streams, nack.media_ssrc);
        if (t)
            send_stream_on_nack(local_track_stream(t), pacer, &nack, rtt_us, now_us);
    } else if (rtcp_parse_pli(&pli, p) == 0) {
        on_key_request(streams, pli.media_ssrc, now_us);
    } else if (rtcp_parse_fir(&fir, p) == 0) {
        for (size_t i = 0; i < fir.entry_count; i++) {
            uint32_t ssrc = 0;
            uint8_t command = 0;
            rtcp_fir_at(&fir, i, &ssrc, &command);
            on_key_request(streams, ssrc, now_us);
        }
    }
}

int reports_receive(const struct reports_streams *streams, struct pacer *pacer, const uint8_t *data,
                    size_t len_bytes, time_us rtt_us, time_us utc_us, time_us now_us)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    int err = rtcp_begin(&it, data, len_bytes);
    if (err)
        return err;
    while (rtcp_next(&it, &p)) {
        struct rtcp_sr sr;
        struct rtcp_rr rr;
        if (rtcp_parse_sr(&sr, &p) == 0) {
            on_sr(streams, &sr, now_us);
            on_blocks(streams, sr.blocks, sr.block_count, utc_us);
        } else if (rtcp_parse_rr(&rr, &p) == 0) {
            on_blocks(streams, rr.blocks, rr.block_count, utc_us);
        } else {
            on_feedback(streams, pacer, &p, rtt_us, now_us);
        }
    }
    return 0;
}
