/* SPDX-License-Identifier: Apache-2.0 */
/* The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation, checksum
 * (sha256), expiration, termination. Pure over header texts and offsets. Refuses to know sockets,
 * files, accounts. */
#ifndef SIGNALING_MATERIALS_TUS_H
#define SIGNALING_MATERIALS_TUS_H

#include "base/time.h"
#include "signaling/proto/method.h" /* ID_MAX */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUS_VERSION    "1.0.0"
#define TUS_EXTENSIONS "creation,checksum,expiration,termination"
#define TUS_HASH_BYTES 32
#define TUS_NAME_MAX   201 /* bytes of a file's name, final zero included */
#define TUS_WORD_MAX   16
#define TUS_BYTES_MAX  (1ull << 40) /* no length beyond it is read; limits per type are lower */

/* As they came; NULL: absent. */
struct tus_request {
    const char *resumable, *upload_length, *defer_length, *metadata, *upload_offset, *checksum,
        *content_type;
    uint64_t body_bytes;
};

/* status 0: none. Literals. */
struct tus_refusal {
    unsigned status;
    const char *en, *zh;
};

struct tus_creation {
    uint64_t bytes;
    char name[TUS_NAME_MAX]; /* UTF-8 without control characters and path separators */
    char type[TUS_WORD_MAX];
    char consultation[ID_MAX];
    char header[ID_MAX]; /* of a WFDB signal: the material with its header; "": none */
    bool preview;
    uint8_t sha256[TUS_HASH_BYTES]; /* of the whole file */
};

/* POST. false: *no says why. */
bool tus_read_creation(const struct tus_request *r, struct tus_creation *out,
                       struct tus_refusal *no);

/* What is known of the upload that a PATCH names. */
struct tus_upload {
    uint64_t bytes, offset;
    bool busy; /* another request writes to it now */
};

struct tus_patch {
    uint64_t offset, bytes;
    bool checked; /* the piece has a hash: nothing of it stays if that is wrong */
    uint8_t sha256[TUS_HASH_BYTES];
};

/* PATCH, first what the request says by itself, then whether it fits the upload. */
bool tus_read_patch(const struct tus_request *r, struct tus_patch *out, struct tus_refusal *no);
bool tus_fits(const struct tus_patch *p, const struct tus_upload *u, struct tus_refusal *no);

/* HEAD, PATCH, DELETE, POST: the version. */
bool tus_version_fits(const struct tus_request *r, struct tus_refusal *no);

#endif
