/* SPDX-License-Identifier: Apache-2.0 */
/* What the way of a request (dispatch.c) asks of the dispatcher around it. Inside of the
 * dispatcher; refuses to know what the request says. */
#ifndef SIGNALING_PROTO_LIFE_H
#define SIGNALING_PROTO_LIFE_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>

struct dispatch;
struct peer;

/* Of session_methods and the configured tables; NULL: there is none of this name. Borrowed. */
const struct method *dispatch_find_method(const struct dispatch *d, const char *name);

/* Token bucket of DISPATCH_RATE_PER_S and DISPATCH_RATE_BURST, one token a message. false: over the
 * rate; peer->refused counts such messages in a row. */
bool dispatch_take_token(struct peer *peer, time_us now_us);

#endif
