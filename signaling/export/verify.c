/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a package without a store: container, manifest, signature, chain, what the files say of
 * each other, audit rows. Each step names the file that it refuses. */
#include "signaling/export/verify.h"
#include "shanqiao/error.h"
#include "signaling/export/package.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct export_verdict *v, const char *code, const char *file)
{
    v->code = code;
    snprintf(v->file, sizeof(v->file), "%s", file);
    return false;
}

static bool refuse_part(struct export_verdict *v, const char *code, int file)
{
    return refuse(v, code, package_name(file));
}

/* The manifest made anew must be the one that is there; what differs is told by its own words. */
static bool check_manifest(const struct package *p, struct export_verdict *v, int *status)
{
    const struct package_part *part = &p->parts[PACKAGE_MANIFEST];
    char *wanted = package_manifest(p);
    if (!wanted) {
        *status = SQ_ERR_NOMEM;
        return false;
    }
    bool same =
        strlen(wanted) == part->len_bytes && memcmp(wanted, part->data, part->len_bytes) == 0;
    json_t *is = json_loadb((const char *)part->data, part->len_bytes, 0, NULL);
    json_t *made = json_loads(wanted, 0, NULL);
    const json_t *list = json_object_get(is, "files"), *anew = json_object_get(made, "files");
    size_t count = json_array_size(anew);
    int wrong = -1;
    for (size_t i = 0; i < count && wrong < 0 && json_array_size(list) == count; i++)
        if (!json_equal(json_array_get(list, i), json_array_get(anew, i)))
            wrong = (int)i + ((int)i >= PACKAGE_MANIFEST); /* the list leaves the manifest out */
    json_decref(is);
    json_decref(made);
    free(wanted);
    if (same)
        return true;
    return wrong >= 0 ? refuse_part(v, "hash", wrong)
                      : refuse_part(v, "manifest", PACKAGE_MANIFEST);
}

static json_t *parse(const struct package_part *part)
{
    return json_loadb((const char *)part->data, part->len_bytes, JSON_REJECT_DUPLICATES, NULL);
}

/* PEM text with its final zero; NULL: no memory, or a zero inside. */
static char *text_of(const struct package_part *part)
{
    char *text = malloc(part->len_bytes + 1);
    if (!text)
        return NULL;
    memcpy(text, part->data, part->len_bytes);
    text[part->len_bytes] = '\0';
    return text;
}

static bool read_files(const struct package *p, struct evidence *e, struct export_verdict *v)
{
    char *certificate = text_of(&p->parts[PACKAGE_CERTIFICATE]);
    char *ca = text_of(&p->parts[PACKAGE_CA]);
    e->package = p;
    e->certificate = certificate ? x509_from_pem(certificate) : NULL;
    e->ca = ca ? x509_from_pem(ca) : NULL;
    e->document = parse(&p->parts[PACKAGE_OPINION]);
    e->record = parse(&p->parts[PACKAGE_CONSULTATION]);
    e->audit = parse(&p->parts[PACKAGE_AUDIT]);
    free(certificate);
    free(ca);
    if (!e->certificate)
        return refuse_part(v, "unreadable", PACKAGE_CERTIFICATE);
    if (!e->ca)
        return refuse_part(v, "unreadable", PACKAGE_CA);
    if (!e->document)
        return refuse_part(v, "unreadable", PACKAGE_OPINION);
    if (!e->record)
        return refuse_part(v, "unreadable", PACKAGE_CONSULTATION);
    return e->audit ? true : refuse_part(v, "unreadable", PACKAGE_AUDIT);
}

static void clear(struct evidence *e)
{
    X509_free(e->certificate);
    X509_free(e->ca);
    json_decref(e->document);
    json_decref(e->record);
    json_decref(e->audit);
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static bool check_all(const struct package *p, const struct trust *trust, struct export_verdict *v)
{
    struct evidence e = {0};
    int file = PACKAGE_OPINION;
    const char *wrong = NULL;
    bool good = read_files(p, &e, v);
    if (good) {
        const json_t *author = json_object_get(e.document, "author");
        copy(v->consultation, sizeof(v->consultation),
             json_string_value(json_object_get(e.document, "consultationId")));
        copy(v->signer, sizeof(v->signer), json_string_value(json_object_get(author, "name")));
        copy(v->signed_at, sizeof(v->signed_at),
             json_string_value(json_object_get(e.document, "signedAt")));
        wrong = evidence_check_signature(&e, trust, v, &file);
        if (!wrong)
            wrong = evidence_check_record(&e, &file);
        if (!wrong && (wrong = evidence_check_audit(&e, &v->offset)))
            file = PACKAGE_AUDIT;
    }
    clear(&e);
    return wrong ? refuse_part(v, wrong, file) : good;
}

int export_verify(const uint8_t *data, size_t len_bytes, const char *ca_pem,
                  struct export_verdict *out)
{
    struct package p = {0};
    struct package_fault fault;
    struct trust trust = {0};
    *out = (struct export_verdict){.code = "ok", .own_ca = ca_pem == NULL};
    int status = ca_pem ? trust_read(&trust, ca_pem) : 0;
    if (status == 0 && package_read(&p, data, len_bytes, &fault) < 0) {
        refuse(out, fault.code, fault.file);
        out->offset = fault.offset;
    } else if (status == 0) {
        out->good = check_manifest(&p, out, &status) && check_all(&p, &trust, out);
    }
    trust_clear(&trust);
    return status;
}
