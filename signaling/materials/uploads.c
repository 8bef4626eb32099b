/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads as rows, what is used already, and the end of everything that a consultation has. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/materials.h"
#include "signaling/materials/record.h"
#include "signaling/materials/seal.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * TUS_HASH_BYTES + 1)

int upload_insert(struct service *s, const struct upload *u)
{
    struct seal_json sealed = {.table = "material_upload", .id = u->id};
    char hex[HEX_SIZE];
    uint8_t *key = NULL;
    size_t key_len = 0;
    sodium_bin2hex(hex, sizeof hex, u->sha256, sizeof u->sha256);
    json_t *about = json_pack("{s:s, s:s, s:s, s:b}", "name", u->name, "sha256", hex, "header",
                              u->header, "preview", u->preview);
    int status = seal_add(s, &sealed, "sealed_about", about);
    if (status == 0)
        status = seal_bytes(s, "material_upload", u->id, "sealed_key", u->key, BOX_KEY_BYTES, &key,
                            &key_len);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO material_upload (id, consultation, account, institution,"
                           " type, bytes, material, expires_us, sealed_about, sealed_key)"
                           " VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9)",
                           sv_text(u->id), sv_text(u->consultation), sv_text(u->account),
                           sv_text(u->institution), sv_text(u->type), sv_int((int64_t)u->bytes),
                           sv_int(u->expires_us), seal_value(&sealed, 0), sv_bytes(key, key_len));
    free(key);
    json_decref(about);
    seal_clear(&sealed);
    return status < 0 ? status : 0;
}

static bool read_about(const json_t *about, struct upload *u)
{
    const char *name = json_string_value(json_object_get(about, "name"));
    const char *hex = json_string_value(json_object_get(about, "sha256"));
    const char *header = json_string_value(json_object_get(about, "header"));
    if (!name || !hex || !header || strlen(name) >= TUS_NAME_MAX || strlen(header) >= ID_MAX)
        return false;
    text_copy(u->name, sizeof u->name, name);
    text_copy(u->header, sizeof u->header, header);
    u->preview = json_is_true(json_object_get(about, "preview"));
    return sodium_hex2bin(u->sha256, sizeof u->sha256, hex, strlen(hex), NULL, NULL, NULL) == 0;
}

static int read_upload(struct service *s, const struct store_query *q, struct upload *u)
{
    json_t *about = NULL;
    store_copy_text(q, 0, u->id, ID_MAX);
    store_copy_text(q, 1, u->consultation, ID_MAX);
    store_copy_text(q, 2, u->account, ID_MAX);
    store_copy_text(q, 3, u->institution, ID_MAX);
    store_copy_text(q, 4, u->type, sizeof u->type);
    u->bytes = (uint64_t)store_int(q, 5);
    store_copy_text(q, 6, u->material, ID_MAX);
    u->expires_us = store_int(q, 7);
    int status = seal_read(s, "material_upload", u->id, "sealed_about", q, 8, &about);
    if (status == 0 && !read_about(about, u))
        status = SQ_ERR_STORE;
    json_decref(about);
    return status < 0 ? status : seal_read_key(s, "material_upload", u->id, q, 9, u->key);
}

int upload_load(struct service *s, const char *id, struct upload *out)
{
    struct store_query q;
    memset(out, 0, sizeof *out);
    STORE_QUERY(s->store, &q,
                "SELECT id, consultation, account, institution, type, bytes, material, expires_us,"
                " sealed_about, sealed_key FROM material_upload WHERE id = $1",
                sv_text(id));
    int status = store_next(&q) ? read_upload(s, &q, out) : SQ_ERR_NOT_FOUND;
    int end = store_query_end(&q);
    return end < 0 ? end : status;
}

int upload_delete(struct service *s, const char *id)
{
    int status = STORE_RUN(s->store, "DELETE FROM material_upload WHERE id = $1", sv_text(id));
    return status == 0 ? SQ_ERR_NOT_FOUND : status < 0 ? status : gone_add(s, id);
}

int upload_finish(struct service *s, const char *id, const char *material)
{
    int status = STORE_RUN(s->store,
                           "UPDATE material_upload SET material = $2 WHERE id = $1"
                           " AND material = ''",
                           sv_text(id), sv_text(material));
    return status == 0 ? SQ_ERR_CONFLICT : status < 0 ? status : gone_add(s, id);
}

int upload_next_expired(struct service *s, time_us utc_us, char id[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT id FROM material_upload WHERE expires_us <= $1 LIMIT 1",
                sv_int(utc_us));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, id, ID_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

/* ---- what is used ---- */

struct sums {
    int64_t count, bytes;
};

static int sum(struct service *s, const char *sql, const char *of, struct sums *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, sql, sv_text(of));
    if (store_next(&q))
        *out = (struct sums){store_int(&q, 0), store_int(&q, 1)};
    return store_query_end(&q);
}

#define SUM_FILES                                                                                  \
    "SELECT COUNT(*), CAST(COALESCE(SUM(f.bytes), 0) AS BIGINT) FROM material m"                   \
    " LEFT JOIN material_file f ON f.id = m.file WHERE "
#define SUM_UPLOADS                                                                                \
    "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM material_upload"                \
    " WHERE material = '' AND "

int material_usage_of(struct service *s, const char *consultation, const char *account,
                      struct material_usage *out)
{
    struct sums files = {0}, uploads = {0}, own = {0}, own_uploads = {0};
    int status = sum(s, SUM_FILES "m.consultation = $1", consultation, &files);
    if (status == 0)
        status = sum(s, SUM_UPLOADS "consultation = $1", consultation, &uploads);
    if (status == 0)
        status = sum(s, SUM_FILES "m.account = $1", account, &own);
    if (status == 0)
        status = sum(s, SUM_UPLOADS "account = $1", account, &own_uploads);
    *out = (struct material_usage){
        .consultation_count = (uint64_t)(files.count + uploads.count),
        .consultation_bytes = (uint64_t)(files.bytes + uploads.bytes),
        .account_bytes = (uint64_t)(own.bytes + own_uploads.bytes),
        .account_uploads = (uint64_t)own_uploads.count,
    };
    return status;
}

/* ---- retention ---- */

static int next_of(struct service *s, const char *sql, const char *consultation, char id[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(s->store, &q, sql, sv_text(consultation));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, id, ID_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

/* Rows go even where a seal does not open any more: only the file's id is needed. */
static int remove_material(struct service *s, const char *id)
{
    char file[ID_MAX] = "";
    struct material m = {.has_file = false};
    int found =
        next_of(s, "SELECT file FROM material WHERE id = $1 AND file IS NOT NULL", id, file);
    if (found < 0)
        return found;
    text_copy(m.id, sizeof m.id, id);
    m.has_file = found;
    text_copy(m.file.id, sizeof m.file.id, file);
    return material_delete(s, &m);
}

int materials_remove(struct service *s, const char *material)
{
    return remove_material(s, material);
}

int materials_remove_all(struct service *s, const char *consultation, int64_t *removed)
{
    char id[ID_MAX];
    int64_t count = 0;
    int status;
    while ((status = next_of(s, "SELECT id FROM material WHERE consultation = $1 LIMIT 1",
                             consultation, id)) == 1) {
        count++;
        status = remove_material(s, id);
        if (status < 0)
            return status;
    }
    while (status == 0 &&
           (status = next_of(s, "SELECT id FROM material_upload WHERE consultation = $1 LIMIT 1",
                             consultation, id)) == 1)
        status = upload_delete(s, id);
    if (removed)
        *removed = count;
    return status;
}
