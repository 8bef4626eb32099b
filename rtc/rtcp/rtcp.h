/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP: compound iteration (RFC 3550 section 6.1, reduced size RFC 5506), and typed parse and write
 * of SR, RR, SDES CNAME, BYE, NACK, PLI (RFC 4585), FIR (RFC 5104) and REMB
 * (draft-alvestrand-rmcat-remb-03). Transport-wide feedback is in rtc/rtcp/twcc.h. Nothing is
 * copied but fixed small structs; lists are read through accessors. Never reads past the packet.
 * Refuses to know: whose SSRC it is, when to send, encryption. */
#ifndef RTC_RTCP_RTCP_H
#define RTC_RTCP_RTCP_H

#include "base/bytes.h"
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCP_HEADER_LEN     4
#define RTCP_BLOCK_LEN      24  /* RFC 3550 section 6.4.1: one report block */
#define RTCP_COUNT_MAX      31  /* five-bit count: report blocks, SDES chunks, BYE sources */
#define RTCP_CNAME_MAX      255 /* RFC 3550 section 6.5: eight-bit length */
#define RTCP_NACK_PAIRS_MAX 253 /* what fits one packet of ours (1024 bytes) */
#define RTCP_REMB_SSRC_MAX  255 /* eight-bit count */

enum rtcp_type {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_APP = 204,
    RTCP_RTPFB = 205, /* RFC 4585: transport-layer feedback */
    RTCP_PSFB = 206,  /* RFC 4585: payload-specific feedback */
    RTCP_XR = 207
};

enum rtcp_rtpfb { RTCP_RTPFB_NACK = 1, RTCP_RTPFB_TWCC = 15 };
enum rtcp_psfb {
    RTCP_PSFB_PLI = 1,
    RTCP_PSFB_FIR = 4,
    RTCP_PSFB_AFB = 15 /* application layer: REMB */
};

/* One packet of a compound; borrows the bytes. */
struct rtcp_packet {
    uint8_t type;        /* enum rtcp_type, or another value to be skipped */
    uint8_t count;       /* the five bits: count of blocks, or feedback message type (FMT) */
    const uint8_t *data; /* the packet with its four-byte header */
    size_t len_bytes;    /* without padding, at least 4 */
};

struct rtcp_iterator {
    const uint8_t *at;
    const uint8_t *end;
};

/* Checks all headers and lengths of a datagram, so that a bad tail drops the whole. It may start
 * with any packet type (RFC 5506). 0, or SQ_ERR_INVALID: empty, version not 2, length past the end,
 * padding of 0 or longer than its packet. */
int rtcp_begin(struct rtcp_iterator *it, const uint8_t *data, size_t len_bytes);
/* False at the end. */
bool rtcp_next(struct rtcp_iterator *it, struct rtcp_packet *out);

/* ---- time ---- */
/* NTP (seconds since 1900 in 32.32) from UTC microseconds since 1970, and back (era 0: until 2036).
 */
uint64_t rtcp_ntp_of_utc_us(time_us utc_us);
time_us rtcp_utc_us_of_ntp(uint64_t ntp);
/* The middle 32 bits, as LSR carries them. */
static inline uint32_t rtcp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* ---- reports (RFC 3550 section 6.4) ---- */
struct rtcp_block {
    uint32_t ssrc;
    uint8_t fraction_lost;   /* of 256, since the last report */
    int32_t cumulative_lost; /* 24-bit signed on the wire; clamped when written */
    uint32_t highest_seq32;  /* cycles << 16 | highest sequence number */
    uint32_t jitter;         /* in timestamp units */
    uint32_t lsr;            /* middle 32 bits of the last SR's NTP time; 0 when none */
    uint32_t dlsr;           /* delay since that SR, in 1/65536 s */
};

struct rtcp_sr {
    uint32_t ssrc;
    uint64_t ntp;
    uint32_t rtp_timestamp;
    uint32_t packet_count;
    uint32_t octet_count;
    uint8_t block_count;
    const uint8_t *blocks; /* borrowed; use rtcp_block_at */
};

struct rtcp_rr {
    uint32_t ssrc;
    uint8_t block_count;
    const uint8_t *blocks;
};

/* Each parse: 0, or SQ_ERR_INVALID when the packet is of another type or too short for its counts.
 */
