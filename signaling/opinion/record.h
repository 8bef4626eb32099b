/* SPDX-License-Identifier: Apache-2.0 */
/* An opinion as it stands in the store, unsealed. Inside opinion only. */
#ifndef SIGNALING_OPINION_RECORD_H
#define SIGNALING_OPINION_RECORD_H

#include "signaling/opinion/signer.h"
#include "signaling/proto/method.h"
#include <stdbool.h>

#define OPINION_HASH_BYTES    32 /* SHA-256 */
#define OPINION_ALGORITHM_MAX 40

struct opinion_record {
    char id[ID_MAX];
    char consultation[ID_MAX];
    char author[ID_MAX];
    json_t *draft;   /* owned: the six texts */
    char *canonical; /* owned; NULL: not signed */
    uint8_t hash[OPINION_HASH_BYTES];
    char algorithm[OPINION_ALGORITHM_MAX];
    struct signature signature;
    time_us signed_utc_us; /* 0: not signed */
};

/* By consultation. 0, SQ_ERR_NOT_FOUND, SQ_ERR_STORE, SQ_ERR_FORGED, SQ_ERR_NOMEM. */
int opinion_record_load(struct service *s, const char *consultation, struct opinion_record *out);
void opinion_record_clear(struct opinion_record *o);

/* Writes the draft; makes the row when o->id is "". SQ_ERR_STATE when it is signed. */
int opinion_record_save(struct service *s, struct opinion_record *o, time_us utc_us);
/* Writes canonical bytes and signature, once: SQ_ERR_STATE when it is signed already. */
int opinion_record_sign(struct service *s, const struct opinion_record *o);

#endif
