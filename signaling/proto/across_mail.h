/* SPDX-License-Identifier: Apache-2.0 */
/* The mail of this node. Inside of across. */
#ifndef SIGNALING_PROTO_ACROSS_MAIL_H
#define SIGNALING_PROTO_ACROSS_MAIL_H

#include "signaling/proto/across.h"

/* Takes one mail, in a unit of its own. false: there was none, or it failed (and waits). */
bool across_take_mail(struct dispatch *d, time_us now_us, time_us utc_us);

#endif
