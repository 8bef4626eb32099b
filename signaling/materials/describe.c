/* SPDX-License-Identifier: Apache-2.0 */
/* A material as JSON (docs/protocol/methods/material.list.json). */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/materials/room.h"
#include "signaling/service.h"
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * TUS_HASH_BYTES + 1)

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_hash(json_t *object, const char *name, const uint8_t *hash)
{
    char hex[HEX_SIZE];
    sodium_bin2hex(hex, sizeof hex, hash, TUS_HASH_BYTES);
    return set(object, name, json_string(hex));
}

static int set_file(json_t *object, const struct stored *f)
{
    int status = set(object, "bytes", json_integer((json_int_t)f->bytes));
    if (status == 0)
        status = set_hash(object, "sha256", f->sha256);
    if (status == 0)
        status = set_hash(object, "storedSha256", f->stored_sha256);
    return status < 0 ? status : set(object, "stripped", json_boolean(f->stripped));
}

/* Values of vitals stand beside the others, details of a file in an object of their own. */
static int set_details(json_t *object, const struct material *m, bool identity)
{
    int status = 0;
    if (!m->has_file)
        return m->details && json_object_update(object, m->details) == 0 ? 0 : SQ_ERR_NOMEM;
    if (m->details)
        status = set(object, "details", json_incref(m->details));
    if (status == 0 && identity && m->identity)
        status = set(object, "identity", json_incref(m->identity));
    return status;
}

int material_describe(struct service *s, const struct material *m, bool identity, json_t **out)
{
    char added[SERVICE_TIME_MAX];
    json_t *person = NULL;
    int status = directory_person(s, m->account, &person);
    if (status < 0)
        return status;
    const char *format = m->has_file ? kind_name(m->file.kind) : "values";
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:s, s:s}", "id", m->id, "consultationId",
                  m->consultation, "type", m->type, "format", format ? format : "", "preview",
                  (int)m->preview, "name", m->name, "addedBy", person, "addedAt",
                  service_time_text(m->added_us, added), "status", m->status);
    status = object ? 0 : SQ_ERR_NOMEM;
    if (status == 0 && m->reason[0])
        status = set(object, "reason", json_string(m->reason));
    if (status == 0 && m->header[0])
        status = set(object, "header", json_string(m->header));
    if (status == 0 && m->has_file)
        status = set_file(object, &m->file);
    if (status == 0)
        status = set_details(object, m, identity);
    if (status < 0)
        json_decref(object);
    else
        *out = object;
    return status;
}

int materials_describe(struct service *s, const char *consultation, json_t **out)
{
    char(*ids)[ID_MAX] = calloc(MATERIALS_LIST_MAX, ID_MAX);
    json_t *list = *out = json_array();
    size_t count = 0;
    int status = ids && list ? material_ids(s, consultation, ids, &count) : SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct material m;
        json_t *one = NULL;
        status = material_load(s, ids[i], &m);
        if (status < 0)
            break;
        status = material_describe(s, &m, true, &one);
        material_clear(&m);
        if (status == 0 && json_array_append_new(list, one) != 0)
            status = SQ_ERR_NOMEM;
    }
    free(ids);
    if (status < 0) {
        json_decref(list);
        *out = NULL;
    }
    return status;
}
