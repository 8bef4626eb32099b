/* SPDX-License-Identifier: Apache-2.0 */
/* One libsrtp session each way, and what libsrtp leaves to its caller: the cap on SSRCs, SRTCP in
 * the clear, and finding the roll-over counter again after a long gap. */
#include "rtc/srtp/srtp.h"
#include "base/bytes.h"
#include "rtc/srtp/gcm_seal.h"
#include "shanqiao/error.h"
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>

#define RTP_HEADER_BYTES  12
#define RTCP_HEADER_BYTES 8
#define SRTCP_INDEX_BYTES 4
#define SRTCP_E_FLAG      0x80 /* RFC 3711 section 3.4 */
#define PACKET_MAX        2048 /* larger packets are not recovered after a gap; ours have 1200 bytes */
#define MASTER_MAX        30 /* AES-CM: key of 16 and salt of 14 bytes */

/* After this many packets of one SSRC in a row that fail, each further one also tries one later
 * roll-over counter. So a gap is found in some packets and a forger makes us work twice at most. */
#define RECOVER_AFTER 4
#define RECOVER_REACH 8 /* roll-overs ahead: 524,288 packets, 9 minutes at 1000 a second */

struct stream {
    uint32_t ssrc;
    uint8_t failed; /* packets in a row, saturating */
    uint8_t guess;  /* roll-overs ahead of the last good packet to try next */
};

struct direction {
    srtp_t context;
    struct stream *streams;
    size_t count, max;
};

struct srtp_session {
    enum srtp_profile profile;
    struct direction send, receive;
    struct gcm_sealer *gcm; /* seals RTP when the profile is GCM; else NULL, and libsrtp does */
    struct srtp_counters counters;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t library_status;

static void library_init(void)
{
    library_status = srtp_init();
}

static void set_policy(srtp_policy_t *policy, enum srtp_profile profile)
{
    switch (profile) {
    case SRTP_PROFILE_AEAD_AES_128_GCM:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
        break;
    case SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
        break;
    default:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
    }
}

static int direction_init(struct direction *d, enum srtp_profile profile, uint8_t *master,
                          srtp_ssrc_type_t type, size_t max)
{
    srtp_policy_t policy = {0};
    set_policy(&policy, profile);
    policy.ssrc.type = type;
    policy.key = master;
    policy.window_size = SRTP_REPLAY_WINDOW;
    policy.allow_repeat_tx = 0;
    d->streams = calloc(max, sizeof(*d->streams));
    d->max = max;
    if (!d->streams || srtp_create(&d->context, &policy) != srtp_err_status_ok)
        return SQ_ERR_NOMEM;
    return 0;
}

static void direction_fini(struct direction *d)
{
    if (d->context)
        srtp_dealloc(d->context);
    free(d->streams);
}

/* RFC 5764 section 4.2: client key, server key, client salt, server salt. */
static void master_of(uint8_t out[MASTER_MAX], const uint8_t *keying, size_t keying_len,
                      bool client)
{
    const size_t key = 16, salt = keying_len / 2 - key;
    memcpy(out, keying + (client ? 0 : key), key);
    memcpy(out + key, keying + 2 * key + (client ? 0 : salt), salt);
}

int srtp_session_new(struct srtp_session **out, enum srtp_profile profile, const uint8_t *keying,
                     size_t keying_len, bool is_client)
{
    if (keying_len == 0 || keying_len != srtp_profile_keying_bytes(profile))
        return SQ_ERR_INVALID;
    pthread_once(&library_once, library_init);
    struct srtp_session *s = calloc(1, sizeof(*s));
    if (!s || library_status != srtp_err_status_ok) {
        free(s);
        return SQ_ERR_NOMEM;
    }
    s->profile = profile;
    uint8_t ours[MASTER_MAX], theirs[MASTER_MAX];
    master_of(ours, keying, keying_len, is_client);
    master_of(theirs, keying, keying_len, !is_client);
    int error = direction_init(&s->send, profile, ours, ssrc_any_outbound, SRTP_SEND_SSRC_MAX);
    if (!error)
        error =
            direction_init(&s->receive, profile, theirs, ssrc_any_inbound, SRTP_RECEIVE_SSRC_MAX);
    if (!error && profile == SRTP_PROFILE_AEAD_AES_128_GCM)
        error = gcm_sealer_new(&s->gcm, ours, SRTP_SEND_SSRC_MAX);
    explicit_bzero(ours, sizeof(ours));
    explicit_bzero(theirs, sizeof(theirs));
    if (error) {
        srtp_session_free(s);
        return error;
    }
    *out = s;
    return 0;
}

void srtp_session_free(struct srtp_session *s)
{
    if (!s)
        return;
    gcm_sealer_free(s->gcm);
    direction_fini(&s->send);
    direction_fini(&s->receive);
    free(s);
}

static struct stream *stream_find(struct direction *d, uint32_t ssrc)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->streams[i].ssrc == ssrc)
            return &d->streams[i];
    return NULL;
}

