/* SPDX-License-Identifier: Apache-2.0 */
/* Asks shanqiao-inspect about one stored file: decrypts it into memory of the kernel that only that
 * process gets, waits a bounded time for one line, and believes nothing in it that is not of the
 * shape it must have. Runs on a pool thread over its job alone. */
#ifndef SIGNALING_MATERIALS_INSPECTOR_H
#define SIGNALING_MATERIALS_INSPECTOR_H

#include "signaling/materials/record.h"

#define INSPECT_WAIT_MS 20000 /* shanqiao-inspect has 8 s of processor time */

struct inspect_job {
    char directory[BOX_PATH_MAX - ID_MAX];
    char program[BOX_PATH_MAX];
    char material[ID_MAX];
    struct stored file;

    /* Set by inspect_run. */
    char reason[MATERIAL_REASON_MAX]; /* "": read */
    json_t *details, *identity;       /* owned; NULL when unread */
};

void inspect_run(void *inspect_job);
void inspect_clear(struct inspect_job *j);

/* What a line says, when it has the shape of a report: details and identity, or the reason.
 * Otherwise the reason is "bad_report". Pure. */
void inspect_believe(struct inspect_job *j, const char *line, size_t len_bytes);

#endif
