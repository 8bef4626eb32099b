/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the UDP payloads of a small classic pcap file (little endian, Ethernet, IPv4 without
 * options) in the tests' own data. Anything else ends the walk. */
#ifndef TESTS_SUPPORT_PCAP_H
#define TESTS_SUPPORT_PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PCAP_PACKET_MAX 2048

struct pcap_file {
    FILE *file;
};

struct pcap_packet {
    int64_t time_us;
    size_t len_bytes; /* UDP payload */
    uint8_t data[PCAP_PACKET_MAX];
};

static inline uint32_t pcap_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Relative to the folder that tests run in: the root of the tree. */
static inline bool pcap_open(struct pcap_file *p, const char *path)
{
    uint8_t head[24];
    p->file = fopen(path, "rb");
    if (!p->file)
        return false;
    if (fread(head, 1, sizeof head, p->file) == sizeof head && pcap_u32(head) == 0xa1b2c3d4u)
        return true;
    fclose(p->file);
    return false;
}

static inline bool pcap_next(struct pcap_file *p, struct pcap_packet *out)
{
    enum { HEADERS = 14 + 20 + 8 };
    uint8_t head[16], bytes[PCAP_PACKET_MAX];
    if (fread(head, 1, sizeof head, p->file) != sizeof head)
        return false;
    uint32_t len = pcap_u32(head + 8);
    if (len <= HEADERS || len > sizeof bytes || fread(bytes, 1, len, p->file) != len)
        return false;
    out->time_us = (int64_t)pcap_u32(head) * 1000000 + pcap_u32(head + 4);
    out->len_bytes = len - HEADERS;
    memcpy(out->data, bytes + HEADERS, out->len_bytes);
    return true;
}

static inline void pcap_close(struct pcap_file *p)
{
    fclose(p->file);
}

#endif
