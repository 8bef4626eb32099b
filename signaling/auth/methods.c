/* SPDX-License-Identifier: Apache-2.0 */
/* auth.logout. Signing in and resuming belong to the dispatcher, which binds connections: it calls
 * auth/auth.h. */
#include "signaling/auth/session.h"
#include <stdio.h>

static int logout(struct call *call)
{
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", call->caller->session);
    return session_end(call->service, call->caller->session, call->caller->account, "logout",
                       call->utc_us, &call->effects);
}

static const struct method methods[] = {
    {.name = "auth.logout", .flags = METHOD_WRITES, .handle = logout},
};
const struct method_table auth_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
