/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status and /proc/PID/stat, as proc(5) describes them. */
#include "loadtest/measure/process.h"
#include "shanqiao/error.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROC_TEXT_MAX 8192

static int read_text(int pid, const char *name, char out[PROC_TEXT_MAX])
{
    char path[64];
    if (pid > 0)
        snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    else
        snprintf(path, sizeof path, "/proc/self/%s", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return SQ_ERR_NOT_FOUND;
    size_t len = fread(out, 1, PROC_TEXT_MAX - 1, file);
    fclose(file);
    out[len] = '\0';
    return len ? 0 : SQ_ERR_NOT_FOUND;
}

static bool status_bytes(const char *status, const char *key, int64_t *out)
{
    int64_t kib = 0;
    const char *at = strstr(status, key);
    if (!at || sscanf(at + strlen(key), " %" SCNd64 " kB", &kib) != 1 || kib < 0)
        return false;
    *out = kib * 1024;
    return true;
}

int process_use_parse(const char *status, const char *stat, int64_t ticks_per_s,
                      struct process_use *out)
{
    int64_t user = 0, system = 0;
    const char *after_name = strrchr(stat, ')'); /* the name may hold blanks and brackets */
    if (!after_name || ticks_per_s <= 0)
        return SQ_ERR_INVALID;
    /* fields 3 to 13 are skipped; 14 and 15 are utime and stime */
    if (sscanf(after_name + 1, " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNd64 " %" SCNd64,
               &user, &system) != 2)
        return SQ_ERR_INVALID;
    if (!status_bytes(status, "\nVmRSS:", &out->rss_bytes) ||
        !status_bytes(status, "\nVmHWM:", &out->rss_peak_bytes))
        return SQ_ERR_INVALID;
    out->cpu_us = (user + system) * TIME_US_PER_S / ticks_per_s;
    return 0;
}

int process_use_read(int pid, struct process_use *out)
{
    char status[PROC_TEXT_MAX], stat[PROC_TEXT_MAX];
    int error = read_text(pid, "status", status);
    if (!error)
        error = read_text(pid, "stat", stat);
    if (!error && process_use_parse(status, stat, sysconf(_SC_CLK_TCK), out))
        error = SQ_ERR_NOT_FOUND;
    return error;
}

int64_t process_descriptors_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : (int64_t)limit.rlim_cur;
}
