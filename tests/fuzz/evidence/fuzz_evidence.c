/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence packages from anybody: the container as it comes, the same parts under a manifest that
 * fits, and each check behind it. */
#include "signaling/export/verify.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size)
{
    struct export_verdict verdict;
    if (export_verify(data, size, NULL, &verdict) == 0 && verdict.good && !verdict.file[0] &&
        strcmp(verdict.code, "ok") != 0)
        abort();
}

/* Every check, also those that only the installation's signature would let come to their turn. */
static void check_behind(const struct package *p)
{
    struct export_verdict v = {.code = "ok"};
    int file = 0;
    size_t row = 0;
    bool good = false;
    struct evidence *e = evidence_new(p, NULL, &v, &good);
    if (e && good) {
        evidence_check_manifest(e, &file);
        evidence_check_opinions(e, &v, &file);
        evidence_check_record(e, &file);
        evidence_check_lists(e, &file);
        evidence_check_audit(e, &row);
    }
    if (e)
        evidence_free(e);
}

/* Parts cut from the input by a two-byte length each. */
static void check_parts(const uint8_t *data, size_t size)
{
    struct package p = {.opinions = 1};
    struct export_bytes zip = {0};
    if (size > 0) {
        p.opinions += data[0] % 3;
        data++;
        size--;
    }
    for (int i = 0; i < package_count(&p); i++) {
        size_t len = size >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
        data += size >= 2 ? 2 : size;
        size -= size >= 2 ? 2 : size;
        if (len > size)
            len = size;
        if (len > package_bound(i))
            len = package_bound(i);
        p.parts[i] = (struct package_part){data, len};
        data += len;
        size -= len;
    }
    check_behind(&p);
    char *manifest = package_manifest(&p);
    if (!manifest)
        return;
    p.parts[PACKAGE_MANIFEST] = (struct package_part){(const uint8_t *)manifest, strlen(manifest)};
    if (package_write(&p, &zip) == 0)
        check(zip.data, zip.len_bytes);
    free(zip.data);
    free(manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size);
    check_parts(data, size);
    return 0;
}
