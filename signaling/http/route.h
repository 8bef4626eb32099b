/* SPDX-License-Identifier: Apache-2.0 */
/* The seam between the front door (ws/) and the rooms that speak HTTP on its port (uploads and
 * downloads of materials, FHIR reads, deep links, statistics): a table of routes, and an exchange
 * (one request and its response) to work with. Everything runs on the one signalling thread; only
 * jobs of http_run leave it. Refuses to know what a path means. libwebsockets stays in ws/.
 *
 * The life of an exchange:
 *   start -> [http_accept_body -> body* -> finish] -> http_respond... -> closed
 * start may respond at once; or accept the body; or do neither and respond later (after a job, an
 * act, a step). closed comes exactly once, last, whatever happened: after the response was written
 * whole, or when the peer went away at any point. The handle is invalid after it.
 *
 * The front refuses by itself, before start: unknown path (404), method not in the table (405 with
 * Allow), Transfer-Encoding (411 and close), a bad Host or header spacing (400), a missing or ended
 * session where the route wants one (401), an Origin that is not ours, or none beside a cookie on
 * what is no GET or HEAD (403), a header of HTTP_HEADER_MAX bytes (431), a body longer
 * than the route allows (413), a body without Content-Length, query text that is no clean UTF-8
 * (400), too many exchanges (429, 503). It answers Expect: 100-continue when the body is accepted.
 */
#ifndef SIGNALING_HTTP_ROUTE_H
#define SIGNALING_HTTP_ROUTE_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_PATH_MAX             256  /* bytes, final zero included */
#define HTTP_QUERY_MAX            2048 /* all names and values, decoded */
#define HTTP_HEADER_MAX           2048 /* one value, final zero included */
#define HTTP_FIELDS_MAX           24   /* of a response */
#define HTTP_FIELDS_BYTES_MAX     4096
#define HTTP_EXCHANGES_MAX        512                  /* at a time; more are told 503 */
#define HTTP_EXCHANGES_CALLER_MAX 16                   /* of one account; more are told 429 */
#define HTTP_IDLE_US              (60 * TIME_US_PER_S) /* no byte moves while the peer owes one */
#define HTTP_SESSION_COOKIE       "__Host-shanqiao" /* the prefix: Secure, this host, whole path */
#define HTTP_PIECE_MAX            (16 * 1024) /* bytes that `body` and `pull` handle at a time */

enum http_method {
    HTTP_GET = 1u << 0,
    HTTP_HEAD = 1u << 1, /* never implied by GET; the front leaves the body out */
    HTTP_POST = 1u << 2,
    HTTP_PUT = 1u << 3,
    HTTP_PATCH = 1u << 4,
    HTTP_DELETE = 1u << 5,
    HTTP_OPTIONS = 1u << 6
};

/* Request headers that can be asked for. */
enum http_header {
    HTTP_AUTHORIZATION,
    HTTP_HOST,
    HTTP_RANGE,
    HTTP_IF_RANGE,
    HTTP_IF_NONE_MATCH,
    HTTP_IF_MATCH,
    HTTP_ACCEPT,
    HTTP_ACCEPT_ENCODING,
    HTTP_CONTENT_TYPE,
    HTTP_CONTENT_LENGTH,
    HTTP_UPLOAD_OFFSET,
    HTTP_UPLOAD_LENGTH,
    HTTP_UPLOAD_DEFER_LENGTH,
    HTTP_UPLOAD_METADATA,
    HTTP_UPLOAD_CHECKSUM,
    HTTP_TUS_RESUMABLE,
    HTTP_ORIGIN,
    HTTP_COOKIE,
    HTTP_HEADER_COUNT
};

enum http_route_flags {
    HTTP_PREFIX = 1, /* path is the beginning ("/materials/"); the longest that fits wins */
    HTTP_OPEN = 2,   /* no session wanted: a missing or bad token is no refusal (deep links) */
    HTTP_PUBLIC =
        4 /* the same for everybody: nobody is looked up, Origin is of no account (pages) */
};

struct exchange;

struct http_ops {
    /* Headers are there. 0, or an error of sq_error that becomes the response (http_fail). *state
     * is the room's, handed to the others; may stay NULL. */
    int (*start)(struct exchange *x, void *user, void **state);
    /* Bytes of the body in order, at most HTTP_PIECE_MAX. Borrowed for the call. */
    void (*body)(struct exchange *x, void *state, const void *bytes, size_t len_bytes);
    void (*finish)(struct exchange *x, void *state); /* Content-Length bytes came */
    /* Always, once, last: frees the state. complete: the response went out whole. NULL where there
     * is no state. */
    void (*closed)(struct exchange *x, void *state, bool complete);
};

struct http_route {
    uint32_t methods; /* bits of enum http_method */
    const char *path; /* "/files" (exact) or, with HTTP_PREFIX, "/files/" */
    uint32_t flags;
    uint64_t body_max_bytes; /* 0: a request with a body is refused */
    const struct http_ops *ops;
};

