/* SPDX-License-Identifier: Apache-2.0 */
/* The one error enum of Shanqiao. Every function that can fail returns 0 or more on success and one of
 * these negative values on failure. "Again" is not an error: functions that may have nothing to give say so
 * with a bool or a count. */
#ifndef SHANQIAO_ERROR_H
#define SHANQIAO_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum sq_error {
    SQ_OK = 0,
    SQ_ERR_NOMEM = -1,           /* memory or a fixed pool is used up */
    SQ_ERR_INVALID = -2,         /* an argument, message or file is malformed */
    SQ_ERR_STATE = -3,           /* not allowed in the present state */
    SQ_ERR_UNAUTHENTICATED = -4, /* not signed in, wrong password, expired or revoked token */
    SQ_ERR_DENIED = -5,          /* signed in, but without the right to do this */
    SQ_ERR_NOT_FOUND = -6,       /* no such object, or not yours to see */
    SQ_ERR_CONFLICT = -7,        /* exists already, or somebody else was first */
    SQ_ERR_LIMIT = -8,           /* a size, count or rate limit was passed */
    SQ_ERR_TIMEOUT = -9,         /* nobody answered in time */
    SQ_ERR_UNREACHABLE = -10,    /* the peer, relay or server can't be reached now */
    SQ_ERR_IO = -11,             /* the operating system refused a read or write */
    SQ_ERR_STORE = -12,          /* the database refused; nothing was changed */
    SQ_ERR_FORGED = -13,         /* a cryptographic check failed */
    SQ_ERR_REPLAY = -14,         /* authentic, but seen before or too old */
    SQ_ERR_UNSUPPORTED = -15,    /* a version, codec or option that we do not have */
    SQ_ERR_CLOSED = -16,         /* the object was closed before */
    SQ_ERR_INTERNAL = -17        /* a defect of ours; the log has the details */
};

/* "SQ_ERR_DENIED"; "SQ_ERR_UNKNOWN" for a value that is not in the enum. Static storage. */
const char *sq_error_name(int error);

/* One sentence for a person: what happened and what to do. language: "zh-CN" or "en" (others get zh-CN).
 * Static storage, UTF-8. */
const char *sq_error_text(int error, const char *language);

#ifdef __cplusplus
}
#endif
#endif
