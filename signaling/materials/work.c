/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second: expired uploads end, files that nothing refers to leave the disk, headers of new
 * files are read. Each change is an act of its own with its audit row, so that what was erased is
 * proven. */
#include "base/log.h"
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/room.h"
#include "signaling/service.h"
#include "signaling/ws/pool.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TURN_MAX       32          /* acts of one kind in one step */
#define STRANGER_AGE_S (24 * 3600) /* a file of no row may be on its way into one until then */

/* ---- uploads and files that are over ---- */

static int expire(struct call *call)
{
    text_copy(call->audit_object, sizeof call->audit_object, call->work);
    return upload_delete(call->service, call->work);
}

static void sweep_expired(struct materials *m, time_us utc_us)
{
    char id[ID_MAX];
    struct call call;
    for (int i = 0; i < TURN_MAX && upload_next_expired(m->service, utc_us, id) == 1; i++) {
        if (materials_act(m, NULL, "material.expire", expire, id, &call) < 0)
            return;
    }
}

static int erase(struct call *call)
{
    text_copy(call->audit_object, sizeof call->audit_object, call->work);
    return gone_done(call->service, call->work);
}

static void sweep_gone(struct materials *m)
{
    char id[ID_MAX];
    struct call call;
    for (int i = 0; i < TURN_MAX && gone_next(m->service, id) == 1; i++) {
        if (box_remove(m->directory, id) < 0) {
            log_write(LOG_ERROR, "materials.not_erased", LOG_TEXT("file", id));
            return;
        }
        if (materials_act(m, NULL, "material.erase", erase, id, &call) < 0)
            return;
    }
}

/* What a crash between file and row left. Other nodes may use the directory, so young ones stay. */
static void sweep_strangers(struct materials *m, time_us utc_us)
{
    DIR *d = opendir(m->directory);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char path[BOX_PATH_MAX];
        struct stat s;
        bool ours = !strncmp(e->d_name, "fil_", 4) || !strncmp(e->d_name, "upl_", 4);
        if (!ours || strlen(e->d_name) >= ID_MAX)
            continue;
        snprintf(path, sizeof path, "%s/%.*s", m->directory, ID_MAX - 1, e->d_name);
        if (stat(path, &s) == 0 && utc_us / TIME_US_PER_S - s.st_mtime > STRANGER_AGE_S &&
            file_is_known(m->service, e->d_name) == 0)
            (void)box_remove(m->directory, e->d_name);
    }
    if (d)
        closedir(d);
    m->tidied = true;
}

/* ---- headers ---- */

static int store_report(struct call *call)
{
    struct inspect_job *j = call->work;
    struct material m;
    int status = material_load(call->service, j->material, &m);
    if (status < 0)
        return status;
    text_copy(call->audit_object, sizeof call->audit_object, m.id);
    text_copy(m.status, sizeof m.status, j->reason[0] ? "unread" : "read");
    text_copy(m.reason, sizeof m.reason, j->reason);
    json_decref(m.details);
    json_decref(m.identity);
    m.details = json_incref(j->details);
    m.identity = json_incref(j->identity);
    status = material_update(call->service, &m);
    if (status == 0)
        status = materials_tell(call, "material.changed", &m, m.status);
    material_clear(&m);
    return status;
}

static void take_reports(struct materials *m)
{
    uint64_t ticket;
    struct call call;
    while (pool_next_done(m->pool, &ticket)) {
        struct inspect_job *j = &m->inspections[ticket].job;
        int status = materials_act(m, NULL, "material.inspected", store_report, j, &call);
        if (status < 0 && status != SQ_ERR_NOT_FOUND) /* removed meanwhile */
            log_write(LOG_WARN, "materials.not_inspected",
                      LOG_TEXT("error", sq_error_name(status)));
        if (!strcmp(j->reason, "not_started"))
            log_write(LOG_ERROR, "materials.no_inspector", LOG_TEXT("program", m->inspect));
        inspect_clear(j);
        sodium_memzero(j, sizeof *j);
        m->inspections[ticket].used = false;
    }
}

static bool under_way(const struct materials *m, const char *id)
{
    for (size_t i = 0; i < INSPECTIONS_MAX; i++) {
        if (m->inspections[i].used && !strcmp(m->inspections[i].job.material, id))
            return true;
    }
    return false;
}

static void start_one(struct materials *m, size_t slot, const char *id)
{
    struct inspect_job *j = &m->inspections[slot].job;
    struct material material;
    if (material_load(m->service, id, &material) < 0)
        return;
    *j = (struct inspect_job){.file = material.file};
    text_copy(j->material, sizeof j->material, id);
    text_copy(j->directory, sizeof j->directory, m->directory);
    text_copy(j->program, sizeof j->program, m->inspect);
    material_clear(&material);
    m->inspections[slot].used = pool_submit(m->pool, slot, inspect_run, j);
}

/* Goes round: one that can't be loaded or stored comes again after all the others. */
void inspections_start(struct materials *m)
{
    char id[ID_MAX];
    for (size_t slot = 0; slot < INSPECTIONS_MAX; slot++) {
        if (m->inspections[slot].used)
            continue;
        do {
            if (material_next_pending(m->service, m->inspected, id) != 1) {
                m->inspected[0] = '\0';
                return;
            }
            text_copy(m->inspected, sizeof m->inspected, id);
        } while (under_way(m, id));
        start_one(m, slot, id);
    }
}

void materials_step(void *materials, time_us now_us, time_us utc_us)
{
    struct materials *m = materials;
    (void)now_us;
    if (!m->tidied)
        sweep_strangers(m, utc_us);
    sweep_expired(m, utc_us);
    sweep_gone(m);
    take_reports(m);
    inspections_start(m);
}
