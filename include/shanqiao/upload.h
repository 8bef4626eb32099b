/* SPDX-License-Identifier: Apache-2.0 */
/* Sending a file to a consultation (docs/protocol/materials.md): a thread of the library sends it
 * in pieces, waits while the link is dark and goes on where it stopped, as long as it takes.
 * Conventions as in client.h. */
#ifndef SHANQIAO_UPLOAD_H
#define SHANQIAO_UPLOAD_H

#include <shanqiao/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sq_upload sq_upload;

struct sq_upload_config {
    size_t struct_size;
    const char *url; /* as of sq_client_config, likewise the next two; when one node of several
                        dies the upload goes on with the next one */
    const char *ca_file;
    const char *server_name;
    const char *consultation_id;
    const char *type;   /* "photo", "pdf", "dicom", "ecg", "audio" */
    const char *file;   /* path; must not change while it is sent */
    const char *header; /* of a WFDB signal: the material with its header; else NULL */
};

enum sq_upload_state {
    SQ_UPLOAD_SENDING,
    SQ_UPLOAD_DARK, /* the server can't be reached; tried again by itself */
    SQ_UPLOAD_DONE,
    SQ_UPLOAD_FAILED /* for good; message says what to do */
};

struct sq_upload_progress {
    size_t struct_size;
    enum sq_upload_state state;
    int64_t sent_bytes, total_bytes;
    char material[40]; /* its id, once done */
    char message[512]; /* in the client's language, once failed */
};

/* The client must be signed in (SQ_ERR_STATE) and may be freed before the upload. You own *out.
 * SQ_ERR_IO: the file can't be read or is empty. SQ_ERR_INVALID: url, or the file's name is longer
 * than 200 bytes. SQ_ERR_NOMEM. */
int sq_upload_start(sq_client *client, sq_upload **out, const struct sq_upload_config *config);
/* How it stands; set struct_size before. Any thread. */
void sq_upload_progress(const sq_upload *upload, struct sq_upload_progress *out);
/* Sends no faster than this, bit/s, from now on; 0: as the link allows. */
void sq_upload_set_rate(sq_upload *upload, int bps);
/* Stops it; what the server has stays there for a week. NULL is fine. */
void sq_upload_free(sq_upload *upload);

#ifdef __cplusplus
}
#endif
#endif
