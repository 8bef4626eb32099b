/* SPDX-License-Identifier: Apache-2.0 */
/* The printed opinion: order of its sections, in two passes for "page n of m". */
#include "signaling/export/print.h"
#include "shanqiao/error.h"
#include "signaling/export/sheet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLE_ZH "远程会诊意见书"
#define TITLE_EN "Remote Consultation Opinion"
#define MDT_ZH   "多学科远程会诊意见书"
#define MDT_EN   "Multi-disciplinary Remote Consultation Opinion"

static void print_all(const struct sheet *s)
{
    const struct dossier *d = s->dossier;
    bool conclusion = d->shown->kind == OPINION_CONCLUSION;
    char numbers[SHEET_TEXT_SIZE];
    snprintf(numbers, sizeof(numbers), "%s\n%s   第 %lld 版 version", d->record.id, d->shown->id,
             (long long)d->shown->version);
    pdf_title(s->pdf, conclusion ? MDT_ZH : TITLE_ZH, conclusion ? MDT_EN : TITLE_EN);
    sheet_superseded(s);
    if (!dossier_verdict(d, d->shown)->verified)
        sheet_verdict(s, d->shown);
    pdf_row(s->pdf, "会诊与意见编号", "Consultation, opinion", numbers);
    sheet_case(s);
    sheet_consent(s);
    sheet_opinion(s);
    sheet_versions(s);
    sheet_signature(s);
}

static int pass(struct sheet *s, int *pages, struct export_bytes *out,
                struct export_problem *problem)
{
    const struct dossier *d = s->dossier;
    char foot[SHEET_TEXT_SIZE];
    bool old = opinion_list_successor(&d->opinions, d->shown) != NULL;
    snprintf(foot, sizeof(foot), "%s会诊 %s   意见 %s", old ? "已作废 SUPERSEDED   " : "",
             d->record.id, d->shown->id);
    int status = pdf_new(&s->pdf, foot, *pages, problem);
    if (status < 0)
        return status;
    print_all(s);
    *pages = pdf_pages(s->pdf);
    status = pdf_finish(s->pdf, TITLE_ZH " " TITLE_EN, s->utc_us, out, problem);
    pdf_free(s->pdf);
    return status;
}

int print_dossier(const struct dossier *d, time_us utc_us, struct export_bytes *out,
                  struct export_problem *problem)
{
    struct export_bytes counted = {0};
    int pages = 0;
    json_t *document = json_loads(d->shown->canonical, 0, NULL);
    if (!document)
        return dossier_fault(problem, EXPORT_NOT_VERIFIED, "content_differs", SQ_ERR_STATE);
    struct sheet s = {.dossier = d, .document = document, .utc_us = utc_us};
    int status = pass(&s, &pages, &counted, problem);
    free(counted.data);
    if (status == 0)
        status = pass(&s, &pages, out, problem);
    json_decref(document);
    return status;
}

int export_print(struct service *s, const struct export_of *what, struct export_bytes *out,
                 struct export_problem *problem)
{
    struct dossier d;
    *out = (struct export_bytes){0};
    int status = dossier_load(s, what, &d, problem);
    if (status == 0)
        status = print_dossier(&d, what->utc_us, out, problem);
    dossier_clear(&d);
    return status;
}
