/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation n fails, for every n: the constructors of ICE, DTLS, SRTP and transport say
 * SQ_ERR_NOMEM and leak nothing. OpenSSL's allocations fail too, where OpenSSL lets a program take
 * them over. */
#include "rtc/transport/transport.h"
#include "shanqiao/error.h"
#include "support/oom.h"
#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#define UTC_2026_US INT64_C(1767225600000000)

static void *ssl_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return malloc(size);
}

static void *ssl_realloc(void *p, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return realloc(p, size);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    free(p);
}

/* OpenSSL takes these only before its first allocation. */
static int taken_over;

static void __attribute__((constructor)) take_over_openssl(void)
{
    taken_over = CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
}

static void fill(struct transport_config *c, const struct dtls_identity *identity, bool controlling)
{
    *c = (struct transport_config){
        .identity = identity, .profiles = {SRTP_PROFILE_AEAD_AES_128_GCM}, .profile_count = 1};
    ice_credentials_new(&c->local);
    ice_credentials_new(&c->remote);
    if (controlling) {
        c->ice_role = ICE_ROLE_CONTROLLING;
        c->dtls_role = DTLS_ROLE_CLIENT;
    }
}

static void new_transports(bool controlling)
{
    struct dtls_identity *identity;
    struct transport_config c;
    cr_assert_eq(taken_over, 1);
    cr_assert_eq(dtls_identity_new(&identity, UTC_2026_US), 0);
    fill(&c, identity, controlling);
    struct transport *t = NULL;
    cr_assert_eq(transport_new(&t, &c, 0), 0); /* OpenSSL makes its tables once */
    transport_free(t);
    OOM_FOR_EACH(n)
    {
        t = NULL;
        const int r = transport_new(&t, &c, 0);
        cr_assert(r == 0 || r == SQ_ERR_NOMEM, "allocation %zu: %d", n, r);
        cr_assert_eq(r == 0, t != NULL);
        transport_free(t);
    }
    dtls_identity_free(identity);
}

Test(oom, transport_lite)
{
    new_transports(false);
}

Test(oom, transport_controlling)
{
    new_transports(true);
}

Test(oom, identity)
{
    struct dtls_identity *identity;
    cr_assert_eq(dtls_identity_new(&identity, UTC_2026_US), 0);
    dtls_identity_free(identity);
    OOM_FOR_EACH(n)
    {
        identity = NULL;
        const int r = dtls_identity_new(&identity, UTC_2026_US);
        cr_assert(r == 0 || r == SQ_ERR_NOMEM, "allocation %zu: %d", n, r);
        dtls_identity_free(identity);
    }
}

Test(oom, srtp)
{
    static const uint8_t keying[SRTP_KEYING_MAX] = {1, 2, 3};
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++)
        OOM_FOR_EACH(n)
        {
            struct srtp_session *s = NULL;
            const int r = srtp_session_new(&s, (enum srtp_profile)p, keying,
                                           srtp_profile_keying_bytes((enum srtp_profile)p), true);
            cr_assert(r == 0 || r == SQ_ERR_NOMEM, "allocation %zu: %d", n, r);
            srtp_session_free(s);
        }
}

Test(oom, extensions)
{
    struct dtls_identity *identity;
    struct transport_config c;
    struct transport *t;
    cr_assert_eq(dtls_identity_new(&identity, UTC_2026_US), 0);
    fill(&c, identity, false);
    cr_assert_eq(transport_new(&t, &c, 0), 0);
    const struct transport_extensions e = {.receive_transport_cc = 5, .send_transport_cc = 5};
    OOM_FOR_EACH(n)
    {
        const int r = transport_set_extensions(t, &e);
        cr_assert(r == 0 || r == SQ_ERR_NOMEM, "allocation %zu: %d", n, r);
    }
    transport_free(t);
    dtls_identity_free(identity);
}
