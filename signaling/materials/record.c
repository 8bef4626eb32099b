/* SPDX-License-Identifier: Apache-2.0 */
/* Materials and stored files as rows. */
#include "signaling/materials/record.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/seal.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdlib.h>
#include <string.h>

/* ---- stored files ---- */

#define STORED_COLUMNS                                                                             \
    "f.id, f.format, f.bytes, f.stripped, f.sha256, f.stored_sha256, f.sealed_key"

static bool copy_hash(const struct store_query *q, int column, uint8_t *out)
{
    size_t len = 0;
    const void *bytes = store_bytes(q, column, &len);
    if (!bytes || len != TUS_HASH_BYTES)
        return false;
    memcpy(out, bytes, len);
    return true;
}

/* The seven columns from `at` on. */
static int read_stored(struct service *s, const struct store_query *q, int at, struct stored *out)
{
    const char *format = store_text(q, at + 1);
    store_copy_text(q, at, out->id, ID_MAX);
    out->kind = kind_parse(format ? format : "");
    out->bytes = (uint64_t)store_int(q, at + 2);
    out->stripped = store_int(q, at + 3) == 1;
    if (!copy_hash(q, at + 4, out->sha256) || !copy_hash(q, at + 5, out->stored_sha256))
        return SQ_ERR_STORE;
    return seal_read_key(s, "material_file", out->id, q, at + 6, out->key);
}

int stored_find(struct service *s, const char *institution, const uint8_t *sha256, enum kind kind,
                struct stored *out)
{
    struct store_query q;
    memset(out, 0, sizeof *out);
    STORE_QUERY(s->store, &q,
                "SELECT " STORED_COLUMNS " FROM material_file f WHERE f.institution = $1"
                " AND f.sha256 = $2 AND f.format = $3",
                sv_text(institution), sv_bytes(sha256, TUS_HASH_BYTES), sv_text(kind_name(kind)));
    bool found = store_next(&q);
    int status = found ? read_stored(s, &q, 0, out) : 0;
    int end = store_query_end(&q);
    return end < 0 ? end : status < 0 ? status : found;
}

int stored_insert(struct service *s, const char *institution, const struct stored *f)
{
    uint8_t *key = NULL;
    size_t key_len = 0;
    int status =
        seal_bytes(s, "material_file", f->id, "sealed_key", f->key, BOX_KEY_BYTES, &key, &key_len);
    if (status == 0)
        status =
            STORE_RUN(s->store,
                      "INSERT INTO material_file (id, institution, sha256, stored_sha256,"
                      " bytes, stripped, format, sealed_key)"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                      sv_text(f->id), sv_text(institution), sv_bytes(f->sha256, TUS_HASH_BYTES),
                      sv_bytes(f->stored_sha256, TUS_HASH_BYTES), sv_int((int64_t)f->bytes),
                      sv_int(f->stripped), sv_text(kind_name(f->kind)), sv_bytes(key, key_len));
    free(key);
    return status < 0 ? status : 0;
}

/* ---- materials ---- */

void material_clear(struct material *m)
{
    json_decref(m->details);
    json_decref(m->identity);
    memset(m, 0, sizeof *m);
}

int material_insert(struct service *s, const struct material *m)
{
    struct seal_json sealed = {.table = "material", .id = m->id};
    json_t *name = json_string(m->name);
    int status = seal_add(s, &sealed, "sealed_name", name);
    if (status == 0)
        status = seal_add(s, &sealed, "sealed_details", m->details);
    if (status == 0)
        status = STORE_RUN(
            s->store,
            "INSERT INTO material (id, consultation, account, type, preview, file, header, status,"
            " reason, added_us, sealed_name, sealed_details)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            sv_text(m->id), sv_text(m->consultation), sv_text(m->account), sv_text(m->type),
            sv_int(m->preview), sv_text(m->has_file ? m->file.id : NULL), sv_text(m->header),
            sv_text(m->status), sv_text(m->reason), sv_int(m->added_us), seal_value(&sealed, 0),
            seal_value(&sealed, 1));
    json_decref(name);
    seal_clear(&sealed);
    return status < 0 ? status : 0;
}

