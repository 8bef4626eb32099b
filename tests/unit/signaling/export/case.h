/* SPDX-License-Identifier: Apache-2.0 */
/* A signed consultation in Chinese, and shanqiaoctl over it. */
#ifndef TESTS_UNIT_SIGNALING_EXPORT_CASE_H
#define TESTS_UNIT_SIGNALING_EXPORT_CASE_H

#include "people.h"
#include "signaling/ctl/ctl.h"
#include "signaling/export/export.h"

extern struct people p;
extern char id[ID_MAX];
extern char said[16384];                         /* by the last case_ctl */
extern const char *case_complaint, *case_advice; /* set before case_up; NULL: the usual ones */

void case_up(void); /* signed */
void case_up_unsigned(void);
/* An MDT whose three people have Chinese names; two opinions, one dissent, one version replaced
 * after the chair's conclusion. */
void case_up_mdt(void);
void case_down(void);
void case_sign(void);
/* A new version with this advice, a minute later. */
void case_supersede(const char *advice, const char *reason);

/* The fonts that fontconfig sees: by default WenQuanYi Zen Hei alone, so that a test does not
 * depend on what else is installed (and fontconfig leaks while it reads a system's configuration).
 */
void case_fonts(const char *configuration);

/* "shanqiaoctl <line>", words parted by single spaces; DB, KEYS, CON stand for the case's, a word
 * that starts with @ for a file in its folder. */
int case_ctl(const char *line);
void case_path(const char *name, char out[256]);
struct export_bytes case_read(const char *name);
void case_write(const char *name, const void *data, size_t len_bytes);

#endif
