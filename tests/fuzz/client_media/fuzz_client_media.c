/* SPDX-License-Identifier: Apache-2.0 */
/* What a relay may send to a terminal once it is authentic: RTP and RTCP packets, each with a
 * length in front (16 bits), into a remote track of each kind, decoded and pulled. The first byte
 * chooses the codec of the pictures. */
#include "base/bytes.h"
#include "client-lib/session/remote.h"
#include "client-lib/session/reports.h"
#include <string.h>

static void packet(struct remote_table *t, const uint8_t *data, size_t len, time_us now_us)
{
    uint8_t copy[2048];
    struct rtp_view view;
    static struct pacer pacer;
    struct reports_streams streams = {.remote = remote_table_streams(t), .remote_count = 16};
    memcpy(copy, data, len);
    if (rtp_is_rtcp(copy, len)) {
        reports_receive(&streams, &pacer, copy, len, 0, now_us, now_us);
        return;
    }
    if (rtp_parse(&view, copy, len))
        return;
    struct receive_stream *s = remote_table_of_ssrc(t, view.ssrc);
    if (s)
        receive_stream_on_packet(s, &view, copy, now_us);
}

static void step(struct remote_table *t, time_us now_us)
{
    int16_t block[480];
    uint8_t feedback[1200];
    struct sq_video_frame frame;
    struct byte_writer w = byte_writer_of(feedback, sizeof(feedback));
    for (size_t i = 0; i < 16; i++) {
        struct receive_stream *s = remote_table_at(t, i);
        if (!s)
            continue;
        struct sync_speech speech = remote_table_speech(t, s);
        receive_stream_step(s, &speech, now_us);
        receive_stream_feedback(s, &w, 1, 0, now_us);
    }
    playout_pull(remote_table_playout(t), block, 480, now_us);
    remote_table_pull(t, 100, &frame, now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct remote_table *t;
    struct receive_stream *s;
    bool fresh;
    if (size < 1 || remote_table_new(&t))
        return 0;
    struct join_consumer video = {.id = "v",
                                  .producer_id = "v",
                                  .participant = "a",
                                  .kind = SQ_VIDEO,
                                  .source = SQ_CAMERA,
                                  .codec = data[0] & 1 ? SQ_CODEC_VP9 : SQ_CODEC_VP8,
                                  .ssrc = 1,
                                  .rtx_ssrc = 2,
                                  .payload_type = 96,
                                  .rtx_payload_type = 97,
                                  .nack = true};
    struct join_consumer audio = {.id = "a",
                                  .producer_id = "a",
                                  .participant = "a",
                                  .kind = SQ_AUDIO,
                                  .source = SQ_MICROPHONE,
                                  .codec = SQ_CODEC_OPUS,
                                  .ssrc = 3,
                                  .payload_type = 111};
    remote_table_put(t, &video, &s, &fresh);
    remote_table_put(t, &audio, &s, &fresh);
    struct byte_reader r = byte_reader_of(data + 1, size - 1);
    for (time_us now_us = TIME_US_PER_S; byte_reader_left(&r) > 2; now_us += 20 * TIME_US_PER_MS) {
        size_t len = byte_read_u16(&r) % 1500;
        const uint8_t *p = byte_read(&r, len < byte_reader_left(&r) ? len : byte_reader_left(&r));
        if (p)
            packet(t, p, (size_t)(r.at - p), now_us);
        step(t, now_us);
    }
    remote_table_free(t);
    return 0;
}
