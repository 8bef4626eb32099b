/* SPDX-License-Identifier: Apache-2.0 */
/* What is left to a process that reads a stranger's file. */
#include "inspect/confine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: the number of the first thing that was possible and should not be; 0: none. */
static int try_everything(void)
{
    char *const none[] = {NULL};
    if (!confine())
        return 1;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 2;
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
        return 3;
    if (open("/etc/passwd", O_RDONLY) >= 0)
        return 4;
    if (open("/tmp/x", O_WRONLY | O_CREAT, 0600) >= 0)
        return 5;
    if (fork() >= 0)
        return 6;
    if (execve("/bin/true", none, none) >= 0)
        return 7;
    if (kill(getppid(), 0) == 0)
        return 8;
    return 0;
}

Test(confine, neither_network_nor_files_nor_other_programs)
{
    int state = 0;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        _exit(try_everything());
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state));
    cr_expect_eq(WEXITSTATUS(state), 0, "number %d was possible", WEXITSTATUS(state));
}
