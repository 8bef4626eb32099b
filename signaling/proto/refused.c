/* SPDX-License-Identifier: Apache-2.0 */
/* See refused.h. */
#include "signaling/proto/refused.h"

#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Members of params that name an object, the most particular first. */
static const char *const naming[] = {
    "transportId", "consumerId", "producerId", "id",        "opinionId", "consultationId",
    "room",        "holdId",     "objectId",   "accountId", "panelId",   "institutionId"};

static size_t bucket_of(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a; names are random and ours, or a hash */
    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h % REFUSED_ORIGINS;
}

/* The origin's counter: its own, or one that is out of date; NULL: all near it are busy. */
static struct refused_origin *origin_of(struct refused *r, const char *name, time_us utc_us)
{
    struct refused_origin *free_one = NULL;
    for (size_t i = 0; i < REFUSED_PROBE_MAX; i++) {
        struct refused_origin *o = &r->origins[(bucket_of(name) + i) % REFUSED_ORIGINS];
        if (!strcmp(o->name, name))
            return o;
        if (!free_one && (!o->rows || utc_us - o->since_us >= REFUSED_SPAN_US))
            free_one = o;
    }
    if (free_one) {
        free_one->rows = 0;
        snprintf(free_one->name, sizeof free_one->name, "%s", name);
    }
    return free_one;
}

static bool take(struct refused *r, const char *name, time_us utc_us)
{
    struct refused_origin *o = origin_of(r, name, utc_us);
    if (!o)
        return false;
    if (!o->rows || utc_us - o->since_us >= REFUSED_SPAN_US || utc_us < o->since_us) {
        o->rows = 0;
        o->since_us = utc_us;
    }
    return o->rows < REFUSED_ROWS_MAX && ++o->rows;
}

/* 1: there is such an object; 0: there is none. */
static int exists(struct service *s, const char *id)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT 1 WHERE EXISTS (SELECT 1 FROM consultation WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM media_object WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM panel WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM material WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM material_upload WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM consent WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM referral WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM opinion WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM slot WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM hold WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM account WHERE id = $1)"
                " OR EXISTS (SELECT 1 FROM institution WHERE id = $1)",
                sv_text(id));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

const char *refused_object(const json_t *params)
{
    const char *object = NULL;
    for (size_t i = 0; i < sizeof naming / sizeof naming[0] && !object; i++)
        object = json_string_value(json_object_get(params, naming[i]));
    return object;
}

int refused_act(struct refused *r, struct service *s, const struct caller *caller,
                const char *method, const char *object, int error, time_us utc_us)
{
    if ((error != SQ_ERR_DENIED && error != SQ_ERR_NOT_FOUND) || !caller->session[0])
        return 0;
    int known = object && object[0] ? exists(s, object) : 0;
    if (known < 0)
        return known;
    if ((error == SQ_ERR_NOT_FOUND && !known) || !take(r, caller->session, utc_us))
        return 0;
    struct audit_act row = {.utc_us = utc_us,
                            .account = caller->account,
                            .session = caller->session,
                            .act = method,
                            .object = known ? object : "",
                            .detail = sq_error_name(error)};
    return audit_append(s->store, &row);
}

int refused_login(struct refused *r, struct service *s,
                  const uint8_t login_hash[AUTH_LOGIN_HASH_BYTES], int error, time_us utc_us)
{
    char hex[2 * AUTH_LOGIN_HASH_BYTES + 1], origin[ID_MAX];
    sodium_bin2hex(hex, sizeof hex, login_hash, AUTH_LOGIN_HASH_BYTES);
    snprintf(origin, sizeof origin, "%.*s", ID_MAX - 1, hex);
    if (!take(r, origin, utc_us))
        return 0;
    struct audit_act row = {
        .utc_us = utc_us, .act = "auth.refused", .object = hex, .detail = sq_error_name(error)};
    return audit_append(s->store, &row);
}

int refused_confirm(struct refused *r, struct service *s, const struct caller *caller, int error,
                    time_us utc_us)
{
    if (!caller->session[0] || !take(r, caller->session, utc_us))
        return 0;
    struct audit_act row = {.utc_us = utc_us,
                            .account = caller->account,
                            .session = caller->session,
                            .act = "auth.refused",
                            .object = caller->session,
                            .detail = sq_error_name(error)};
    return audit_append(s->store, &row);
}
