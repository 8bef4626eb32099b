/* SPDX-License-Identifier: Apache-2.0 */
/* One byte range of a download (RFC 9110 section 14). Pure. Several at once are refused: nobody
 * needs them to resume, and they cost the server more than the peer. */
#ifndef SIGNALING_MATERIALS_RANGE_H
#define SIGNALING_MATERIALS_RANGE_H

#include <stdint.h>

enum range_verdict {
    RANGE_WHOLE,  /* no range, or none that we understand: everything is sent, 200 */
    RANGE_PART,   /* 206 */
    RANGE_OUTSIDE /* 416 */
};

struct range {
    uint64_t first, count; /* bytes; set for RANGE_WHOLE and RANGE_PART */
};

/* header: value of Range, NULL: absent. if_range: value of If-Range, NULL: absent; a range counts
 * only when it equals `etag`. total: bytes of the file, at least 1. */
enum range_verdict range_read(const char *header, const char *if_range, const char *etag,
                              uint64_t total, struct range *out);

#endif
