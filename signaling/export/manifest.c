/* SPDX-License-Identifier: Apache-2.0 */
/* Names and bounds of a package's files, and the manifest. A manifest is never believed: it is made
 * anew from the files and compared. */
#include "signaling/export/package.h"
#include "signaling/opinion/opinion.h"
#include <sodium.h>

#define SCHEMA   "shanqiao.evidence.v1"
#define HEX_SIZE (2 * PACKAGE_HASH_BYTES + 1)

#define KIB 1024
#define MIB (1024 * 1024)

/* Bounds: texts of a request and an opinion are below 30,000 characters of at most 4 bytes each
 * (docs/protocol/methods), a page of the PDF is below 100 KiB with its fonts; a case has tens of
 * audit rows, hundreds when it was long. */
static const struct {
    const char *name;
    size_t bound;
} files[PACKAGE_FILES] = {
    [PACKAGE_AUDIT] = {"audit.json", 8 * MIB},
    [PACKAGE_CA] = {"ca.pem", 16 * KIB},
    [PACKAGE_CERTIFICATE] = {"certificate.pem", 4 * KIB},
    [PACKAGE_CONSULTATION] = {"consultation.json", 2 * MIB},
    [PACKAGE_MANIFEST] = {"manifest.json", 8 * KIB},
    [PACKAGE_OPINION] = {"opinion.json", 1 * MIB},
    [PACKAGE_PDF] = {"opinion.pdf", 12 * MIB},
    [PACKAGE_SIGNATURE] = {"opinion.sig", 1 * KIB},
};

const char *package_name(int file)
{
    return files[file].name;
}

size_t package_bound(int file)
{
    return files[file].bound;
}

char *package_manifest(const struct package *p)
{
    json_t *list = json_array();
    for (int i = 0; list && i < PACKAGE_FILES; i++) {
        uint8_t hash[PACKAGE_HASH_BYTES];
        char hex[HEX_SIZE];
        if (i == PACKAGE_MANIFEST)
            continue;
        crypto_hash_sha256(hash, p->parts[i].data, p->parts[i].len_bytes);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        json_t *entry = json_pack("{s:s, s:s, s:I}", "name", files[i].name, "sha256", hex, "size",
                                  (json_int_t)p->parts[i].len_bytes);
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