/* Notes an SSRC that libsrtp has just made a stream for. */
static void stream_good(struct direction *d, struct stream *stream, uint32_t ssrc)
{
    if (!stream)
        stream = &d->streams[d->count++];
    *stream = (struct stream){.ssrc = ssrc, .guess = 1};
}

static bool rtp_shaped(const uint8_t *data, size_t len_bytes)
{
    return len_bytes >= RTP_HEADER_BYTES && len_bytes <= INT32_MAX && data[0] >> 6 == 2;
}

static int error_of(struct srtp_session *s, srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_auth_fail:
        s->counters.forged++;
        return SQ_ERR_FORGED;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        s->counters.replayed++;
        return SQ_ERR_REPLAY;
    case srtp_err_status_alloc_fail:
        return SQ_ERR_NOMEM;
    default:
        s->counters.malformed++;
        return SQ_ERR_INVALID;
    }
}

/* ---- sealing ---- */

/* A sequence number far behind the last one: the sender left out 2^15 or more, so the counter
 * rolled over once. (What is sealed is never that late: retransmissions have an SSRC of their own.)
 */
static srtp_err_status_t seal_after_gap(srtp_t context, uint32_t ssrc, uint8_t *data, int *len)
{
    uint32_t roc = 0;
    if (srtp_get_stream_roc(context, ssrc, &roc) != srtp_err_status_ok ||
        srtp_set_stream_roc(context, ssrc, roc + 1) != srtp_err_status_ok)
        return srtp_err_status_replay_old;
    const srtp_err_status_t status = srtp_protect(context, data, len);
    if (status != srtp_err_status_ok)
        srtp_set_stream_roc(context, ssrc, 0); /* 0: none pending */
    return status;
}

static int seal_by_libsrtp(struct direction *d, uint32_t ssrc, bool known, uint8_t *data,
                           size_t *len_bytes)
{
    int len = (int)*len_bytes;
    srtp_err_status_t status = srtp_protect(d->context, data, &len);
    if (status == srtp_err_status_replay_old && known)
        status = seal_after_gap(d->context, ssrc, data, &len);
    switch (status) {
    case srtp_err_status_ok:
        *len_bytes = (size_t)len;
        return 0;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return SQ_ERR_REPLAY;
    case srtp_err_status_alloc_fail:
        return SQ_ERR_NOMEM;
    default:
        return SQ_ERR_INVALID;
    }
}

int srtp_seal_rtp(struct srtp_session *s, uint8_t *data, size_t *len_bytes, size_t capacity_bytes)
{
    struct direction *d = &s->send;
    if (!rtp_shaped(data, *len_bytes))
        return SQ_ERR_INVALID;
    const uint32_t ssrc = bytes_get_u32(data + 8);
    const struct stream *stream = stream_find(d, ssrc);
    if (capacity_bytes < *len_bytes + SRTP_TRAILER_MAX || (!stream && d->count == d->max))
        return SQ_ERR_LIMIT;
    const size_t number = stream ? (size_t)(stream - d->streams) : d->count;
    const int error = s->gcm ? gcm_seal(s->gcm, number, data, len_bytes)
                             : seal_by_libsrtp(d, ssrc, stream, data, len_bytes);
    if (error == 0 && !stream)
        stream_good(d, NULL, ssrc);
    return error;
}

int srtp_seal_rtcp(struct srtp_session *s, uint8_t *data, size_t *len_bytes, size_t capacity_bytes)
{
    struct direction *d = &s->send;
    if (*len_bytes < RTCP_HEADER_BYTES || *len_bytes > INT32_MAX || data[0] >> 6 != 2)
        return SQ_ERR_INVALID;
    const uint32_t ssrc = bytes_get_u32(data + 4);
    struct stream *stream = stream_find(d, ssrc);
    if (capacity_bytes < *len_bytes + SRTP_TRAILER_MAX || (!stream && d->count == d->max))
        return SQ_ERR_LIMIT;
    int len = (int)*len_bytes;
    const srtp_err_status_t status = srtp_protect_rtcp(d->context, data, &len);
    if (status != srtp_err_status_ok)
        return status == srtp_err_status_alloc_fail ? SQ_ERR_NOMEM : SQ_ERR_INVALID;
    if (!stream)
        stream_good(d, NULL, ssrc);
    *len_bytes = (size_t)len;
    return 0;
}

/* ---- opening ---- */

