/* SPDX-License-Identifier: Apache-2.0 */
/* See codec.h. The settings are those that LOWBAND section 0.4 was measured with. */
#include "client-lib/video/codec.h"

#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#define BITRATE_MIN_BPS 10000
#define BUFFER_MS       600 /* rate-control buffer: how far a frame may run ahead of the rate */
#define BUFFER_START_MS 400
#define BUFFER_AIM_MS   500
#define DROP_PERCENT    25 /* buffer level under which whole frames are left out */
#define KEY_MAX_PERCENT                                                                            \
    450 /* a key frame may be this share of the mean frame: it must not stall speech */
#define Q_MIN     4
#define Q_MAX     56
#define VP8_SPEED (-6) /* negative: this speed whatever the CPU does */
#define VP9_SPEED 7

struct video_encoder {
    struct video_encoder_config config;
    vpx_codec_ctx_t vpx;
    vpx_codec_enc_cfg_t settings;
    bool open;
    int64_t last_pts;
};

struct video_decoder {
    vpx_codec_ctx_t vpx;
};

static bool size_ok(uint32_t width, uint32_t height)
{
    return width >= 16 && height >= 16 && width % 2 == 0 && height % 2 == 0 &&
           width <= VIDEO_WIDTH_MAX && height <= VIDEO_HEIGHT_MAX;
}

static vpx_codec_iface_t *encoder_interface(enum video_codec codec)
{
    return codec == VIDEO_VP9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
}

static unsigned kilobits(uint32_t bps)
{
    return (bps < BITRATE_MIN_BPS ? BITRATE_MIN_BPS : bps) / 1000;
}

static void fill_settings(vpx_codec_enc_cfg_t *s, const struct video_encoder_config *c)
{
    s->g_w = c->width;
    s->g_h = c->height;
    s->g_timebase.num = 1;
    s->g_timebase.den = VIDEO_CLOCK_HZ;
    s->g_threads = 1;
    s->g_lag_in_frames = 0;
    s->g_error_resilient = 0;
    s->g_pass = VPX_RC_ONE_PASS;
    s->rc_end_usage = VPX_CBR;
    s->rc_target_bitrate = kilobits(c->bitrate_bps);
    s->rc_min_quantizer = Q_MIN;
    s->rc_max_quantizer = Q_MAX;
    s->rc_undershoot_pct = 100;
    s->rc_overshoot_pct = 15;
    s->rc_buf_sz = BUFFER_MS;
    s->rc_buf_initial_sz = BUFFER_START_MS;
    s->rc_buf_optimal_sz = BUFFER_AIM_MS;
    s->rc_dropframe_thresh = DROP_PERCENT;
    s->kf_mode = VPX_KF_DISABLED;
}

static void tune(struct video_encoder *e)
{
    if (e->config.codec == VIDEO_VP9) {
        vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, VP9_SPEED);
        vpx_codec_control(&e->vpx, VP9E_SET_AQ_MODE, 3);
        vpx_codec_control(&e->vpx, VP9E_SET_FRAME_PARALLEL_DECODING, 0);
        vpx_codec_control(&e->vpx, VP9E_SET_ROW_MT, 0);
    } else {
        vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, VP8_SPEED);
        vpx_codec_control(&e->vpx, VP8E_SET_STATIC_THRESHOLD, 1);
        vpx_codec_control(&e->vpx, VP8E_SET_NOISE_SENSITIVITY, 0);
        vpx_codec_control(&e->vpx, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
    }
    vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, KEY_MAX_PERCENT);
}

static int open_encoder(struct video_encoder *e)
{
    vpx_codec_iface_t *iface = encoder_interface(e->config.codec);
    if (vpx_codec_enc_config_default(iface, &e->settings, 0))
        return SQ_ERR_INTERNAL;
    fill_settings(&e->settings, &e->config);
    if (vpx_codec_enc_init(&e->vpx, iface, &e->settings, 0))
        return SQ_ERR_NOMEM;
    e->open = true;
    tune(e);
    return 0;
}

static void close_encoder(struct video_encoder *e)
{
    if (e->open)
        vpx_codec_destroy(&e->vpx);
    e->open = false;
}

int video_encoder_new(struct video_encoder **out, const struct video_encoder_config *config)
{
    if (!size_ok(config->width, config->height) || config->fps == 0)
        return SQ_ERR_INVALID;
    struct video_encoder *e = calloc(1, sizeof(*e));
    if (!e)
        return SQ_ERR_NOMEM;
    e->config = *config;
    e->last_pts = -1;
    int err = open_encoder(e);
    if (err) {
        free(e);
        return err;
    }
    *out = e;
    return 0;
}

void video_encoder_free(struct video_encoder *e)
{
    if (!e)
        return;
    close_encoder(e);
    free(e);
}