/* A room's routes. `step` (may be NULL) is called about once a second, outside of any exchange. */
struct http_table {
    const struct http_route *routes;
    size_t count;
    void *user;
    void (*step)(void *user, time_us now_us, time_us utc_us);
};

/* ---- the request; texts are borrowed and valid until closed ---- */

enum http_method http_request_method(const struct exchange *x);
const char *http_path(const struct exchange *x); /* letters, digits, "-_./" only, decoded, plain */
const char *http_path_rest(const struct exchange *x); /* what follows the route's prefix; or "" */
const char *http_header(const struct exchange *x, enum http_header header); /* NULL: absent */
/* A parameter of the query by name, percent-decoded, valid UTF-8 without control characters. The
 * i-th of that name, NULL: none. */
const char *http_query(const struct exchange *x, const char *name, unsigned i);
/* All parameters in order: 0 .. count-1. Name into *name; value returned; NULL past the end. */
const char *http_query_at(const struct exchange *x, unsigned i, const char **name);
/* Whose session the bearer token is, or without one the cookie, checked at start; NULL: none
 * (HTTP_OPEN routes only). */
const struct caller *http_caller(const struct exchange *x);
time_us http_session_ends_us(const struct exchange *x); /* UTC; of that session */
uint64_t http_body_bytes(const struct exchange *x);     /* Content-Length; 0: no body */
time_us http_utc_us(const struct exchange *x);          /* of this turn */
time_us http_now_us(const struct exchange *x);          /* monotonic, of this turn */

/* ---- the body ---- */

/* In start, or later: let the body come; what came with the head is handed over inside of this
 * call, finish too if it was all. A response without it closes the connection after it. */
void http_accept_body(struct exchange *x);
/* Flow control: nothing more is read from the peer until resumed (what was read already may still
 * come, at most one piece). finish waits too; http_resume may call it. */
void http_pause(struct exchange *x);
void http_resume(struct exchange *x);

/* ---- the response: exactly one ---- */

struct http_field {
    const char *name; /* lower case, no colon: "upload-offset" */
    const char *value;
};

/* Copies everything. The front adds Content-Length (not for 204 and 304), Date, security headers;
 * a field of the name of one of those takes its place, an empty one leaves it out. The room adds
 * its Content-Type. While a transaction of this turn is open the response waits for
 * its commit; if that fails the peer is told 503 instead. */
void http_respond(struct exchange *x, unsigned status, const struct http_field *fields,
                  size_t field_count, const void *body, size_t len_bytes);

/* Body in pieces: pull is called when the peer takes more; it puts up to max bytes into `out` and
 * returns how many, 0 for "not now" (then http_more calls it again), negative to break the
 * connection off. Exactly len_bytes are taken in all. */
typedef ssize_t (*http_pull)(struct exchange *x, void *state, uint8_t *out, size_t max);
void http_respond_stream(struct exchange *x, unsigned status, const struct http_field *fields,
                         size_t field_count, uint64_t len_bytes, http_pull pull);
void http_more(struct exchange *x);

/* {"error":{"code":"SQ_ERR_…","message":"<zh-CN>","messageEn":"<English>"}} with the status that
 * fits the error (UNAUTHENTICATED 401, DENIED 403, NOT_FOUND 404, STATE and CONFLICT 409, LIMIT
 * 413, INVALID 400, UNSUPPORTED 415, STORE and NOMEM 503, else 500); texts NULL or empty: the
 * general ones. */
void http_fail(struct exchange *x, int error, const char *en, const char *zh);
/* The same body with a status and fields of your own (412, 416, 460 ...). */
void http_fail_status(struct exchange *x, unsigned status, const struct http_field *fields,
                      size_t field_count, int error, const char *en, const char *zh);
unsigned http_status_of(int error);

/* ---- work ---- */

/* Runs `handle` as a writing method's handler inside this turn's transaction, as the exchange's
 * caller (see dispatch_act): 0 (on disk when the response leaves), or the handler's error: then
 * nothing was changed, and call->message_en/zh say more. `act` is the audit row's act unless the
 * handler set call->audit_act; the handler sets call->audit_object. The room sets call->work (its
 * own data) and call->params (may be NULL) before, and json_decref(call->result) after. */
int http_act(struct exchange *x, const char *act, int (*handle)(struct call *call),
             struct call *call);

/* `run(job)` on a pool thread (it touches nothing but the job), then `done` on the signalling
 * thread: x is NULL when the exchange was closed meanwhile; refused: the pool was full and run was
 * not called. done is always called, and frees the job. One job of an exchange at a time. */
void http_run(struct exchange *x, void (*run)(void *job),
              void (*done)(struct exchange *x, void *state, void *job, bool refused), void *job);

#endif
