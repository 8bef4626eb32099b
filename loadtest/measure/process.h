/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and processor time of a process, from /proc. Knows nothing of what the process does. */
#ifndef LOADTEST_MEASURE_PROCESS_H
#define LOADTEST_MEASURE_PROCESS_H

#include "base/time.h"
#include <stddef.h>
#include <stdint.h>

struct process_use {
    int64_t rss_bytes;      /* VmRSS now */
    int64_t rss_peak_bytes; /* VmHWM */
    time_us cpu_us;         /* user and system, all threads, since it started */
};

/* pid 0: this process. 0, or SQ_ERR_NOT_FOUND where it has ended or can't be read. */
int process_use_read(int pid, struct process_use *out);
/* The same from the texts of /proc/PID/status and /proc/PID/stat. 0 or SQ_ERR_INVALID. */
int process_use_parse(const char *status, const char *stat, int64_t ticks_per_s,
                      struct process_use *out);
/* The limit of open descriptors, raised to what the system allows this process. */
int64_t process_descriptors_max(void);

#endif
