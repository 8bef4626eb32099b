/* SPDX-License-Identifier: Apache-2.0 */
/* What people in one consultation say to each other beside sound and picture: a chat that is kept
 * with the case (room.say, room.messages), and signs of the moment that are kept nowhere
 * (room.signal). The room's id is the consultation's. Refuses to know media, and what a sign means:
 * pages and terminals agree on that (docs/protocol/signaling.md). */
#ifndef SIGNALING_ROOM_ROOM_H
#define SIGNALING_ROOM_ROOM_H

#include "signaling/proto/method.h"

extern const struct method_table room_method_table; /* room.* */

#define ROOM_MESSAGES_MAX     2000 /* of one consultation */
#define ROOM_PAGE_MAX         50   /* messages that one room.messages gives */
#define ROOM_PAGE_BYTES_MAX   (224 * 1024)
#define ROOM_SIGNAL_BYTES_MAX (8 * 1024) /* of a sign's body, as JSON */
#define ROOM_SIGNAL_DEPTH_MAX 8

/* Handlers of the other files. Inside room only. */
int room_say(struct call *call);
int room_messages(struct call *call);
int room_signal(struct call *call);

#endif
