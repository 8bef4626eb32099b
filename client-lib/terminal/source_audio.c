/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/pipe.h"
#include "client-lib/terminal/source.h"
#include "shanqiao/error.h"
#include <SDL2/SDL.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX     8
#define RESAMPLE_QUALITY 8 /* of 10: transparent for speech */

struct audio_source {
    /* a WAV file, read whole block by block and resampled */
    SNDFILE *wav;
    SF_INFO wav_info;
    SpeexResamplerState *resampler;
    /* or 48 kHz mono from ffmpeg */
    struct child_pipe child;
    /* or the sound card */
    SDL_AudioDeviceID microphone;
    int16_t ready[4 * SOURCE_BLOCK_SAMPLES]; /* resampled, not yet asked for */
    size_t ready_count;
};

static int open_wav(struct audio_source *s, const char *from)
{
    s->wav = sf_open(from, SFM_READ, &s->wav_info);
    if (!s->wav)
        return SQ_ERR_IO;
    if (s->wav_info.channels < 1 || s->wav_info.channels > CHANNELS_MAX ||
        s->wav_info.samplerate < 8000 || s->wav_info.samplerate > 96000 || s->wav_info.frames < 1)
        return SQ_ERR_UNSUPPORTED;
    int err = 0;
    s->resampler = speex_resampler_init(1, (spx_uint32_t)s->wav_info.samplerate, SOURCE_SAMPLE_RATE,
                                        RESAMPLE_QUALITY, &err);
    return s->resampler ? SQ_OK : SQ_ERR_NOMEM;
}

static int open_pipe(struct audio_source *s, const char *from)
{
    const char *const argv[] = {"ffmpeg", "-v", "fatal", "-stream_loop", "-1", "-i",    from, "-vn",
                                "-ac",    "1",  "-ar",   "48000",        "-f", "s16le", "-",  NULL};
    return child_pipe_open(&s->child, argv);
}

static int open_microphone(struct audio_source *s)
{
    const SDL_AudioSpec want = {.freq = SOURCE_SAMPLE_RATE,
                                .format = AUDIO_S16SYS,
                                .channels = 1,
                                .samples = SOURCE_BLOCK_SAMPLES};
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) < 0)
        return SQ_ERR_IO;
    s->microphone = SDL_OpenAudioDevice(NULL, 1, &want, NULL, 0);
    if (!s->microphone)
        return SQ_ERR_IO;
    SDL_PauseAudioDevice(s->microphone, 0);
    return SQ_OK;
}

int audio_source_open(struct audio_source **out, const char *from, char error[SOURCE_ERROR_MAX])
{
    struct audio_source *s = calloc(1, sizeof *s);
    const char *dot = strrchr(from, '.');
    int err = SQ_ERR_NOMEM;
    if (s && strcmp(from, "microphone") == 0)
        err = open_microphone(s);
    else if (s && dot && strcmp(dot, ".wav") == 0)
        err = open_wav(s, from);
    else if (s)
        err = open_pipe(s, from);
    if (err) {
        snprintf(error, SOURCE_ERROR_MAX,
                 "%.120s gives no sound (%s). Give a .wav file, a file that ffmpeg reads, or "
                 "'microphone'.",
                 from, sq_error_name(err));
        audio_source_close(s);
        return err;
    }
    *out = s;
    return SQ_OK;
}

void audio_source_close(struct audio_source *s)
{
    if (!s)
        return;
    if (s->wav)
        sf_close(s->wav);
    if (s->resampler)
        speex_resampler_destroy(s->resampler);
    child_pipe_close(&s->child);
    if (s->microphone)
        SDL_CloseAudioDevice(s->microphone);
    free(s);
}

/* Reads about 10 ms of the file, starting again at its end, mixes to mono and resamples into
 * `ready`. */
static bool refill_from_wav(struct audio_source *s)
{
    int16_t raw[CHANNELS_MAX * 960];
    const sf_count_t frames = s->wav_info.samplerate / 100;
    sf_count_t got = sf_readf_short(s->wav, raw, frames);
    if (got == 0 && sf_seek(s->wav, 0, SEEK_SET) == 0)
        got = sf_readf_short(s->wav, raw, frames);
    if (got <= 0)
        return false;
    const int channels = s->wav_info.channels;
    for (sf_count_t i = 0; i < got; i++) {
        int sum = 0;
        for (int c = 0; c < channels; c++)
            sum += raw[i * channels + c];
        raw[i] = (int16_t)(sum / channels);
    }
    spx_uint32_t in = (spx_uint32_t)got;
    spx_uint32_t room = (spx_uint32_t)(sizeof s->ready / sizeof s->ready[0] - s->ready_count);
    speex_resampler_process_int(s->resampler, 0, raw, &in, s->ready + s->ready_count, &room);
    s->ready_count += room;
    return true;
}

static bool next_from_wav(struct audio_source *s, int16_t *block)
{
    while (s->ready_count < SOURCE_BLOCK_SAMPLES)
        if (!refill_from_wav(s))
            return false;
    memcpy(block, s->ready, SOURCE_BLOCK_SAMPLES * sizeof *block);
    s->ready_count -= SOURCE_BLOCK_SAMPLES;
    memmove(s->ready, s->ready + SOURCE_BLOCK_SAMPLES, s->ready_count * sizeof *s->ready);
    return true;
}

static bool next_from_microphone(struct audio_source *s, int16_t *block)
{
    const Uint32 want = SOURCE_BLOCK_SAMPLES * sizeof *block;
    return SDL_GetQueuedAudioSize(s->microphone) >= want &&
           SDL_DequeueAudio(s->microphone, block, want) == want;
}

bool audio_source_next(struct audio_source *s, int16_t block[SOURCE_BLOCK_SAMPLES])
{
    bool ok = false;
    if (s->wav)
        ok = next_from_wav(s, block);
    else if (s->child.out)
        ok =
            fread(block, sizeof *block, SOURCE_BLOCK_SAMPLES, s->child.out) == SOURCE_BLOCK_SAMPLES;
    else
        ok = next_from_microphone(s, block);
    if (!ok)
        memset(block, 0, SOURCE_BLOCK_SAMPLES * sizeof *block);
    return ok;
}