/* Tries the packet with a later roll-over counter. RFC 3711 section 3.3.1 estimates the counter
 * from a distance of less than 2^15; behind a longer gap each packet looks old or forged until a
 * later counter is found. */
static srtp_err_status_t open_after_gap(struct srtp_session *s, struct stream *stream,
                                        uint8_t *data, int *len)
{
    srtp_t context = s->receive.context;
    uint32_t roc = 0;
    if (srtp_get_stream_roc(context, stream->ssrc, &roc) != srtp_err_status_ok)
        return srtp_err_status_fail;
    roc += stream->guess;
    stream->guess = (uint8_t)(stream->guess % RECOVER_REACH + 1);
    if (srtp_set_stream_roc(context, stream->ssrc, roc) != srtp_err_status_ok)
        return srtp_err_status_fail;
    const srtp_err_status_t status = srtp_unprotect(context, data, len);
    if (status == srtp_err_status_ok)
        s->counters.recovered++;
    else
        srtp_set_stream_roc(context, stream->ssrc, 0); /* 0: none pending */
    return status;
}

/* Opens a packet of a stream that has failed before; keeps a copy for the second try. */
static srtp_err_status_t open_suspect(struct srtp_session *s, struct stream *stream, uint8_t *data,
                                      int *len)
{
    uint8_t copy[PACKET_MAX];
    const int copy_len = *len;
    memcpy(copy, data, (size_t)copy_len);
    const srtp_err_status_t status = srtp_unprotect(s->receive.context, data, len);
    if (status == srtp_err_status_ok)
        return status;
    memcpy(data, copy, (size_t)copy_len);
    *len = copy_len;
    return open_after_gap(s, stream, data, len) == srtp_err_status_ok ? srtp_err_status_ok : status;
}

int srtp_open_rtp(struct srtp_session *s, uint8_t *data, size_t *len_bytes)
{
    struct direction *d = &s->receive;
    if (!rtp_shaped(data, *len_bytes)) {
        s->counters.malformed++;
        return SQ_ERR_INVALID;
    }
    const uint32_t ssrc = bytes_get_u32(data + 8);
    struct stream *stream = stream_find(d, ssrc);
    if (!stream && d->count == d->max) {
        s->counters.over_limit++;
        return SQ_ERR_LIMIT;
    }
    int len = (int)*len_bytes;
    const bool suspect = stream && stream->failed >= RECOVER_AFTER && len <= PACKET_MAX;
    const srtp_err_status_t status =
        suspect ? open_suspect(s, stream, data, &len) : srtp_unprotect(d->context, data, &len);
    if (status == srtp_err_status_ok) {
        stream_good(d, stream, ssrc);
        *len_bytes = (size_t)len;
    } else if (stream && stream->failed < UINT8_MAX) {
        stream->failed++;
    }
    return error_of(s, status);
}

/* RFC 5764 makes SRTCP encryption mandatory, so E=0 is refused even with a right tag (TRUST
 * RTC-05). The index word is last with GCM (RFC 7714 section 9.2) and before the 80-bit tag with
 * AES-CM (RFC 3711 section 3.4). */
static bool srtcp_encrypted(const struct srtp_session *s, const uint8_t *data, size_t len_bytes)
{
    const size_t tag = s->profile == SRTP_PROFILE_AEAD_AES_128_GCM ? 16 : 10;
    if (len_bytes < RTCP_HEADER_BYTES + tag + SRTCP_INDEX_BYTES || data[0] >> 6 != 2)
        return false;
    const size_t behind = s->profile == SRTP_PROFILE_AEAD_AES_128_GCM ? 0 : tag;
    return data[len_bytes - behind - SRTCP_INDEX_BYTES] & SRTCP_E_FLAG;
}

int srtp_open_rtcp(struct srtp_session *s, uint8_t *data, size_t *len_bytes)
{
    struct direction *d = &s->receive;
    if (*len_bytes > INT32_MAX || !srtcp_encrypted(s, data, *len_bytes)) {
        s->counters.malformed++;
        return SQ_ERR_INVALID;
    }
    const uint32_t ssrc = bytes_get_u32(data + 4);
    struct stream *stream = stream_find(d, ssrc);
    if (!stream && d->count == d->max) {
        s->counters.over_limit++;
        return SQ_ERR_LIMIT;
    }
    int len = (int)*len_bytes;
    const srtp_err_status_t status = srtp_unprotect_rtcp(d->context, data, &len);
    if (status == srtp_err_status_ok) {
        if (!stream)
            stream_good(d, NULL, ssrc);
        *len_bytes = (size_t)len;
    }
    return error_of(s, status);
}

void srtp_get_counters(const struct srtp_session *s, struct srtp_counters *out)
{
    *out = s->counters;
}
