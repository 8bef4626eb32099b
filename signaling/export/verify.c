/* SPDX-License-Identifier: Apache-2.0 */
/* The check of a package, in order: container, manifest, its signature, opinions, record, consents,
 * materials, audit rows. Each step names the file that it refuses. */
#include "signaling/export/verify.h"
#include "shanqiao/error.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct export_verdict *v, const char *code, int file)
{
    v->code = code;
    if (file == PACKAGE_ZIP)
        snprintf(v->file, sizeof(v->file), "zip");
    else
        package_name(file, v->file);
    return false;
}

/* The manifest made anew must be the one that is there; what differs is told by its own words. */
static bool check_hashes(const struct package *p, struct export_verdict *v, int *status)
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
    size_t count = json_array_size(anew), at = 0;
    int wrong = PACKAGE_ZIP;
    for (int i = 0; i < package_count(p) && json_array_size(list) == count; i++) {
        if (i == PACKAGE_MANIFEST || i == PACKAGE_MANIFEST_SIGNATURE)
            continue; /* the list leaves them out */
        if (wrong == PACKAGE_ZIP && !json_equal(json_array_get(list, at), json_array_get(anew, at)))
            wrong = i;
        at++;
    }
    json_decref(is);
    json_decref(made);
    free(wanted);
    if (same)
        return true;
    return wrong != PACKAGE_ZIP ? refuse(v, "hash", wrong)
                                : refuse(v, "manifest", PACKAGE_MANIFEST);
}

/* ---- read ---- */

static json_t *parse(const struct package *p, int file)
{
    const struct package_part *part = &p->parts[file];
    return json_loadb((const char *)part->data, part->len_bytes, JSON_REJECT_DUPLICATES, NULL);
}

/* PEM text with its final zero; NULL: no memory. What stands behind a zero inside is not read. */
static char *text_of(const struct package *p, int file)
{
    return strndup((const char *)p->parts[file].data, p->parts[file].len_bytes);
}

static X509 *parse_certificate(const struct package *p, int file)
{
    char *text = text_of(p, file);
    X509 *certificate = text ? x509_from_pem(text) : NULL;
    free(text);
    return certificate;
}

static bool read_trust(struct evidence *e)
{
    char *text = text_of(e->package, PACKAGE_CA);
    bool good = text && trust_read(&e->inside, text) == 0;
    free(text);
    return good;
}

static bool read_opinions(struct evidence *e, struct export_verdict *v)
{
    for (int i = 0; i < e->package->opinions; i++) {
        struct evidence_opinion *o = &e->opinions[i];
        o->document = parse(e->package, package_of(i, PACKAGE_DOCUMENT));
        o->certificate = parse_certificate(e->package, package_of(i, PACKAGE_CERTIFICATE));
        if (!o->document)
            return refuse(v, "unreadable", package_of(i, PACKAGE_DOCUMENT));
        if (!o->certificate)
            return refuse(v, "unreadable", package_of(i, PACKAGE_CERTIFICATE));
    }
    return true;
}

static bool read_files(struct evidence *e, struct export_verdict *v)
{
    struct {
        json_t **to;
        int file;
    } files[] = {{&e->record, PACKAGE_CONSULTATION},
                 {&e->consents, PACKAGE_CONSENTS},
                 {&e->materials, PACKAGE_MATERIALS},
                 {&e->audit, PACKAGE_AUDIT}};
    if (!read_trust(e))
        return refuse(v, "unreadable", PACKAGE_CA);
    if (!(e->installation = parse_certificate(e->package, PACKAGE_MANIFEST_CERTIFICATE)))
        return refuse(v, "unreadable", PACKAGE_MANIFEST_CERTIFICATE);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (!(*files[i].to = parse(e->package, files[i].file)))
            return refuse(v, "unreadable", files[i].file);
    return read_opinions(e, v);
}

void evidence_free(struct evidence *e)
{
    for (int i = 0; i < e->package->opinions; i++) {
        json_decref(e->opinions[i].document);
        X509_free(e->opinions[i].certificate);
    }
    trust_clear(&e->inside);
    X509_free(e->installation);
    json_decref(e->record);
    json_decref(e->consents);
    json_decref(e->materials);
    json_decref(e->audit);
    free(e);
}

struct evidence *evidence_new(const struct package *p, const struct trust *outside,
                              struct export_verdict *v, bool *good)
{
    struct evidence *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->package = p;
    e->outside = outside;
    *good = read_files(e, v);
    return e;
}

/* ---- check ---- */

static const char *find_fault(const struct evidence *e, struct export_verdict *v, int *file)
{
    const char *wrong = evidence_check_manifest(e, file);
    if (!wrong)
        wrong = evidence_check_opinions(e, v, file);
    if (!wrong)
        wrong = evidence_check_record(e, file);
    if (!wrong)
        wrong = evidence_check_lists(e, file);
    if (!wrong && (wrong = evidence_check_audit(e, &v->offset)))
        *file = PACKAGE_AUDIT;
    return wrong;
}

static bool check_all(const struct package *p, const struct trust *outside,
                      struct export_verdict *v, int *status)
{
    int file = PACKAGE_MANIFEST;
    const char *wrong = NULL;
    bool good = false;
    struct evidence *e = evidence_new(p, outside, v, &good);
    if (!e) {
        *status = SQ_ERR_NOMEM;
        return false;
    }
    if (good)
        wrong = find_fault(e, v, &file);
    evidence_free(e);
    return wrong ? refuse(v, wrong, file) : good;
}

int export_verify(const uint8_t *data, size_t len_bytes, const char *ca_pem,
                  struct export_verdict *out)
{
    struct package p;
    struct package_fault fault;
    struct trust trust = {0};
    *out = (struct export_verdict){.code = "ok", .own_ca = ca_pem == NULL};
    int status = ca_pem ? trust_read(&trust, ca_pem) : 0;
    if (status == 0 && package_read(&p, data, len_bytes, &fault) < 0) {
        refuse(out, fault.code, fault.file);
        out->offset = fault.offset;
    } else if (status == 0) {
        out->good =
            check_hashes(&p, out, &status) && check_all(&p, ca_pem ? &trust : NULL, out, &status);
    }
    trust_clear(&trust);
    return status;
}
