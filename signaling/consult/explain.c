/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the way of an act that the life cycle refuses, in words that say what to do.
 * Refuses to know who may do it. */
#include "shanqiao/error.h"
#include "signaling/consult/methods.h"
#include <stdio.h>

/* An appointment is not open yet, or not made. */
int method_explain_enter(struct call *call, const struct consult *c, int status)
{
    time_us early_us = consult_times_default().early_us;
    time_us left_us = c->slot.start_utc_us - early_us - call->utc_us;
    int early = (int)(early_us / (60 * TIME_US_PER_S));
    int minutes = (int)((left_us - 1) / (60 * TIME_US_PER_S)) + 1;
    bool waits =
        c->state == CONSULT_ACCEPTED || c->state == CONSULT_SCHEDULED || c->state == CONSULT_READY;
    if (status != SQ_ERR_STATE || !waits || c->room.open || (c->slot.start_utc_us && left_us <= 0))
        return status;
    if (!c->slot.start_utc_us)
        return c->needs & CONSULT_NEEDS_SCHEDULE
                   ? call_fail(call, status,
                               "No time is fixed yet. Fix one (consultation.schedule), then enter.",
                               "尚未预约时间，请先预约再进入。")
                   : status;
    snprintf(call->message_en, sizeof(call->message_en),
             "The room opens %d minutes before the appointment: in %d h %d min. Enter then.", early,
             minutes / 60, minutes % 60);
    snprintf(call->message_zh, sizeof(call->message_zh),
             "会诊室在预约时间前%d分钟开放：%d小时%d分钟后可进入，请届时再进。", early,
             minutes / 60, minutes % 60);
    return status;
}

/* What holds back the archive in a state that leads there; the first that can be done. */
int method_explain_archive(struct call *call, const struct consult *c, int status)
{
    bool asked = c->state == CONSULT_ACKNOWLEDGED || c->state == CONSULT_FOLLOW_UP_DUE;
    if (status != SQ_ERR_STATE || !(asked || c->state == CONSULT_OUTCOME_RECORDED))
        return status;
    if (c->critical == CONSULT_CRITICAL_RAISED)
        return call_fail(call, status,
                         "Nobody at the base has taken note of the critical value. Acknowledge it "
                         "(consultation.acknowledgeCritical), then archive.",
                         "危急值尚未确认。请先确认危急值，再归档。");
    if (c->backfill.left)
        return call_fail(call, status,
                         "What the emergency skipped is not made up for: approvals, agreement or "
                         "consent, as \"backfill\" says. Do that (consultation.backfill, "
                         "consent.give), then archive.",
                         "急会诊应补办的审批、协议或知情同意尚未补齐（见补办事项）。请补办后再"
                         "归档。");
    return asked
               ? call_fail(call, status,
                           "The outcome is missing. Record what became of the patient, then "
                           "archive; without it only 30 days after it was asked for.",
                           "尚未登记结局。请先登记患者转归再归档；催报满30天仍无结局方可直接归档。")
               : status;
}
