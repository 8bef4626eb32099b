/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that posts webhooks over HTTPS (libcurl, a few at a time) and tells how each went.
 * Refuses to know the store. Certificates are always checked, redirects are never followed, what
 * the receiver writes back is thrown away. */
#ifndef SIGNALING_WEBHOOK_SENDER_H
#define SIGNALING_WEBHOOK_SENDER_H

#include "signaling/webhook/sign.h"
#include <stdbool.h>

#define SENDER_AT_ONCE 8 /* posts in flight; a slow receiver holds one for SENDER_TIME_S at most   \
                          */
#define SENDER_OF_RECEIVER 2 /* of them to one receiver: one that hangs leaves the rest to others  \
                              */
#define SENDER_TIME_S    15
#define SENDER_ID_MAX    40
#define SENDER_URL_MAX   512
#define SENDER_BODY_MAX  1024
#define SENDER_QUEUE_MAX 64 /* waiting, in flight and not yet taken */

struct sender;

struct sending {
    char id[SENDER_ID_MAX]; /* of the delivery: the receiver's idempotency key */
    char receiver[SENDER_ID_MAX];
    char url[SENDER_URL_MAX];
    char body[SENDER_BODY_MAX];
    char signature[WEBHOOK_SIGNATURE_MAX];
    int64_t timestamp_s;
    long answer; /* out: HTTP status; 0: no answer (network, certificate, time) */
};

/* ca: PEM file of the authorities to trust, "" for the system's. 0, SQ_ERR_NOMEM. */
int sender_new(struct sender **out, const char *ca);
void sender_free(struct sender *s); /* breaks posts in flight off; NULL is fine */

/* Copies *sending. false: the queue is full, try later. */
bool sender_submit(struct sender *s, const struct sending *sending);
/* One that is finished. */
bool sender_take(struct sender *s, struct sending *out);

#endif
