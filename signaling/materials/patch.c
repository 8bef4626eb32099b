/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a PATCH on their way to the disk, and what HEAD finds there. Two buffers: one fills
 * from the peer while a pool thread writes the other; when both are full the peer waits. What came
 * is written at once, however little it is, so that a link that breaks loses only what was on the
 * way. One job of a transfer at a time; whoever is called last frees it. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/materials/room.h"
#include "signaling/store/store.h"
#include <stdlib.h>
#include <string.h>

#define SILENT_US (2 * TIME_US_PER_S) /* a peer that sends has said something by then */
#define FULL      (TRANSFER_BUFFER - 2 * HTTP_PIECE_MAX) /* a piece may come after the pause */

static void leave(struct transfer *t)
{
    struct transfer **at = &t->m->transfers;
    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
    t->next = NULL;
}

void transfer_free(struct transfer *t)
{
    leave(t);
    box_close(&t->box);
    uint8_t *buffers = t->fill < t->writing ? t->fill : t->writing;
    sodium_memzero(buffers, 2 * TRANSFER_BUFFER);
    free(buffers);
    free(t->finish);
    sodium_memzero(t, sizeof *t);
    free(t);
}

/* Answered: what still comes is of no interest. */
static void over(struct transfer *t)
{
    t->over = true;
    t->receiving = false;
    box_close(&t->box);
    leave(t);
}

static void refuse(struct transfer *t, const struct tus_refusal *no)
{
    over(t);
    upload_refuse(t->x, no);
}

static void fail(struct transfer *t, int error)
{
    static const struct tus_refusal pieces = {
        413, "The file came in too many small pieces. Start it again and send larger ones.",
        "文件分片过多，请重新上传并增大分片。"};
    if (error == SQ_ERR_LIMIT && t->box.records >= BOX_RECORDS_MAX) {
        refuse(t, &pieces);
        return;
    }
    over(t);
    upload_fail(t->x, error, NULL, NULL);
}

struct transfer *transfer_find(struct materials *m, const char *upload, time_us now_us)
{
    static const struct tus_refusal replaced = {409, "A newer request took this upload over.",
                                                "该上传已由新的请求接续。"};
    struct transfer *t = m->transfers;
    while (t && strcmp(t->upload.id, upload) != 0)
        t = t->next;
    if (!t || t->in_job || !t->receiving || !t->x || now_us - t->moved_us < SILENT_US)
        return t;
    refuse(t, &replaced);
    return NULL;
}

/* ---- writing ---- */

static int end_piece(struct transfer *t)
{
    uint8_t hash[TUS_HASH_BYTES];
    if (!t->patch.checked)
        return box_sync(&t->box);
    crypto_hash_sha256_final(&t->hash, hash);
    t->mismatched = sodium_memcmp(hash, t->patch.sha256, sizeof hash) != 0;
    return t->mismatched ? box_rollback(&t->box) : box_commit(&t->box);
}

/* A file of the wrong kind is refused with its first piece, not after an hour of sending. */
static int look(struct transfer *t)
{
    bool told = t->writing_bytes >= KIND_LOOK_BYTES || t->writing_bytes >= t->upload.bytes;
    if (t->box.bytes > 0 || !told || t->upload.header[0])
        return 0;
    size_t len = t->writing_bytes < KIND_LOOK_BYTES ? t->writing_bytes : KIND_LOOK_BYTES;
    enum kind kind = material_kind(material_type_find(t->upload.type), t->writing, len,
                                   t->upload.bytes, NULL, &t->no);
    return kind == KIND_UNKNOWN ? SQ_ERR_INVALID : 0;
}

static void write_run(void *job)
{
    struct transfer *t = job;
    t->error = look(t);
    if (t->error == 0)
        t->error = box_append(&t->box, t->writing, t->writing_bytes, t->patch.checked);
    crypto_hash_sha256_update(&t->hash, t->writing, t->writing_bytes);
    t->writing_bytes = 0;
    if (t->error == 0 && t->last)
        t->error = end_piece(t);
}

