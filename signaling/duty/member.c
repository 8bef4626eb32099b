/* SPDX-License-Identifier: Apache-2.0 */
/* Two statements a panel: its members, and what the roster says of the present minute. */
#include "signaling/duty/member.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

static void read_member(const struct store_query *q, struct duty_member *out)
{
    memset(out, 0, sizeof(*out));
    store_copy_text(q, 0, out->account, sizeof(out->account));
    out->roles = (uint32_t)store_int(q, 1);
    out->head = store_int(q, 2) != 0;
    out->turn_us = store_int(q, 3);
    out->utc_offset_min = store_int(q, 4);
    out->off_until_us = store_int(q, 6);
    out->by_hand = !store_is_null(q, 5) && !out->off_until_us;
    out->since_us = out->by_hand ? store_int(q, 5) : TIME_US_NEVER;
    out->live = store_int(q, 7) != 0;
}

static int read_members(struct service *s, const char *panel, const char *account, time_us utc_us,
                        struct duty_member *out, size_t max, size_t *count)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT m.account, a.roles, m.head, m.turn_us, i.utc_offset_min, d.since_us,"
                " COALESCE(d.off_until_us, 0), CASE WHEN EXISTS (SELECT 1 FROM session e"
                "  WHERE e.account = m.account AND e.ended_us IS NULL AND e.expires_us > $3)"
                "  THEN 1 ELSE 0 END"
                " FROM panel_member m JOIN account a ON a.id = m.account"
                " JOIN panel p ON p.id = m.panel JOIN institution i ON i.id = p.institution"
                " LEFT JOIN duty d ON d.panel = m.panel AND d.account = m.account"
                " WHERE m.panel = $1 AND a.disabled = 0 AND ($2 = '' OR m.account = $2)"
                " ORDER BY m.account",
                sv_text(panel), sv_text(account ? account : ""), sv_int(utc_us));
    for (*count = 0; *count < max && store_next(&q); ++*count)
        read_member(&q, &out[*count]);
    return store_query_end(&q);
}

static struct duty_member *find(struct duty_member *members, size_t count, const char *account)
{
    for (size_t i = 0; account && i < count; i++)
        if (strcmp(members[i].account, account) == 0)
            return &members[i];
    return NULL;
}

static void add_row(const struct store_query *q, struct roster_state *state, int64_t local_min)
{
    if (store_int(q, 1)) {
        struct roster_exception e = {.on_duty = store_int(q, 2) != 0,
                                     .from_min = store_int(q, 3),
                                     .until_min = store_int(q, 4)};
        roster_add_exception(state, &e, local_min);
        return;
    }
    struct roster_shift shift = {.weekdays = (uint32_t)store_int(q, 2),
                                 .start_min = store_int(q, 3),
                                 .end_min = store_int(q, 4),
                                 .from_day = store_int(q, 5),
                                 .until_day = store_int(q, 6)};
    roster_add_shift(state, &shift, local_min);
}

/* Shifts that may cover this minute (of today, or of the night before), and exceptions that do. */
static int read_roster(struct service *s, const char *panel, time_us utc_us,
                       struct duty_member *members, size_t count)
{
    struct store_query q;
    if (!count)
        return 0;
    int64_t local_min = roster_local_min(utc_us, members[0].utc_offset_min);
    STORE_QUERY(s->store, &q,
                "SELECT account, 0, weekdays, start_min, end_min, from_day, until_day"
                " FROM roster_shift WHERE panel = $1 AND from_day <= $2 / 1440"
                " AND until_day >= $2 / 1440 - 1 UNION ALL"
                " SELECT account, 1, on_duty, from_min, until_min, 0, 0 FROM roster_exception"
                " WHERE panel = $1 AND from_min <= $2 AND until_min > $2",
                sv_text(panel), sv_int(local_min));
    while (store_next(&q)) {
        struct duty_member *member = find(members, count, store_text(&q, 0));
        if (member)
            add_row(&q, &member->roster, local_min);
    }
    return store_query_end(&q);
}

int duty_members(struct service *s, const char *panel, const char *account, time_us utc_us,
                 struct duty_member *out, size_t max, size_t *count)
{
    int status = read_members(s, panel, account, utc_us, out, max, count);
    return status == 0 ? read_roster(s, panel, utc_us, out, *count) : status;
}

const char *duty_why(const struct duty_member *member, time_us utc_us)
{
    if (member->by_hand)
        return "hand";
    return roster_on_duty(&member->roster) && member->live && member->off_until_us <= utc_us
               ? "roster"
               : NULL;
}

int duty_in_line(const void *left, const void *right)
{
    const struct duty_member *a = left, *b = right;
    if (a->turn_us != b->turn_us)
        return a->turn_us < b->turn_us ? -1 : 1;
    if (a->since_us != b->since_us)
        return a->since_us < b->since_us ? -1 : 1;
    return strcmp(a->account, b->account);
}
