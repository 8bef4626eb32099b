/* SPDX-License-Identifier: Apache-2.0 */
/* Behind shanqiao/upload.h: what the thread needs to know. */
#ifndef CLIENT_LIB_IO_UPLOADER_H
#define CLIENT_LIB_IO_UPLOADER_H

#include <shanqiao/upload.h>

struct uploader_config {
    const char *url; /* "wss://host:port/v1", the nodes of one installation with commas between */
    const char *ca_file, *server_name, *token;
    const char *type, *consultation, *file, *header;
    bool english; /* messages, else zh-CN */
};

/* Copies the texts. 0, SQ_ERR_IO (file), SQ_ERR_INVALID (url; or type, consultation, header and the
 * file's name are longer than a server takes), SQ_ERR_NOMEM. */
int uploader_start(sq_upload **out, const struct uploader_config *config);

#endif
