/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/pipe.h"
#include "shanqiao/error.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn(struct child_pipe *p, const char *const argv[], int write_end)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return SQ_ERR_IO;
    int err = posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    if (!err)
        err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!err) /* posix_spawn takes char *const[] for historical reasons and does not write to it */
        err = posix_spawnp(&p->pid, argv[0], &actions, NULL, (char *const *)(void *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return err ? SQ_ERR_IO : SQ_OK;
}

int child_pipe_open(struct child_pipe *p, const char *const argv[])
{
    int ends[2];
    *p = (struct child_pipe){0};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return SQ_ERR_IO;
    int err = spawn(p, argv, ends[1]);
    close(ends[1]);
    p->out = err ? NULL : fdopen(ends[0], "r");
    if (!p->out) {
        close(ends[0]);
        child_pipe_close(p);
        return SQ_ERR_IO;
    }
    return SQ_OK;
}

void child_pipe_close(struct child_pipe *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL); /* it holds nothing to lose, and would complain of a broken pipe */
        waitpid(p->pid, NULL, 0);
    }
    if (p->out)
        fclose(p->out);
    *p = (struct child_pipe){0};
}
