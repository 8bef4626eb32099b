/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of uploads and downloads: lines of the input stand for headers. Whatever they say, what
 * is read keeps its promises or a refusal has its words. */
#include "base/check.h"
#include "signaling/materials/range.h"
#include "signaling/materials/tus.h"
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS 9
#define TOTAL   1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of `text`, which is cut up; a line "-" is an absent header. */
static void split(char *text, const char *out[HEADERS])
{
    for (size_t i = 0; i < HEADERS; i++) {
        char *end = text ? strchr(text, '\n') : NULL;
        out[i] = text && strcmp(text, "-") != 0 ? text : NULL;
        if (end)
            *end = '\0';
        if (out[i] && !strcmp(out[i], "-"))
            out[i] = NULL;
        text = end ? end + 1 : NULL;
    }
}

static void check_refusal(bool ok, const struct tus_refusal *no)
{
    CHECK(ok == (no->status == 0));
    CHECK(ok || (no->status >= 400 && no->status < 600 && no->en && no->zh));
}

static void try_range(const char *range, const char *if_range)
{
    struct range r;
    enum range_verdict v = range_read(range, if_range, "\"etag\"", TOTAL, &r);
    if (v == RANGE_PART)
        CHECK(r.count > 0 && r.first < TOTAL && r.count <= TOTAL - r.first);
    if (v == RANGE_WHOLE)
        CHECK(r.first == 0 && r.count == TOTAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *h[HEADERS];
    struct tus_creation creation;
    struct tus_patch patch;
    CHECK(text && sodium_init() >= 0);
    memcpy(text, data, size);
    text[size] = '\0';
    split(text, h);
    struct tus_request r = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], size};
    struct tus_refusal no = {0};
    bool ok = tus_read_patch(&r, &patch, &no);
    if (ok)
        ok = tus_fits(&patch, &(struct tus_upload){.bytes = TOTAL, .offset = 7}, &no);
    check_refusal(ok, &no);
    CHECK(!ok || (patch.offset == 7 && patch.bytes <= TOTAL - 7));
    r.body_bytes = 0;
    no = (struct tus_refusal){0};
    ok = tus_read_creation(&r, &creation, &no);
    check_refusal(ok, &no);
    CHECK(!ok || (creation.bytes > 0 && creation.type[0] && creation.consultation[0] &&
                  !strpbrk(creation.name, "/\\\n")));
    try_range(h[7], h[8]);
    free(text);
    return 0;
}
