/* SPDX-License-Identifier: Apache-2.0 */
/* The list. A new room adds its table here. */
#include "signaling/rooms.h"
#include "signaling/auth/auth.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/consult.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/link/link.h"
#include "signaling/media/media.h"
#include "signaling/opinion/opinion.h"
#include "signaling/statistics/statistics.h"

static const struct method_table *const rooms[] = {
    &auth_method_table,    &account_method_table,    &directory_method_table, &duty_method_table,
    &consult_method_table, &consent_method_table,    &opinion_method_table,   &media_method_table,
    &link_method_table,    &statistics_method_table,
};
#define ROOM_COUNT (sizeof(rooms) / sizeof(rooms[0]))

const struct method_table *rooms_tables(size_t *count)
{
    static struct method_table tables[ROOM_COUNT];
    for (size_t i = 0; i < ROOM_COUNT; i++)
        tables[i] = *rooms[i];
    *count = ROOM_COUNT;
    return tables;
}
