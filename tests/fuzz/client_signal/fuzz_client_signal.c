/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a terminal reads of the signalling wire: a frame as the session takes it, the
 * same bytes as a join answer, a consumer, and what the application is then shown. */
#include "client-lib/api/events.h"
#include "client-lib/session/join.h"
#include "client-lib/signal/rpc.h"
#include <stdlib.h>
#include <string.h>

static void sign_in(struct rpc *r)
{
    rpc_resume(r, "token", 0, 0);
    rpc_on_connecting(r);
    rpc_on_open(r, 0);
    char *text = rpc_next_send(r);
    json_t *frame = text ? json_loads(text, 0, NULL) : NULL;
    json_t *reply = json_pack("{s:O, s:{}}", "id", json_object_get(frame, "id"), "result");
    char *answer = reply ? json_dumps(reply, 0) : NULL;
    if (answer)
        rpc_on_message(r, answer, strlen(answer), 0);
    json_decref(frame);
    json_decref(reply);
    free(text);
    free(answer);
}

static void show(struct rpc *r)
{
    struct events *events;
    struct rpc_event event;
    struct sq_event out;
    if (events_new(&events))
        return;
    while (rpc_next_event(r, &event)) {
        if (event.type == RPC_EVENT_STATE)
            json_decref(event.body);
        else
            events_put_rpc(events, &event, true);
    }
    while (events_next(events, &out))
        ;
    events_free(events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rpc *r;
    if (rpc_new(&r, NULL, NULL))
        return 0;
    sign_in(r);
    rpc_on_message(r, (const char *)data, size, 0);
    show(r);
    rpc_free(r);
    json_t *value = json_loadb((const char *)data, size, 0, NULL);
    struct join_answer *answer = malloc(sizeof(*answer));
    struct join_consumer consumer;
    if (answer)
        join_parse(answer, value);
    join_parse_consumer(&consumer, value);
    free(answer);
    json_decref(value);
    return 0;
}
