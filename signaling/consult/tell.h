/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of consult_step become effects: who is told what and sees how much of it, what happens
 * to the room. Several steps of one act are told once. Inside consult only. */
#ifndef SIGNALING_CONSULT_TELL_H
#define SIGNALING_CONSULT_TELL_H

#include "signaling/consult/perform.h"

#define TELL_COMMANDS_MAX 128

struct tell {
    const struct consult_act *act;
    const struct consult_record *r;
    size_t count;
    struct consult_command commands[TELL_COMMANDS_MAX];
    json_t *described[CONSULT_VIEWS];   /* owned; made when first needed */
    struct directory_accounts desks[2]; /* coordinators: inviting, invited */
    bool desks_known;
};

void tell_init(struct tell *t, const struct consult_act *act, const struct consult_record *r);
void tell_fini(struct tell *t);

/* Adds the commands of one step. SQ_ERR_LIMIT. */
int tell_take(struct tell *t, const struct consult_commands *commands);
/* After the record is saved: the effects. SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int tell_all(struct tell *t);

#endif
