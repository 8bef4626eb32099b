/* SPDX-License-Identifier: Apache-2.0 */
/* The text header of a WFDB record (header(5) of the WFDB applications guide): one segment, one
 * signal file. Pure. Refuses records of several segments or files, which can't travel as a pair. */
#ifndef INSPECT_WFDB_H
#define INSPECT_WFDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WFDB_SIGNALS_MAX 64
#define WFDB_LABEL_MAX   32 /* bytes of a lead's name, final zero included */

struct wfdb_header {
    unsigned signals;
    double rate_hz;
    uint64_t samples; /* of each signal; 0: the header does not say */
    unsigned format;  /* 16, 61, 80, 212, 24 or 32: the same for all */
    char labels[WFDB_SIGNALS_MAX][WFDB_LABEL_MAX];
    char started[24]; /* "1975-01-30T08:15:00"; "": not said */
};

/* false: it is no such header. *out is then undefined. */
bool wfdb_parse(const uint8_t *bytes, size_t len_bytes, struct wfdb_header *out);

/* Bytes of the signal file that the header promises; 0: it does not say how many samples. */
uint64_t wfdb_signal_bytes(const struct wfdb_header *h);

#endif
