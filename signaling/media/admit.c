/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal sends, judged before anything changes: its fingerprints and its streams. A
 * refusal here has touched neither tables nor relay. Refuses to know rooms and rights. */
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/media/room.h"
#include <string.h>
#include <strings.h>

/* RFC 8122 section 5: the hash functions that a fingerprint may use; older ones are no proof. */
static const struct {
    const char *name;
    size_t len_bytes;
} hashes[] = {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static size_t hash_len(const char *algorithm)
{
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (!strcasecmp(hashes[i].name, algorithm))
            return hashes[i].len_bytes;
    }
    return 0;
}

static bool hex(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

/* "AA:BB:..." of so many bytes. */
static bool hash_shaped(const char *value, size_t len_bytes)
{
    if (strlen(value) != 3 * len_bytes - 1)
        return false;
    for (size_t i = 0; value[i]; i++) {
        if (i % 3 == 2 ? value[i] != ':' : !hex(value[i]))
            return false;
    }
    return true;
}

int media_check_dtls(const json_t *dtls, const char **why)
{
    bool some = false;
    size_t i;
    json_t *fingerprint;
    *why = "the relay is the DTLS server, the terminal must be its client";
    if (!strcmp(text_of(dtls, "role"), "server"))
        return SQ_ERR_UNSUPPORTED;
    *why = "a fingerprint is not AA:BB:... of its algorithm's length";
    json_array_foreach(json_object_get(dtls, "fingerprints"), i, fingerprint)
    {
        size_t len_bytes = hash_len(text_of(fingerprint, "algorithm"));
        if (len_bytes && !hash_shaped(text_of(fingerprint, "value"), len_bytes))
            return SQ_ERR_INVALID;
        some |= len_bytes > 0;
    }
    *why = some ? "" : "no fingerprint is of sha-256, sha-384 or sha-512";
    return some ? 0 : SQ_ERR_UNSUPPORTED;
}

int media_check_stream(const json_t *params, const char **why)
{
    const char *kind = text_of(params, "kind"), *source = text_of(params, "source");
    int error = ortc_check_producer(kind, json_object_get(params, "rtpParameters"), why);
    if (error)
        return error;
    *why = "a microphone sends audio, a camera video";
    if ((!strcmp(source, "microphone") && strcmp(kind, "audio")) ||
        (!strcmp(source, "camera") && strcmp(kind, "video")))
        return SQ_ERR_INVALID;
    *why = "";
    return 0;
}

/* Each SSRC of a transport belongs to one stream (RFC 3550 section 8). Inside a stream
 * ortc_check_producer has looked. */
struct ssrcs {
    json_int_t seen[2 * ORTC_ENCODINGS_MAX * MEDIA_PRODUCERS_MAX];
    size_t count;
};

static bool take(struct ssrcs *s, const json_t *ssrc)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->seen[i] == json_integer_value(ssrc))
            return false;
    }
    s->seen[s->count++] = json_integer_value(ssrc);
    return true;
}

static bool take_all(struct ssrcs *s, const json_t *rtp)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(rtp, "encodings"), i, e)
    {
        const json_t *ssrc = json_object_get(e, "ssrc");
        const json_t *rtx = json_object_get(json_object_get(e, "rtx"), "ssrc");
        if ((ssrc && !take(s, ssrc)) || (rtx && !take(s, rtx)))
            return false;
    }
    return true;
}

int media_check_produce(const json_t *streams, const char **why)
{
    struct ssrcs ssrcs = {.count = 0};
    size_t i;
    json_t *stream;
    *why = "one terminal sends at most eight streams";
    if (json_array_size(streams) > MEDIA_PRODUCERS_MAX)
        return SQ_ERR_LIMIT;
    json_array_foreach((json_t *)streams, i, stream)
    {
        int error = media_check_stream(stream, why);
        if (error)
            return error;
        *why = "two streams have the same SSRC";
        if (!take_all(&ssrcs, json_object_get(stream, "rtpParameters")))
            return SQ_ERR_INVALID;
    }
    *why = "";
    return 0;
}
