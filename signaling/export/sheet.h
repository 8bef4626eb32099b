/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the printed sheet and what they share. Inside export only. */
#ifndef SIGNALING_EXPORT_SHEET_H
#define SIGNALING_EXPORT_SHEET_H

#include "signaling/export/dossier.h"
#include "signaling/export/pdf.h"

#define SHEET_TEXT_SIZE  4096
#define SHEET_NOT_STATED "（未填写 not stated）"

struct sheet {
    struct pdf *pdf;
    const struct dossier *dossier;
    const json_t *document; /* that is printed */
    time_us utc_us;
};

void sheet_case(const struct sheet *s);    /* institutions, patient, request */
void sheet_consent(const struct sheet *s); /* per purpose */
void sheet_opinion(const struct sheet *s); /* the texts; of a conclusion, its members' too */
void sheet_versions(const struct sheet *s);
void sheet_signature(const struct sheet *s);
/* A box: is the signature good, and over what. */
void sheet_verdict(const struct sheet *s, const struct opinion_record *o);
/* A box, when a later version replaced the one that is printed. */
void sheet_superseded(const struct sheet *s);

const char *sheet_text(const json_t *object, const char *name); /* "" when it is not there */
bool sheet_blank(const char *text);
#define SHEET_CLOCK_SIZE 32
/* "2026-01-31 16:15:00 (UTC+8)" of a time of the wire, which stands as it is when it is none. */
const char *sheet_clock(const char *rfc3339, char out[SHEET_CLOCK_SIZE]);
/* "2026-01-31 16:15:00 北京时间 (UTC+8)" and, on the next line, UTC. */
void sheet_time(time_us utc_us, char out[SHEET_TEXT_SIZE]);
/* Sixteen digits to a group, so that two people can compare it aloud. */
void sheet_grouped(const char *hex, char out[SHEET_TEXT_SIZE]);
/* "institution（level）\nname" */
void sheet_person(const json_t *person, char out[SHEET_TEXT_SIZE]);

#endif
