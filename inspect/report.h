/* SPDX-License-Identifier: Apache-2.0 */
/* What shanqiao-inspect says about one file: {"ok":true,"details":{...},"identity":{...}} or
 * {"ok":false,"reason":"code"}. Members are named in docs/protocol/methods/material.list.json.
 * Refuses to know formats. */
#ifndef INSPECT_REPORT_H
#define INSPECT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REPORT_BYTES_MAX  16384 /* 64 leads of 32 bytes and a few texts, escaped */
#define REPORT_REASON_MAX 64
#define REPORT_TEXT_MAX   256
#define REPORT_LEADS_MAX  64

struct report {
    json_t *details, *identity;     /* owned; NULL: memory is used up, report_write then says so */
    char reason[REPORT_REASON_MAX]; /* "": all is well */
};

void report_init(struct report *r);
void report_fini(struct report *r);

/* The first reason counts; `detail` (may be NULL) follows it after a colon. */
void report_fail(struct report *r, const char *reason, const char *detail);

void report_int(struct report *r, const char *name, int64_t value); /* negative ones are left out */
void report_real(struct report *r, const char *name,
                 double value); /* likewise, and what is no number */
/* Bytes of the file become text: control characters go, blanks around too, cut at max bytes; what
 * is no UTF-8 or empty is left out. */
void report_text(struct report *r, const char *name, const char *value, size_t max);
void report_identity(struct report *r, const char *name, const char *value, size_t max);
void report_lead(struct report *r, const char *label); /* appends to "leads" */

/* One line of JSON; false: it can't be written. */
bool report_write(const struct report *r, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
