/* SPDX-License-Identifier: Apache-2.0 */
/* From the last byte of an upload to a stored file: whole hash, content against type, location out
 * of photos, encryption under the file's own key in records that can be reached at random. Runs on
 * a pool thread over its job alone; refuses to know rows and exchanges. */
#ifndef SIGNALING_MATERIALS_FINISH_H
#define SIGNALING_MATERIALS_FINISH_H

#include "signaling/materials/record.h"

struct finish_job {
    char directory[BOX_PATH_MAX - ID_MAX];
    struct upload upload;
    bool has_header; /* a WFDB signal's header file */
    struct stored header;

    /* Set by finish_run. no.status: refused for good, the upload is to be deleted; else error 0 and
     * `stored` lies on the disk, or an error and nothing does. */
    int error;
    struct tus_refusal no;
    struct stored stored;
};

/* The caller sets stored.id (a new id) before. */
void finish_run(void *finish_job);

#endif
