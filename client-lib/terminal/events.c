/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/terminal.h"
#include <stdarg.h>

void events_write(struct terminal *t, const char *event, ...)
{
    if (!t->events)
        return;
    json_t *line = json_pack("{s:s, s:I}", "event", event, "utc_us",
                             (json_int_t)(sq_now_us() + t->utc_offset_us));
    va_list pairs;
    va_start(pairs, event);
    for (const char *name; line && (name = va_arg(pairs, const char *));)
        json_object_set_new(line, name, json_string(va_arg(pairs, const char *)));
    va_end(pairs);
    if (line) {
        json_dumpf(line, t->events, JSON_COMPACT);
        fputc('\n', t->events);
        fflush(t->events);
        json_decref(line);
    }
}
