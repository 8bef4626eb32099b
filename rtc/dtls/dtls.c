/* SPDX-License-Identifier: Apache-2.0 */
/* One DTLS association: attempts of a handshake within one budget, then an established association
 * that only an authenticated close_notify or alert can end. */
#include "rtc/dtls/dtls.h"
#include "base/check.h"
#include "rtc/dtls/dtls_private.h"
#include "shanqiao/error.h"
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Retransmission (RFC 6347 section 4.2.4 starts at 1 s; a measured round trip allows less). */
#define RTO_UNKNOWN_US (1 * TIME_US_PER_S)
#define RTO_MIN_US     (400 * TIME_US_PER_MS)
#define RTO_MAX_US     (3 * TIME_US_PER_S)
/* Doubling ends at EARLY for the first tries and at LATE for the rest. OpenSSL gives a flight up at
 * its 13th timeout, and a client that began again then would not be heard by a server that is
 * through: so 13 intervals fill the 20 s. */
#define RTO_EARLY_US    (1 * TIME_US_PER_S)
#define RTO_LATE_US     (2600 * TIME_US_PER_MS)
#define RTO_EARLY_TRIES 8
#define RESTART_WAIT_US (200 * TIME_US_PER_MS) /* times failed attempts */
#define ALERT_GRACE_US  (1 * TIME_US_PER_S)    /* and a retransmission interval */
#define NEW_HELLOS_MAX  16 /* new ClientHellos that start an unfinished handshake anew */
#define RANDOM_BYTES    32
#define PROFILES_TEXT   128

struct dtls {
    const struct dtls_identity *identity;
    enum dtls_role role;
    enum dtls_state state;
    char profiles[PROFILES_TEXT]; /* in OpenSSL's notation */
    SSL *ssl;                     /* of the present attempt; NULL between two */
    struct dtls_hooks hooks;
    struct dtls_io io;
    struct dtls_budget budget;
    bool early;    /* the first flight has left before there was a path */
    bool finished; /* the handshake of this attempt; CONNECTED wants the fingerprint too */
    int attempts;  /* that failed */
    int new_hellos;
    bool has_client_random;
    uint8_t client_random[RANDOM_BYTES];
    time_us retransmit_at; /* TIME_US_NEVER: no flight is waiting */
    time_us restart_at;    /* client: next attempt */
    time_us give_up_at;    /* end of the handshake's budget */
    time_us abandon_at;    /* client: a clear-text alert came, and nothing better since */
    const char *failure;
};

static const char *openssl_profile(enum srtp_profile p)
{
    switch (p) {
    case SRTP_PROFILE_AEAD_AES_128_GCM:
        return "SRTP_AEAD_AES_128_GCM";
    case SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80:
        return "SRTP_AES128_CM_SHA1_80";
    case SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32:
        return "SRTP_AES128_CM_SHA1_32";
    default:
        return NULL;
    }
}

static int profiles_text(char out[PROFILES_TEXT], const struct dtls_config *config)
{
    if (config->profile_count == 0 || config->profile_count > SRTP_PROFILE_COUNT)
        return SQ_ERR_INVALID;
    size_t len = 0;
    for (size_t i = 0; i < config->profile_count; i++) {
        const char *name = openssl_profile(config->profiles[i]);
        if (!name)
            return SQ_ERR_INVALID;
        len += (size_t)snprintf(out + len, PROFILES_TEXT - len, "%s%s", i ? ":" : "", name);
        CHECK(len < PROFILES_TEXT);
    }
    return 0;
}

/* OpenSSL asks for an interval: previous_us is 0 for the first flight, else what has just run out.
 */
