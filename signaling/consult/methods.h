/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of consultation.*, worklist.* and schedule.* share. Inside consult only. */
#ifndef SIGNALING_CONSULT_METHODS_H
#define SIGNALING_CONSULT_METHODS_H

#include "signaling/consult/perform.h"

/* One consultation while a method runs. */
struct method_work {
    struct consult_record r;
    struct consult_act how;
    uint32_t relations; /* of the caller */
    int self;           /* the caller's number; CONSULT_NOBODY */
};

/* Text of a param, "" when it is not there. */
const char *method_text(const struct call *call, const char *name);

/* params.id, for a caller who may `act`. On success the caller ends it by method_end or frees it.
 */
int method_load(struct call *call, enum act act, struct method_work **out);
void method_free(struct method_work *w);

/* consult_perform, with words for its error. */
int method_perform(struct call *call, struct method_work *w, const struct consult_event *e);
/* consult_entry_add by the caller. */
int method_entry(struct call *call, const struct method_work *w, const char *kind,
                 const json_t *body);
/* Words for an error of routing_place; returns it. */
int method_explain_place(struct call *call, int error);

/* Words for SQ_ERR_STATE of consultation.enter and .archive; they return the status. */
int method_explain_enter(struct call *call, const struct consult *c, int status);
int method_explain_archive(struct call *call, const struct consult *c, int status);

/* {consultation} as the caller may see it. */
int method_reply(struct call *call, const struct consult_record *r);
/* Replies when status is 0, frees the work, returns the status. */
int method_end(struct call *call, struct method_work *w, int status);

/* Handlers of consultation.* that live elsewhere. */
int submit_save_draft(struct call *call);
int submit_drafts(struct call *call);
int submit_discard(struct call *call);
int submit_request(struct call *call);
int list_get(struct call *call);
int list_all(struct call *call);
int slots_schedule(struct call *call);

/* Is there something to read: a material whose bytes are all here? Neither a preview, which comes
 * before its original, nor the header of a signal alone. */
int consult_has_material(struct service *s, const char *consultation, bool *out);

/* Page marks of lists: "<time>.<id>". */
struct method_mark {
    time_us utc_us;
    char id[ID_MAX];
};
#define METHOD_MARK_MAX 81
/* From params.cursor; before everything when there is none. SQ_ERR_INVALID. */
int method_mark_read(struct call *call, struct method_mark *out);
const char *method_mark_text(const struct method_mark *mark, char out[METHOD_MARK_MAX]);
/* params.limit, or `most`. */
size_t method_limit(const struct call *call, size_t most);

#endif
