/* SPDX-License-Identifier: Apache-2.0 */
/* Argon2id by libsodium. Pure and thread-safe. Knows no account. */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include <sodium.h>
#include <string.h>

_Static_assert(AUTH_HASH_MAX == crypto_pwhash_STRBYTES, "the header names libsodium's size");

/* The INTERACTIVE limits (2 passes, 64 MiB): about 0.1 s, and a burst of sign-ins after an outage
 * does not eat the server's memory; the per-account wait bounds guessing. */
int auth_password_hash(const char *password, char out[AUTH_HASH_MAX])
{
    size_t len = strlen(password);
    if (len < AUTH_PASSWORD_MIN || len > AUTH_PASSWORD_MAX)
        return SQ_ERR_LIMIT;
    if (crypto_pwhash_str_alg(out, password, len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return SQ_ERR_NOMEM;
    return 0;
}

bool auth_password_verify(const struct auth_login *login, const char *password)
{
    size_t len = strlen(password);
    if (len > AUTH_PASSWORD_MAX)
        return false;
    bool fits = crypto_pwhash_str_verify(login->hash, password, len) == 0;
    return fits && login->account[0] != '\0';
}