static unsigned timer_interval(SSL *ssl, unsigned previous_us)
{
    struct dtls_hooks *h = SSL_get_app_data(ssl);
    h->tries = previous_us == 0 ? 0 : h->tries + 1;
    const time_us ceiling = h->tries < RTO_EARLY_TRIES ? RTO_EARLY_US : RTO_LATE_US;
    const time_us most = h->first_interval_us > ceiling ? h->first_interval_us : ceiling;
    h->interval_us =
        previous_us == 0 ? h->first_interval_us : time_us_min(2 * (time_us)previous_us, most);
    return (unsigned)h->interval_us;
}

static void set_state(struct dtls *d, enum dtls_state state)
{
    CHECK(d->state != DTLS_FAILED && (d->state != DTLS_CLOSED || state == DTLS_CLOSED));
    d->state = state;
}

static void drop_ssl(struct dtls *d)
{
    SSL_free(d->ssl);
    d->ssl = NULL;
    d->io.openssl_timer = NULL;
    d->io.timer_armed = false;
    d->retransmit_at = d->abandon_at = TIME_US_NEVER;
}

static int new_ssl(struct dtls *d)
{
    BIO *bio = dtls_bio_new(d->identity->bio_method, &d->io);
    SSL *ssl = SSL_new(d->identity->context);
    if (!bio || !ssl) {
        BIO_free(bio);
        SSL_free(ssl);
        return SQ_ERR_NOMEM;
    }
    SSL_set_bio(ssl, bio, bio); /* takes the BIO */
    d->ssl = ssl;
    memset(&d->budget, 0, sizeof(d->budget));
    d->has_client_random = false;
    d->finished = false;
    DTLS_set_timer_cb(ssl, timer_interval);
    if (!SSL_set_app_data(ssl, &d->hooks) || !SSL_set_mtu(ssl, DTLS_MTU_BYTES) ||
        SSL_set_tlsext_use_srtp(ssl, d->profiles) != 0) { /* 0 is success */
        drop_ssl(d);
        return SQ_ERR_NOMEM;
    }
    if (d->role == DTLS_ROLE_CLIENT)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    return 0;
}

int dtls_new(struct dtls **out, const struct dtls_config *config)
{
    if (!config->identity)
        return SQ_ERR_INVALID;
    struct dtls *d = calloc(1, sizeof(*d));
    if (!d)
        return SQ_ERR_NOMEM;
    d->identity = config->identity;
    d->role = config->role;
    d->hooks.remote = config->remote;
    d->hooks.first_interval_us = RTO_UNKNOWN_US;
    d->retransmit_at = d->restart_at = d->give_up_at = d->abandon_at = TIME_US_NEVER;
    d->failure = "";
    int error = profiles_text(d->profiles, config);
    if (!error)
        error = new_ssl(d);
    ERR_clear_error();
    if (error) {
        dtls_free(d);
        return error;
    }
    *out = d;
    return 0;
}

void dtls_free(struct dtls *d)
{
    if (!d)
        return;
    drop_ssl(d);
    free(d);
}

/* ---- the course of a handshake ---- */

static void fail(struct dtls *d, const char *why)
{
    d->failure = why;
    set_state(d, DTLS_FAILED);
    drop_ssl(d);
    d->restart_at = d->give_up_at = d->abandon_at = TIME_US_NEVER;
}

/* This attempt is lost. A spoofed datagram may be the cause, so there is another one while the
 * budget lasts. */
static void attempt_failed(struct dtls *d, const char *why, time_us now_us)
{
    d->failure = why;
    drop_ssl(d);
    if (++d->attempts >= DTLS_HANDSHAKE_ATTEMPTS) {
        fail(d, why);
    } else if (d->role == DTLS_ROLE_CLIENT) {
        d->restart_at = now_us + RESTART_WAIT_US * d->attempts;
    } else if (new_ssl(d) != 0) {
        fail(d, "memory");
    }
}

static const char *reason_of_error(const struct dtls *d)
{
    const unsigned long e = ERR_peek_error();
    const int reason = ERR_GET_REASON(e);
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return "fingerprint";
    if (reason >= SSL_AD_REASON_OFFSET || (SSL_get_shutdown(d->ssl) & SSL_RECEIVED_SHUTDOWN))
        return "alert"; /* OpenSSL's reasons from 1000 on are alerts of the peer */
    return "protocol";
}

