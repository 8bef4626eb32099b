/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, packet index and cipher of gcm_seal.h. A packet index is used once: twice would give the
 * key away. */
#include "rtc/srtp/gcm_seal.h"
#include "base/bytes.h"
#include "base/check.h"
#include "rtc/srtp/srtp.h"
#include "shanqiao/error.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES       16
#define SALT_BYTES      12
#define IV_BYTES        12
#define RTP_FIXED_BYTES 12
#define LABEL_RTP_KEY   0 /* RFC 3711 section 4.3.2 */
#define LABEL_RTP_SALT  2
#define LABEL_OFFSET    7 /* of the label in the 14 bytes of salt */
#define SEQUENCE_MEDIAN (1u << 15)
#define WINDOW_WORDS    (SRTP_REPLAY_WINDOW / 64)

struct gcm_stream {
    uint64_t highest;              /* packet index: roll-over counter, sequence number */
    uint64_t window[WINDOW_WORDS]; /* bit index % SRTP_REPLAY_WINDOW: was used */
};

struct gcm_sealer {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[SALT_BYTES];
    size_t max;
    struct gcm_stream **streams; /* NULL until its first packet */
};

/* RFC 3711 section 4.3.3 with the 96-bit salt of RFC 7714 section 11, zeros behind it. */
static bool derive(const uint8_t master[GCM_MASTER_BYTES], uint8_t label, uint8_t *out, int len)
{
    static const uint8_t zeros[KEY_BYTES];
    uint8_t iv[16] = {0};
    memcpy(iv, master + KEY_BYTES, SALT_BYTES);
    iv[LABEL_OFFSET] ^= label;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int written = 0;
    const bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, master, iv) &&
                    EVP_EncryptUpdate(ctx, out, &written, zeros, len) && written == len;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

int gcm_sealer_new(struct gcm_sealer **out, const uint8_t master[GCM_MASTER_BYTES], size_t max)
{
    uint8_t key[KEY_BYTES];
    struct gcm_sealer *g = calloc(1, sizeof(*g));
    if (!g)
        return SQ_ERR_NOMEM;
    g->max = max;
    g->streams = calloc(max, sizeof(*g->streams)); /* NOLINT(bugprone-sizeof-expression) */
    g->cipher = EVP_CIPHER_CTX_new();
    const bool ok = g->streams && g->cipher && derive(master, LABEL_RTP_KEY, key, KEY_BYTES) &&
                    derive(master, LABEL_RTP_SALT, g->salt, SALT_BYTES) &&
                    EVP_EncryptInit_ex(g->cipher, EVP_aes_128_gcm(), NULL, key, NULL);
    explicit_bzero(key, sizeof(key));
    if (!ok) {
        ERR_clear_error();
        gcm_sealer_free(g);
        return SQ_ERR_NOMEM;
    }
    *out = g;
    return 0;
}

void gcm_sealer_free(struct gcm_sealer *g)
{
    if (!g)
        return;
    for (size_t i = 0; g->streams && i < g->max; i++)
        free(g->streams[i]);
    free(g->streams);
    EVP_CIPHER_CTX_free(g->cipher);
    explicit_bzero(g->salt, sizeof(g->salt));
    free(g);
}

/* The packet index that a receiver will guess (RFC 3711 section 3.3.1); of a number far behind the
 * last one, that of the next roll-over: the sender has left out 2^15 or more. */
static uint64_t index_of(const struct gcm_stream *s, uint16_t seq16)
{
    uint64_t index = seq16;
    if (s->highest > SEQUENCE_MEDIAN)
        index = s->highest + (uint64_t)(int64_t)(int16_t)(seq16 - (uint16_t)s->highest);
    if (index + SRTP_REPLAY_WINDOW <= s->highest)
        index = (s->highest >> 16 << 16) + (UINT64_C(1) << 16) + seq16;
    return index;
}

static uint64_t *window_word(struct gcm_stream *s, uint64_t index)
{
    return &s->window[index % SRTP_REPLAY_WINDOW / 64];
}

/* Marks the index as used. False when it was. */
static bool take_index(struct gcm_stream *s, uint64_t index)
{
    const uint64_t bit = UINT64_C(1) << index % 64;
    if (index > s->highest) {
        if (index - s->highest >= SRTP_REPLAY_WINDOW)
            memset(s->window, 0, sizeof(s->window));
        else
            for (uint64_t i = s->highest + 1; i <= index; i++)
                *window_word(s, i) &= ~(UINT64_C(1) << i % 64);
        s->highest = index;
    } else if (*window_word(s, index) & bit) {
        return false;
    }
    *window_word(s, index) |= bit;
    return true;
}

/* Fixed header, CSRCs and extension; 0 when they are longer than the packet. */
static size_t header_bytes(const uint8_t *data, size_t len_bytes)
{
    size_t header = RTP_FIXED_BYTES + 4 * (size_t)(data[0] & 0x0F);
    if (header > len_bytes)
        return 0;
    if (data[0] & 0x10) {
        if (header + 4 > len_bytes)
            return 0;
        header += 4 + 4 * (size_t)bytes_get_u16(data + header + 2);
    }
    return header <= len_bytes ? header : 0;
}

/* RFC 7714 section 8.1 */
static void make_iv(uint8_t iv[IV_BYTES], const struct gcm_sealer *g, const uint8_t *data,
                    uint64_t index)
{
    iv[0] = iv[1] = 0;
    memcpy(iv + 2, data + 8, 4);
    bytes_put_u32(iv + 6, (uint32_t)(index >> 16));
    bytes_put_u16(iv + 10, (uint16_t)index);
    for (size_t i = 0; i < IV_BYTES; i++)
        iv[i] ^= g->salt[i];
}

int gcm_seal(struct gcm_sealer *g, size_t stream, uint8_t *data, size_t *len_bytes)
{
    CHECK(stream < g->max);
    const size_t header = header_bytes(data, *len_bytes);
    if (header == 0)
        return SQ_ERR_INVALID;
    const uint16_t seq16 = bytes_get_u16(data + 2);
    struct gcm_stream *s = g->streams[stream];
    if (!s) {
        s = g->streams[stream] = calloc(1, sizeof(*s));
        if (!s)
            return SQ_ERR_NOMEM;
        s->highest = seq16;
    }
    const uint64_t index = index_of(s, seq16);
    if (!take_index(s, index))
        return SQ_ERR_REPLAY;
    uint8_t iv[IV_BYTES];
    make_iv(iv, g, data, index);
    const int payload = (int)(*len_bytes - header);
    int n = 0;
    uint8_t *body = data + header, *tag = data + *len_bytes;
    if (!EVP_EncryptInit_ex(g->cipher, NULL, NULL, NULL, iv) ||
        !EVP_EncryptUpdate(g->cipher, NULL, &n, data, (int)header) ||
        (payload > 0 && !EVP_EncryptUpdate(g->cipher, body, &n, body, payload)) ||
        !EVP_EncryptFinal_ex(g->cipher, tag, &n) ||
        !EVP_CIPHER_CTX_ctrl(g->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag)) {
        ERR_clear_error();
        return SQ_ERR_INTERNAL;
    }
    *len_bytes += GCM_TAG_BYTES;
    return 0;
}