static int delete_upload(struct call *call)
{
    struct transfer *t = call->work;
    memcpy(call->audit_object, t->upload.id, sizeof call->audit_object);
    return upload_delete(call->service, t->upload.id);
}

/* What was refused for good is no longer there. */
static void refuse_for_good(struct transfer *t)
{
    struct call call;
    int status = materials_act(t->m, &t->caller, "material.refused", delete_upload, t, &call);
    if (!t->x)
        return;
    if (status < 0)
        fail(t, status);
    else
        refuse(t, &t->no);
}

static void kick(struct transfer *t);

static void write_done(struct exchange *x, void *state, void *job, bool refused)
{
    static const struct tus_refusal mismatch = {
        460, "The piece was damaged on its way; nothing of it was kept. Send it again.",
        "该分片在传输中损坏，未保存，请重新发送。"};
    struct transfer *t = job;
    (void)state;
    t->in_job = false;
    if (refused)
        t->error = SQ_ERR_NOMEM;
    if (t->no.status)
        refuse_for_good(t);
    if (!x) {
        transfer_free(t);
        return;
    }
    if (t->over)
        return;
    if (t->error < 0)
        fail(t, t->error);
    else if (!t->last)
        kick(t);
    else if (t->mismatched)
        refuse(t, &mismatch);
    else if (t->box.bytes == t->upload.bytes)
        transfer_finish(t);
    else {
        uint64_t offset = t->box.bytes;
        over(t);
        upload_stand(x, 204, &t->upload, offset);
    }
}

/* Hands what came to a pool thread, if none is at it. */
static void kick(struct transfer *t)
{
    if (t->in_job || t->last || t->over || (t->fill_bytes == 0 && !t->body_done))
        return;
    uint8_t *other = t->writing;
    t->writing = t->fill;
    t->fill = other;
    t->writing_bytes = t->fill_bytes;
    t->fill_bytes = 0;
    t->last = t->body_done;
    t->in_job = true;
    if (!t->last)
        http_resume(t->x);
    http_run(t->x, write_run, write_done, t);
}

void transfer_body(struct transfer *t, const void *bytes, size_t len_bytes)
{
    if (t->over || t->fill_bytes + len_bytes > TRANSFER_BUFFER)
        return;
    memcpy(t->fill + t->fill_bytes, bytes, len_bytes);
    t->fill_bytes += len_bytes;
    t->moved_us = http_now_us(t->x);
    if (t->fill_bytes > FULL)
        http_pause(t->x);
    kick(t);
}

void transfer_body_done(struct transfer *t)
{
    t->body_done = true;
    t->receiving = false;
    kick(t);
}

/* ---- the beginning ---- */

static void open_run(void *job)
{
    struct transfer *t = job;
    t->error = box_open(&t->box, t->m->directory, t->upload.id, t->upload.key);
}

static void begin_patch(struct transfer *t)
{
    struct tus_upload stands = {.bytes = t->upload.bytes, .offset = t->box.bytes};
    struct tus_refusal no = {0};
    if (!tus_fits(&t->patch, &stands, &no))
        refuse(t, &no);
    else if (t->patch.bytes == 0)
        transfer_body_done(t);
    else {
        t->receiving = true;
        http_accept_body(t->x);
    }
}

static void open_done(struct exchange *x, void *state, void *job, bool refused)
{
    struct transfer *t = job;
    (void)state;
    t->in_job = false;
    if (!x) {
        transfer_free(t);
        return;
    }
    if (refused || t->error < 0) {
        fail(t, refused ? SQ_ERR_NOMEM : t->error);
    } else if (t->method == HTTP_PATCH) {
        begin_patch(t);
    } else if (t->box.bytes == t->upload.bytes) {
        transfer_finish(t); /* all is there, but the reply to the last piece never left */
    } else {
        uint64_t offset = t->box.bytes;
        over(t);
        upload_stand(x, 200, &t->upload, offset);
    }
}

void transfer_begin(struct transfer *t)
{
    crypto_hash_sha256_init(&t->hash);
    t->next = t->m->transfers;
    t->m->transfers = t;
    t->in_job = true;
    http_run(t->x, open_run, open_done, t);
}

/* ---- the end ---- */