/* The handshake is through; is the peer who signalling said, and did we agree on SRTP? */
static void judge_peer(struct dtls *d, time_us now_us)
{
    if (!SSL_get_selected_srtp_profile(d->ssl)) {
        attempt_failed(d, "profile", now_us);
        return;
    }
    if (d->hooks.remote.algorithm == DTLS_FINGERPRINT_NONE)
        return; /* dtls_set_remote_fingerprint comes back here */
    X509 *certificate = SSL_get1_peer_certificate(d->ssl);
    const bool ok = dtls_fingerprint_matches(&d->hooks.remote, certificate);
    X509_free(certificate);
    if (!ok) {
        attempt_failed(d, "fingerprint", now_us);
        return;
    }
    d->give_up_at = d->abandon_at = TIME_US_NEVER;
    d->failure = "";
    set_state(d, DTLS_CONNECTED);
}

/* Takes over a timer that OpenSSL has set or stopped during the last call. */
static void take_timer(struct dtls *d, time_us now_us)
{
    if (!d->io.timer_changed)
        return;
    d->io.timer_changed = false;
    d->retransmit_at = d->io.timer_armed ? now_us + d->hooks.interval_us : TIME_US_NEVER;
}

static void advance_handshake(struct dtls *d, time_us now_us)
{
    ERR_clear_error();
    const int done = SSL_do_handshake(d->ssl);
    take_timer(d, now_us);
    if (done == 1) {
        d->finished = true;
        judge_peer(d, now_us);
    } else {
        const int error = SSL_get_error(d->ssl, done);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            attempt_failed(d, reason_of_error(d), now_us);
    }
    ERR_clear_error();
}

/* After the handshake: no data is wanted, but repeats of the last flight are answered and
 * close_notify counts. */
static void read_established(struct dtls *d, time_us now_us)
{
    uint8_t unwanted[256];
    ERR_clear_error();
    while (SSL_read(d->ssl, unwanted, sizeof(unwanted)) > 0)
        ;
    ERR_clear_error();
    take_timer(d, now_us);
    if (!(SSL_get_shutdown(d->ssl) & SSL_RECEIVED_SHUTDOWN))
        return;
    d->give_up_at = TIME_US_NEVER;
    if (d->state == DTLS_CONNECTED)
        set_state(d, DTLS_CLOSED);
    else
        fail(d, "alert"); /* finished, gone before its fingerprint was known */
}

void dtls_start_early(struct dtls *d, time_us now_us)
{
    if (d->role != DTLS_ROLE_CLIENT || d->state != DTLS_IDLE)
        return;
    d->early = true;
    set_state(d, DTLS_HANDSHAKING);
    advance_handshake(d, now_us);
    d->retransmit_at = TIME_US_NEVER;
}

void dtls_start(struct dtls *d, bool lost, time_us now_us)
{
    if (d->role != DTLS_ROLE_CLIENT || (d->state != DTLS_IDLE && !d->early))
        return;
    d->give_up_at = now_us + DTLS_HANDSHAKE_LIMIT_US;
    if (d->early) {
        d->early = false;
        d->retransmit_at = lost ? now_us : now_us + d->hooks.first_interval_us;
        return;
    }
    set_state(d, DTLS_HANDSHAKING);
    advance_handshake(d, now_us);
}

int dtls_set_remote_fingerprint(struct dtls *d, const struct dtls_fingerprint *fp, time_us now_us)
{
    if (d->hooks.remote.algorithm != DTLS_FINGERPRINT_NONE)
        return SQ_ERR_STATE;
    d->hooks.remote = *fp;
    if (d->ssl && d->finished && d->state == DTLS_HANDSHAKING)
        judge_peer(d, now_us);
    return 0;
}

