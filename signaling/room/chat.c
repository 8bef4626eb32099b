/* SPDX-License-Identifier: Apache-2.0 */
/* room.say and room.messages: one sealed row a message, never changed, gone with its case. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/consult/audience.h"
#include "signaling/room/room.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE  "consultation_message"
#define COLUMN "sealed_text"

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

/* ---- room.say ---- */

static bool is_blank(const char *text)
{
    static const char wide[] = "\xe3\x80\x80"; /* U+3000, the blank of Chinese text */
    while (*text) {
        if (strncmp(text, wide, 3) == 0)
            text += 3;
        else if (strchr(" \t\n", *text))
            text++;
        else
            return false;
    }
    return true;
}

static int check(struct call *call, const struct consult_record *r)
{
    struct store_query q;
    int64_t count = 0;
    if (is_blank(param(call, "text")))
        return call_fail(call, SQ_ERR_INVALID, "The message is empty. Write something.",
                         "消息为空，请输入内容。");
    if (consult_is_over(r->step.state))
        return call_fail(call, SQ_ERR_STATE,
                         "The consultation is over. Nothing more can be said in it.",
                         "此会诊已结束，不能再发送消息。");
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM consultation_message WHERE consultation = $1",
                sv_text(r->id));
    if (store_next(&q))
        count = store_int(&q, 0);
    int status = store_query_end(&q);
    if (status < 0 || count < ROOM_MESSAGES_MAX)
        return status;
    return call_fail(call, SQ_ERR_LIMIT,
                     "This consultation's chat is full. Speak, or write a note.",
                     "此会诊的消息已达上限，请改用语音或备注。");
}

static int insert(struct call *call, const struct consult_record *r, const char *id)
{
    struct vault_place place = {TABLE, id, COLUMN};
    const char *text = param(call, "text");
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = vault_seal(call->service->vault, &place, text, strlen(text), &sealed, &len);
    if (status == 0)
        status = STORE_LATER(call->service->store,
                             "INSERT INTO consultation_message (id, consultation, author, at_us,"
                             " sealed_text) VALUES ($1, $2, $3, $4, $5)",
                             sv_text(id), sv_text(r->id), sv_text(call->caller->account),
                             sv_int(call->utc_us), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

static int tell(struct call *call, const struct consult_record *r, const char *id, const char *at)
{
    json_t *params = json_pack("{s:s, s:s, s:s, s:s, s:s}", "room", r->id, "id", id, "by",
                               call->caller->account, "at", at, "text", param(call, "text"));
    int status = params ? consult_tell_audience(call, r, ACT_SEE_CLINICAL, CONSULT_IN_IT,
                                                "room.said", params)
                        : SQ_ERR_NOMEM;
    json_decref(params);
    return status;
}

static int say(struct call *call, const struct consult_record *r)
{
    char id[ID_MAX], at[SERVICE_TIME_MAX];
    int status = check(call, r);
    if (status < 0)
        return status;
    store_new_id(id, "msg");
    service_time_text(call->utc_us, at);
    status = insert(call, r, id);
    if (status == 0)
        status = tell(call, r, id, at);
    if (status == 0 && !(call->result = json_pack("{s:s, s:s}", "id", id, "at", at)))
        status = SQ_ERR_NOMEM;
    return status;
}

int room_say(struct call *call)
{
    struct consult_record *r = malloc(sizeof *r);
    int status =
        r ? consult_open(call, param(call, "room"), ACT_WRITE_MESSAGE, r, NULL) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = say(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

/* ---- room.messages ---- */

struct page {
    json_t *messages;
    char last[ID_MAX];
    size_t bytes;
    bool more;
};

static int read_row(struct service *s, const struct store_query *q, json_t **out)
{
    char at[SERVICE_TIME_MAX];
    struct vault_place place = {TABLE, store_text(q, 0), COLUMN};
    uint8_t *text = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, 3, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    *out = json_pack("{s:s, s:s, s:s, s:s%}", "id", store_text(q, 0), "by", store_text(q, 1), "at",
                     service_time_text(store_int(q, 2), at), "text", (const char *)text, len);
    sodium_memzero(text, len);
    free(text);
    return *out ? 0 : SQ_ERR_NOMEM;
}

/* One more message into the page, unless it is full. */
static int take_row(struct service *s, const struct store_query *q, struct page *p)
{
    json_t *message = NULL;
    int status = read_row(s, q, &message);
    if (status < 0)
        return status;
    size_t size = json_dumpb(message, NULL, 0, JSON_COMPACT);
    p->more = json_array_size(p->messages) == ROOM_PAGE_MAX ||
              (p->bytes && p->bytes + size > ROOM_PAGE_BYTES_MAX);
    if (p->more) {
        json_decref(message);
        return 0;
    }
    p->bytes += size;
    store_copy_text(q, 0, p->last, sizeof p->last);
    return json_array_append_new(p->messages, message) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int read_page(struct call *call, struct page *p)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT id, author, at_us, sealed_text FROM consultation_message"
                " WHERE consultation = $1 AND ($2 = '' OR (at_us, id) <"
                " (SELECT m.at_us, m.id FROM consultation_message m"
                " WHERE m.id = $2 AND m.consultation = $1))"
                " ORDER BY at_us DESC, id DESC LIMIT 51",
                sv_text(param(call, "room")), sv_text(param(call, "cursor")));
    _Static_assert(ROOM_PAGE_MAX + 1 == 51, "one more tells whether there are more");
    while (status == 0 && !p->more && store_next(&q))
        status = take_row(call->service, &q, p);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int messages(struct call *call)
{
    struct page p = {.messages = json_array()};
    int status = p.messages ? read_page(call, &p) : SQ_ERR_NOMEM;
    if (status == 0)
        call->result =
            json_pack("{s:O, s:s*}", "messages", p.messages, "cursor", p.more ? p.last : NULL);
    json_decref(p.messages);
    return status == 0 && !call->result ? SQ_ERR_NOMEM : status;
}

int room_messages(struct call *call)
{
    struct consult_record *r = malloc(sizeof *r);
    int status =
        r ? consult_open(call, param(call, "room"), ACT_SEE_CLINICAL, r, NULL) : SQ_ERR_NOMEM;
    if (status == 0)
        consult_record_clear(r);
    free(r);
    return status < 0 ? status : messages(call);
}
