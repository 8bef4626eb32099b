/* SPDX-License-Identifier: Apache-2.0 */
/* See opus.h. */
#include "client-lib/audio/opus.h"

#include <opus/opus.h>
#include <shanqiao/error.h>
#include <stdlib.h>

#define NARROW_BAND_BPS                                                                            \
    10000            /* LOWBAND section 0.2: below this the switch to wide band costs words */
#define COMPLEXITY 7 /* of 10: a village terminal also codes video */

struct audio_encoder {
    OpusEncoder *opus;
    bool examination;
};

struct audio_decoder {
    OpusDecoder *opus;
};

static uint32_t clamp_rate(uint32_t bps)
{
    if (bps < AUDIO_BITRATE_MIN_BPS)
        return AUDIO_BITRATE_MIN_BPS;
    return bps > AUDIO_BITRATE_MAX_BPS ? AUDIO_BITRATE_MAX_BPS : bps;
}

int audio_encoder_new(struct audio_encoder **out, const struct audio_encoder_config *config)
{
    struct audio_encoder *e = calloc(1, sizeof(*e));
    if (!e)
        return SQ_ERR_NOMEM;
    int error = OPUS_OK;
    e->examination = config->examination;
    e->opus = opus_encoder_create(
        AUDIO_RATE_HZ, 1, e->examination ? OPUS_APPLICATION_AUDIO : OPUS_APPLICATION_VOIP, &error);
    if (!e->opus) {
        free(e);
        return SQ_ERR_NOMEM;
    }
    opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
    opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(0));
    opus_encoder_ctl(e->opus, OPUS_SET_DTX(config->dtx && !e->examination ? 1 : 0));
    opus_encoder_ctl(e->opus,
                     OPUS_SET_SIGNAL(e->examination ? OPUS_SIGNAL_MUSIC : OPUS_SIGNAL_VOICE));
    audio_encoder_set_rate(e, config->bitrate_bps);
    *out = e;
    return 0;
}

void audio_encoder_free(struct audio_encoder *e)
{
    if (!e)
        return;
    opus_encoder_destroy(e->opus);
    free(e);
}

void audio_encoder_set_rate(struct audio_encoder *e, uint32_t bitrate_bps)
{
    uint32_t bps = clamp_rate(bitrate_bps);
    opus_encoder_ctl(e->opus, OPUS_SET_BITRATE((opus_int32)bps));
    bool narrow = bps <= NARROW_BAND_BPS && !e->examination;
    opus_encoder_ctl(e->opus, OPUS_SET_MAX_BANDWIDTH(narrow ? OPUS_BANDWIDTH_NARROWBAND
                                                            : OPUS_BANDWIDTH_FULLBAND));
}

int audio_encoder_encode(struct audio_encoder *e, const int16_t *samples, size_t count,
                         uint8_t *out, size_t capacity_bytes)
{
    if (count != 480 && count != 960 && count != 1920 && count != 2880)
        return SQ_ERR_INVALID;
    int32_t room =
        capacity_bytes > AUDIO_CODED_BYTES_MAX ? AUDIO_CODED_BYTES_MAX : (int32_t)capacity_bytes;
    int len = opus_encode(e->opus, samples, (int)count, out, room);
    return len < 0 ? SQ_ERR_LIMIT : len;
}

int audio_decoder_new(struct audio_decoder **out)
{
    struct audio_decoder *d = calloc(1, sizeof(*d));
    if (!d)
        return SQ_ERR_NOMEM;
    int error = OPUS_OK;
    d->opus = opus_decoder_create(AUDIO_RATE_HZ, 1, &error);
    if (!d->opus) {
        free(d);
        return SQ_ERR_NOMEM;
    }
    *out = d;
    return 0;
}

void audio_decoder_free(struct audio_decoder *d)
{
    if (!d)
        return;
    opus_decoder_destroy(d->opus);
    free(d);
}

int audio_decoder_decode(struct audio_decoder *d, const uint8_t *data, size_t len_bytes,
                         int16_t out[AUDIO_FRAME_SAMPLES_MAX])
{
    if (audio_packet_samples(data, len_bytes) < 0)
        return SQ_ERR_INVALID;
    int n = opus_decode(d->opus, data, (opus_int32)len_bytes, out, AUDIO_FRAME_SAMPLES_MAX, 0);
    return n < 0 ? SQ_ERR_INVALID : n;
}

int audio_decoder_conceal(struct audio_decoder *d, size_t count, int16_t *out)
{
    if (count == 0 || count > AUDIO_FRAME_SAMPLES_MAX || count % 120 != 0)
        return SQ_ERR_INVALID;
    int n = opus_decode(d->opus, NULL, 0, out, (int)count, 0);
    return n < 0 ? SQ_ERR_INVALID : n;
}

int audio_packet_samples(const uint8_t *data, size_t len_bytes)
{
    if (len_bytes == 0 || len_bytes > INT32_MAX)
        return SQ_ERR_INVALID;
    int n = opus_packet_get_nb_samples(data, (opus_int32)len_bytes, AUDIO_RATE_HZ);
    return n <= 0 || n > AUDIO_FRAME_SAMPLES_MAX ? SQ_ERR_INVALID : n;
}
