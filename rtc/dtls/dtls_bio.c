/* SPDX-License-Identifier: Apache-2.0 */
/* The datagram BIO: one read is one record, and what is written between two drains shares datagrams
 * as far as it fits, a record never torn (a memory BIO would lose the borders).
 *
 * It also takes OpenSSL's retransmission timer off the OS clock. OpenSSL computes the deadline from
 * gettimeofday and hands the address of that value to BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT; we keep the
 * address and write a far future there, so that OpenSSL never finds it due by itself. When the
 * virtual deadline has come, dtls_io_expire writes a past instant and DTLSv1_handle_timeout
 * retransmits. */
#include "rtc/dtls/dtls_private.h"
#include <openssl/bio.h>
#include <string.h>

#define FAR_FUTURE_S INT32_MAX /* fits a 32-bit time_t */
#define LONG_AGO_S   1         /* not 0: that means "no timer" to OpenSSL */

static int bio_read(BIO *b, char *out, size_t capacity, size_t *read)
{
    struct dtls_io *io = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (!io->input) {
        BIO_set_retry_read(b);
        return 0;
    }
    const size_t len = io->input_len < capacity ? io->input_len : capacity;
    memcpy(out, io->input, len);
    io->input = NULL; /* what did not fit is lost, as with a socket */
    *read = len;
    return 1;
}

/* OpenSSL repeats a flight with one datagram for each message; on a lossy link a flight must not be
 * lost five times as often. Records may share a datagram (RFC 6347 section 4.1.1). */
static bool append_to_last(struct dtls_io *io, const char *data, size_t len)
{
    if (io->output_count == 0)
        return false;
    struct dtls_datagram *d =
        &io->output[(io->output_first + io->output_count - 1) % DTLS_OUTPUT_MAX];
    if (d->len_bytes + len > DTLS_MTU_BYTES)
        return false;
    memcpy(d->data + d->len_bytes, data, len);
    d->len_bytes = (uint16_t)(d->len_bytes + len);
    return true;
}

static int bio_write(BIO *b, const char *data, size_t len, size_t *written)
{
    struct dtls_io *io = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    *written = len;
    if (append_to_last(io, data, len))
        return 1;
    if (io->output_count == DTLS_OUTPUT_MAX || len > DTLS_MTU_BYTES) {
        io->output_dropped++; /* lost like any datagram; the timer repairs it */
        return 1;
    }
    struct dtls_datagram *d =
        &io->output[(io->output_first + io->output_count++) % DTLS_OUTPUT_MAX];
    d->len_bytes = (uint16_t)len;
    memcpy(d->data, data, len);
    return 1;
}

static void timer_set(struct dtls_io *io, struct timeval *openssl_timer)
{
    io->openssl_timer = openssl_timer;
    io->timer_armed = openssl_timer->tv_sec != 0 || openssl_timer->tv_usec != 0;
    io->timer_changed = true;
    if (io->timer_armed)
        *openssl_timer = (struct timeval){.tv_sec = FAR_FUTURE_S};
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
    (void)number;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_MTU_BYTES;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        timer_set(BIO_get_data(b), pointer);
        return 1;
    default:
        return 0;
    }
}

BIO_METHOD *dtls_bio_method_new(void)
{
    /* No index of our own: OpenSSL has 127 of them for the life of a process, and nobody looks for
     * this type. */
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "shanqiao datagram");
    if (m && BIO_meth_set_read_ex(m, bio_read) && BIO_meth_set_write_ex(m, bio_write) &&
        BIO_meth_set_ctrl(m, bio_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

BIO *dtls_bio_new(BIO_METHOD *method, struct dtls_io *io)
{
    BIO *b = BIO_new(method);
    if (b) {
        BIO_set_data(b, io);
        BIO_set_init(b, 1);
    }
    return b;
}

void dtls_io_expire(struct dtls_io *io)
{
    if (io->openssl_timer && io->timer_armed)
        *io->openssl_timer = (struct timeval){.tv_sec = LONG_AGO_S};
}