/* ---- datagrams in ---- */

/* A server whose handshake is unfinished meets a ClientHello with another random: the client began
 * again, or the first hello was spoofed. */
static bool begin_anew(struct dtls *d)
{
    if (d->new_hellos++ >= NEW_HELLOS_MAX)
        return false;
    drop_ssl(d);
    if (new_ssl(d) == 0)
        return true;
    fail(d, "memory");
    return false;
}

static bool admit_client_hello(struct dtls *d, const struct dtls_record *r)
{
    const uint8_t *random = dtls_record_client_random(r);
    if (!random || d->role != DTLS_ROLE_SERVER)
        return true;
    if (d->has_client_random && memcmp(d->client_random, random, RANDOM_BYTES) != 0 &&
        !begin_anew(d))
        return false;
    d->has_client_random = true;
    memcpy(d->client_random, random, RANDOM_BYTES);
    return true;
}

/* True while OpenSSL has read the peer's ChangeCipherSpec and waits for Finished. Encrypted records
 * that come earlier would be kept, 17 KB each; they are dropped, and the peer repeats its flight.
 */
static bool expects_encrypted(const struct dtls *d)
{
    const OSSL_HANDSHAKE_STATE s = SSL_get_state(d->ssl);
    return s == TLS_ST_SR_CHANGE || s == TLS_ST_CR_CHANGE;
}

static bool admit(struct dtls *d, const struct dtls_record *r)
{
    if (d->finished)
        return r->epoch > 0; /* clear text can't touch what is established */
    if (r->epoch > 0)
        return expects_encrypted(d) && r->type != DTLS_DATA;
    if (r->type == DTLS_CCS)
        return d->state == DTLS_HANDSHAKING;
    return r->type == DTLS_HANDSHAKE && admit_client_hello(d, r) &&
           dtls_budget_admit(&d->budget, r);
}

/* Anybody can write a clear-text alert. A server stays as it is: a client that means it begins
 * again or goes away. A client waits whether the handshake goes on in spite of it, then begins
 * again. */
static void note_alert(struct dtls *d, const struct dtls_record *r, time_us now_us)
{
    if (d->finished || r->epoch > 0 || r->type != DTLS_ALERT || d->state != DTLS_HANDSHAKING)
        return;
    d->failure = "alert"; /* what to say if it comes to nothing */
    if (d->role == DTLS_ROLE_CLIENT && d->abandon_at == TIME_US_NEVER)
        d->abandon_at = now_us + ALERT_GRACE_US + d->hooks.first_interval_us;
}

static void feed(struct dtls *d, const struct dtls_record *r, time_us now_us)
{
    if (d->state == DTLS_IDLE) {
        set_state(d, DTLS_HANDSHAKING);
        d->give_up_at = now_us + DTLS_HANDSHAKE_LIMIT_US;
    }
    d->io.input = r->data;
    d->io.input_len = r->len_bytes;
    if (d->finished)
        read_established(d, now_us);
    else
        advance_handshake(d, now_us);
    d->io.input = NULL;
}

bool dtls_receive(struct dtls *d, const uint8_t *data, size_t len_bytes, time_us now_us)
{
    struct dtls_record r;
    bool any = false;
    while (dtls_record_next(&r, &data, &len_bytes)) {
        any = true;
        if (!d->ssl || d->state == DTLS_FAILED || d->state == DTLS_CLOSED ||
            (d->role == DTLS_ROLE_CLIENT && (d->state == DTLS_IDLE || d->early)))
            break;
        note_alert(d, &r, now_us);
        if (admit(d, &r))
            feed(d, &r, now_us);
    }
    return any;
}

/* ---- time and output ---- */

void dtls_set_rtt(struct dtls *d, time_us rtt_us)
{
    if (rtt_us <= 0)
        return;
    const time_us rto = 3 * rtt_us; /* a flight is much larger than the check that was measured */
    d->hooks.first_interval_us = rto < RTO_MIN_US ? RTO_MIN_US : time_us_min(rto, RTO_MAX_US);
}

