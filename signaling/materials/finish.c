/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the upload's records. Photos are held whole, everything else a record at a time. */
#include "signaling/materials/finish.h"

#include "base/check.h"
#include "inspect/photo.h"
#include "shanqiao/error.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct pass {
    struct finish_job *job;
    const struct material_type *type;
    struct box in, out;
    crypto_hash_sha256_state hash; /* of what was uploaded */
    uint8_t *buffer;               /* what was read and not yet written */
    size_t len_bytes, capacity_bytes;
    struct wfdb_header header;
};

static int refuse(struct pass *p, unsigned status, const char *en, const char *zh)
{
    p->job->no = (struct tus_refusal){status, en, zh};
    return SQ_ERR_INVALID;
}

static int read_header(struct pass *p)
{
    const struct stored *h = &p->job->header;
    struct box_place place = {p->job->directory, h->id, h->key, h->bytes};
    uint8_t text[BOX_RECORD_MAX];
    uint64_t begin = 0;
    size_t len = 0;
    int status = box_read_at(&place, 0, text, &begin, &len);
    if (status == 0 && !wfdb_parse(text, len, &p->header))
        status = SQ_ERR_FORGED;
    return status;
}

static int decide_kind(struct pass *p)
{
    struct stored *f = &p->job->stored;
    size_t look = p->len_bytes < KIND_LOOK_BYTES ? p->len_bytes : KIND_LOOK_BYTES;
    f->kind = material_kind(p->type, p->buffer, look, p->job->upload.bytes,
                            p->job->has_header ? &p->header : NULL, &p->job->no);
    return f->kind == KIND_UNKNOWN ? SQ_ERR_INVALID : 0;
}

static bool is_photo(const struct pass *p)
{
    return p->job->stored.kind == KIND_JPEG || p->job->stored.kind == KIND_PNG;
}

/* Full records as far as they go; the rest too when `last`. */
static int write_out(struct pass *p, bool last)
{
    size_t n = last ? p->len_bytes : p->len_bytes / BOX_RECORD_MAX * BOX_RECORD_MAX;
    int status = box_append(&p->out, p->buffer, n, false);
    memmove(p->buffer, p->buffer + n, p->len_bytes - n);
    p->len_bytes -= n;
    return status;
}

/* The buffer holds the file's beginning when this is called for the first time. */
static int take_piece(struct pass *p, bool last)
{
    bool known = p->job->stored.kind != KIND_UNKNOWN;
    int status = 0;
    if (!known && (last || p->len_bytes >= KIND_LOOK_BYTES))
        status = decide_kind(p);
    if (status < 0 || p->job->stored.kind == KIND_UNKNOWN || is_photo(p))
        return status;
    return last || p->len_bytes >= BOX_RECORD_MAX ? write_out(p, last) : 0;
}

static int make_room(struct pass *p)
{
    if (p->capacity_bytes - p->len_bytes >= BOX_RECORD_MAX)
        return 0;
    size_t capacity = 2 * p->capacity_bytes;
    uint8_t *grown = malloc(capacity);
    if (!grown)
        return SQ_ERR_NOMEM;
    memcpy(grown, p->buffer, p->len_bytes);
    sodium_memzero(p->buffer, p->len_bytes);
    free(p->buffer);
    p->buffer = grown;
    p->capacity_bytes = capacity;
    return 0;
}

static int read_all(struct pass *p)
{
    struct box_reader reader = {.box = &p->in};
    int status = 0;
    for (;;) {
        size_t len = 0;
        status = make_room(p);
        if (status == 0)
            status = box_next(&reader, p->buffer + p->len_bytes, &len);
        if (status < 0 || len == 0)
            return status < 0 ? status : take_piece(p, true);
        crypto_hash_sha256_update(&p->hash, p->buffer + p->len_bytes, len);
        p->len_bytes += len;
        status = take_piece(p, false);
        if (status < 0)
            return status;
    }
}

static int check_hash(struct pass *p)
{
    struct stored *f = &p->job->stored;
    crypto_hash_sha256_final(&p->hash, f->sha256);
    memcpy(f->stored_sha256, f->sha256, sizeof f->sha256);
    if (!sodium_memcmp(f->sha256, p->job->upload.sha256, sizeof f->sha256))
        return 0;
    return refuse(
        p, 460, "The bytes that came are not those whose sha256 was named. Upload the file again.",
        "收到的内容与给出的 sha256 不符，请重新上传该文件。");
}

static int strip(struct pass *p)
{
    struct stored *f = &p->job->stored;
    struct photo photo;
    size_t len = 0;
    uint8_t *out = malloc(p->len_bytes + PHOTO_GROWTH_MAX);
    if (!out)
        return SQ_ERR_NOMEM;
    int status = 0;
    if (!photo_strip(f->kind, p->buffer, p->len_bytes, out, &len, &photo))
        status =
            refuse(p, 415,
                   "The photo is damaged, so its location can't be removed and it is not kept. "
                   "Take or export it again.",
                   "照片已损坏，无法去除位置信息，因此未保存。请重新拍摄或导出。");
    if (status == 0) {
        f->stripped = len != p->len_bytes || memcmp(out, p->buffer, len) != 0;
        crypto_hash_sha256(f->stored_sha256, out, len);
        status = box_append(&p->out, out, len, false);
    }
    sodium_memzero(out, p->len_bytes + PHOTO_GROWTH_MAX);
    free(out);
    return status;
}

static int run(struct pass *p)
{
    struct finish_job *j = p->job;
    int status = box_open(&p->in, j->directory, j->upload.id, j->upload.key);
    if (status == 0 && p->in.bytes != j->upload.bytes)
        status = SQ_ERR_STATE;
    if (status == 0 && j->has_header)
        status = read_header(p);
    if (status == 0)
        status = box_create(&p->out, j->directory, j->stored.id, j->stored.key);
    if (status == 0)
        status = read_all(p);
    if (status == 0)
        status = check_hash(p);
    if (status == 0 && is_photo(p))
        status = strip(p);
    if (status == 0)
        status = box_sync(&p->out);
    j->stored.bytes = p->out.bytes;
    return status;
}

void finish_run(void *finish_job)
{
    struct finish_job *j = finish_job;
    struct pass p = {.job = j, .in.fd = -1, .out.fd = -1};
    p.type = material_type_find(j->upload.type);
    CHECK(p.type);
    p.capacity_bytes = 4 * BOX_RECORD_MAX;
    p.buffer = malloc(p.capacity_bytes);
    crypto_hash_sha256_init(&p.hash);
    randombytes_buf(j->stored.key, sizeof j->stored.key);
    j->error = p.buffer ? run(&p) : SQ_ERR_NOMEM;
    bool made = p.out.fd >= 0;
    box_close(&p.in);
    box_close(&p.out);
    if (p.buffer)
        sodium_memzero(p.buffer, p.capacity_bytes);
    free(p.buffer);
    if (j->error < 0 && made)
        (void)box_remove(j->directory, j->stored.id);
}
