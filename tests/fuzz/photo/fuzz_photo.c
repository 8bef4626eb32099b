/* SPDX-License-Identifier: Apache-2.0 */
/* Files of strangers that our own parsers read: kind, photo, EXIF, WFDB header. What was stripped
 * is a photo still, no larger than it may be, and stripping it again changes nothing. */
#include "base/check.h"
#include "inspect/photo.h"
#include "inspect/wfdb.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_photo(enum kind kind, const uint8_t *data, size_t size)
{
    struct photo photo, again;
    size_t len = 0, twice_len = 0;
    uint8_t *out = malloc(size + PHOTO_GROWTH_MAX);
    CHECK(out);
    if (photo_strip(kind, data, size, out, &len, &photo)) {
        CHECK(len <= size + PHOTO_GROWTH_MAX);
        CHECK(photo.orientation >= 1 && photo.orientation <= 8);
        uint8_t *twice = malloc(len + PHOTO_GROWTH_MAX);
        CHECK(twice && photo_strip(kind, out, len, twice, &twice_len, &again));
        CHECK(twice_len == len && !memcmp(twice, out, len));
        CHECK(again.orientation == photo.orientation && !strcmp(again.taken, photo.taken));
        free(twice);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wfdb_header header;
    struct photo photo = {.orientation = 1};
    try_photo(KIND_JPEG, data, size);
    try_photo(KIND_PNG, data, size);
    exif_read(data, size, &photo);
    if (wfdb_parse(data, size, &header))
        CHECK(header.signals >= 1 && header.signals <= WFDB_SIGNALS_MAX && header.rate_hz > 0);
    (void)kind_of(data, size < KIND_LOOK_BYTES ? size : KIND_LOOK_BYTES, size);
    return 0;
}
