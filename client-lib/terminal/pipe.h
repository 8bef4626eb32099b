/* SPDX-License-Identifier: Apache-2.0 */
/* A child program whose output we read; no shell in between. */
#ifndef TERMINAL_PIPE_H
#define TERMINAL_PIPE_H

#include <stdio.h>
#include <sys/types.h>

struct child_pipe {
    pid_t pid;
    FILE *out;
};

/* 0 or SQ_ERR_IO. argv[0] is looked up on PATH. */
int child_pipe_open(struct child_pipe *p, const char *const argv[]);
/* Closes the stream and ends the child; safe on a zeroed pipe. */
void child_pipe_close(struct child_pipe *p);

#endif
