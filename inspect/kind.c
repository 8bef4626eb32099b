/* SPDX-License-Identifier: Apache-2.0 */
/* One table: name, media type, and a look at the first bytes. */
#include "inspect/kind.h"
#include "inspect/wfdb.h"
#include <string.h>

struct look {
    const uint8_t *bytes;
    size_t len_bytes;
    uint64_t total_bytes;
};

static bool has(const struct look *l, size_t at, const char *mark, size_t len)
{
    return l->len_bytes >= at + len && !memcmp(l->bytes + at, mark, len);
}
#define HAS(l, at, literal) has((l), (at), (literal), sizeof(literal) - 1)

static bool is_jpeg(const struct look *l)
{
    return HAS(l, 0, "\xff\xd8\xff");
}

static bool is_png(const struct look *l)
{
    return HAS(l, 0, "\x89PNG\r\n\x1a\n");
}

static bool is_heic(const struct look *l)
{
    static const char *const brands[] = {"heic", "heix", "hevc", "heim",
                                         "heis", "mif1", "msf1", "avif"};
    for (size_t i = 0; HAS(l, 4, "ftyp") && i < sizeof brands / sizeof brands[0]; i++) {
        if (has(l, 8, brands[i], 4))
            return true;
    }
    return false;
}

static bool is_pdf(const struct look *l)
{
    return HAS(l, 0, "%PDF-1.") || HAS(l, 0, "%PDF-2.");
}

static bool is_dicom(const struct look *l)
{
    return HAS(l, 128, "DICM");
}

/* EN 1064: CRC, length of the record, then section 0, whose header carries "SCPECG". */
static bool is_scp(const struct look *l)
{
    return HAS(l, 16, "SCPECG");
}

static bool is_aecg(const struct look *l)
{
    static const char mark[] = "<AnnotatedECG";
    return (HAS(l, 0, "<?xml") || HAS(l, 0, "\xef\xbb\xbf<?xml")) &&
           memmem(l->bytes, l->len_bytes, mark, sizeof mark - 1) != NULL;
}

static bool digits_and_blanks(const uint8_t *p, size_t len)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] >= '0' && p[i] <= '9')
            digits++;
        else if (p[i] != ' ' && p[i] != '-' && p[i] != '.')
            return false;
    }
    return digits > 0;
}

/* edfplus.info: version "0", header bytes at 184, number and duration of records, signals. */
static bool is_edf(const struct look *l)
{
    return HAS(l, 0, "0       ") && l->len_bytes >= 256 && digits_and_blanks(l->bytes + 184, 8) &&
           digits_and_blanks(l->bytes + 236, 20);
}

static bool is_wfdb_header(const struct look *l)
{
    struct wfdb_header header;
    return l->total_bytes <= KIND_LOOK_BYTES && l->len_bytes == l->total_bytes &&
           wfdb_parse(l->bytes, l->len_bytes, &header);
}

static bool is_wav(const struct look *l)
{
    return HAS(l, 0, "RIFF") && HAS(l, 8, "WAVE");
}

static bool is_ogg_opus(const struct look *l)
{
    return HAS(l, 0, "OggS") && HAS(l, 28, "OpusHead");
}

static const struct {
    const char *name, *media_type;
    bool (*is)(const struct look *l);
} kinds[KIND_COUNT] = {
    [KIND_UNKNOWN] = {NULL, "application/octet-stream", NULL},
    [KIND_JPEG] = {"jpeg", "image/jpeg", is_jpeg},
    [KIND_PNG] = {"png", "image/png", is_png},
    [KIND_HEIC] = {"heic", "image/heic", is_heic},
    [KIND_PDF] = {"pdf", "application/pdf", is_pdf},
    [KIND_DICOM] = {"dicom", "application/dicom", is_dicom},
    [KIND_SCP] = {"scp", "application/octet-stream", is_scp},
    [KIND_AECG] = {"aecg", "application/xml", is_aecg},
    [KIND_EDF] = {"edf", "application/octet-stream", is_edf},
    [KIND_WFDB_HEADER] = {"wfdb_header", "text/plain; charset=utf-8", is_wfdb_header},
    [KIND_WFDB_SIGNAL] = {"wfdb_signal", "application/octet-stream", NULL},
    [KIND_WAV] = {"wav", "audio/wav", is_wav},
    [KIND_OGG_OPUS] = {"ogg_opus", "audio/ogg", is_ogg_opus},
};

/* DICOM last: its 128 bytes of preamble may be the beginning of another format (TIFF, or worse). */
enum kind kind_of(const uint8_t *bytes, size_t len_bytes, uint64_t total_bytes)
{
    struct look l = {bytes, len_bytes, total_bytes};
    for (unsigned k = 1; k < KIND_COUNT; k++) {
        if (kinds[k].is && k != KIND_DICOM && kinds[k].is(&l))
            return (enum kind)k;
    }
    return is_dicom(&l) ? KIND_DICOM : KIND_UNKNOWN;
}

bool kind_is_binary(const uint8_t *bytes, size_t len_bytes)
{
    return memchr(bytes, 0, len_bytes) != NULL;
}

const char *kind_name(enum kind kind)
{
    return (unsigned)kind < KIND_COUNT ? kinds[kind].name : NULL;
}

enum kind kind_parse(const char *name)
{
    for (unsigned k = 1; k < KIND_COUNT; k++) {
        if (!strcmp(kinds[k].name, name))
            return (enum kind)k;
    }
    return KIND_UNKNOWN;
}

const char *kind_media_type(enum kind kind)
{
    return kinds[(unsigned)kind < KIND_COUNT ? kind : KIND_UNKNOWN].media_type;
}
