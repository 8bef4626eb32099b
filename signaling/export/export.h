/* SPDX-License-Identifier: Apache-2.0 */
/* A signed opinion leaves the installation: printed (PDF, A4), or as an evidence package (zip) that
 * is checked without a database. Formats: docs/protocol/evidence.md. Reads the store, writes
 * nothing; refuses to know who may ask and where the bytes go. */
#ifndef SIGNALING_EXPORT_EXPORT_H
#define SIGNALING_EXPORT_EXPORT_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT_PACKAGE_MAX   (64 * 1024 * 1024) /* bytes of a package */
#define EXPORT_DETAIL_MAX    128
#define EXPORT_FILE_NAME_MAX 24

struct service;

struct export_bytes {
    uint8_t *data; /* heap, the caller frees */
    size_t len_bytes;
};

enum export_fault {
    EXPORT_FINE = 0,
    EXPORT_NOT_SIGNED,   /* there is no signed opinion yet */
    EXPORT_NOT_VERIFIED, /* the stored opinion fails its check; detail: the reason */
    EXPORT_NO_FONT,      /* no installed font has Chinese characters */
    EXPORT_TOO_LONG      /* a file would pass its bound; detail: its name */
};

struct export_problem {
    enum export_fault fault;
    char detail[EXPORT_DETAIL_MAX];
};

/* What is exported. */
struct export_of {
    const char *consultation;
    const char *opinion; /* a version to print; NULL: the one that counts */
    time_us utc_us;      /* now */
};

/* An opinion on paper, an MDT's conclusion with all opinions behind it. One that fails its check is
 * printed with that result, and problem->fault is EXPORT_NOT_VERIFIED. 0; SQ_ERR_NOT_FOUND (no such
 * consultation or version), SQ_ERR_STATE, SQ_ERR_UNSUPPORTED or SQ_ERR_LIMIT with the fault in
 * *problem, SQ_ERR_STORE, SQ_ERR_FORGED (sealed by another key), SQ_ERR_NOMEM. */
int export_print(struct service *s, const struct export_of *what, struct export_bytes *out,
                 struct export_problem *problem);

/* The evidence package with all signed versions. Inside a transaction: the installation's key may
 * be made. Errors as above; an opinion that fails its check is refused (SQ_ERR_STATE). */
int export_evidence(struct service *s, const struct export_of *what, struct export_bytes *out,
                    struct export_problem *problem);

struct export_verdict {
    bool good;
    bool own_ca;      /* the chain was followed to the CA in the package itself */
    const char *code; /* literal: "ok", or what is wrong (docs/protocol/evidence.md) */
    char file[EXPORT_FILE_NAME_MAX]; /* of the package, or "zip" for what holds them together */
    size_t offset;   /* in the zip, where code is "container"; else the audit row's number or 0 */
    size_t opinions; /* signed versions in it, of which the following one counts */
    char consultation[64], signer[128], signed_at[32];
    char ca_fingerprint[65]; /* SHA-256 of the CA that the chain ends in, hexadecimal */
};

/* Checks a package from its bytes alone, and from `ca_pem` (one or more certificates; NULL: the one
 * inside, then out->own_ca). 0 and *out, SQ_ERR_NOMEM; SQ_ERR_INVALID: ca_pem holds no certificate.
 */
int export_verify(const uint8_t *data, size_t len_bytes, const char *ca_pem,
                  struct export_verdict *out);

#endif
