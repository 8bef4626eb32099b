/* SPDX-License-Identifier: Apache-2.0 */
/* The room: its directory, its routes, its pool. */
#include "signaling/materials/materials.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/room.h"
#include "signaling/ws/pool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH "/materials/"

static void wake_nobody(void *user)
{
    (void)user; /* results are taken by the step */
}

/* Makes the last folder of the path; those above it are somebody's decision. */
static int make_directory(struct materials *m, char error[MATERIALS_ERROR_MAX])
{
    if (strlen(m->config.directory) >= sizeof m->directory) {
        snprintf(error, MATERIALS_ERROR_MAX, "the path is too long");
        return SQ_ERR_INVALID;
    }
    text_copy(m->directory, sizeof m->directory, m->config.directory);
    if ((mkdir(m->directory, 0700) && errno != EEXIST) ||
        access(m->directory, R_OK | W_OK | X_OK)) {
        snprintf(error, MATERIALS_ERROR_MAX, "%.160s: %s", m->directory, strerror(errno));
        return SQ_ERR_IO;
    }
    return 0;
}

/* Beside this program, else by name, which posix_spawn takes as a path and the log then tells. */
static void find_inspect(struct materials *m)
{
    char self[BOX_PATH_MAX - sizeof "shanqiao-inspect"];
    const char *given = m->config.inspect ? m->config.inspect : "";
    ssize_t n = *given ? 0 : readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        slash[1] = '\0';
    if (*given)
        snprintf(m->inspect, sizeof m->inspect, "%s", given);
    else
        snprintf(m->inspect, sizeof m->inspect, "%sshanqiao-inspect", slash ? self : "");
}

static void set_routes(struct materials *m)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < material_type_count; i++)
        most = material_types[i].bytes_max > most ? material_types[i].bytes_max : most;
    const struct http_route routes[MATERIALS_ROUTES] = {
        {HTTP_OPTIONS, PATH, HTTP_PREFIX | HTTP_OPEN, 0, &upload_options_ops},
        {HTTP_POST, PATH, 0, 0, &upload_create_ops},
        {HTTP_HEAD | HTTP_PATCH | HTTP_DELETE, PATH, HTTP_PREFIX, most, &upload_ops},
        {HTTP_GET, PATH, HTTP_PREFIX, 0, &download_ops},
    };
    memcpy(m->routes, routes, sizeof routes);
}

int materials_new(struct materials **out, const struct materials_config *config,
                  char error[MATERIALS_ERROR_MAX])
{
    struct materials *m = calloc(1, sizeof *m);
    *out = NULL;
    snprintf(error, MATERIALS_ERROR_MAX, "memory is used up");
    if (!m)
        return SQ_ERR_NOMEM;
    m->config = *config;
    m->service = config->service;
    int status = make_directory(m, error);
    if (status == 0)
        status = pool_new(&m->pool, (struct pool_size){2, INSPECTIONS_MAX}, wake_nobody, NULL);
    if (status < 0) {
        materials_free(m);
        return status;
    }
    find_inspect(m);
    m->config.directory = m->directory;
    m->config.inspect = m->inspect;
    set_routes(m);
    *out = m;
    return 0;
}

void materials_free(struct materials *m)
{
    if (!m)
        return;
    pool_free(m->pool);
    for (size_t i = 0; i < INSPECTIONS_MAX; i++)
        inspect_clear(&m->inspections[i].job);
    free(m);
}

void materials_set_dispatch(struct materials *m, struct dispatch *dispatch)
{
    m->dispatch = dispatch;
}

struct http_table materials_routes(struct materials *m)
{
    return (struct http_table){m->routes, MATERIALS_ROUTES, m, materials_step};
}

/* ---- no directory ---- */

static int start_off(struct exchange *x, void *user, void **state)
{
    (void)user;
    (void)state;
    http_fail_status(x, http_status_of(SQ_ERR_NOT_FOUND), NULL, 0, SQ_ERR_UNSUPPORTED,
                     "This server has no folder for files, so none can be sent or fetched. Its "
                     "operator has to name one in the setting signaling.materials.",
                     "本服务器未设置资料文件夹，无法上传或下载资料；请运维人员配置 "
                     "signaling.materials。");
    return 0;
}

static const struct http_ops off_ops = {.start = start_off};
static const struct http_route off_routes[] = {
    {.methods =
         HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE | HTTP_OPTIONS,
     .path = PATH,
     .flags = HTTP_PREFIX | HTTP_OPEN,
     .body_max_bytes = TUS_BYTES_MAX,
     .ops = &off_ops},
};
const struct http_table materials_off_http_table = {.routes = off_routes, .count = 1};
