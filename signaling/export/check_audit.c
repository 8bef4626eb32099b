/* SPDX-License-Identifier: Apache-2.0 */
/* The audit rows of a package: each is what its hash says, neighbours of a chain follow each other,
 * and each chain has a head that is not before its last row. */
#include "signaling/audit/audit.h"
#include "signaling/export/verify.h"
#include <sodium.h>
#include <string.h>

#define SCHEMA "shanqiao.audit.v2"

static bool read_hash(const json_t *row, const char *name, uint8_t out[AUDIT_HASH_BYTES])
{
    size_t len = 0;
    const char *hex = evidence_text(row, name);
    return sodium_hex2bin(out, AUDIT_HASH_BYTES, hex, strlen(hex), NULL, &len, NULL) == 0 &&
           len == AUDIT_HASH_BYTES;
}

static bool has_id(const json_t *list, const char *id)
{
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(list, i, one)
    {
        if (evidence_same(id, evidence_text(one, "id")))
            return true;
    }
    return false;
}

/* The consultation, one of its opinions, materials, referrals. */
static bool is_of_case(const struct evidence *e, const char *object)
{
    const json_t *consultation = json_object_get(e->record, "consultation");
    for (int i = 0; i < e->package->opinions; i++)
        if (evidence_same(object, evidence_text(e->opinions[i].document, "id")))
            return true;
    return evidence_same(object, evidence_text(consultation, "id")) ||
           has_id(json_object_get(e->materials, "materials"), object) ||
           has_id(json_object_get(e->record, "referrals"), object);
}

static bool follows(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_BYTES],
                    const struct audit_head *head)
{
    int order = strcmp(row->chain, head->chain);
    if (order != 0 || head->number == 0)
        return order >= 0; /* the next chain */
    return row->number > head->number + 1 ||
           (row->number == head->number + 1 && memcmp(previous, head->hash, AUDIT_HASH_BYTES) == 0);
}

static const char *check_row(const json_t *row, const struct evidence *e, struct audit_head *head)
{
    uint8_t previous[AUDIT_HASH_BYTES], told[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    struct audit_row is = {.chain = evidence_text(row, "chain"),
                           .number = json_integer_value(json_object_get(row, "number")),
                           .account = evidence_text(row, "account"),
                           .session = evidence_text(row, "session"),
                           .act = evidence_text(row, "act"),
                           .object = evidence_text(row, "object"),
                           .detail = evidence_text(row, "detail"),
                           .utc_us = json_integer_value(json_object_get(row, "atUs"))};
    if (!read_hash(row, "previous", previous) || !read_hash(row, "hash", told) || is.number <= 0 ||
        strlen(is.chain) >= sizeof(head->chain))
        return "audit_row";
    audit_row_hash(&is, previous, hash);
    if (memcmp(hash, told, sizeof(hash)) != 0)
        return "audit_row";
    if (!is_of_case(e, is.object))
        return "other_case";
    if (!follows(&is, previous, head))
        return "audit_sequence";
    snprintf(head->chain, sizeof(head->chain), "%s", is.chain);
    head->number = is.number;
    memcpy(head->hash, hash, sizeof(hash));
    return NULL;
}

/* Is the head of its chain at or behind this last row? */
static bool has_head(const json_t *heads, const struct audit_head *last)
{
    const json_t *one = NULL;
    uint8_t hash[AUDIT_HASH_BYTES];
    size_t i = 0;
    json_array_foreach(heads, i, one)
    {
        json_int_t number = json_integer_value(json_object_get(one, "number"));
        if (strcmp(evidence_text(one, "chain"), last->chain) != 0 || !read_hash(one, "hash", hash))
            continue;
        return number > last->number ||
               (number == last->number && memcmp(hash, last->hash, sizeof(hash)) == 0);
    }
    return false;
}

const char *evidence_check_audit(const struct evidence *e, size_t *row)
{
    const json_t *rows = json_object_get(e->audit, "rows"), *one = NULL;
    const json_t *heads = json_object_get(e->audit, "heads");
    struct audit_head head = {0};
    size_t i = 0;
    if (!evidence_canonical(e, e->audit, PACKAGE_AUDIT))
        return "not_canonical";
    if (!evidence_same(evidence_text(e->audit, "schema"), SCHEMA) || json_array_size(rows) == 0)
        return "unknown_format";
    json_array_foreach(rows, i, one)
    {
        struct audit_head before = head;
        const char *wrong = check_row(one, e, &head);
        bool ended = before.number > 0 && strcmp(before.chain, head.chain) != 0;
        if (!wrong && ended && !has_head(heads, &before))
            wrong = "audit_sequence";
        if (wrong) {
            *row = (size_t)json_integer_value(json_object_get(one, "number"));
            return wrong;
        }
    }
    return has_head(heads, &head) ? NULL : "audit_sequence";
}
