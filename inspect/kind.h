/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, told by its first bytes, never by its name. Pure. Refuses to know whether the
 * rest of the file keeps that promise. */
#ifndef INSPECT_KIND_H
#define INSPECT_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
    KIND_UNKNOWN = 0,
    KIND_JPEG,
    KIND_PNG,
    KIND_HEIC, /* known, so that its refusal can say what to do */
    KIND_PDF,
    KIND_DICOM,
    KIND_SCP,  /* EN 1064 */
    KIND_AECG, /* HL7 v3 annotated ECG, XML */
    KIND_EDF,  /* and EDF+ */
    KIND_WFDB_HEADER,
    KIND_WFDB_SIGNAL, /* never told by its bytes: it has no mark */
    KIND_WAV,
    KIND_OGG_OPUS,
    KIND_COUNT
};

#define KIND_LOOK_BYTES 4096 /* enough of a beginning to tell */

/* `total_bytes`: of the whole file, of which `bytes` is the beginning. */
enum kind kind_of(const uint8_t *bytes, size_t len_bytes, uint64_t total_bytes);

/* Holds a zero byte, as no page, script or drawing of a browser does. */
bool kind_is_binary(const uint8_t *bytes, size_t len_bytes);

/* "jpeg"; NULL for KIND_UNKNOWN and outside of the enum. */
const char *kind_name(enum kind kind);
enum kind kind_parse(const char *name);      /* KIND_UNKNOWN: there is none of that name */
const char *kind_media_type(enum kind kind); /* "image/jpeg" */

#endif
