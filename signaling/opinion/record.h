/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions of a consultation as they stand in the store, unsealed: one row per version. A signed
 * version is never changed; a later one names it (supersedes). Read by opinion, export and
 * interfaces; written by opinion only. */
#ifndef SIGNALING_OPINION_RECORD_H
#define SIGNALING_OPINION_RECORD_H

#include "signaling/opinion/signer.h"
#include "signaling/proto/method.h"
#include <stdbool.h>

#define OPINION_HASH_BYTES    32 /* SHA-256 */
#define OPINION_ALGORITHM_MAX 40
/* Versions of one consultation: 32 experts who each correct theirs a few times. */
#define OPINION_LIST_MAX 200

enum opinion_kind {
    OPINION_OF_EXPERT, /* "opinion" */
    OPINION_CONCLUSION /* "conclusion": the chair's, of a multi-disciplinary consultation */
};

struct opinion_record {
    char id[ID_MAX];
    char consultation[ID_MAX];
    char author[ID_MAX];
    enum opinion_kind kind;
    int64_t version;         /* from 1, of this author and kind */
    char supersedes[ID_MAX]; /* the signed version before; "" for the first */
    json_t *draft;           /* owned: texts and structured members */
    time_us saved_utc_us;
    char *canonical; /* owned; NULL: not signed */
    uint8_t hash[OPINION_HASH_BYTES];
    char algorithm[OPINION_ALGORITHM_MAX];
    struct signature signature;
    time_us signed_utc_us; /* 0: not signed */
};

/* All versions: experts' opinions first, each author's together, oldest first. */
struct opinion_list {
    struct opinion_record *items; /* owned */
    size_t count;
};

const char *opinion_kind_name(enum opinion_kind kind);

/* 0 (an empty list is fine), SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_FORGED (a value does not open under
 * its place). After an error *out is empty. */
int opinion_list_load(struct service *s, const char *consultation, struct opinion_list *out);
void opinion_list_clear(struct opinion_list *l);

/* Borrowed pointers into the list, NULL: none. */
struct opinion_record *opinion_list_by_id(const struct opinion_list *l, const char *id);
struct opinion_record *opinion_list_latest(const struct opinion_list *l, const char *author,
                                           enum opinion_kind kind);
/* Newest signed version of that author. */
struct opinion_record *opinion_list_signed(const struct opinion_list *l, const char *author,
                                           enum opinion_kind kind);
/* What counts for the consultation: the newest signed conclusion, else the newest signed opinion.
 */
struct opinion_record *opinion_list_current(const struct opinion_list *l);
/* The signed version that replaced this one. */
struct opinion_record *opinion_list_successor(const struct opinion_list *l,
                                              const struct opinion_record *o);

/* Writes the draft; makes the row when o->id is "". SQ_ERR_STATE when it is signed,
 * SQ_ERR_CONFLICT when that version is there under another id. */
int opinion_record_save(struct service *s, struct opinion_record *o, time_us utc_us);
/* Writes canonical bytes and signature, once: SQ_ERR_STATE when it is signed already. */
int opinion_record_sign(struct service *s, const struct opinion_record *o);
void opinion_record_clear(struct opinion_record *o);

#endif
