/* SPDX-License-Identifier: Apache-2.0 */
/* See treat.h. */
#include "client-lib/audio/treat.h"

#include "client-lib/audio/opus.h"
#include <pthread.h>
#include <shanqiao/error.h>
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

#define ECHO_TAIL_SAMPLES                                                                          \
    (200 * AUDIO_SAMPLES_PER_MS) /* speexdsp manual: a third of the room's echo, and the card */
#define PLAYED_MAX_SAMPLES (200 * AUDIO_SAMPLES_PER_MS)
#define NOISE_SUPPRESS_DB  (-20) /* more begins to eat consonants */
#define GAIN_LEVEL         12000 /* target amplitude, of 32768 */

struct treat {
    SpeexEchoState *echo; /* NULL: not wanted */
    SpeexPreprocessState *preprocess;
    pthread_mutex_t lock; /* guards played, played_count */
    size_t played_count;
    int16_t played[PLAYED_MAX_SAMPLES];
};

static void set_preprocess(SpeexPreprocessState *p, int request, int value)
{
    speex_preprocess_ctl(p, request, &value);
}

int treat_new(struct treat **out, const struct treat_config *config)
{
    struct treat *t = calloc(1, sizeof(*t));
    if (!t)
        return SQ_ERR_NOMEM;
    t->preprocess = speex_preprocess_state_init(AUDIO_BLOCK_SAMPLES, AUDIO_RATE_HZ);
    if (config->cancel_echo)
        t->echo = speex_echo_state_init(AUDIO_BLOCK_SAMPLES, ECHO_TAIL_SAMPLES);
    if (!t->preprocess || (config->cancel_echo && !t->echo) || pthread_mutex_init(&t->lock, NULL)) {
        if (t->preprocess)
            speex_preprocess_state_destroy(t->preprocess);
        if (t->echo)
            speex_echo_state_destroy(t->echo);
        free(t);
        return SQ_ERR_NOMEM;
    }
    set_preprocess(t->preprocess, SPEEX_PREPROCESS_SET_DENOISE, config->suppress_noise);
    set_preprocess(t->preprocess, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, NOISE_SUPPRESS_DB);
    set_preprocess(t->preprocess, SPEEX_PREPROCESS_SET_AGC, config->adjust_gain);
    if (config->adjust_gain)
        set_preprocess(t->preprocess, SPEEX_PREPROCESS_SET_AGC_TARGET, GAIN_LEVEL);
    if (t->echo) {
        int rate = AUDIO_RATE_HZ;
        speex_echo_ctl(t->echo, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
        speex_preprocess_ctl(t->preprocess, SPEEX_PREPROCESS_SET_ECHO_STATE, t->echo);
    }
    *out = t;
    return 0;
}

void treat_free(struct treat *t)
{
    if (!t)
        return;
    if (t->echo)
        speex_echo_state_destroy(t->echo);
    speex_preprocess_state_destroy(t->preprocess);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void treat_played(struct treat *t, const int16_t *samples, size_t count)
{
    if (!t->echo)
        return;
    if (count > PLAYED_MAX_SAMPLES) {
        samples += count - PLAYED_MAX_SAMPLES;
        count = PLAYED_MAX_SAMPLES;
    }
    pthread_mutex_lock(&t->lock);
    if (t->played_count + count > PLAYED_MAX_SAMPLES) {
        size_t drop = t->played_count + count - PLAYED_MAX_SAMPLES;
        t->played_count -= drop;
        memmove(t->played, t->played + drop, t->played_count * sizeof(*t->played));
    }
    memcpy(t->played + t->played_count, samples, count * sizeof(*samples));
    t->played_count += count;
    pthread_mutex_unlock(&t->lock);
}

static bool take_played(struct treat *t, int16_t *reference)
{
    pthread_mutex_lock(&t->lock);
    bool enough = t->played_count >= AUDIO_BLOCK_SAMPLES;
    if (enough) {
        t->played_count -= AUDIO_BLOCK_SAMPLES;
        memcpy(reference, t->played, AUDIO_BLOCK_SAMPLES * sizeof(*reference));
        memmove(t->played, t->played + AUDIO_BLOCK_SAMPLES, t->played_count * sizeof(*t->played));
    }
    pthread_mutex_unlock(&t->lock);
    return enough;
}

void treat_block(struct treat *t, int16_t *block)
{
    int16_t reference[AUDIO_BLOCK_SAMPLES];
    if (t->echo && take_played(t, reference)) {
        int16_t clean[AUDIO_BLOCK_SAMPLES];
        speex_echo_cancellation(t->echo, block, reference, clean);
        memcpy(block, clean, sizeof(clean));
    }
    speex_preprocess_run(t->preprocess, block);
}
