/* SPDX-License-Identifier: Apache-2.0 */
/* A browser's session token out of reach of its scripts: POST /v1/session puts the bearer token
 * that came with it into a cookie, DELETE takes it away. The session itself begins and ends on the
 * wire (auth.login, auth.logout). */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/http/match.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define COOKIE_MAX 192
#define FLAGS      "; Path=/; Secure; HttpOnly; SameSite=Strict"

static void respond(struct exchange *x, const char *cookie)
{
    const struct http_field fields[] = {{"set-cookie", cookie}, {"cache-control", "no-store"}};
    http_respond(x, 204, fields, sizeof fields / sizeof fields[0], NULL, 0);
}

static int keep(struct exchange *x, void *user, void **state)
{
    char cookie[COOKIE_MAX];
    const char *token = http_bearer(http_header(x, HTTP_AUTHORIZATION));
    time_us left_us = http_session_ends_us(x) - http_utc_us(x);
    (void)user;
    (void)state;
    if (!token || strlen(token) >= AUTH_TOKEN_MAX) /* the cookie alone makes no cookie */
        return SQ_ERR_UNAUTHENTICATED;
    snprintf(cookie, sizeof cookie, HTTP_SESSION_COOKIE "=%s" FLAGS "; Max-Age=%lld", token,
             (long long)(left_us / TIME_US_PER_S));
    respond(x, cookie);
    sodium_memzero(cookie, sizeof cookie);
    return 0;
}

static int forget(struct exchange *x, void *user, void **state)
{
    (void)user;
    (void)state;
    respond(x, HTTP_SESSION_COOKIE "=" FLAGS "; Max-Age=0");
    return 0;
}

static const struct http_ops keep_ops = {.start = keep}, forget_ops = {.start = forget};
static const struct http_route routes[] = {
    {HTTP_POST, "/v1/session", 0, 0, &keep_ops},
    {HTTP_DELETE, "/v1/session", HTTP_OPEN, 0, &forget_ops},
};
const struct http_table auth_http_table = {routes, sizeof routes / sizeof routes[0], NULL, NULL};
