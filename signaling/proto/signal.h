/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of the moment (METHOD_SIGNALS): to whoever is connected now, without a number, a row or a
 * second try. A session that another node has gets it by mail, sealed, which is gone once read.
 * Inside of the dispatcher. */
#ifndef SIGNALING_PROTO_SIGNAL_H
#define SIGNALING_PROTO_SIGNAL_H

#include "signaling/proto/unit.h"

/* May this connection send one more now? Signs have a rate of their own below that of messages, so
 * that a pointer that moves leaves room for what matters. */
#define SIGNAL_RATE_PER_S 15
#define SIGNAL_RATE_BURST 30
bool signal_take_token(struct peer *peer, time_us now_us);

/* The effects EFFECT_SIGNAL of a handler. Best effort: what does not reach is logged and lost. */
void signal_send(struct dispatch *d, const struct effects *effects, time_us now_us, time_us utc_us);
/* Mail of another node: {session, text}. */
void signal_take_mail(struct dispatch *d, const json_t *body);

#endif
