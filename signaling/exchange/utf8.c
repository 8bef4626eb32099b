/* SPDX-License-Identifier: Apache-2.0 */
/* See utf8.h. Refuses overlong forms, surrogates and what is beyond U+10FFFF. */
#include "signaling/exchange/utf8.h"

size_t utf8_next(const char *p, size_t len, uint32_t *ch)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)p[0];
    size_t need = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (!need || need > len || first > 0xF4)
        return 0;
    *ch = need == 1 ? first : first & (0x7Fu >> need);
    for (size_t i = 1; i < need; i++) {
        if (((unsigned char)p[i] & 0xC0) != 0x80)
            return 0;
        *ch = *ch << 6 | ((unsigned char)p[i] & 0x3Fu);
    }
    return *ch < least[need] || *ch > 0x10FFFF || (*ch >= 0xD800 && *ch <= 0xDFFF) ? 0 : need;
}
