/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS 1.2 with use_srtp (RFC 6347, RFC 5764) over OpenSSL, without I/O: datagrams and time come as
 * arguments. Both sides show a self-signed certificate, and the fingerprint from signalling is the
 * only proof of who it is. Refuses to know: ICE, tuples, what the keys are used for. Reads no
 * clock: OpenSSL's own retransmission timer is held by the datagram BIO (dtls_bio.c). */
#ifndef RTC_DTLS_DTLS_H
#define RTC_DTLS_DTLS_H

#include "base/time.h"
#include "rtc/srtp/srtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DTLS_MTU_BYTES          1200 /* no datagram of ours is larger (TRUST fault 33) */
#define DTLS_HANDSHAKE_LIMIT_US (20 * TIME_US_PER_S) /* from its first datagram (TRUST DTL-05) */
#define DTLS_HANDSHAKE_INPUT_MAX                                                                   \
    8192 /* bytes of handshake that an unfinished association takes and keeps */
#define DTLS_HANDSHAKE_ATTEMPTS                                                                    \
    5 /* a failed handshake starts again this often: one spoof kills nothing */
#define DTLS_IDENTITY_VALID_DAYS 60

enum dtls_role { DTLS_ROLE_SERVER = 0, DTLS_ROLE_CLIENT };

enum dtls_fingerprint_algorithm {
    DTLS_FINGERPRINT_NONE = 0, /* not known yet */
    DTLS_FINGERPRINT_SHA256,
    DTLS_FINGERPRINT_SHA384,
    DTLS_FINGERPRINT_SHA512
};

struct dtls_fingerprint {
    enum dtls_fingerprint_algorithm algorithm;
    uint8_t value[64]; /* 32, 48 or 64 bytes; the rest zero */
};

#define DTLS_FINGERPRINT_TEXT_MAX 192 /* 64 times "AA:", the last colon is the final zero */
/* "sha-256", "sha-384", "sha-512", "none". Static storage. */
const char *dtls_fingerprint_algorithm_name(enum dtls_fingerprint_algorithm a);
/* algorithm "sha-256" (any case), value "AA:BB:..." (any case). 0; SQ_ERR_UNSUPPORTED (algorithm;
 * sha-1 and md5 are refused); SQ_ERR_INVALID (value). */
int dtls_fingerprint_parse(struct dtls_fingerprint *out, const char *algorithm, const char *value);
/* "AA:BB:..."; empty for NONE. Returns out. */
const char *dtls_fingerprint_format(const struct dtls_fingerprint *fp,
                                    char out[DTLS_FINGERPRINT_TEXT_MAX]);

/* A fresh ECDSA P-256 key with a self-signed certificate. One a process is enough; after creation
 * it is read only and may be shared by threads. */
struct dtls_identity;
/* `utc_us` dates the certificate. 0, SQ_ERR_NOMEM, SQ_ERR_INTERNAL. */
int dtls_identity_new(struct dtls_identity **out, time_us utc_us);
void dtls_identity_free(struct dtls_identity *identity);
/* SHA-256 of the certificate. */
void dtls_identity_fingerprint(const struct dtls_identity *identity, struct dtls_fingerprint *out);

struct dtls;

struct dtls_config {
    const struct dtls_identity *identity; /* borrowed, outlives the association */
    enum dtls_role role;
    struct dtls_fingerprint remote; /* may be NONE and set later */
    enum srtp_profile
        profiles[SRTP_PROFILE_COUNT]; /* in order of preference; the server's order decides */
    size_t profile_count;
};

enum dtls_state {
    DTLS_IDLE = 0,    /* not started (client) or nothing came yet (server) */
    DTLS_HANDSHAKING, /* includes: finished, but the peer's fingerprint is not known yet */
    DTLS_CONNECTED,   /* keys agreed, peer proved */
    DTLS_FAILED,      /* for good: attempts or time used up */
    DTLS_CLOSED       /* close_notify came or dtls_close was called */
};

/* 0, SQ_ERR_INVALID, SQ_ERR_NOMEM. */
int dtls_new(struct dtls **out, const struct dtls_config *config);
void dtls_free(struct dtls *d);

/* Client, once: writes the first flight before a path is validated, to travel right behind the
 * first check. Nothing is repeated and no budget runs until dtls_start. */
void dtls_start_early(struct dtls *d, time_us now_us);
/* Client: there is a path. Sends the first flight, or, after dtls_start_early, repeats it when
 * `lost` (it can't have been taken) and starts the clocks. Server: nothing. Again: nothing. */
void dtls_start(struct dtls *d, bool lost, time_us now_us);
/* 0 or SQ_ERR_STATE (was set before). */
int dtls_set_remote_fingerprint(struct dtls *d, const struct dtls_fingerprint *fp, time_us now_us);
/* One datagram; borrowed. True when it was taken for a DTLS datagram (it may still have changed
 * nothing). */
bool dtls_receive(struct dtls *d, const uint8_t *data, size_t len_bytes, time_us now_us);
/* The path's round trip, for the retransmission timer; 0 when unknown. */
void dtls_set_rtt(struct dtls *d, time_us rtt_us);
time_us dtls_deadline(const struct dtls *d);
void dtls_timeout(struct dtls *d, time_us now_us);
/* Next datagram to send; borrowed until the next call. False when there is none. */
bool dtls_next_datagram(struct dtls *d, const uint8_t **data, size_t *len_bytes);
/* Sends close_notify when connected; CLOSED from then on. */
void dtls_close(struct dtls *d, time_us now_us);

enum dtls_state dtls_state(const struct dtls *d);
/* Why it failed, for a log: "fingerprint", "profile", "timeout", "alert", "protocol", "". Static
 * storage. */
const char *dtls_failure(const struct dtls *d);
/* The agreed profile and keying material (srtp_profile_keying_bytes). SQ_ERR_STATE before
 * CONNECTED. */
int dtls_export(const struct dtls *d, enum srtp_profile *profile, uint8_t keying[SRTP_KEYING_MAX]);

#endif
