/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of headers: each gets the whole file and fills the report, or says why not. Only
 * shanqiao-inspect links those that stand on outside libraries. Refuse to know who asks. */
#ifndef INSPECT_READERS_H
#define INSPECT_READERS_H

#include "inspect/kind.h"
#include "inspect/report.h"

#ifdef __cplusplus
extern "C" {
#endif

struct input {
    enum kind kind;
    const uint8_t *bytes; /* mapped from standard input */
    size_t len_bytes;
    const char *path; /* names the same file for libraries that want one (inspect/open.c) */
};

void read_photo(const struct input *in, struct report *r);
void read_pdf(const struct input *in, struct report *r);
void read_audio(const struct input *in, struct report *r);
void read_wfdb(const struct input *in, struct report *r);
void read_ecg(const struct input *in, struct report *r);   /* libbiosig: SCP, aECG, EDF */
void read_dicom(const struct input *in, struct report *r); /* DCMTK */

/* What the libraries read from the disk for themselves; before the process is confined. */
void prepare_dicom(void);

#ifdef __cplusplus
}
#endif
#endif
