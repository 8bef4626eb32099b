/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions as the wire has them (docs/protocol/methods/opinion.get.json). */
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/opinion/work.h"
#include "signaling/service.h"
#include <sodium.h>

#define BASE64_MAX (4 * ((SIGNER_SIGNATURE_MAX + 2) / 3) + 1)
#define HEX_SIZE   (2 * OPINION_HASH_BYTES + 1)

json_t *opinion_signed_json(const struct opinion_record *o)
{
    char hex[HEX_SIZE], base64[BASE64_MAX], signed_at[SERVICE_TIME_MAX];
    sodium_bin2hex(hex, sizeof(hex), o->hash, sizeof(o->hash));
    sodium_bin2base64(base64, sizeof(base64), o->signature.bytes, o->signature.len_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "id", o->id, "canonical",
                     o->canonical, "signature", base64, "algorithm", o->algorithm, "hash", hex,
                     "certificate", o->signature.certificate, "signedAt",
                     service_time_text(o->signed_utc_us, signed_at), "kind",
                     opinion_kind_name(o->kind), "version", (json_int_t)o->version);
}

static int add_text(json_t *object, const char *name, const char *text)
{
    if (!text || !text[0])
        return 0;
    return json_object_set_new(object, name, json_string(text)) == 0 ? 0 : SQ_ERR_NOMEM;
}

/* Members that a signed version has besides. */
static int add_signed(json_t *object, const struct opinion_list *l, const struct opinion_record *o)
{
    const struct opinion_record *after = opinion_list_successor(l, o);
    json_t *more = opinion_signed_json(o);
    int status = more && json_object_update(object, more) == 0 ? 0 : SQ_ERR_NOMEM;
    json_decref(more);
    return status < 0 ? status : add_text(object, "supersededBy", after ? after->id : NULL);
}

int opinion_describe(struct service *s, const struct opinion_list *l,
                     const struct opinion_record *o, json_t **out)
{
    char saved_at[SERVICE_TIME_MAX];
    json_t *author = NULL;
    *out = NULL;
    int status = directory_person(s, o->author, &author);
    if (status < 0)
        return status;
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:I, s:o, s:b, s:O, s:s}", "id", o->id, "consultationId",
                  o->consultation, "kind", opinion_kind_name(o->kind), "version",
                  (json_int_t)o->version, "author", author, "signed", (int)(o->signed_utc_us != 0),
                  "text", o->draft, "savedAt", service_time_text(o->saved_utc_us, saved_at));
    status = object ? add_text(object, "supersedes", o->supersedes) : SQ_ERR_NOMEM;
    if (status == 0 && o->signed_utc_us)
        status = add_signed(object, l, o);
    if (status < 0) {
        json_decref(object);
        return status;
    }
    *out = object;
    return 0;
}

int opinion_describe_signed(struct service *s, const char *consultation, json_t **out)
{
    struct opinion_list l;
    json_t *list = *out = NULL;
    int status = opinion_list_load(s, consultation, &l);
    if (status == 0 && !(list = json_array()))
        status = SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < l.count; i++) {
        json_t *one = NULL;
        if (!l.items[i].signed_utc_us)
            continue;
        status = opinion_describe(s, &l, &l.items[i], &one);
        if (status == 0 && json_array_append_new(list, one) != 0)
            status = SQ_ERR_NOMEM;
    }
    opinion_list_clear(&l);
    if (status < 0)
        json_decref(list);
    else
        *out = list;
    return status;
}
