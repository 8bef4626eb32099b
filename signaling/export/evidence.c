/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a package from a dossier. */
#include "shanqiao/error.h"
#include "signaling/export/package.h"
#include "signaling/export/print.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_text(struct package *p, int file, const char *text)
{
    p->parts[file] = (struct package_part){(const uint8_t *)text, strlen(text)};
}

static int check_bounds(const struct package *p, struct export_problem *problem)
{
    for (int i = 0; i < PACKAGE_FILES; i++) {
        if (p->parts[i].len_bytes <= package_bound(i))
            continue;
        problem->fault = EXPORT_TOO_LONG;
        snprintf(problem->detail, sizeof(problem->detail), "%s", package_name(i));
        return SQ_ERR_LIMIT;
    }
    return 0;
}

static int pack(const struct dossier *d, const struct export_bytes *pdf, time_us utc_us,
                struct export_bytes *out, struct export_problem *problem)
{
    struct package p = {0};
    char *record = dossier_record_text(d, utc_us), *audit = dossier_audit_text(d);
    char *manifest = NULL;
    int status = record && audit ? 0 : SQ_ERR_NOMEM;
    if (status == 0) {
        put_text(&p, PACKAGE_AUDIT, audit);
        put_text(&p, PACKAGE_CA, d->ca);
        put_text(&p, PACKAGE_CERTIFICATE, d->opinion.signature.certificate);
        put_text(&p, PACKAGE_CONSULTATION, record);
        put_text(&p, PACKAGE_OPINION, d->opinion.canonical);
        p.parts[PACKAGE_PDF] = (struct package_part){pdf->data, pdf->len_bytes};
        p.parts[PACKAGE_SIGNATURE] =
            (struct package_part){d->opinion.signature.bytes, d->opinion.signature.len_bytes};
        if (!(manifest = package_manifest(&p)))
            status = SQ_ERR_NOMEM;
    }
    if (status == 0) {
        put_text(&p, PACKAGE_MANIFEST, manifest);
        status = check_bounds(&p, problem);
    }
    if (status == 0)
        status = package_write(&p, out);
    free(record);
    free(audit);
    free(manifest);
    return status;
}

int export_evidence(struct service *s, const char *consultation, time_us utc_us,
                    struct export_bytes *out, struct export_problem *problem)
{
    struct dossier d;
    struct export_bytes pdf = {0};
    *out = (struct export_bytes){0};
    int status = dossier_load(s, consultation, &d, problem);
    if (status == 0 && !d.verdict.verified)
        status = SQ_ERR_STATE;
    if (status == 0)
        status = print_dossier(&d, utc_us, &pdf, problem);
    if (status == 0)
        status = pack(&d, &pdf, utc_us, out, problem);
    free(pdf.data);
    dossier_clear(&d);
    return status;
}
