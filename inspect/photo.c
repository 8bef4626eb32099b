/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the format. */
#include "inspect/photo.h"
#include <string.h>

void photo_put(struct photo_sink *s, const void *bytes, size_t len_bytes)
{
    if (s->out && len_bytes > 0)
        memcpy(s->out + s->len_bytes, bytes, len_bytes);
    s->len_bytes += len_bytes;
}

bool photo_strip(enum kind kind, const uint8_t *bytes, size_t len_bytes, uint8_t *out,
                 size_t *out_len, struct photo *photo)
{
    struct photo_sink sink = {.out = out};
    bool ok = false;
    *photo = (struct photo){.orientation = 1};
    if (kind_of(bytes, len_bytes, len_bytes) != kind)
        return false;
    if (kind == KIND_JPEG)
        ok = photo_strip_jpeg(bytes, len_bytes, &sink, photo);
    else if (kind == KIND_PNG)
        ok = photo_strip_png(bytes, len_bytes, &sink, photo);
    if (out)
        *out_len = sink.len_bytes;
    return ok;
}