/* Inside the transaction: the file that is here already, or the new one; then the material. */
static int place_file(struct call *call, struct transfer *t, struct material *m)
{
    struct finish_job *j = t->finish;
    m->has_file = true;
    int found = stored_find(call->service, t->upload.institution, j->stored.sha256, j->stored.kind,
                            &m->file);
    if (found == 1)
        return gone_add(call->service, j->stored.id);
    m->file = j->stored;
    return found < 0 ? found : stored_insert(call->service, t->upload.institution, &m->file);
}

static int add_material(struct call *call)
{
    struct transfer *t = call->work;
    const struct upload *u = &t->upload;
    struct material m = {.preview = u->preview, .added_us = call->utc_us};
    store_new_id(m.id, "mat");
    memcpy(m.consultation, u->consultation, sizeof m.consultation);
    memcpy(m.account, u->account, sizeof m.account);
    memcpy(m.type, u->type, sizeof m.type);
    memcpy(m.header, u->header, sizeof m.header);
    memcpy(m.name, u->name, sizeof m.name);
    bool readable = t->finish->stored.kind != KIND_WFDB_SIGNAL; /* its header says it all */
    text_copy(m.status, sizeof m.status, readable ? "pending" : "read");
    /* rights may have changed since the last piece began */
    int status = materials_may_add(call->service, call->caller, u->consultation, call->utc_us);
    if (status == 0)
        status = place_file(call, t, &m);
    if (status == 0)
        status = material_insert(call->service, &m);
    if (status == 0)
        status = upload_finish(call->service, u->id, m.id);
    if (status == 0)
        status = materials_tell(call, "material.added", &m, m.status);
    if (status == 0)
        status = consult_material_changed(call, m.consultation);
    memcpy(call->audit_object, m.id, sizeof call->audit_object);
    if (status == 0)
        memcpy(t->upload.material, m.id, sizeof m.id);
    sodium_memzero(&m.file, sizeof m.file);
    return status;
}

static void store_finished(struct transfer *t)
{
    struct call call;
    int status = materials_act(t->m, &t->caller, "material.add", add_material, t, &call);
    if (status < 0)
        (void)box_remove(t->m->directory, t->finish->stored.id);
    else
        inspections_start(t->m);
    if (!t->x)
        return;
    if (status < 0) {
        fail(t, status);
        return;
    }
    over(t);
    upload_stand(t->x, t->method == HTTP_HEAD ? 200 : 204, &t->upload, t->upload.bytes);
}

static void finish_done(struct exchange *x, void *state, void *job, bool refused)
{
    struct transfer *t = job;
    (void)state;
    t->in_job = false;
    if (refused) {
        if (x)
            fail(t, SQ_ERR_NOMEM);
    } else if (t->finish->no.status) {
        t->no = t->finish->no;
        refuse_for_good(t);
    } else if (t->finish->error == 0) {
        store_finished(t);
    } else if (x) {
        fail(t, t->finish->error);
    }
    if (!x)
        transfer_free(t);
}

static void finish_transfer_run(void *job)
{
    finish_run(((struct transfer *)job)->finish);
}

static int load_header(struct transfer *t, struct finish_job *j)
{
    struct material header;
    if (!t->upload.header[0])
        return 0;
    int status = material_load(t->m->service, t->upload.header, &header);
    if (status < 0)
        return status;
    j->has_header = header.has_file && header.file.kind == KIND_WFDB_HEADER;
    j->header = header.file;
    material_clear(&header);
    return j->has_header ? 0 : SQ_ERR_NOT_FOUND;
}

void transfer_finish(struct transfer *t)
{
    struct finish_job *j = calloc(1, sizeof *j);
    int status = j ? load_header(t, j) : SQ_ERR_NOMEM;
    t->receiving = false;
    box_close(&t->box);
    t->finish = j;
    if (status < 0) {
        fail(t, status);
        return;
    }
    memcpy(j->directory, t->m->directory, sizeof j->directory);
    j->upload = t->upload;
    store_new_id(j->stored.id, "fil");
    t->in_job = true;
    http_run(t->x, finish_transfer_run, finish_done, t);
}
