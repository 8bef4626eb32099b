/* SPDX-License-Identifier: Apache-2.0 */
/* Mail between nodes: rows that are sealed, numbered, and done once. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/nodes/inside.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 24

static struct vault_place place_of(int64_t number, char id[NUMBER_MAX])
{
    snprintf(id, NUMBER_MAX, "%lld", (long long)number);
    return (struct vault_place){"node_mail", id, "sealed_body"};
}

static int next_number(struct nodes *n, int64_t *number)
{
    struct store_query q;
    store_query(n->service->store, &q,
                "INSERT INTO node_counter (name, last) VALUES ('mail', 1)"
                " ON CONFLICT (name) DO UPDATE SET last = node_counter.last + 1 RETURNING last",
                NULL, 0);
    *number = store_next(&q) ? store_int(&q, 0) : 0;
    while (store_next(&q))
        ; /* carried out in full before it is released */
    return store_query_end(&q);
}

static int put(struct nodes *n, const char *node, const char *kind, const char *room,
               const char *text)
{
    char id[NUMBER_MAX];
    int64_t number = 0;
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = next_number(n, &number);
    if (status < 0)
        return status;
    struct vault_place place = place_of(number, id);
    status = vault_seal(n->service->vault, &place, text, strlen(text), &sealed, &len);
    if (status == 0)
        status = STORE_RUN(n->service->store,
                           "INSERT INTO node_mail (number, node, kind, room, taken, sealed_body)"
                           " VALUES ($1, $2, $3, $4, '', $5)",
                           sv_int(number), sv_text(node), sv_text(kind), sv_text(room),
                           sv_bytes(sealed, len));
    free(sealed);
    if (status >= 0)
        status = nodes_notify(n, node, "mail");
    return status < 0 ? status : 0;
}

int nodes_send(struct nodes *n, const char *node, const char *kind, const char *room, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    int status = text ? put(n, node, kind, room, text) : SQ_ERR_NOMEM;
    free(text);
    if (status == 0 && strcmp(node, n->id) == 0 && n->notice_count < NODES_NOTICES_MAX)
        n->notices[n->notice_count++] = (struct nodes_notice){.type = NODES_MAIL}; /* to oneself */
    return status;
}

static int unseal(struct nodes *n, const struct store_query *q, struct nodes_mail *out)
{
    char id[NUMBER_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    struct vault_place place = place_of(out->number, id);
    const void *sealed = store_bytes(q, 3, &len);
    int status = vault_unseal(n->service->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    out->body = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    return out->body ? 0 : SQ_ERR_NOMEM; /* it was authentic, so it was JSON */
}

/* 1 and *out with its body, 0 for none. */
static int first_mail(struct nodes *n, struct nodes_mail *out)
{
    struct store_query q;
    int opened = 0;
    *out = (struct nodes_mail){0};
    STORE_QUERY(n->service->store, &q,
                "SELECT number, kind, room, sealed_body FROM node_mail"
                " WHERE node = $1 AND taken <> $2 ORDER BY number LIMIT 1",
                sv_text(n->id), sv_text(n->boot));
    bool found = store_next(&q);
    if (found) {
        out->number = store_int(&q, 0);
        store_copy_text(&q, 1, out->kind, sizeof out->kind);
        store_copy_text(&q, 2, out->room, sizeof out->room);
        opened = unseal(n, &q, out);
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : opened < 0 ? opened : found;
}

int nodes_receive(struct nodes *n, struct nodes_mail *out)
{
    int status = first_mail(n, out);
    while (status == SQ_ERR_FORGED) { /* sealed by another key, or moved: nobody can use it */
        log_write(LOG_ERROR, "nodes.mail_damaged", LOG_INT("number", out->number));
        status = nodes_done(n, out->number);
        if (status == 0)
            status = first_mail(n, out);
    }
    if (status == 1)
        status = STORE_RUN(n->service->store, "UPDATE node_mail SET taken = $1 WHERE number = $2",
                           sv_text(n->boot), sv_int(out->number));
    if (status < 0) {
        json_decref(out->body);
        out->body = NULL;
    }
    return status;
}

int nodes_done(struct nodes *n, int64_t number)
{
    int status =
        STORE_RUN(n->service->store, "DELETE FROM node_mail WHERE number = $1", sv_int(number));
    return status < 0 ? status : 0;
}
