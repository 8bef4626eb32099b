/* SPDX-License-Identifier: Apache-2.0 */
/* Which characters a text of a peer may hold. What one person writes is shown to another, in a
 * window, a log or a terminal: no character may move a cursor, end a line where none is meant or
 * turn the reading direction (CVE-2021-42574). Refuses to know methods. */
#ifndef SIGNALING_PROTO_TEXT_H
#define SIGNALING_PROTO_TEXT_H

#include "signaling/proto/schema.h"
#include <stdbool.h>
#include <stdint.h>

/* Looks at every string and member name in `params`. SQ_ERR_INVALID with the place in *reason: a
 * control character other than \n and \t, DEL, C1, U+2028, U+2029, U+202A to U+202E, U+2066 to
 * U+2069; a character of private use (each program shows another, or nothing) or a noncharacter
 * (U+FDD0 to U+FDEF, U+FFFE and U+FFFF of each plane); a line break or tab in what is one line (a
 * name, a department); or a name, complaint, purpose or reason of blanks only. The parser has
 * checked UTF-8 and depth. */
int text_check(const json_t *params, struct schema_reason *reason);

/* Is this character refused wherever it stands, be it on the wire or in an import? */
bool text_refuses(uint32_t ch);

#endif
