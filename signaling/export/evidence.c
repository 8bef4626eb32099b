/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a package from a dossier; the installation signs its manifest. */
#include "shanqiao/error.h"
#include "signaling/export/package.h"
#include "signaling/export/print.h"
#include "signaling/service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PACKAGE_OPINIONS_MAX == OPINION_LIST_MAX, "all versions fit a package");

static void put_text(struct package *p, int file, const char *text)
{
    p->parts[file] = (struct package_part){(const uint8_t *)text, strlen(text)};
}

static int check_bounds(const struct package *p, struct export_problem *problem)
{
    char name[EXPORT_FILE_NAME_MAX];
    for (int i = 0; i < package_count(p); i++)
        if (p->parts[i].len_bytes > package_bound(i))
            return dossier_fault(problem, EXPORT_TOO_LONG, package_name(i, name), SQ_ERR_LIMIT);
    return 0;
}

static void put_opinions(struct package *p, const struct opinion_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct opinion_record *o = &l->items[i];
        if (!o->signed_utc_us)
            continue;
        int n = p->opinions++;
        put_text(p, package_of(n, PACKAGE_DOCUMENT), o->canonical);
        put_text(p, package_of(n, PACKAGE_CERTIFICATE), o->signature.certificate);
        p->parts[package_of(n, PACKAGE_SIGNATURE)] =
            (struct package_part){o->signature.bytes, o->signature.len_bytes};
    }
}

/* Texts that are made for the package, and live until it is written. */
struct made {
    char *record, *audit, *consents, *materials, *manifest;
    struct signature signature;
};

static void made_free(struct made *m)
{
    free(m->record);
    free(m->audit);
    free(m->consents);
    free(m->materials);
    free(m->manifest);
}

static int make(const struct dossier *d, time_us utc_us, struct made *m)
{
    m->record = dossier_record_text(d, utc_us);
    m->audit = dossier_audit_text(d);
    m->consents = dossier_consents_text(d);
    m->materials = dossier_materials_text(d);
    return m->record && m->audit && m->consents && m->materials ? 0 : SQ_ERR_NOMEM;
}

/* The certificate is named in the manifest, so signing comes in two steps: whose it is, then the
 * signature over what names it. */
static int sign_manifest(struct service *s, struct package *p, time_us utc_us, struct made *m)
{
    struct signer *signer = s->signer;
    int status = signer->ops->sign(signer, SIGNER_INSTALLATION, "", 0, utc_us, &m->signature);
    if (status < 0)
        return status;
    put_text(p, PACKAGE_MANIFEST_CERTIFICATE, m->signature.certificate);
    if (!(m->manifest = package_manifest(p)))
        return SQ_ERR_NOMEM;
    put_text(p, PACKAGE_MANIFEST, m->manifest);
    status = signer->ops->sign(signer, SIGNER_INSTALLATION, m->manifest, strlen(m->manifest),
                               utc_us, &m->signature);
    p->parts[PACKAGE_MANIFEST_SIGNATURE] =
        (struct package_part){m->signature.bytes, m->signature.len_bytes};
    return status;
}

static int pack(struct service *s, const struct dossier *d, const struct export_bytes *pdf,
                time_us utc_us, struct export_bytes *out, struct export_problem *problem)
{
    struct package p = {0};
    struct made m = {0};
    int status = make(d, utc_us, &m);
    if (status == 0) {
        put_text(&p, PACKAGE_AUDIT, m.audit);
        put_text(&p, PACKAGE_CA, d->ca);
        put_text(&p, PACKAGE_CONSENTS, m.consents);
        put_text(&p, PACKAGE_CONSULTATION, m.record);
        put_text(&p, PACKAGE_MATERIALS, m.materials);
        p.parts[PACKAGE_PDF] = (struct package_part){pdf->data, pdf->len_bytes};
        put_opinions(&p, &d->opinions);
        status = sign_manifest(s, &p, utc_us, &m);
    }
    if (status == 0)
        status = check_bounds(&p, problem);
    if (status == 0 && (status = package_write(&p, out)) == SQ_ERR_LIMIT)
        dossier_fault(problem, EXPORT_TOO_LONG, "zip", status);
    made_free(&m);
    return status;
}

int export_evidence(struct service *s, const struct export_of *what, struct export_bytes *out,
                    struct export_problem *problem)
{
    struct dossier d;
    struct export_bytes pdf = {0};
    *out = (struct export_bytes){0};
    int status = dossier_load(s, what, &d, problem);
    if (status == 0 && problem->fault == EXPORT_NOT_VERIFIED)
        status = SQ_ERR_STATE;
    if (status == 0)
        status = print_dossier(&d, what->utc_us, &pdf, problem);
    if (status == 0)
        status = pack(s, &d, &pdf, what->utc_us, out, problem);
    free(pdf.data);
    dossier_clear(&d);
    return status;
}
