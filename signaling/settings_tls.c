/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate and private key, looked at before the server starts, so that what is wrong can be
 * said apart: which file, and whether it is missing, no PEM, or another pair's. */
#include "shanqiao/error.h"
#include "signaling/settings.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* A key with a passphrase is refused, rather than asked for on some terminal. */
static int no_passphrase(char *out, int size, int writing, void *user)
{
    (void)out, (void)size, (void)writing, (void)user;
    return -1;
}

static int refuse(const struct config_sources *sources, const char *key, const char *file,
                  const char *why, const char *want, const char *remedy,
                  char error[CONFIG_ERROR_MAX])
{
    char quoted[CONFIG_PHRASE_MAX], found[2 * CONFIG_PHRASE_MAX];
    snprintf(found, sizeof found, "%s: %s", config_quote(file, quoted), why);
    return config_refuse(sources, key, found, want, remedy, error);
}

static int check_readable(const struct config_sources *sources, const char *key, const char *file,
                          char error[CONFIG_ERROR_MAX])
{
    char byte;
    FILE *f = fopen(file, "re");
    errno = f ? 0 : errno;
    size_t got = f ? fread(&byte, 1, 1, f) : 0;
    int reason = errno;
    if (f)
        fclose(f);
    if (got)
        return 0;
    return refuse(sources, key, file, reason ? strerror(reason) : "it is empty",
                  "a PEM file that this user can read",
                  "correct the path or its permissions, or make a pair with \"shanqiaoctl "
                  "tls-init\"",
                  error);
}

static const char *library_reason(char out[CONFIG_PHRASE_MAX])
{
    const char *reason = ERR_reason_error_string(ERR_peek_error()); /* the first tells the cause */
    snprintf(out, CONFIG_PHRASE_MAX, "%s", reason ? reason : "unreadable");
    ERR_clear_error();
    return out;
}

static int check_pair(SSL_CTX *ctx, const struct settings *s, const struct config_sources *sources,
                      char error[CONFIG_ERROR_MAX])
{
    char why[CONFIG_PHRASE_MAX];
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ctx, s->certificate) != 1)
        return refuse(sources, "tls.certificate", s->certificate, library_reason(why),
                      "a PEM certificate with its chain",
                      "write the path of the server's certificate, not of its key or of a request",
                      error);
    EVP_PKEY *key = NULL;
    FILE *f = fopen(s->key, "re");
    if (f) {
        key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
        fclose(f);
    }
    if (!key)
        return refuse(sources, "tls.key", s->key, library_reason(why),
                      "a PEM private key without a passphrase",
                      "write the path of the key file; \"openssl pkey\" takes a passphrase away",
                      error);
    int matches = X509_check_private_key(SSL_CTX_get0_certificate(ctx), key);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (matches != 1)
        return refuse(sources, "tls.key", s->key, "it does not belong to tls.certificate",
                      "the private key that the certificate was made for",
                      "set tls.certificate and tls.key to files of one pair", error);
    return 0;
}

int settings_check_tls(const struct settings *s, const struct config_sources *sources,
                       char error[CONFIG_ERROR_MAX])
{
    int code = check_readable(sources, "tls.certificate", s->certificate, error);
    if (code == 0)
        code = check_readable(sources, "tls.key", s->key, error);
    if (code)
        return code;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx) {
        snprintf(error, CONFIG_ERROR_MAX, "%s", sq_error_text(SQ_ERR_NOMEM, "en"));
        return SQ_ERR_NOMEM;
    }
    code = check_pair(ctx, s, sources, error);
    SSL_CTX_free(ctx);
    return code;
}
