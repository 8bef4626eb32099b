/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on a printed opinion, zh-CN first, English second. Inside export only. */
#ifndef SIGNALING_EXPORT_PRINT_H
#define SIGNALING_EXPORT_PRINT_H

#include "signaling/export/dossier.h"

/* The PDF of a loaded dossier. Errors of pdf_finish. */
int print_dossier(const struct dossier *d, time_us utc_us, struct export_bytes *out,
                  struct export_problem *problem);

#endif
