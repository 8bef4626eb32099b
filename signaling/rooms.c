/* SPDX-License-Identifier: Apache-2.0 */
/* The list: a new room adds its table here. */
#include "signaling/rooms.h"
#include "signaling/audit/audit.h"
#include "signaling/auth/auth.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/consult.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/link/link.h"
#include "signaling/materials/materials.h"
#include "signaling/media/media.h"
#include "signaling/operator/operator.h"
#include "signaling/opinion/opinion.h"
#include "signaling/retention/retention.h"
#include "signaling/room/room.h"
#include "signaling/service.h"
#include "signaling/statistics/statistics.h"

static const struct method_table *const rooms[] = {
    &auth_method_table,     &account_method_table,  &directory_method_table,
    &duty_method_table,     &consult_method_table,  &consent_method_table,
    &opinion_method_table,  &media_method_table,    &retention_method_table,
    &audit_method_table,    &link_method_table,     &statistics_method_table,
    &worklist_method_table, &schedule_method_table, &referral_method_table,
    &material_method_table, &operator_method_table, &room_method_table,
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

/* What is kept for years needs no look every second. */
#define RETENTION_US (60 * TIME_US_PER_S)

int rooms_sweep(struct service *s, time_us utc_us, struct effects *effects)
{
    int status = auth_sessions_sweep(s, utc_us, effects);
    if (status == 0)
        status = consult_shifts_sweep(s, utc_us, effects);
    if (status == 0)
        status = watch_sweep(s, utc_us);
    if (status < 0 || utc_us < s->retention_utc_us)
        return status;
    s->retention_utc_us = utc_us + RETENTION_US;
    return retention_sweep(s, utc_us);
}
