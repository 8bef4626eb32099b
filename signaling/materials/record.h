/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of materials, their files and uploads; names, details and keys are sealed. Refuses to know
 * who may do what, and the disk. */
#ifndef SIGNALING_MATERIALS_RECORD_H
#define SIGNALING_MATERIALS_RECORD_H

#include "inspect/kind.h"
#include "signaling/materials/box.h"
#include "signaling/materials/types.h"
#include "signaling/proto/method.h"

#define MATERIAL_REASON_MAX 65
#define MATERIALS_LIST_MAX  200
#define UPLOAD_LIFE_US      (7 * 24 * 3600 * TIME_US_PER_S) /* a link may be dark for days */

/* An upload under way or done. */
struct upload {
    char id[ID_MAX]; /* also the name of its file */
    char consultation[ID_MAX], account[ID_MAX], institution[ID_MAX];
    char type[TUS_WORD_MAX];
    uint64_t bytes;
    char material[ID_MAX]; /* "": not done yet */
    time_us expires_us;
    char name[TUS_NAME_MAX], header[ID_MAX];
    bool preview;
    uint8_t sha256[TUS_HASH_BYTES];
    uint8_t key[BOX_KEY_BYTES];
};

/* A stored file. */
struct stored {
    char id[ID_MAX]; /* also the name of its file */
    enum kind kind;
    uint64_t bytes;
    bool stripped;
    uint8_t sha256[TUS_HASH_BYTES]; /* as uploaded */
    uint8_t stored_sha256[TUS_HASH_BYTES];
    uint8_t key[BOX_KEY_BYTES];
};

struct material {
    char id[ID_MAX], consultation[ID_MAX], account[ID_MAX];
    char type[TUS_WORD_MAX]; /* of material_types, or "vitals" */
    char header[ID_MAX];
    bool preview;
    char status[TUS_WORD_MAX]; /* "pending", "read", "unread" */
    char reason[MATERIAL_REASON_MAX];
    time_us added_us;
    char name[TUS_NAME_MAX];
    bool has_file;
    struct stored file;
    json_t *details;  /* owned; NULL: none; of vitals: takenAt and values */
    json_t *identity; /* likewise */
};
void material_clear(struct material *m);

/* All: 0, SQ_ERR_NOT_FOUND, SQ_ERR_FORGED (sealed by another key), SQ_ERR_STORE, SQ_ERR_NOMEM. */
int upload_insert(struct service *s, const struct upload *u);
int upload_load(struct service *s, const char *id, struct upload *out);
/* Its file goes too, once the transaction stands. */
int upload_delete(struct service *s, const char *id);
/* Done: the row stays until it expires, so that a client that missed the reply is told again. */
int upload_finish(struct service *s, const char *id, const char *material);
int upload_next_expired(struct service *s, time_us utc_us, char id[ID_MAX]); /* 1: there is one */

int material_usage_of(struct service *s, const char *consultation, const char *account,
                      struct material_usage *out);

int material_insert(struct service *s, const struct material *m);
int material_load(struct service *s, const char *id, struct material *out);
/* *count ids of at most MATERIALS_LIST_MAX, oldest first. */
int material_ids(struct service *s, const char *consultation, char (*ids)[ID_MAX], size_t *count);
/* status, reason, details and identity of *m. */
int material_update(struct service *s, const struct material *m);
/* Its marks too (marks.c), and the file, when nothing else refers to it. */
int material_delete(struct service *s, const struct material *m);
int material_marks_delete(struct service *s, const char *material);
/* The first pending one behind `after` ("": from the beginning): 1 and its id, 0: none. */
int material_next_pending(struct service *s, const char *after, char id[ID_MAX]);

/* The file of that institution with that content, if there is one: 1, else 0. */
int stored_find(struct service *s, const char *institution, const uint8_t *sha256, enum kind kind,
                struct stored *out);
int stored_insert(struct service *s, const char *institution, const struct stored *f);

/* Files to be taken off the disk. */
int gone_add(struct service *s, const char *file);
int gone_next(struct service *s, char file[ID_MAX]); /* 1: there is one */
int gone_done(struct service *s, const char *file);
/* Does any row refer to that name of a file? 1, 0. */
int file_is_known(struct service *s, const char *file);

#endif
