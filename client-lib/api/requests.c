/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-in and consultations: each function builds the params of one method of
 * docs/protocol/signaling.md. */
#include "client-lib/api/internal.h"
#include "client-lib/io/clock.h"
#include "client-lib/signal/objects.h"
#include <stdlib.h>
#include <string.h>

#define EXPORT_VERSION 1

/* Takes params; NULL params are an error of the caller or of memory, as `err` says. */
static int64_t ask(sq_client *client, const char *method, json_t *params, int err)
{
    if (!params)
        return err;
    pthread_mutex_lock(&client->lock);
    int64_t number = rpc_request(client->rpc, method, params, io_now_us());
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    return number;
}

/* ---- sign-in ---- */

int64_t sq_client_login(sq_client *client, const char *account, const char *password, bool takeover)
{
    pthread_mutex_lock(&client->lock);
    int64_t number = rpc_login(client->rpc, account, password, takeover, io_now_us());
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    return number;
}

int64_t sq_client_export_session(sq_client *client, char *text, size_t size)
{
    pthread_mutex_lock(&client->lock);
    const char *token = rpc_token(client->rpc);
    int64_t taken = events_taken_seq(client->events);
    int64_t base = rpc_base_seq(client->rpc), newest = rpc_last_seq(client->rpc);
    if (taken < base || taken > newest) /* the number is of a session before this one */
        taken = base;
    json_t *object = *token ? json_pack("{s:i, s:s, s:I}", "shanqiaoSession", EXPORT_VERSION,
                                        "token", token, "lastSeq", (json_int_t)taken)
                            : NULL;
    bool signed_in = *token != '\0';
    pthread_mutex_unlock(&client->lock);
    char *dumped = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!dumped)
        return signed_in ? SQ_ERR_NOMEM : SQ_ERR_STATE;
    size_t need = strlen(dumped) + 1;
    if (text && need <= size)
        memcpy(text, dumped, need);
    explicit_bzero(dumped, need);
    free(dumped);
    return (int64_t)need;
}

int64_t sq_client_resume(sq_client *client, const char *text)
{
    json_t *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *token = json_string_value(json_object_get(object, "token"));
    json_t *last = json_object_get(object, "lastSeq");
    int64_t number = SQ_ERR_INVALID;
    if (json_integer_value(json_object_get(object, "shanqiaoSession")) == EXPORT_VERSION && token &&
        json_is_integer(last)) {
        pthread_mutex_lock(&client->lock);
        number = rpc_resume(client->rpc, token, json_integer_value(last), io_now_us());
        pthread_mutex_unlock(&client->lock);
        client_wake(client);
    }
    json_decref(object);
    return number;
}

int64_t sq_client_logout(sq_client *client)
{
    return ask(client, "auth.logout", json_object(), SQ_ERR_NOMEM);
}

/* ---- directory and consultations ---- */

static int64_t ask_about(sq_client *client, const char *method, const char *key, const char *id)
{
    if (!id || !*id)
        return SQ_ERR_INVALID;
    return ask(client, method, json_pack("{s:s}", key, id), SQ_ERR_INVALID);
}

static int64_t ask_with_reason(sq_client *client, const char *method, const char *id,
                               const char *reason)
{
    if (!id || !*id || !reason)
        return SQ_ERR_INVALID;
    return ask(client, method, json_pack("{s:s, s:s}", "id", id, "reason", reason), SQ_ERR_INVALID);
}

int64_t sq_client_list_panels(sq_client *client)
{
    return ask(client, "directory.panels", json_object(), SQ_ERR_NOMEM);
}

int64_t sq_client_set_duty(sq_client *client, const char *panel_id, bool on_duty)
{
    if (!panel_id)
        return SQ_ERR_INVALID;
    return ask(client, "duty.set", json_pack("{s:s, s:b}", "panelId", panel_id, "onDuty", on_duty),
               SQ_ERR_INVALID);
}

int64_t sq_consultation_submit(sq_client *client, const struct sq_consultation_request *request)
{
    int err = SQ_ERR_INVALID;
    json_t *params = request ? objects_submit(request, &err) : NULL;
    return ask(client, "consultation.submit", params, err);
}

int64_t sq_consultation_list(sq_client *client, bool active_only)
{
    return ask(client, "consultation.list", json_pack("{s:b}", "active", active_only),
               SQ_ERR_NOMEM);
}

int64_t sq_consultation_get(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.get", "id", id);
}

int64_t sq_consultation_accept(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.accept", "id", id);
}

int64_t sq_consultation_refuse(sq_client *client, const char *id, const char *reason)
{
    return ask_with_reason(client, "consultation.refuse", id, reason);
}

int64_t sq_consultation_enter(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.enter", "id", id);
}

int64_t sq_consultation_leave(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.leave", "id", id);
}

int64_t sq_consultation_end(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.end", "id", id);
}

int64_t sq_consultation_cancel(sq_client *client, const char *id, const char *reason)
{
    return ask_with_reason(client, "consultation.cancel", id, reason);
}

int64_t sq_consultation_acknowledge(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.acknowledge", "id", id);
}

int64_t sq_consultation_outcome(sq_client *client, const char *id, const char *outcome,
                                const char *concordance, bool avoided_transfer)
{
    if (!id || !*id || !outcome || !concordance)
        return SQ_ERR_INVALID;
    return ask(client, "consultation.outcome",
               json_pack("{s:s, s:s, s:s, s:b}", "id", id, "outcome", outcome, "concordance",
                         concordance, "avoidedTransfer", (int)avoided_transfer),
               SQ_ERR_INVALID);
}

int64_t sq_consultation_archive(sq_client *client, const char *id)
{
    return ask_about(client, "consultation.archive", "id", id);
}

/* ---- opinions ---- */

static int64_t ask_opinion(sq_client *client, const char *method, const char *id,
                           const struct sq_opinion *opinion)
{
    if (!id || !*id)
        return SQ_ERR_INVALID;
    json_t *params = json_pack("{s:s}", "consultationId", id);
    json_t *text = opinion ? objects_opinion(opinion) : NULL;
    if (opinion && (!text || json_object_set_new(params, "opinion", text))) {
        json_decref(params);
        return SQ_ERR_INVALID;
    }
    return ask(client, method, params, SQ_ERR_INVALID);
}

int64_t sq_opinion_save(sq_client *client, const char *consultation_id,
                        const struct sq_opinion *opinion)
{
    return opinion ? ask_opinion(client, "opinion.save", consultation_id, opinion) : SQ_ERR_INVALID;
}

int64_t sq_opinion_sign(sq_client *client, const char *consultation_id,
                        const struct sq_opinion *opinion)
{
    return ask_opinion(client, "opinion.sign", consultation_id, opinion);
}

int64_t sq_opinion_get(sq_client *client, const char *consultation_id)
{
    return ask_about(client, "opinion.get", "consultationId", consultation_id);
}

int64_t sq_opinion_verify(sq_client *client, const char *consultation_id)
{
    return ask_about(client, "opinion.verify", "consultationId", consultation_id);
}

int64_t sq_client_request(sq_client *client, const char *method, const char *params_json)
{
    if (!method || !*method || strlen(method) >= sizeof(((struct rpc_event *)0)->method))
        return SQ_ERR_INVALID;
    json_t *params = json_loads(params_json ? params_json : "{}", JSON_REJECT_DUPLICATES, NULL);
    if (params && !json_is_object(params)) {
        json_decref(params);
        params = NULL;
    }
    return ask(client, method, params, SQ_ERR_INVALID);
}
