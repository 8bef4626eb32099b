/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of rtc/dtls share. Private. */
#ifndef RTC_DTLS_DTLS_PRIVATE_H
#define RTC_DTLS_DTLS_PRIVATE_H

#include "rtc/dtls/dtls.h"
#include <openssl/ssl.h>
#include <sys/time.h>

struct dtls_identity {
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *context;       /* DTLS 1.2, both roles */
    BIO_METHOD *bio_method; /* dtls_bio.c */
    struct dtls_fingerprint fingerprint;
};

/* The app data of each SSL object: what OpenSSL's callbacks need of an association. */
struct dtls_hooks {
    struct dtls_fingerprint remote;
    time_us first_interval_us; /* of the retransmission timer */
    time_us interval_us;       /* the present one */
    unsigned tries;            /* repeats of the present flight */
};

/* ---- dtls_fingerprint.c ---- */
bool dtls_fingerprint_matches(const struct dtls_fingerprint *wanted, const X509 *certificate);
bool dtls_fingerprint_of(const X509 *certificate, enum dtls_fingerprint_algorithm algorithm,
                         struct dtls_fingerprint *out);

/* ---- dtls_bio.c: datagrams in and out, and OpenSSL's timer ---- */

#define DTLS_OUTPUT_MAX 8 /* datagrams of one flight; a P-256 flight takes one or two */

struct dtls_datagram {
    uint16_t len_bytes;
    uint8_t data[DTLS_MTU_BYTES];
};

struct dtls_io {
    const uint8_t *input; /* the record that is being read; NULL when there is none */
    size_t input_len;
    struct dtls_datagram output[DTLS_OUTPUT_MAX];
    size_t output_first, output_count;
    uint64_t output_dropped;
    struct timeval *openssl_timer; /* inside the SSL object; NULL before its first use */
    bool timer_armed, timer_changed;
};

BIO_METHOD *dtls_bio_method_new(void);
/* A BIO over `io` (borrowed). NULL without memory. */
BIO *dtls_bio_new(BIO_METHOD *method, struct dtls_io *io);
/* Makes OpenSSL's timer expired, so that DTLSv1_handle_timeout acts. */
void dtls_io_expire(struct dtls_io *io);

/* ---- dtls_record.c: looking at records before OpenSSL does ---- */

#define DTLS_MESSAGES_MAX                                                                          \
    12 /* handshake messages of one side, HelloRequest and repeats included                        \
        */

enum dtls_content { DTLS_CCS = 20, DTLS_ALERT = 21, DTLS_HANDSHAKE = 22, DTLS_DATA = 23 };

struct dtls_record {
    enum dtls_content type;
    uint16_t epoch;
    const uint8_t *data; /* the whole record, header included */
    size_t len_bytes;
};

/* Takes the next record off the datagram. False at its end, or when the rest is malformed. */
bool dtls_record_next(struct dtls_record *out, const uint8_t **data, size_t *len_bytes);

/* What an unfinished handshake has announced so far; bounds what OpenSSL will hold for re-assembly.
 */
struct dtls_budget {
    uint16_t message_len[DTLS_MESSAGES_MAX];
};
/* True when all handshake fragments of a plain record stay within DTLS_HANDSHAKE_INPUT_MAX. */
bool dtls_budget_admit(struct dtls_budget *b, const struct dtls_record *r);
/* The 32 bytes of ClientHello.random, or NULL when the record is not the start of a ClientHello. */
const uint8_t *dtls_record_client_random(const struct dtls_record *r);

#endif
