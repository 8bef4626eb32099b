/* SPDX-License-Identifier: Apache-2.0 */
/* An upload on behalf of a client: where to, and as whom. */
#include "client-lib/api/internal.h"
#include "client-lib/io/uploader.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <string.h>

int sq_upload_start(sq_client *client, sq_upload **out, const struct sq_upload_config *config)
{
    char token[256];
    *out = NULL;
    if (config->struct_size < sizeof *config || !config->consultation_id || !config->type ||
        !config->file || !config->url)
        return SQ_ERR_INVALID;
    pthread_mutex_lock(&client->lock);
    snprintf(token, sizeof token, "%s", rpc_token(client->rpc));
    bool english = strcmp(client->language, "en") == 0;
    pthread_mutex_unlock(&client->lock);
    if (!token[0])
        return SQ_ERR_STATE;
    const struct uploader_config c = {.url = config->url,
                                      .ca_file = config->ca_file,
                                      .server_name = config->server_name,
                                      .token = token,
                                      .type = config->type,
                                      .consultation = config->consultation_id,
                                      .file = config->file,
                                      .header = config->header,
                                      .english = english};
    int err = uploader_start(out, &c);
    explicit_bzero(token, sizeof token);
    return err;
}
