/* SPDX-License-Identifier: Apache-2.0 */
/* Materials of a consultation: photos, PDF, DICOM, ECG, sound clips as files (uploaded by tus 1.0,
 * downloaded with ranges, docs/protocol/materials.md), vitals as values. Files lie encrypted in one
 * directory, one per content and institution. Their headers are read by shanqiao-inspect in a
 * process of its own. Refuses to know what a consultation is, beyond who may do what with its
 * materials (consult/record.h). */
#ifndef SIGNALING_MATERIALS_MATERIALS_H
#define SIGNALING_MATERIALS_MATERIALS_H

#include "base/time.h"
#include "signaling/http/route.h"
#include "signaling/proto/method.h"

struct dispatch;
struct materials;
struct service;

extern const struct method_table material_method_table; /* material.* */

#define MATERIALS_ERROR_MAX 256

struct materials_config {
    struct service *service; /* borrowed */
    const char *directory;   /* of the files; made (mode 0700) where it is missing */
    const char *inspect;     /* path of shanqiao-inspect; "": beside this program, then PATH */
    int64_t reserve_bytes;   /* of the disk that uploads leave free */
};

/* 0, or SQ_ERR_NOMEM, SQ_ERR_IO (the directory can't be made or written) with a sentence. */
int materials_new(struct materials **out, const struct materials_config *config,
                  char error[MATERIALS_ERROR_MAX]);
void materials_free(struct materials *m); /* waits for jobs under way */

/* Before the first exchange: through which acts without an exchange are done (borrowed). */
void materials_set_dispatch(struct materials *m, struct dispatch *dispatch);

/* The paths below /materials/, and the once-a-second step: expired uploads, files nobody refers to,
 * headers to be read. Valid as long as m. */
struct http_table materials_routes(struct materials *m);

/* Those paths where no directory is configured: each answers 404 and names the setting. (Not 503:
 * it would be tried again for ever.) */
extern const struct http_table materials_off_http_table;

/* All materials of a consultation, oldest first, as material.list tells them to somebody who may
 * know who the patient is: a new reference to an array in *out. SQ_ERR_STORE, SQ_ERR_NOMEM,
 * SQ_ERR_FORGED. */
int materials_describe(struct service *s, const char *consultation, json_t **out);

/* Inside a transaction: removes all materials and uploads of a consultation (retention). Their
 * files leave the disk soon after the commit, unless another consultation refers to them. *removed
 * (may be NULL): how many materials. 0 or a store error. */
int materials_remove_all(struct service *s, const char *consultation, int64_t *removed);
/* Likewise one material; none of that id: 0. */
int materials_remove(struct service *s, const char *material);

#endif
