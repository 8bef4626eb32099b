/* SPDX-License-Identifier: Apache-2.0 */
/* The table of room.*. */
#include "signaling/room/room.h"

static const struct method methods[] = {
    {.name = "room.say", .flags = METHOD_WRITES, .handle = room_say},
    {.name = "room.messages", .flags = METHOD_READS | METHOD_VIEWS, .handle = room_messages},
    {.name = "room.signal", .flags = METHOD_READS | METHOD_SIGNALS, .handle = room_signal},
};
const struct method_table room_method_table = {methods, sizeof methods / sizeof methods[0]};
