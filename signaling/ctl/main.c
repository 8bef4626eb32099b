/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiaoctl: hands the command line, the standard streams and the time to ctl_run. */
#include "signaling/ctl/ctl.h"

int main(int argc, char **argv)
{
    return ctl_run(argc, argv, stdin, stdout, stderr, clock_utc_us());
}
