/* SPDX-License-Identifier: Apache-2.0 */
/* Names and bounds of a package's files, and the manifest. A manifest is never believed: it is made
 * anew from the files and compared. */
#include "signaling/export/package.h"
#include "signaling/opinion/opinion.h"
#include <sodium.h>
#include <stdio.h>

#define SCHEMA   "shanqiao.evidence.v2"
#define HEX_SIZE (2 * PACKAGE_HASH_BYTES + 1)

#define KIB 1024
#define MIB (1024 * 1024)

/* Bounds: texts of a request and an opinion are below 30,000 characters of at most 4 bytes each
 * (docs/protocol/methods), 64 entries of 4,000 characters; a page of the PDF is below 100 KiB with
 * its fonts; a case has tens of audit rows, hundreds when it was long. */
static const struct {
    const char *name;
    size_t bound;
} fixed[PACKAGE_FIXED] = {
    [PACKAGE_AUDIT] = {"audit.json", 8 * MIB},
    [PACKAGE_CA] = {"ca.pem", 16 * KIB},
    [PACKAGE_CONSENTS] = {"consents.json", 2 * MIB},
    [PACKAGE_CONSULTATION] = {"consultation.json", 4 * MIB},
    [PACKAGE_MANIFEST] = {"manifest.json", 128 * KIB},
    [PACKAGE_MANIFEST_CERTIFICATE] = {"manifest.pem", 4 * KIB},
    [PACKAGE_MANIFEST_SIGNATURE] = {"manifest.sig", 1 * KIB},
    [PACKAGE_MATERIALS] = {"materials.json", 2 * MIB},
    [PACKAGE_PDF] = {"opinion.pdf", 12 * MIB},
};

static const struct {
    const char *end;
    size_t bound;
} of_opinion[PACKAGE_PER_OPINION] = {
    [PACKAGE_DOCUMENT] = {"json", 1 * MIB},
    [PACKAGE_CERTIFICATE] = {"pem", 4 * KIB},
    [PACKAGE_SIGNATURE] = {"sig", 1 * KIB},
};

int package_count(const struct package *p)
{
    return PACKAGE_FIXED + PACKAGE_PER_OPINION * p->opinions;
}

const char *package_name(int file, char out[EXPORT_FILE_NAME_MAX])
{
    int rest = file - PACKAGE_FIXED;
    if (rest < 0)
        snprintf(out, EXPORT_FILE_NAME_MAX, "%s", fixed[file].name);
    else
        snprintf(out, EXPORT_FILE_NAME_MAX, "opinions/%03d.%s", rest / PACKAGE_PER_OPINION + 1,
                 of_opinion[rest % PACKAGE_PER_OPINION].end);
    return out;
}

size_t package_bound(int file)
{
    return file < PACKAGE_FIXED ? fixed[file].bound
                                : of_opinion[(file - PACKAGE_FIXED) % PACKAGE_PER_OPINION].bound;
}

char *package_manifest(const struct package *p)
{
    json_t *list = json_array();
    for (int i = 0; list && i < package_count(p); i++) {
        uint8_t hash[PACKAGE_HASH_BYTES];
        char hex[HEX_SIZE], name[EXPORT_FILE_NAME_MAX];
        if (i == PACKAGE_MANIFEST || i == PACKAGE_MANIFEST_SIGNATURE)
            continue;
        crypto_hash_sha256(hash, p->parts[i].data, p->parts[i].len_bytes);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        json_t *entry = json_pack("{s:s, s:s, s:I}", "name", package_name(i, name), "sha256", hex,
                                  "size", (json_int_t)p->parts[i].len_bytes);
        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    json_t *manifest = json_pack("{s:s, s:o}", "schema", SCHEMA, "files", list);
    char *text = manifest ? opinion_canonical(manifest) : NULL;
    json_decref(manifest);
    return text;
}
