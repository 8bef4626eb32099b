/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of a terminal; everything else of the library is handed its time. */
#ifndef CLIENT_LIB_IO_CLOCK_H
#define CLIENT_LIB_IO_CLOCK_H

#include "base/time.h"

time_us io_now_us(void);        /* monotonic */
time_us io_utc_offset_us(void); /* UTC minus monotonic, now */
time_us io_utc_us(void);

#endif
