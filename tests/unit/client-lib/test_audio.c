/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/audio/capture.h"
#include "client-lib/audio/opus.h"
#include "client-lib/audio/playout.h"
#include "client-lib/audio/stretch.h"
#include "client-lib/audio/treat.h"
#include "media.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 2
#define TOTAL   (48000 * SECONDS)

/* Signal to noise of `out` against the voice, at the best alignment. */
static double snr_db(const int16_t *out, size_t from, size_t count)
{
    double best = -99;
    int16_t *source = malloc(count * sizeof(*source));
    for (size_t delay = 0; delay < 2000 && delay <= from; delay++) {
        media_voice(source, count, from - delay);
        double signal = 0, noise = 1;
        for (size_t i = 0; i < count; i++) {
            double d = (double)source[i] - out[from + i];
            signal += (double)source[i] * source[i];
            noise += d * d;
        }
        double snr = 10 * log10(signal / noise);
        best = snr > best ? snr : best;
    }
    free(source);
    return best;
}

static double round_trip_db(uint32_t bps, size_t frame)
{
    struct audio_encoder *e;
    struct audio_decoder *d;
    struct audio_encoder_config config = {.bitrate_bps = bps, .examination = true};
    cr_assert_eq(audio_encoder_new(&e, &config), 0);
    cr_assert_eq(audio_decoder_new(&d), 0);
    int16_t *out = calloc(TOTAL + AUDIO_FRAME_SAMPLES_MAX, sizeof(*out));
    int16_t in[2880];
    for (size_t at = 0; at + frame <= TOTAL; at += frame) {
        uint8_t coded[AUDIO_CODED_BYTES_MAX];
        media_voice(in, frame, at);
        int len = audio_encoder_encode(e, in, frame, coded, sizeof(coded));
        cr_assert_gt(len, 2);
        cr_assert_eq(audio_packet_samples(coded, (size_t)len), (int)frame);
        cr_assert_eq(audio_decoder_decode(d, coded, (size_t)len, out + at), (int)frame);
    }
    double db = snr_db(out, 48000, 9600);
    free(out);
    audio_encoder_free(e);
    audio_decoder_free(d);
    return db;
}

Test(audio, opus_gives_back_what_went_in)
{
    double at_64 = round_trip_db(64000, 960);
    double at_24 = round_trip_db(24000, 2880);
    cr_expect_gt(at_64, 15, "%f dB", at_64);
    cr_expect_gt(at_24, 5, "%f dB", at_24);
    cr_expect_gt(at_64, at_24);
}

Test(audio, what_is_not_opus_is_refused)
{
    struct audio_decoder *d;
    struct prng prng = prng_of(1);
    int16_t out[AUDIO_FRAME_SAMPLES_MAX];
    uint8_t junk[100];
    cr_assert_eq(audio_decoder_new(&d), 0);
    cr_expect_eq(audio_decoder_decode(d, junk, 0, out), SQ_ERR_INVALID);
    for (int i = 0; i < 500; i++) {
        size_t len = 1 + prng_below(&prng, sizeof(junk));
        prng_bytes(&prng, junk, len);
        int n = audio_decoder_decode(d, junk, len, out);
        cr_expect(n == SQ_ERR_INVALID || (n > 0 && n <= AUDIO_FRAME_SAMPLES_MAX));
    }
    cr_expect_eq(audio_decoder_conceal(d, 0, out), SQ_ERR_INVALID);
    cr_expect_eq(audio_decoder_conceal(d, 480, out), 480);
    audio_decoder_free(d);
}

Test(audio, rates_are_kept)
{
    struct audio_encoder *e;
    struct audio_encoder_config config = {.bitrate_bps = 8000};
    int16_t in[2880];
    uint8_t coded[AUDIO_CODED_BYTES_MAX];
    size_t bytes = 0;
    cr_assert_eq(audio_encoder_new(&e, &config), 0);
    for (int i = 0; i < 50; i++) {
        media_voice(in, 2880, (uint64_t)i * 2880);
        bytes += (size_t)audio_encoder_encode(e, in, 2880, coded, sizeof(coded));
    }
    cr_expect_leq(bytes * 8 / 3, 9000, "%zu b/s", bytes * 8 / 3);
    cr_expect_eq(audio_encoder_encode(e, in, 100, coded, sizeof(coded)), SQ_ERR_INVALID);
    audio_encoder_free(e);
}

