/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign programs are told when a consultation changes: a row for each receiver in the same
 * transaction as the change, posted afterwards until it is answered with 2xx or given up. At least
 * once, in no promised order: the receiver knows a repeat by webhook-id and reads the present state
 * over FHIR. A post holds ids, a state and a time, nothing of the patient. */
#ifndef SIGNALING_WEBHOOK_WEBHOOK_H
#define SIGNALING_WEBHOOK_WEBHOOK_H

#include "signaling/http/route.h"

#define WEBHOOK_OF_INSTITUTION_MAX 8 /* receivers; a change is told to all of both sides */
#define WEBHOOK_KEPT_US            (30 * 24 * 3600 * TIME_US_PER_S) /* ended deliveries, to look at */

struct service;
struct store_query;
struct dispatch;

struct webhook_event {
    const char *type;         /* "consultation.state" */
    const char *consultation; /* id */
    const char *state;
    const char *inviting, *invited; /* institutions; receivers of these or above them are told */
    time_us utc_us;
};

/* Inside the caller's transaction. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int webhook_enqueue(struct service *s, const struct webhook_event *e);
/* The same in two halves, so that what is asked between them shares the way to the store. The query
 * is ended by the second, or by store_query_end. */
void webhook_ask(struct service *s, const struct webhook_event *e, struct store_query *q);
int webhook_take(struct service *s, const struct webhook_event *e, struct store_query *q);

/* Registers a receiver; `secret_text` gets what the receiver checks signatures with, told once.
 * Inside the caller's transaction. SQ_ERR_INVALID: not a https:// address, or an unknown event;
 * SQ_ERR_NOT_FOUND: no such institution; SQ_ERR_LIMIT: it has enough. */
int webhook_add(struct service *s, const char *institution, const char *url, time_us utc_us,
                char id[ID_MAX], char *secret_text, size_t size);
/* Nothing more is posted to it. SQ_ERR_NOT_FOUND. */
int webhook_remove(struct service *s, const char *id, time_us utc_us);

/* The posting side. `ca`: see sender_new. Called about once a second by the front (http_table). */
struct webhooks;
int webhooks_new(struct webhooks **out, struct service *s, struct dispatch *d, const char *ca);
void webhooks_free(struct webhooks *w);
void webhooks_step(void *webhooks, time_us now_us, time_us utc_us);

#endif
