/* SPDX-License-Identifier: Apache-2.0 */
/* A consultation and its opinions while one method runs. Inside opinion only. */
#ifndef SIGNALING_OPINION_WORK_H
#define SIGNALING_OPINION_WORK_H

#include "signaling/auth/rights.h"
#include "signaling/consult/record.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/record.h"

struct opinion_work {
    struct consult_record consultation;
    struct opinion_list opinions;
    uint32_t relations; /* RIGHTS_BIT, of the caller */
};

/* Loads what params.consultationId names, for a caller who may `act`: errors of consult_open and
 * opinion_list_load. *out always goes to opinion_work_free. With SQ_ERR_FORGED and a request in it
 * the consultation is there and the opinions are not. */
int opinion_work_begin(struct call *call, enum act act, struct opinion_work **out);
/* Without a caller. */
int opinion_work_load(struct service *s, const char *consultation, struct opinion_work *w);
void opinion_work_free(struct opinion_work *w);

/* One opinion as the wire has it: new reference in *out. */
int opinion_describe(struct service *s, const struct opinion_list *l,
                     const struct opinion_record *o, json_t **out);
/* {id, canonical, signature, ...} of a signed one; NULL: no memory. */
json_t *opinion_signed_json(const struct opinion_record *o);

/* 0 or an error; what is wrong with a version, or "ok", in *reason. */
int opinion_find_fault(struct service *s, const struct opinion_work *w,
                       const struct opinion_record *o, const char **reason);

int opinion_method_save(struct call *call);
int opinion_method_sign(struct call *call);
int opinion_method_supersede(struct call *call);
int opinion_method_conclude(struct call *call);

#endif