void video_encoder_set_rate(struct video_encoder *e, uint32_t bitrate_bps)
{
    e->config.bitrate_bps = bitrate_bps;
    if (!e->open || e->settings.rc_target_bitrate == kilobits(bitrate_bps))
        return;
    e->settings.rc_target_bitrate = kilobits(bitrate_bps);
    vpx_codec_enc_config_set(&e->vpx, &e->settings);
}

static int fit_size(struct video_encoder *e, uint32_t width, uint32_t height)
{
    if (e->open && e->config.width == width && e->config.height == height)
        return 0;
    if (!size_ok(width, height))
        return SQ_ERR_INVALID;
    close_encoder(e);
    e->config.width = width;
    e->config.height = height;
    return open_encoder(e);
}

static void wrap_picture(vpx_image_t *image, const struct video_picture *p)
{
    vpx_img_wrap(image, VPX_IMG_FMT_I420, p->width, p->height, 1, (unsigned char *)p->planes[0]);
    for (int i = 0; i < 3; i++) {
        image->planes[i] = (unsigned char *)p->planes[i];
        image->stride[i] = (int)p->strides[i];
    }
}

int video_encoder_encode(struct video_encoder *e, const struct video_picture *picture, int64_t pts,
                         bool key, struct video_coded *out)
{
    *out = (struct video_coded){0};
    int err = fit_size(e, picture->width, picture->height);
    if (err)
        return err;
    if (pts <= e->last_pts)
        pts = e->last_pts + 1;
    e->last_pts = pts;
    vpx_image_t image;
    wrap_picture(&image, picture);
    unsigned long duration = VIDEO_CLOCK_HZ / e->config.fps;
    vpx_enc_frame_flags_t flags = key ? VPX_EFLAG_FORCE_KF : 0;
    if (vpx_codec_encode(&e->vpx, &image, pts, duration, flags, VPX_DL_REALTIME))
        return SQ_ERR_INTERNAL;
    vpx_codec_iter_t at = NULL;
    const vpx_codec_cx_pkt_t *packet;
    while ((packet = vpx_codec_get_cx_data(&e->vpx, &at))) {
        if (packet->kind != VPX_CODEC_CX_FRAME_PKT || packet->data.frame.sz == 0)
            continue;
        out->data = packet->data.frame.buf;
        out->len_bytes = packet->data.frame.sz;
        out->key = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    }
    return 0;
}

int video_decoder_new(struct video_decoder **out, enum video_codec codec)
{
    struct video_decoder *d = calloc(1, sizeof(*d));
    if (!d)
        return SQ_ERR_NOMEM;
    vpx_codec_iface_t *iface = codec == VIDEO_VP9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx();
    vpx_codec_dec_cfg_t settings = {.threads = 1};
    if (vpx_codec_dec_init(&d->vpx, iface, &settings, 0)) {
        free(d);
        return SQ_ERR_NOMEM;
    }
    *out = d;
    return 0;
}

void video_decoder_free(struct video_decoder *d)
{
    if (!d)
        return;
    vpx_codec_destroy(&d->vpx);
    free(d);
}

/* Asked before decoding, so that a forged header can't make the coder allocate 16383 x 16383
 * pictures. */
static int check_size(const struct video_decoder *d, const uint8_t *data, size_t len_bytes)
{
    vpx_codec_stream_info_t info = {.sz = sizeof(info)};
    if (vpx_codec_peek_stream_info(d->vpx.iface, data, (unsigned)len_bytes, &info))
        return 0; /* frames between key frames carry no size */
    return info.w > VIDEO_WIDTH_MAX || info.h > VIDEO_HEIGHT_MAX ? SQ_ERR_LIMIT : 0;
}

int video_decoder_decode(struct video_decoder *d, const uint8_t *data, size_t len_bytes,
                         struct video_picture *picture)
{
    if (len_bytes == 0 || len_bytes > UINT32_MAX)
        return SQ_ERR_INVALID;
    int err = check_size(d, data, len_bytes);
    if (err)
        return err;
    if (vpx_codec_decode(&d->vpx, data, (unsigned)len_bytes, NULL, 0))
        return SQ_ERR_INVALID;
    vpx_codec_iter_t at = NULL;
    vpx_image_t *image = NULL, *last = NULL;
    while ((image = vpx_codec_get_frame(&d->vpx, &at)))
        last = image;
    if (!last)
        return 0;
    if (last->fmt != VPX_IMG_FMT_I420 || last->d_w > VIDEO_WIDTH_MAX ||
        last->d_h > VIDEO_HEIGHT_MAX)
        return SQ_ERR_LIMIT;
    picture->width = last->d_w;
    picture->height = last->d_h;
    for (int i = 0; i < 3; i++) {
        picture->planes[i] = last->planes[i];
        picture->strides[i] = (size_t)last->stride[i];
    }
    return 1;
}
