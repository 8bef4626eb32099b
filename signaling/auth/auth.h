/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and sessions. Signing in takes three steps because Argon2id is slow: begin (store,
 * short), verify (any thread, no store), finish (store). Method auth.login is therefore not in the
 * table: the front does
 *
 *   begin -> worker: auth_password_verify -> in a transaction, as for any writing method:
 * auth_login_finish
 *
 * with the request's params in call->params. Tokens (256 bits) are kept as hashes only. */
#ifndef SIGNALING_AUTH_AUTH_H
struct store_query;

#define SIGNALING_AUTH_AUTH_H

#include "signaling/http/route.h"
#include "signaling/proto/method.h"

#define AUTH_HASH_MAX         128 /* crypto_pwhash_STRBYTES: Argon2id in libsodium's text form */
#define AUTH_PASSWORD_MAX     256 /* bytes; the schema says so too */
#define AUTH_PASSWORD_MIN     8
#define AUTH_LOGIN_HASH_BYTES 32 /* SHA-256 */
#define AUTH_TOKEN_MAX        48 /* 43 characters of base64url (256 bits) and the final zero */
#define AUTH_LOGIN_MAX        64 /* bytes of a login name, final zero included */

/* Free failures before a login name waits (whether it exists or not); then the wait doubles from 1
 * s to 15 min, stored with the account. */
#define AUTH_FREE_FAILURES 5
#define AUTH_WAIT_MAX_US   (15 * 60 * TIME_US_PER_S)

extern const struct method_table auth_method_table;    /* auth.logout */
extern const struct method_table account_method_table; /* account.* */
extern const struct http_table auth_http_table;        /* /v1/session: the cookie of pages */

struct auth_login {
    char account[ID_MAX]; /* empty: unknown or disabled; the hash is then a dummy, so that timing is
                             the same */
    char hash[AUTH_HASH_MAX];
    uint8_t login_hash[AUTH_LOGIN_HASH_BYTES]; /* whose waiting a success forgets */
};

/* Key of a login name in table login_wait. */
void auth_login_hash(const char *login, uint8_t out[AUTH_LOGIN_HASH_BYTES]);

/* Looks the account up and charges one attempt, in a transaction of its own (call it outside of
 * any). 0; SQ_ERR_LIMIT while the account waits (*wait_us: how long); SQ_ERR_STORE, SQ_ERR_NOMEM.
 */
int auth_login_begin(struct service *s, const char *login, time_us utc_us, struct auth_login *out,
                     time_us *wait_us);

/* Slow (about 0.1 s and 64 MiB), pure, any thread. */
bool auth_password_verify(const struct auth_login *login, const char *password);

/* Inside the dispatcher's transaction; reads device and takeover of call->params; sets call->result
 * and adds EFFECT_SESSION_ENDED for a session that was superseded. SQ_ERR_UNAUTHENTICATED (wrong
 * name or password: one text for both), SQ_ERR_CONFLICT (live elsewhere, no takeover), store
 * errors. */
int auth_login_finish(struct call *call, const struct auth_login *login, bool password_ok);

/* auth.confirm: the same first step, charged to the same login name, of the account that is signed
 * in; then this in place of auth_login_finish. SQ_ERR_DENIED: wrong password. */
int auth_login_of(struct service *s, const char *account, char out[AUTH_LOGIN_MAX]);
int auth_confirm_finish(struct call *call, const struct auth_login *login, bool password_ok);

/* The three steps in one, for tests and tools. Outside of any transaction but the one it opens. */
int auth_login_now(struct call *call);

/* Hash for storing. Slow. 0, SQ_ERR_LIMIT (length), SQ_ERR_NOMEM. */
int auth_password_hash(const char *password, char out[AUTH_HASH_MAX]);

/* Who holds this token? Session of the caller, its expiry and last sequence number. Reads only.
 * SQ_ERR_UNAUTHENTICATED: unknown, ended, expired, account disabled. */
struct auth_session {
    struct caller caller;
    int64_t last_seq;
    time_us expires_utc_us;
};
int auth_session_by_token(struct service *s, const char *token, time_us utc_us,
                          struct auth_session *out);

/* Is this session still good (not ended, not expired, account not disabled)? 0 or
 * SQ_ERR_UNAUTHENTICATED. The front asks before each request of a connection; *out is refreshed
 * (roles may have changed). */
int auth_session_check(struct service *s, const char *session, time_us utc_us,
                       struct auth_session *out);
/* The same in two halves, so that what is asked between them shares the way to the store. The query
 * is ended by the second, or by store_query_end. */
void auth_session_ask(struct service *s, const char *session, time_us utc_us,
                      struct store_query *q);
int auth_session_take(struct store_query *q, struct auth_session *out);

/* The live session of an account in *out, "" when it has none. 0 or a store error. */
int auth_session_of(struct service *s, const char *account, time_us utc_us, char out[ID_MAX]);

/* Another program than the server changed the rights of an account (roles, disabled): the server's
 * next sweep sees to it. Inside the transaction of the change. 0 or a store error. */
int auth_account_changed(struct store *store, const char *account, time_us utc_us);

/* Takes an account out of every room in which it has media and, by its roles and relations of now,
 * no right any more; tells its sessions its roles. Doing it twice does nothing more. Inside a
 * transaction. */
int auth_account_apply(struct service *s, const char *account, time_us utc_us,
                       struct effects *effects);

/* Ends sessions past their expiry and those of disabled accounts (EFFECT_SESSION_ENDED for each, at
 * most 64 a call), and applies the changes of rights by other programs. Inside a
 * transaction; the front's timer calls it, every second at the latest.
 */
int auth_sessions_sweep(struct service *s, time_us utc_us, struct effects *effects);

#endif
