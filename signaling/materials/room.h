/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of materials: what its files share. One thread (the signalling thread) but for the jobs.
 */
#ifndef SIGNALING_MATERIALS_ROOM_H
#define SIGNALING_MATERIALS_ROOM_H

#include "signaling/auth/rights.h"
#include "signaling/http/route.h"
#include "signaling/materials/finish.h"
#include "signaling/materials/inspector.h"
#include "signaling/materials/materials.h"
#include "signaling/proto/dispatch.h"
#include <sodium.h>

struct pool;
struct consult_record;

#define INSPECTIONS_MAX  4 /* at a time; each may hold a file of 256 MiB in memory for seconds */
#define MATERIALS_ROUTES 4

struct materials {
    struct materials_config config; /* texts point into the two below */
    char directory[BOX_PATH_MAX - ID_MAX];
    char inspect[BOX_PATH_MAX];
    struct service *service;
    struct dispatch *dispatch;
    struct transfer *transfers; /* uploads with a request under way */
    struct pool *pool;          /* of inspections */
    struct {
        bool used;
        struct inspect_job job;
    } inspections[INSPECTIONS_MAX];
    char inspected[ID_MAX]; /* the last one taken, so that one that fails to be stored does not
                               block */
    bool tidied;            /* files nobody knows were looked for since the start */
    struct http_route routes[MATERIALS_ROUTES];
};

/* ---- acts.c: what is done in transactions ---- */

/* Loads a material that the caller may `act` on, with its consultation's relations in *relations
 * (may be NULL): SQ_ERR_NOT_FOUND to outsiders. Sets call->audit_object. */
int material_open(struct call *call, const char *id, enum act act, struct material *out,
                  uint32_t *relations);
/* May this person (still) add materials to the consultation? 0, SQ_ERR_NOT_FOUND, SQ_ERR_DENIED. */
int materials_may_add(struct service *s, const struct caller *caller, const char *consultation,
                      time_us utc_us);
/* SQ_ERR_STATE when the consultation takes no materials any more, whoever brings them. */
int materials_is_over(struct service *s, const char *consultation);
/* Tells everybody who may see the consultation's materials. Takes over params. */
int materials_tell_all(struct call *call, const char *method, const char *consultation,
                       json_t *params);
/* The same of one material. */
int materials_tell(struct call *call, const char *method, const struct material *m,
                   const char *status);
/* Runs an act as this caller (NULL: the server itself) outside of an exchange. */
int materials_act(struct materials *m, const struct caller *caller, const char *act,
                  int (*handle)(struct call *call), void *work, struct call *call);

/* ---- marks.c: handlers, and what goes with a material ---- */

int material_mark(struct call *call);
int material_marks(struct call *call);

/* ---- describe.c ---- */

/* The material as material.list has it; identity only where `identity`. New reference. */
int material_describe(struct service *s, const struct material *m, bool identity, json_t **out);

/* ---- upload.c, patch.c, download.c: exchanges ---- */

extern const struct http_ops upload_options_ops, upload_create_ops, upload_ops, download_ops;

/* A request at an upload: HEAD or PATCH. In the room's list as long as it reads or writes. */
struct transfer {
    struct materials *m;
    struct transfer *next;
    struct exchange *x; /* NULL: closed */
    struct upload upload;
    struct caller caller;
    enum http_method method;
    struct tus_patch patch;
    struct box box;
    uint8_t *fill, *writing; /* TRANSFER_BUFFER bytes each */
    size_t fill_bytes, writing_bytes;
    crypto_hash_sha256_state hash;
    bool in_job, body_done, last, over;
    bool receiving;  /* the body may come */
    bool mismatched; /* the piece's hash is wrong */
    int error;       /* of the last job */
    struct tus_refusal no;
    struct finish_job *finish;
    time_us moved_us; /* monotonic: when bytes came last */
};

/* The request that has this upload now; NULL: none. One whose peer has been silent for a while
 * gives way. */
struct transfer *transfer_find(struct materials *m, const char *upload, time_us now_us);
/* Bytes and finish, called by the exchange. */
void transfer_body(struct transfer *t, const void *bytes, size_t len_bytes);
void transfer_body_done(struct transfer *t);
/* Opens the file, then goes on by method. Takes t. */
void transfer_begin(struct transfer *t);
void transfer_free(struct transfer *t);
#define TRANSFER_BUFFER (128 * 1024)

/* All bytes are there: hash, type, strip, store, commit, respond. */
void transfer_finish(struct transfer *t);

/* Responses with the headers of tus on all of them. */
void upload_refuse(struct exchange *x, const struct tus_refusal *no);
void upload_fail(struct exchange *x, int error, const char *en, const char *zh);
void upload_stand(struct exchange *x, unsigned status, const struct upload *u, uint64_t offset);

/* ---- work.c: once a second ---- */

void materials_step(void *materials, time_us now_us, time_us utc_us);
void inspections_start(struct materials *m);

#endif