time_us dtls_deadline(const struct dtls *d)
{
    return time_us_min(time_us_min(d->give_up_at, d->abandon_at),
                       time_us_min(d->retransmit_at, d->restart_at));
}

static void retransmit(struct dtls *d, time_us now_us)
{
    d->retransmit_at = TIME_US_NEVER;
    dtls_io_expire(&d->io);
    ERR_clear_error();
    const long result = DTLSv1_handle_timeout(d->ssl);
    ERR_clear_error();
    take_timer(d, now_us);
    if (result < 0 && d->state == DTLS_HANDSHAKING)
        attempt_failed(d, "timeout", now_us);
}

static void restart(struct dtls *d, time_us now_us)
{
    d->restart_at = TIME_US_NEVER;
    if (new_ssl(d) == 0)
        advance_handshake(d, now_us);
    else
        fail(d, "memory");
}

void dtls_timeout(struct dtls *d, time_us now_us)
{
    if (now_us >= d->give_up_at) {
        fail(d, d->failure[0] ? d->failure : "timeout");
        return;
    }
    if (now_us >= d->abandon_at)
        attempt_failed(d, "alert", now_us);
    if (now_us >= d->retransmit_at)
        retransmit(d, now_us);
    if (now_us >= d->restart_at)
        restart(d, now_us);
}

bool dtls_next_datagram(struct dtls *d, const uint8_t **data, size_t *len_bytes)
{
    struct dtls_io *io = &d->io;
    if (io->output_count == 0)
        return false;
    const struct dtls_datagram *out = &io->output[io->output_first];
    *data = out->data;
    *len_bytes = out->len_bytes;
    io->output_first = (io->output_first + 1) % DTLS_OUTPUT_MAX;
    io->output_count--;
    return true;
}

void dtls_close(struct dtls *d, time_us now_us)
{
    if (d->state == DTLS_FAILED || d->state == DTLS_CLOSED)
        return;
    if (d->state == DTLS_CONNECTED) {
        ERR_clear_error();
        SSL_shutdown(d->ssl);
        ERR_clear_error();
        take_timer(d, now_us);
    }
    d->retransmit_at = d->restart_at = d->give_up_at = d->abandon_at = TIME_US_NEVER;
    set_state(d, DTLS_CLOSED);
}

enum dtls_state dtls_state(const struct dtls *d)
{
    return d->state;
}

const char *dtls_failure(const struct dtls *d)
{
    return d->failure;
}

static enum srtp_profile profile_of(unsigned long openssl_id)
{
    switch (openssl_id) { /* the numbers of RFC 5764 section 4.1.2 and RFC 7714 section 14.2 */
    case 0x0001:
        return SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80;
    case 0x0002:
        return SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32;
    case 0x0007:
        return SRTP_PROFILE_AEAD_AES_128_GCM;
    default:
        return SRTP_PROFILE_NONE;
    }
}

int dtls_export(const struct dtls *d, enum srtp_profile *profile, uint8_t keying[SRTP_KEYING_MAX])
{
    static const char label[] = "EXTRACTOR-dtls_srtp"; /* RFC 5764 section 4.2 */
    if (d->state != DTLS_CONNECTED)
        return SQ_ERR_STATE;
    const SRTP_PROTECTION_PROFILE *agreed = SSL_get_selected_srtp_profile(d->ssl);
    *profile = agreed ? profile_of(agreed->id) : SRTP_PROFILE_NONE;
    const size_t len = srtp_profile_keying_bytes(*profile);
    if (len == 0 || SSL_export_keying_material(d->ssl, keying, len, label, sizeof(label) - 1, NULL,
                                               0, 0) != 1) {
        ERR_clear_error();
        return SQ_ERR_INTERNAL;
    }
    return 0;
}
