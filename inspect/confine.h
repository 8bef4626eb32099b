/* SPDX-License-Identifier: Apache-2.0 */
/* Takes from this process all that reading one file does not need: memory, time, files, network,
 * other programs (resource limits, no new privileges, seccomp). Refuses to know what it reads. */
#ifndef INSPECT_CONFINE_H
#define INSPECT_CONFINE_H

#include <stdbool.h>

#define CONFINE_CPU_S        8 /* the largest DICOM of the tests takes 0.1 s */
#define CONFINE_MEMORY_BYTES (1024ull * 1024 * 1024)

/* From now on fopen opens standard input only (open.c). */
void open_input_only(void);

/* false: the kernel refuses; then nothing may be read. For good. */
bool confine(void);

#endif
