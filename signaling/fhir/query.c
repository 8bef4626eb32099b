/* SPDX-License-Identifier: Apache-2.0 */
/* One row for each search parameter. */
#include "signaling/fhir/query.h"
#include "shanqiao/error.h"
#include "signaling/fhir/api.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_US (86400 * TIME_US_PER_S)

void fhir_query_init(struct fhir_query *q)
{
    *q = (struct fhir_query){.until_us = TIME_US_NEVER, .count = FHIR_COUNT_DEFAULT};
}

static bool is_id(const char *value, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    return len > 0 && len < FHIR_ID_MAX && strspn(value, letters) == len;
}

static int set_id(struct fhir_query *q, const char *value)
{
    if (!is_id(value, strlen(value)))
        return SQ_ERR_INVALID;
    snprintf(q->id, sizeof q->id, "%s", value);
    return 0;
}

static int set_based_on(struct fhir_query *q, const char *value)
{
    static const char type[] = "ServiceRequest/";
    const char *id = strncmp(value, type, strlen(type)) == 0 ? value + strlen(type) : value;
    if (!is_id(id, strlen(id)))
        return SQ_ERR_INVALID;
    snprintf(q->based_on, sizeof q->based_on, "%s", id);
    return 0;
}

static int set_status(struct fhir_query *q, const char *value)
{
    if (!*value || strlen(value) >= sizeof q->status ||
        strspn(value, "abcdefghijklmnopqrstuvwxyz-,") != strlen(value))
        return SQ_ERR_INVALID;
    snprintf(q->status, sizeof q->status, "%s", value);
    return 0;
}

static int set_count(struct fhir_query *q, const char *value)
{
    if (!*value || strlen(value) > 4 || strspn(value, "0123456789") != strlen(value))
        return SQ_ERR_INVALID;
    int count = atoi(value);
    q->count = count > FHIR_COUNT_MAX ? FHIR_COUNT_MAX : count;
    return count > 0 ? 0 : SQ_ERR_INVALID;
}

/* "+08:00", "-03:30" or "Z" to seconds east of Greenwich. */
static bool read_zone(const char *text, long *east_s)
{
    int hours, minutes, end = 0;
    char sign;
    *east_s = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 || end != 6 || text[end] ||
        (sign != '+' && sign != '-') || hours > 14 || minutes > 59)
        return false;
    *east_s = (hours * 3600L + minutes * 60L) * (sign == '+' ? 1 : -1);
    return true;
}

/* A FHIR date or instant: a day (UTC), or a second with a zone. The span that it stands for. */
static bool read_time(const char *text, time_us *from_us, time_us *until_us)
{
    struct tm tm = {0};
    long east_s = 0;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    bool day = rest && !*rest;
    int month_day = tm.tm_mday;
    if (!rest || rest - text != 10)
        return false;
    if (!day) {
        rest = strptime(rest, "T%H:%M:%S", &tm);
        if (!rest || rest - text != 19)
            return false;
        if (*rest == '.')
            rest += 1 + strspn(rest + 1, "0123456789");
        if (!read_zone(rest, &east_s))
            return false;
    }
    *from_us = ((time_us)timegm(&tm) - east_s) * TIME_US_PER_S;
    if (tm.tm_mday != month_day) /* timegm made another day of it: 30 February */
        return false;
    *until_us = *from_us + (day ? DAY_US : TIME_US_PER_S);
    return true;
}

static int set_updated(struct fhir_query *q, const char *value)
{
    static const char *const prefixes[] = {"eq", "ge", "gt", "le", "lt"};
    time_us from_us, until_us;
    size_t which = 0;
    while (which < 5 && strncmp(value, prefixes[which], 2) != 0)
        which++;
    if (!read_time(which < 5 ? value + 2 : value, &from_us, &until_us))
        return SQ_ERR_INVALID;
    if (which == 1)
        q->from_us = from_us;
    else if (which == 2)
        q->from_us = until_us;
    else if (which == 3)
        q->until_us = until_us;
    else if (which == 4)
        q->until_us = from_us;
    else
        q->from_us = from_us, q->until_us = until_us;
    return 0;
}

static int set_page(struct fhir_query *q, const char *value)
{
    char *end = NULL;
    long long at = strtoll(value, &end, 10);
    if (end == value || at < 0 || *end != '.' || !is_id(end + 1, strlen(end + 1)))
        return SQ_ERR_INVALID;
    q->after_us = at;
    snprintf(q->after_id, sizeof q->after_id, "%s", end + 1);
    return 0;
}

static int set_format(struct fhir_query *q, const char *value)
{
    (void)q;
    static const char *const good[] = {"json", "application/json", "application/fhir+json"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (strcmp(value, good[i]) == 0)
            return 0;
    return SQ_ERR_INVALID;
}

static const struct {
    const char *name;
    int (*set)(struct fhir_query *q, const char *value);
} parameters[] = {
    {"_id", set_id},         {"based-on", set_based_on},    {"status", set_status},
    {"_count", set_count},   {"_lastUpdated", set_updated}, {"_page", set_page},
    {"_format", set_format},
};

int fhir_query_set(struct fhir_query *q, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return parameters[i].set(q, value);
    return SQ_ERR_UNSUPPORTED;
}

bool fhir_query_status(const struct fhir_query *q, const char *status)
{
    size_t len = status ? strlen(status) : 0;
    if (!q->status[0])
        return true;
    for (const char *at = q->status; len && *at; at += strspn(at, ",")) {
        size_t word = strcspn(at, ",");
        if (word == len && strncmp(at, status, len) == 0)
            return true;
        at += word;
    }
    return false;
}

void fhir_query_page(time_us at_us, const char *fhir_id, char out[FHIR_PAGE_MAX])
{
    snprintf(out, FHIR_PAGE_MAX, "%lld.%s", (long long)at_us, fhir_id);
}