/* Energy outside the voice would show a click where periods were joined. */
static double largest_step(const int16_t *s, size_t count)
{
    double top = 0;
    for (size_t i = 1; i < count; i++)
        top = fmax(top, fabs((double)s[i] - s[i - 1]));
    return top;
}

Test(audio, stretching_changes_the_length_and_joins_smoothly)
{
    int16_t s[2880 + STRETCH_LAG_MAX], before[2880];
    media_voice(before, 2880, 4800);
    memcpy(s, before, sizeof(before));
    size_t n = stretch_faster(s, 2880);
    cr_expect_lt(n, 2880);
    cr_expect_geq(n, 2880 - STRETCH_LAG_MAX);
    cr_expect_leq(largest_step(s, n), 1.5 * largest_step(before, 2880));
    memcpy(s, before, sizeof(before));
    n = stretch_slower(s, 2880);
    cr_expect_gt(n, 2880);
    cr_expect_leq(n, 2880 + STRETCH_LAG_MAX);
    cr_expect_leq(largest_step(s, n), 1.5 * largest_step(before, 2880));
    cr_expect_eq(stretch_faster(s, 100), 100);
}

Test(audio, noise_is_not_stretched_but_silence_is)
{
    int16_t s[1920 + STRETCH_LAG_MAX];
    struct prng prng = prng_of(4);
    for (size_t i = 0; i < 1920; i++)
        s[i] = (int16_t)prng_between(&prng, -8000, 8000);
    cr_expect_eq(stretch_faster(s, 1920), 1920);
    memset(s, 0, sizeof(s));
    cr_expect_lt(stretch_faster(s, 1920), 1920);
}

Test(audio, capture_keeps_the_newest_and_dates_it)
{
    struct capture *c;
    int16_t block[4800], out[960];
    time_us at = 0;
    cr_assert_eq(capture_new(&c), 0);
    for (int i = 0; i < 10; i++) {
        for (size_t k = 0; k < 4800; k++)
            block[k] = (int16_t)i;
        capture_push(c, block, 4800, i * 100 * TIME_US_PER_MS);
    }
    cr_expect_eq(capture_waiting(c), CAPTURE_MAX_SAMPLES);
    cr_assert(capture_take(c, out, 960, &at));
    cr_expect_eq(out[0], 5);
    cr_expect_eq(at, 500 * TIME_US_PER_MS);
    cr_assert(capture_take(c, out, 960, &at));
    cr_expect_eq(at, 520 * TIME_US_PER_MS);
    while (capture_take(c, out, 960, &at))
        ;
    cr_expect_eq(capture_waiting(c), 0);
    capture_free(c);
}

Test(audio, echo_of_the_loudspeaker_is_taken_out)
{
    struct treat *t;
    struct treat_config config = {.cancel_echo = true};
    int16_t played[480], heard[480];
    double before = 0, after = 0;
    struct prng prng = prng_of(2);
    cr_assert_eq(treat_new(&t, &config), 0);
    for (int i = 0; i < 600; i++) {
        for (size_t k = 0; k < 480; k++) {
            played[k] = (int16_t)prng_between(&prng, -6000, 6000);
            heard[k] = (int16_t)(played[k] / 2);
        }
        treat_played(t, played, 480);
        for (size_t k = 0; i >= 500 && k < 480; k++)
            before += (double)heard[k] * heard[k];
        treat_block(t, heard);
        for (size_t k = 0; i >= 500 && k < 480; k++)
            after += (double)heard[k] * heard[k];
    }
    cr_expect_lt(after * 20, before, "%f dB left", 10 * log10(after / before));
    treat_free(t);
}