static int read_material(struct service *s, const struct store_query *q, struct material *m)
{
    json_t *name = NULL;
    struct {
        int column;
        char *out;
        size_t size;
    } texts[] = {{0, m->id, ID_MAX},
                 {1, m->consultation, ID_MAX},
                 {2, m->account, ID_MAX},
                 {3, m->type, sizeof m->type},
                 {5, m->header, ID_MAX},
                 {6, m->status, sizeof m->status},
                 {7, m->reason, sizeof m->reason}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        store_copy_text(q, texts[i].column, texts[i].out, texts[i].size);
    m->preview = store_int(q, 4) == 1;
    m->added_us = store_int(q, 8);
    m->has_file = !store_is_null(q, 12);
    int status = seal_read(s, "material", m->id, "sealed_name", q, 9, &name);
    if (status == 0)
        status = seal_read(s, "material", m->id, "sealed_details", q, 10, &m->details);
    if (status == 0)
        status = seal_read(s, "material", m->id, "sealed_identity", q, 11, &m->identity);
    if (status == 0 && json_is_string(name) && json_string_length(name) < TUS_NAME_MAX)
        text_copy(m->name, sizeof m->name, json_string_value(name));
    json_decref(name);
    return status == 0 && m->has_file ? read_stored(s, q, 12, &m->file) : status;
}

int material_load(struct service *s, const char *id, struct material *out)
{
    struct store_query q;
    memset(out, 0, sizeof *out);
    STORE_QUERY(s->store, &q,
                "SELECT m.id, m.consultation, m.account, m.type, m.preview, m.header, m.status,"
                " m.reason, m.added_us, m.sealed_name, m.sealed_details, m.sealed_identity,"
                " " STORED_COLUMNS " FROM material m LEFT JOIN material_file f ON f.id = m.file"
                " WHERE m.id = $1",
                sv_text(id));
    int status = store_next(&q) ? read_material(s, &q, out) : SQ_ERR_NOT_FOUND;
    int end = store_query_end(&q);
    if (end < 0)
        status = end;
    if (status < 0)
        material_clear(out);
    return status;
}

int material_ids(struct service *s, const char *consultation, char (*ids)[ID_MAX], size_t *count)
{
    struct store_query q;
    *count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT id FROM material WHERE consultation = $1 ORDER BY added_us, id LIMIT $2",
                sv_text(consultation), sv_int(MATERIALS_LIST_MAX));
    while (*count < MATERIALS_LIST_MAX && store_next(&q))
        store_copy_text(&q, 0, ids[(*count)++], ID_MAX);
    return store_query_end(&q);
}

int material_update(struct service *s, const struct material *m)
{
    struct seal_json sealed = {.table = "material", .id = m->id};
    int status = seal_add(s, &sealed, "sealed_details", m->details);
    if (status == 0)
        status = seal_add(s, &sealed, "sealed_identity", m->identity);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "UPDATE material SET status = $2, reason = $3, sealed_details = $4,"
                           " sealed_identity = $5 WHERE id = $1",
                           sv_text(m->id), sv_text(m->status), sv_text(m->reason),
                           seal_value(&sealed, 0), seal_value(&sealed, 1));
    seal_clear(&sealed);
    return status == 0 ? SQ_ERR_NOT_FOUND : status < 0 ? status : 0;
}

int material_next_pending(struct service *s, const char *after, char id[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT id FROM material WHERE status = 'pending' AND id > $1 ORDER BY id LIMIT 1",
                sv_text(after));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, id, ID_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

/* ---- what refers to nothing any more ---- */

static int count_of(struct service *s, const char *sql, const char *id, int64_t *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, sql, sv_text(id));
    *out = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

static int release_file(struct service *s, const char *file)
{
    int64_t users = 0;
    int status = count_of(s, "SELECT COUNT(*) FROM material WHERE file = $1", file, &users);
    if (status < 0 || users > 0)
        return status;
    status = STORE_RUN(s->store, "DELETE FROM material_file WHERE id = $1", sv_text(file));
    return status < 0 ? status : gone_add(s, file);
}

int material_delete(struct service *s, const struct material *m)
{
    int status = material_marks_delete(s, m->id);
    if (status == 0)
        status = STORE_RUN(s->store, "DELETE FROM material WHERE id = $1", sv_text(m->id));
    return status >= 0 && m->has_file ? release_file(s, m->file.id) : status < 0 ? status : 0;
}

int gone_add(struct service *s, const char *file)
{
    int status = STORE_RUN(s->store,
                           "INSERT INTO material_gone (file) VALUES ($1)"
                           " ON CONFLICT (file) DO NOTHING",
                           sv_text(file));
    return status < 0 ? status : 0;
}

int gone_next(struct service *s, char file[ID_MAX])
{
    struct store_query q;
    store_query(s->store, &q, "SELECT file FROM material_gone LIMIT 1", NULL, 0);
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, file, ID_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

int gone_done(struct service *s, const char *file)
{
    int status = STORE_RUN(s->store, "DELETE FROM material_gone WHERE file = $1", sv_text(file));
    return status < 0 ? status : 0;
}

int file_is_known(struct service *s, const char *file)
{
    static const char *const questions[] = {
        "SELECT COUNT(*) FROM material_file WHERE id = $1",
        "SELECT COUNT(*) FROM material_upload WHERE id = $1",
        "SELECT COUNT(*) FROM material_gone WHERE file = $1",
    };
    int64_t count = 0, all = 0;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        int status = count_of(s, questions[i], file, &count);
        if (status < 0)
            return status;
        all += count;
    }
    return all > 0;
}
