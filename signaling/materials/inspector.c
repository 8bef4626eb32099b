/* SPDX-License-Identifier: Apache-2.0 */
/* memfd in, pipe out, one deadline. */
#include "signaling/materials/inspector.h"

#include "base/text.h"
#include "base/time.h"
#include "inspect/report.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the file, for the child alone ---- */

static bool write_all(int fd, const uint8_t *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool decrypt_into(int fd, const struct inspect_job *j)
{
    struct box_place place = {j->directory, j->file.id, j->file.key, j->file.bytes};
    uint8_t piece[BOX_RECORD_MAX];
    bool ok = true;
    for (uint64_t at = 0; ok && at < j->file.bytes; at += BOX_RECORD_MAX) {
        uint64_t begin = 0;
        size_t len = 0;
        ok = box_read_at(&place, at, piece, &begin, &len) == 0 && write_all(fd, piece, len);
    }
    sodium_memzero(piece, sizeof piece);
    return ok;
}

/* -1: not possible. */
static int open_input(const struct inspect_job *j)
{
    int fd = memfd_create("material", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (decrypt_into(fd, j) && lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ---- the process ---- */

static pid_t start(const struct inspect_job *j, int input, int output)
{
    char *const argv[] = {(char *)j->program, (char *)kind_name(j->file.kind), NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = -1;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions))
        return -1;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return -1;
    }
    bool ok =
        !posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) &&
        !posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) &&
        !posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) &&
        !posix_spawnattr_setsigmask(&attributes, &none) &&
        !posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) &&
        !posix_spawn(&pid, j->program, &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return ok ? pid : -1;
}

/* Until the end, a line that is too long, or the deadline: false. */
static bool listen_to(int fd, char line[REPORT_BYTES_MAX], size_t *len)
{
    time_us until_us = clock_monotonic_us() + INSPECT_WAIT_MS * TIME_US_PER_MS;
    *len = 0;
    while (*len < REPORT_BYTES_MAX) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        time_us left_us = until_us - clock_monotonic_us();
        if (left_us <= 0 || poll(&p, 1, (int)(left_us / TIME_US_PER_MS) + 1) < 0)
            return false;
        if (!p.revents)
            continue;
        ssize_t n = read(fd, line + *len, REPORT_BYTES_MAX - *len);
        if (n <= 0)
            return n == 0;
        *len += (size_t)n;
    }
    return true;
}

static const char *ask(struct inspect_job *j, int input)
{
    char line[REPORT_BYTES_MAX];
    size_t len = 0;
    int pipes[2], state = 0;
    if (pipe2(pipes, O_CLOEXEC))
        return "not_started";
    pid_t pid = start(j, input, pipes[1]);
    close(pipes[1]);
    bool heard = pid > 0 && listen_to(pipes[0], line, &len);
    close(pipes[0]);
    if (pid < 0)
        return "not_started";
    if (!heard)
        kill(pid, SIGKILL);
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        continue;
    if (!heard || (WIFSIGNALED(state) && WTERMSIG(state) == SIGXCPU))
        return "timeout";
    if (WIFSIGNALED(state))
        return "crashed";
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return WEXITSTATUS(state) == 127 ? "not_started" : "crashed";
    inspect_believe(j, line, len);
    return NULL;
}

void inspect_run(void *inspect_job)
{
    struct inspect_job *j = inspect_job;
    int input = open_input(j);
    const char *reason = input < 0 ? "not_stored" : ask(j, input);
    if (input >= 0)
        close(input);
    if (reason)
        text_copy(j->reason, sizeof j->reason, reason);
}

void inspect_clear(struct inspect_job *j)
{
    json_decref(j->details);
    json_decref(j->identity);
    j->details = j->identity = NULL;
}

/* ---- what it said ---- */

enum shape { SHAPE_NUMBER, SHAPE_TEXT, SHAPE_LEADS };

struct member {
    const char *name;
    enum shape shape;
    double most; /* of a number; bytes of a text */
};

/* docs/protocol/methods/material.list.json */
static const struct member details[] = {
    {"modality", SHAPE_TEXT, 16},
    {"studyUid", SHAPE_TEXT, 64},
    {"seriesUid", SHAPE_TEXT, 64},
    {"description", SHAPE_TEXT, 64},
    {"startedAt", SHAPE_TEXT, 24},
    {"rows", SHAPE_NUMBER, 1e6},
    {"columns", SHAPE_NUMBER, 1e6},
    {"frames", SHAPE_NUMBER, 1e6},
    {"width", SHAPE_NUMBER, 65535},
    {"height", SHAPE_NUMBER, 65535},
    {"orientation", SHAPE_NUMBER, 8},
    {"pages", SHAPE_NUMBER, 1e6},
    {"channels", SHAPE_NUMBER, 255},
    {"samples", SHAPE_NUMBER, 1e12},
    {"sampleRateHz", SHAPE_NUMBER, 1e7},
    {"durationMs", SHAPE_NUMBER, 1e12},
    {"leads", SHAPE_LEADS, REPORT_LEADS_MAX},
};
static const struct member identities[] = {{"patientName", SHAPE_TEXT, 256},
                                           {"patientId", SHAPE_TEXT, 64}};

static bool text_fits(const json_t *v, double most)
{
    return json_is_string(v) && json_string_length(v) > 0 && json_string_length(v) <= (size_t)most;
}

static bool leads_fit(const json_t *v, double most)
{
    size_t i;
    const json_t *lead;
    if (!json_is_array(v) || json_array_size(v) > (size_t)most)
        return false;
    json_array_foreach(v, i, lead)
    {
        if (!text_fits(lead, 32))
            return false;
    }
    return true;
}

static bool fits(const struct member *m, const json_t *v)
{
    switch (m->shape) {
    case SHAPE_NUMBER:
        return json_is_number(v) && json_number_value(v) >= 0 && json_number_value(v) <= m->most &&
               (json_is_integer(v) || !strcmp(m->name, "sampleRateHz"));
    case SHAPE_TEXT:
        return text_fits(v, m->most);
    case SHAPE_LEADS:
        return leads_fit(v, m->most);
    }
    return false;
}

/* Every member is known and fits. */
static bool has_shape(json_t *object, const struct member *members, size_t count)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || (!strcmp(members[i].name, name) && fits(&members[i], value));
        if (!known)
            return false;
    }
    return json_is_object(object);
}

static bool is_code(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:";
    return text && *text && strlen(text) < MATERIAL_REASON_MAX &&
           strspn(text, allowed) == strlen(text);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void inspect_believe(struct inspect_job *j, const char *line, size_t len_bytes)
{
    json_t *all = json_loadb(line, len_bytes, JSON_REJECT_DUPLICATES, NULL);
    json_t *d = json_object_get(all, "details"), *i = json_object_get(all, "identity");
    const char *reason = json_string_value(json_object_get(all, "reason"));
    if (json_is_true(json_object_get(all, "ok")) && has_shape(d, details, COUNT(details)) &&
        has_shape(i, identities, COUNT(identities))) {
        j->details = json_incref(d);
        j->identity = json_object_size(i) > 0 ? json_incref(i) : NULL;
    } else {
        bool told = json_is_false(json_object_get(all, "ok")) && is_code(reason);
        text_copy(j->reason, sizeof j->reason, told ? reason : "bad_report");
    }
    json_decref(all);
}