static void feed(struct playout *p, uint32_t track, size_t frame, size_t from, size_t to,
                 int lose_every)
{
    struct audio_encoder *e;
    struct audio_encoder_config config = {.bitrate_bps = 32000};
    int16_t in[2880], out[480];
    cr_assert_eq(audio_encoder_new(&e, &config), 0);
    int number = 0;
    for (size_t at = from; at < to; at += frame, number++) {
        uint8_t coded[AUDIO_CODED_BYTES_MAX];
        time_us now = (time_us)at * 1000 / 48 + TIME_US_PER_S;
        media_voice(in, frame, at);
        int len = audio_encoder_encode(e, in, frame, coded, sizeof(coded));
        if (!lose_every || number % lose_every != lose_every - 1)
            cr_assert_eq(playout_put(p, track,
                                     &(struct playout_packet){(uint16_t)number, (uint32_t)at, coded,
                                                              (size_t)len, false},
                                     now),
                         0);
        for (size_t k = 0; k < frame; k += 480)
            playout_pull(p, out, 480, now + (time_us)k * 1000 / 48 + 5 * TIME_US_PER_MS);
    }
    audio_encoder_free(e);
}

Test(audio, concealment_is_counted_where_speech_was_missing_and_nowhere_else)
{
    struct playout *p;
    struct playout_stats clean, lossy;
    cr_assert_eq(playout_new(&p), 0);
    cr_assert_eq(playout_add(p, 1), 0);
    cr_expect_eq(playout_add(p, 1), SQ_ERR_CONFLICT);
    feed(p, 1, 960, 0, 48000 * 4, 0);
    cr_assert(playout_get_stats(p, 1, &clean));
    cr_expect_leq(clean.concealed_samples, 1920, "%lu", clean.concealed_samples);
    cr_expect_geq(clean.played_samples, 48000 * 7 / 2);
    playout_remove(p, 1);
    cr_assert_eq(playout_add(p, 2), 0);
    feed(p, 2, 960, 0, 48000 * 4, 10);
    cr_assert(playout_get_stats(p, 2, &lossy));
    double expected = 48000 * 4 / 10.0;
    cr_expect_geq((double)lossy.concealed_samples, expected * 0.8, "%lu", lossy.concealed_samples);
    cr_expect_leq((double)lossy.concealed_samples, expected * 1.3, "%lu", lossy.concealed_samples);
    uint32_t timestamp = 0;
    time_us at = 0;
    cr_assert(playout_position(p, 2, &timestamp, &at));
    cr_expect_leq(timestamp, 48000 * 4);
    cr_expect_geq(timestamp, 48000 * 3);
    int16_t out[100];
    cr_expect_eq(playout_pull(p, out, 100, 0), SQ_ERR_INVALID);
    playout_free(p);
}

Test(audio, an_outage_counts_and_a_pause_does_not)
{
    for (int outage = 0; outage <= 1; outage++) {
        struct playout *p;
        struct audio_encoder *e;
        struct audio_encoder_config config = {.bitrate_bps = 32000};
        struct playout_stats stats;
        uint8_t coded[AUDIO_CODED_BYTES_MAX];
        int16_t in[960], out[480];
        uint16_t seq16 = 0;
        cr_assert_eq(playout_new(&p), 0);
        cr_assert_eq(playout_add(p, 1), 0);
        cr_assert_eq(audio_encoder_new(&e, &config), 0);
        for (size_t at = 0; at < 48000 * 4; at += 960) {
            time_us now = (time_us)at * 1000 / 48 + TIME_US_PER_S;
            bool away = at >= 48000 && at < 48000 * 3;
            media_voice(in, 960, at);
            int len = audio_encoder_encode(e, in, 960, coded, sizeof(coded));
            struct playout_packet packet = {seq16, (uint32_t)at, coded, (size_t)len, false};
            if (!away)
                cr_assert_eq(playout_put(p, 1, &packet, now), 0);
            seq16 = (uint16_t)(seq16 + (away && !outage ? 0 : 1));
            for (int k = 0; k < 2; k++)
                playout_pull(p, out, 480, now + (k * 10 + 5) * TIME_US_PER_MS);
        }
        cr_assert(playout_get_stats(p, 1, &stats));
        if (outage)
            cr_expect_geq(stats.concealed_samples, 48000 * 17 / 10, "%lu", stats.concealed_samples);
        else
            cr_expect_leq(stats.concealed_samples, 1920, "%lu", stats.concealed_samples);
        audio_encoder_free(e);
        playout_free(p);
    }
}
