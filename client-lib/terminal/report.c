/* SPDX-License-Identifier: Apache-2.0 */
/* --report: the figures of one side of a consultation as JSON. Times in milliseconds; -1: did not
 * happen. */
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"

static json_t *between_ms(int64_t from_us, int64_t to_us)
{
    return json_real(from_us && to_us ? (double)(to_us - from_us) / 1000.0 : -1.0);
}

static json_t *timing_json(const struct terminal *t)
{
    const struct timeline *l = &t->timeline;
    const struct sq_call_stats *s = &t->last_stats;
    json_t *o = json_object();
    json_object_set_new(o, "submit_to_reply_ms", between_ms(l->submit_us, l->submitted_us));
    json_object_set_new(o, "join_to_connected_ms", between_ms(s->joined_us, s->connected_us));
    json_object_set_new(o, "accept_to_first_audio_ms", between_ms(l->accept_us, s->first_audio_us));
    json_object_set_new(o, "accept_to_first_frame_ms", between_ms(l->accept_us, s->first_video_us));
    json_object_set_new(o, "submit_utc_us",
                        json_integer(l->submit_us ? l->submit_us + t->utc_offset_us : 0));
    json_object_set_new(o, "ring_utc_us",
                        json_integer(l->ring_us ? l->ring_us + t->utc_offset_us : 0));
    json_object_set_new(o, "last_packet_utc_us",
                        json_integer(s->last_packet_us ? s->last_packet_us + t->utc_offset_us : 0));
    return o;
}

static json_t *audio_json(const struct sq_audio_stats *a)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I}", "sent_packets",
                     (json_int_t)a->sent_packets, "received_packets",
                     (json_int_t)a->received_packets, "lost_packets", (json_int_t)a->lost_packets,
                     "concealed_ms", (json_int_t)a->concealed_ms, "played_ms",
                     (json_int_t)a->played_ms, "bitrate_kbps", a->send_bps / 1000.0, "receive_kbps",
                     a->receive_bps / 1000.0, "jitter_delay_ms", (json_int_t)a->jitter_delay_ms);
}

/* "" before the first packet: Opus is no codec of pictures. */
static const char *video_codec_name(enum sq_codec codec)
{
    return codec == SQ_CODEC_VP8 ? "vp8" : codec == SQ_CODEC_VP9 ? "vp9" : "";
}

static json_t *video_json(const struct sq_video_stats *v)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:s, s:s}",
                     "frames_sent", (json_int_t)v->frames_sent, "frames_decoded",
                     (json_int_t)v->frames_decoded, "freeze_ms", (json_int_t)v->freeze_ms, "width",
                     (json_int_t)v->width, "height", (json_int_t)v->height, "lost_packets",
                     (json_int_t)v->lost_packets, "key_frames_sent", (json_int_t)v->key_frames_sent,
                     "bitrate_kbps", v->send_bps / 1000.0, "receive_kbps", v->receive_bps / 1000.0,
                     "frames_dropped", (json_int_t)v->frames_dropped, "frames_received",
                     (json_int_t)v->frames_received, "sent_codec", video_codec_name(v->sent_codec),
                     "received_codec", video_codec_name(v->received_codec));
}

int report_write(struct terminal *t)
{
    const struct sq_call_stats *s = &t->last_stats;
    if (!t->options->report_file)
        return SQ_OK;
    json_t *report =
        json_pack("{s:{s:s, s:s, s:b}, s:i, s:i, s:s, s:b}", "consultation", "id", t->current.id,
                  "state", t->current.state, "opinion_verified", t->current.verified, "rtt_ms",
                  (int)s->rtt_ms, "estimate_kbps", (int)(s->estimate_bps / 1000), "srtp_profile",
                  s->srtp_profile ? s->srtp_profile : "", "over_tcp", s->over_tcp);
    json_object_set_new(report, "timing", timing_json(t));
    json_object_set_new(report, "audio", audio_json(&s->audio));
    json_object_set_new(report, "video", video_json(&s->video));
    json_object_set_new(report, "recording",
                        t->options->record_dir ? json_string(t->options->record_dir) : json_null());
    const int bad = json_dump_file(report, t->options->report_file, JSON_INDENT(2));
    json_decref(report);
    return bad ? SQ_ERR_IO : SQ_OK;
}
