/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/api/events.h"
#include "client-lib/signal/objects.h"
#include <criterion/criterion.h>
#include <string.h>

static struct rpc_event rpc_of(enum rpc_event_type type, const char *method, const char *body)
{
    struct rpc_event e = {.type = type, .request = 3};
    strcpy(e.method, method);
    e.body = json_loads(body, 0, NULL);
    cr_assert_not_null(e.body);
    return e;
}

Test(events, a_reply_becomes_structures)
{
    struct events *e;
    struct sq_event out;
    cr_assert_eq(events_new(&e), 0);
    struct rpc_event r = rpc_of(
        RPC_EVENT_REPLY, "consultation.list",
        "{\"consultations\":[{\"id\":\"c1\",\"state\":\"accepted\",\"patient\":{\"name\":\"n\","
        "\"ageYears\":70},\"applicant\":{\"id\":\"a\",\"institution\":{\"name\":\"i\",\"level\":1}}"
        ","
        "\"revision\":4},{\"id\":\"c2\"}]}");
    events_put_rpc(e, &r, true);
    cr_assert(events_next(e, &out));
    cr_assert_eq(out.type, SQ_EVENT_REPLY);
    cr_assert_eq(out.reply.consultation_count, 2);
    const struct sq_consultation *c = out.reply.consultations;
    cr_expect_str_eq(c[0].id, "c1");
    cr_expect_eq(c[0].patient_age_years, 70);
    cr_expect_str_eq(c[0].applicant.institution, "i");
    cr_expect_eq(c[0].revision, 4);
    cr_expect_str_eq(c[1].state, "");
    cr_expect_not_null(strstr(c[1].json, "c2"));
    cr_expect_not(events_next(e, &out));
    events_free(e);
}

Test(events, what_was_not_taken_is_asked_for_again_after_a_kill)
{
    struct events *e;
    struct sq_event out;
    cr_assert_eq(events_new(&e), 0);
    struct rpc_event ring = rpc_of(RPC_EVENT_NOTIFICATION, "consultation.ring",
                                   "{\"seq\":7,\"consultation\":{\"id\":\"c\"}}");
    struct rpc_event media = rpc_of(RPC_EVENT_NOTIFICATION, "media.newConsumer", "{\"seq\":8}");
    events_put_rpc(e, &ring, true);
    events_put_rpc(e, &media, false);
    cr_expect_eq(events_taken_seq(e), 0);
    cr_assert(events_next(e, &out));
    cr_expect_eq(out.type, SQ_EVENT_RING);
    cr_expect_str_eq(out.change.consultation.id, "c");
    cr_expect_eq(events_taken_seq(e), 7);
    cr_expect_not(events_next(e, &out));
    cr_expect_eq(events_taken_seq(e), 8);
    events_free(e);
}

Test(events, replies_outlive_a_flood)
{
    struct events *e;
    struct sq_event out;
    cr_assert_eq(events_new(&e), 0);
    struct rpc_event r = rpc_of(RPC_EVENT_REPLY, "duty.set", "{}");
    events_put_rpc(e, &r, true);
    for (int i = 0; i < 3 * EVENTS_DROPPABLE_MAX; i++)
        events_put_connection(e, SQ_CONNECTION_ONLINE, "", 0);
    cr_assert(events_next(e, &out));
    cr_expect_eq(out.type, SQ_EVENT_REPLY);
    int left = 0;
    while (events_next(e, &out))
        left++;
    cr_expect_eq(left, EVENTS_DROPPABLE_MAX);
    events_free(e);
}

Test(events, a_request_that_lacks_something_is_not_built)
{
    int err = 0;
    struct sq_consultation_request r = {.struct_size = sizeof(r),
                                        .panel_id = "p",
                                        .patient_name = "n",
                                        .patient_sex = "male",
                                        .patient_age_years = 60,
                                        .complaint = "c",
                                        .purpose = "p",
                                        .consent_share = true,
                                        .consent_signer = "n"};
    json_t *params = objects_submit(&r, &err);
    cr_assert_not_null(params);
    cr_expect_str_eq(json_string_value(json_object_get(params, "urgency")), "routine");
    cr_expect_null(json_object_get(params, "history"));
    json_decref(params);
    r.consent_share = false;
    cr_expect_null(objects_submit(&r, &err));
    cr_expect_eq(err, SQ_ERR_INVALID);
    r.consent_share = true;
    r.complaint = "\xff";
    cr_expect_null(objects_submit(&r, &err));
}
