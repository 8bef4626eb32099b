/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a process that found itself broken. Takes no lock and allocates nothing, for the
 * broken part may be the log itself. */
#include "base/check.h"
#include "base/log_line.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    char at[256];
    snprintf(at, sizeof at, "%s:%d", file, line);
    const struct log_field fields[] = {LOG_TEXT("at", at), LOG_TEXT("expression", expression), {0}};
    struct log_line out;
    log_line_format(&out, clock_utc_us(), LOG_ERROR, "shanqiao", "check.failed", fields, 0, false);
    log_line_emit(&out, STDERR_FILENO);
    abort();
}
