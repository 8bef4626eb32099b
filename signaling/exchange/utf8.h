/* SPDX-License-Identifier: Apache-2.0 */
/* One step through UTF-8 (RFC 3629). Pure. */
#ifndef SIGNALING_EXCHANGE_UTF8_H
#define SIGNALING_EXCHANGE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the sequence at p[len], len > 0, and its code point; 0: not UTF-8. */
size_t utf8_next(const char *p, size_t len, uint32_t *ch);

#endif