int rtcp_parse_sr(struct rtcp_sr *out, const struct rtcp_packet *p);
int rtcp_parse_rr(struct rtcp_rr *out, const struct rtcp_packet *p);
/* Report block i < block_count of an SR or RR. */
void rtcp_block_at(struct rtcp_block *out, const uint8_t *blocks, size_t i);

/* Round trip from a report block about our own stream: now - LSR - DLSR (RFC 3550 section 6.4.1),
 * clamped at 0 when clocks make it negative. False when lsr is 0 or the result is over 60 s (a lie
 * or a stale report). */
bool rtcp_round_trip_us(const struct rtcp_block *b, time_us utc_now_us, time_us *rtt_us);

/* ---- SDES, BYE ---- */
struct rtcp_cname {
    uint32_t ssrc;
    const uint8_t *text; /* borrowed, not zero-terminated */
    uint8_t len_bytes;
};
/* The CNAMEs of an SDES packet, at most `capacity`. Their number, or SQ_ERR_INVALID. */
int rtcp_parse_sdes(struct rtcp_cname *out, size_t capacity, const struct rtcp_packet *p);

struct rtcp_bye {
    uint8_t count;
    uint32_t ssrcs[RTCP_COUNT_MAX];
};
int rtcp_parse_bye(struct rtcp_bye *out, const struct rtcp_packet *p);

/* ---- feedback (RFC 4585 section 6.1) ---- */
struct rtcp_nack {
    uint32_t sender_ssrc;
    uint32_t media_ssrc;
    size_t pair_count;
    const uint8_t *pairs; /* borrowed; use rtcp_nack_sequences */
};
int rtcp_parse_nack(struct rtcp_nack *out, const struct rtcp_packet *p);
/* The sequence numbers asked for, at most `capacity`, in order of the packet. Their number. */
size_t rtcp_nack_sequences(const struct rtcp_nack *n, uint16_t *out, size_t capacity);

struct rtcp_pli {
    uint32_t sender_ssrc;
    uint32_t media_ssrc;
};
int rtcp_parse_pli(struct rtcp_pli *out, const struct rtcp_packet *p);

struct rtcp_fir {
    uint32_t sender_ssrc;
    size_t entry_count;
    const uint8_t *entries; /* borrowed; use rtcp_fir_at */
};
int rtcp_parse_fir(struct rtcp_fir *out, const struct rtcp_packet *p);
/* Entry i < entry_count: whose key frame, and the command number that repeats share (RFC 5104
 * section 4.3.1). */
void rtcp_fir_at(const struct rtcp_fir *f, size_t i, uint32_t *ssrc, uint8_t *command);

struct rtcp_remb {
    uint32_t sender_ssrc;
    uint64_t rate_bps; /* clamped to UINT32_MAX * 1000: exponents up to 63 can't overflow */
    uint8_t ssrc_count;
    const uint8_t *ssrcs; /* borrowed; use bytes_get_u32(ssrcs + 4 * i) */
};
int rtcp_parse_remb(struct rtcp_remb *out, const struct rtcp_packet *p);

/* ---- writing: appends one packet to a compound ----
 * Each: 0, or SQ_ERR_LIMIT when it does not fit (nothing is written and the writer stays usable),
 * or SQ_ERR_INVALID for counts over the limits above. Arrays are borrowed during the call. */
int rtcp_write_sr(struct byte_writer *w, const struct rtcp_sr *sr, const struct rtcp_block *blocks,
                  size_t count);
int rtcp_write_rr(struct byte_writer *w, uint32_t ssrc, const struct rtcp_block *blocks,
                  size_t count);
int rtcp_write_cname(struct byte_writer *w, uint32_t ssrc, const char *cname);
int rtcp_write_bye(struct byte_writer *w, const uint32_t *ssrcs, size_t count);
/* `sequences` in ascending serial order; neighbours within 16 are packed into one pair. */
int rtcp_write_nack(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                    const uint16_t *sequences, size_t count);
int rtcp_write_pli(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc);
int rtcp_write_fir(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                   uint8_t command);
int rtcp_write_remb(struct byte_writer *w, uint32_t sender_ssrc, uint64_t rate_bps,
                    const uint32_t *ssrcs, size_t count);

#endif
