/* SPDX-License-Identifier: Apache-2.0 */
/* "bytes=first-last", "bytes=first-", "bytes=-suffix". */
#include "signaling/materials/range.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NUMBER_MAX UINT64_C(0xffffffffffff) /* larger ones are as good as this */

/* *given: there were digits. */
static const char *read_number(const char *p, uint64_t *out, bool *given)
{
    *out = 0;
    *given = *p >= '0' && *p <= '9';
    for (; *p >= '0' && *p <= '9'; p++)
        *out = *out < NUMBER_MAX / 10 ? *out * 10 + (uint64_t)(*p - '0') : NUMBER_MAX;
    return p;
}

enum range_verdict range_read(const char *header, const char *if_range, const char *etag,
                              uint64_t total, struct range *out)
{
    uint64_t first = 0, last = 0;
    bool has_first = false, has_last = false;
    *out = (struct range){0, total};
    if (!header || strncmp(header, "bytes=", 6) != 0 || (if_range && strcmp(if_range, etag) != 0))
        return RANGE_WHOLE;
    const char *p = read_number(header + 6, &first, &has_first);
    if (*p != '-')
        return RANGE_WHOLE;
    p = read_number(p + 1, &last, &has_last);
    if (*p == ',')
        return RANGE_OUTSIDE;
    if (*p || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_WHOLE;
    if (!has_first) { /* the last so many */
        if (last == 0)
            return RANGE_OUTSIDE;
        out->count = last < total ? last : total;
        out->first = total - out->count;
        return RANGE_PART;
    }
    if (first >= total)
        return RANGE_OUTSIDE;
    if (!has_last || last >= total)
        last = total - 1;
    *out = (struct range){first, last - first + 1};
    return RANGE_PART;
}
