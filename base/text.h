/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of texts into arrays of known size. Refuses to cut: what may be too long is checked where
 * it comes from outside; here a text that doesn't fit is an error of ours. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/check.h"
#include <string.h>

/* `text` with its final zero into out[size_bytes], whose rest stays as it is. */
static inline void text_copy(char *out, size_t size_bytes, const char *text)
{
    size_t len = strlen(text);
    CHECK(len < size_bytes);
    memcpy(out, text, len + 1);
}

#endif
