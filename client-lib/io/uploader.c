/* SPDX-License-Identifier: Apache-2.0 */
/* tus 1.0 through libcurl, on a thread of its own. Each turn asks where the upload stands and sends
 * one piece from there; whatever breaks, the next turn asks again. Refuses to know accounts and
 * calls. */
#include "client-lib/io/uploader.h"

#include "base/text.h"
#include "base/time.h"
#include "shanqiao/error.h"
#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE_MAX_BYTES (4 * 1024 * 1024)
#define PIECE_MIN_BYTES 4096
#define PIECE_S         4
#define SILENCE_S       20 /* not one byte a second for so long: the link is dark */
#define WAIT_FIRST_S    1
#define WAIT_MOST_S     15
#define HEADER_MAX      256
#define HOST_MAX        512
#define SERVERS_MAX     8    /* as many as the connection of a client knows */
#define METADATA_MAX    2048 /* final zero included: what a server reads of one header */
#define NAME_MAX_BYTES  200  /* of a file's name, as a server takes it */
#define ANSWER_MAX      4096

struct sq_upload {
    pthread_t thread;
    pthread_mutex_t lock; /* of progress */
    pthread_cond_t stirred;
    struct sq_upload_progress progress;
    atomic_bool stop;
    atomic_int rate_bps;
    struct uploader_config config; /* texts owned */
    char *texts;
    char hosts[SERVERS_MAX][HOST_MAX]; /* "host:port"; any of them takes the next piece */
    unsigned host_count, host;         /* host: in use */
    char sha256[65], metadata[METADATA_MAX];
    FILE *file;
    char location[HEADER_MAX]; /* path of the upload; "": not created yet */
    int64_t offset;
    int piece_rate_bps; /* with which the piece under way began; -1: none is */
};

/* One answer. */
struct answer {
    long status; /* 0: none came */
    char location[HEADER_MAX], offset[32], material[40];
    char body[ANSWER_MAX];
    size_t body_len;
};

static void set_state(sq_upload *u, enum sq_upload_state state)
{
    pthread_mutex_lock(&u->lock);
    u->progress.state = state;
    pthread_mutex_unlock(&u->lock);
}

/* ---- what curl calls ---- */

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct answer *a = user;
    const struct {
        const char *name;
        char *out;
        size_t max;
    } wanted[] = {{"location:", a->location, sizeof a->location},
                  {"upload-offset:", a->offset, sizeof a->offset},
                  {"shanqiao-material:", a->material, sizeof a->material}};
    size_t len = size * count;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t n = strlen(wanted[i].name);
        if (len < n || strncasecmp(line, wanted[i].name, n) != 0)
            continue;
        while (n < len && line[n] == ' ')
            n++;
        size_t end = n;
        while (end < len && line[end] != '\r' && line[end] != '\n')
            end++;
        if (end - n < wanted[i].max) {
            memcpy(wanted[i].out, line + n, end - n);
            wanted[i].out[end - n] = '\0';
        }
    }
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct answer *a = user;
    size_t len = size * count, room = sizeof a->body - a->body_len;
    memcpy(a->body + a->body_len, bytes, len < room ? len : room);
    a->body_len += len < room ? len : room;
    return len;
}

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    sq_upload *u = user;
    return fread(out, size, count, u->file);
}

/* Speech began or ended while a piece is under way: it is cut short, the server keeps what came. */
static bool rate_changed(sq_upload *u)
{
    return u->piece_rate_bps >= 0 && atomic_load(&u->rate_bps) != u->piece_rate_bps;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    sq_upload *u = user;
    (void)down_total;
    (void)down;
    (void)up_total;
    pthread_mutex_lock(&u->lock);
    u->progress.sent_bytes = u->offset + up;
    pthread_mutex_unlock(&u->lock);
    return atomic_load(&u->stop) || rate_changed(u) ? 1 : 0;
}

/* ---- requests ---- */

static struct curl_slist *add_header(struct curl_slist *list, const char *format, const char *value)
{
    char text[METADATA_MAX + 64];
    int n = snprintf(text, sizeof text, format, value);
    return n < (int)sizeof text ? curl_slist_append(list, text) : list;
}

static void set_common(sq_upload *u, CURL *c, struct answer *a)
{
    const struct uploader_config *k = &u->config;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, u);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)SILENCE_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    if (k->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, k->ca_file);
}

/* "https://host:port", and where to connect when the certificate has another name. */
static struct curl_slist *set_url(sq_upload *u, CURL *c, const char *path)
{
    char url[1024], connect[600];
    const struct uploader_config *k = &u->config;
    const char *host = u->hosts[u->host];
    if (!k->server_name) {
        snprintf(url, sizeof url, "https://%s%s", host, path);
        curl_easy_setopt(c, CURLOPT_URL, url);
        return NULL;
    }
    const char *port = strrchr(host, ':');
    snprintf(url, sizeof url, "https://%s%s%s", k->server_name, port ? port : "", path);
    snprintf(connect, sizeof connect, "::%s", host);
    struct curl_slist *list = curl_slist_append(NULL, connect);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_CONNECT_TO, list);
    return list;
}

/* method NULL: a PATCH of `bytes` from u->offset. */
static void request(sq_upload *u, const char *method, struct curl_slist *headers, int64_t bytes,
                    struct answer *a)
{
    CURL *c = curl_easy_init();
    int rate_bps = atomic_load(&u->rate_bps);
    *a = (struct answer){0};
    u->piece_rate_bps = method ? -1 : rate_bps;
    if (!c)
        return;
    set_common(u, c, a);
    struct curl_slist *to = set_url(u, c, u->location[0] ? u->location : "/materials/");
    headers = add_header(headers, "Authorization: Bearer %s", u->config.token);
    headers = add_header(headers, "Tus-Resumable: %s", "1.0.0");
    headers = add_header(headers, "Expect:%s", "");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method ? method : "PATCH");
    if (method && !strcmp(method, "HEAD"))
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (!method) {
        curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
        curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(c, CURLOPT_READDATA, u);
        curl_easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)rate_bps / 8);
    }
    if (curl_easy_perform(c) == CURLE_OK)
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a->status);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
}

static void create(sq_upload *u, struct answer *a)
{
    char length[24];
    snprintf(length, sizeof length, "%lld", (long long)u->progress.total_bytes);
    struct curl_slist *headers = add_header(NULL, "Upload-Metadata: %s", u->metadata);
    headers = add_header(headers, "Upload-Length: %s", length);
    headers = add_header(headers, "Content-Length: %s",
                         "0"); /* curl leaves it out of a POST without body */
    request(u, "POST", headers, 0, a);
    if (a->status == 201 && strncmp(a->location, "/materials/", 11) == 0)
        text_copy(u->location, sizeof u->location, a->location);
}

static void send_piece(sq_upload *u, struct answer *a)
{
    char offset[24];
    int64_t left = u->progress.total_bytes - u->offset, most = PIECE_MAX_BYTES;
    int rate_bps = atomic_load(&u->rate_bps);
    if (rate_bps > 0 && (int64_t)rate_bps / 8 * PIECE_S < most)
        most = (int64_t)rate_bps / 8 * PIECE_S;
    if (most < PIECE_MIN_BYTES)
        most = PIECE_MIN_BYTES;
    snprintf(offset, sizeof offset, "%lld", (long long)u->offset);
    struct curl_slist *headers = add_header(NULL, "Upload-Offset: %s", offset);
    headers = add_header(headers, "Content-Type: %s", "application/offset+octet-stream");
    *a = (struct answer){0};
    if (fseeko(u->file, (off_t)u->offset, SEEK_SET) == 0)
        request(u, NULL, headers, left < most ? left : most, a);
    else
        curl_slist_free_all(headers);
}

/* ---- the turns ---- */

enum turn { TURN_ON, TURN_WAIT, TURN_OVER };

static enum turn done(sq_upload *u, const struct answer *a)
{
    pthread_mutex_lock(&u->lock);
    u->progress.state = SQ_UPLOAD_DONE;
    u->progress.sent_bytes = u->progress.total_bytes;
    text_copy(u->progress.material, sizeof u->progress.material, a->material);
    pthread_mutex_unlock(&u->lock);
    return TURN_OVER;
}

static enum turn failed(sq_upload *u, const struct answer *a)
{
    json_t *all = json_loadb(a->body, a->body_len, 0, NULL), *error = json_object_get(all, "error");
    const char *member = u->config.english ? "messageEn" : "message";
    const char *text = json_string_value(json_object_get(error, member));
    pthread_mutex_lock(&u->lock);
    u->progress.state = SQ_UPLOAD_FAILED;
    snprintf(u->progress.message, sizeof u->progress.message, "%s",
             text ? text : sq_error_text(SQ_ERR_DENIED, u->config.english ? "en" : "zh-CN"));
    pthread_mutex_unlock(&u->lock);
    json_decref(all);
    return TURN_OVER;
}

/* No answer, or one that says that this server can't: another node of the installation may. */
static bool is_ill(const struct answer *a)
{
    return a->status == 0 || (a->status >= 500 && a->status != 507); /* the disk is everybody's */
}

/* What an answer means for what comes next. */
static enum turn judge(sq_upload *u, const struct answer *a, bool sent)
{
    if (a->status == 200 || a->status == 204) {
        u->offset = strtoll(a->offset, NULL, 10);
        return a->material[0] ? done(u, a) : TURN_ON;
    }
    if (a->status == 409 && sent)
        return TURN_WAIT; /* it stands elsewhere: asked for in the next turn */
    bool passing = a->status == 0 || a->status == 423 || a->status == 429 || a->status >= 500;
    return a->status == 201 ? TURN_ON : passing ? TURN_WAIT : failed(u, a);
}

static enum turn take_turn(sq_upload *u, bool *known)
{
    struct answer a;
    if (!u->location[0])
        create(u, &a);
    else if (!*known)
        request(u, "HEAD", NULL, 0, &a);
    else
        send_piece(u, &a);
    bool cut = a.status == 0 && rate_changed(u);
    enum turn turn = cut ? TURN_ON : judge(u, &a, *known);
    if (!cut && is_ill(&a))
        u->host = (u->host + 1) % u->host_count;
    *known = turn == TURN_ON && !cut;
    if (turn != TURN_OVER)
        set_state(u, turn == TURN_ON ? SQ_UPLOAD_SENDING : SQ_UPLOAD_DARK);
    return turn;
}

/* Until the time is up, or somebody stops it. */
static void wait_s(sq_upload *u, int seconds)
{
    struct timespec until;
    pthread_mutex_lock(&u->lock);
    time_us end_us = clock_utc_us() + seconds * TIME_US_PER_S;
    until.tv_sec = end_us / TIME_US_PER_S;
    until.tv_nsec = end_us % TIME_US_PER_S * 1000;
    while (!atomic_load(&u->stop) && pthread_cond_timedwait(&u->stirred, &u->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&u->lock);
}

static void *run(void *user)
{
    sq_upload *u = user;
    bool known = false;
    int wait = WAIT_FIRST_S;
    while (!atomic_load(&u->stop)) {
        enum turn turn = take_turn(u, &known);
        if (turn == TURN_OVER)
            break;
        if (turn == TURN_ON) {
            wait = WAIT_FIRST_S;
            continue;
        }
        wait_s(u, wait);
        wait = 2 * wait < WAIT_MOST_S ? 2 * wait : WAIT_MOST_S;
    }
    return NULL;
}

/* ---- life ---- */

static int hash_file(sq_upload *u)
{
    unsigned char piece[16384], digest[32];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n;
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    while (ok && (n = fread(piece, 1, sizeof piece, u->file)) > 0)
        ok = EVP_DigestUpdate(ctx, piece, n);
    ok = ok && !ferror(u->file) && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    for (size_t i = 0; ok && i < sizeof digest; i++)
        snprintf(u->sha256 + 2 * i, 3, "%02x", digest[i]);
    return ok ? 0 : SQ_ERR_IO;
}

static int open_file(sq_upload *u)
{
    struct stat s;
    u->file = fopen(u->config.file, "rbe");
    if (!u->file || fstat(fileno(u->file), &s) || !S_ISREG(s.st_mode) || s.st_size == 0)
        return SQ_ERR_IO;
    u->progress.total_bytes = s.st_size;
    return hash_file(u);
}

/* "wss://host:port/v1,wss://..." */
static int read_hosts(sq_upload *u, const char *url)
{
    static const char scheme[] = "wss://";
    const size_t scheme_len = sizeof scheme - 1;
    for (; *url; url += *url == ',') {
        if (u->host_count == SERVERS_MAX || strncmp(url, scheme, scheme_len) != 0)
            return SQ_ERR_INVALID;
        url += scheme_len;
        size_t len = strcspn(url, "/,");
        if (len == 0 || len >= HOST_MAX)
            return SQ_ERR_INVALID;
        memcpy(u->hosts[u->host_count++], url, len); /* zeros follow */
        url += strcspn(url, ",");
    }
    return u->host_count ? 0 : SQ_ERR_INVALID;
}

static bool add_pair(sq_upload *u, const char *key, const char *value)
{
    unsigned char text[METADATA_MAX];
    size_t n = strlen(u->metadata), len = strlen(value);
    if (len >= sizeof text / 4 * 3)
        return false;
    EVP_EncodeBlock(text, (const unsigned char *)value, (int)len);
    int added = snprintf(u->metadata + n, METADATA_MAX - n, "%s%s %s", n ? "," : "", key,
                         (const char *)text);
    return n + (size_t)added < METADATA_MAX;
}

/* What does not fit is refused here: a server would refuse it, or read half of it. */
static int make_metadata(sq_upload *u)
{
    const struct uploader_config *k = &u->config;
    const char *slash = strrchr(k->file, '/');
    const char *name = slash ? slash + 1 : k->file;
    bool fits = strlen(name) <= NAME_MAX_BYTES && add_pair(u, "type", k->type) &&
                add_pair(u, "consultation", k->consultation) && add_pair(u, "sha256", u->sha256) &&
                add_pair(u, "filename", name) && (!k->header || add_pair(u, "header", k->header));
    return fits ? 0 : SQ_ERR_INVALID;
}

/* All texts in one piece of memory. */
static int copy_config(sq_upload *u, const struct uploader_config *c)
{
    const char *const from[] = {c->ca_file,      c->server_name, c->token, c->type,
                                c->consultation, c->file,        c->header};
    const char **const to[] = {&u->config.ca_file, &u->config.server_name,  &u->config.token,
                               &u->config.type,    &u->config.consultation, &u->config.file,
                               &u->config.header};
    size_t size = 0;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        size += from[i] ? strlen(from[i]) + 1 : 0;
    u->texts = malloc(size);
    if (!u->texts)
        return SQ_ERR_NOMEM;
    char *at = u->texts;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        size_t len = from[i] ? strlen(from[i]) + 1 : 0;
        *to[i] = from[i] ? memcpy(at, from[i], len) : NULL;
        at += len;
    }
    u->config.english = c->english;
    return 0;
}

static void global_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void release(sq_upload *u)
{
    if (u->file)
        fclose(u->file);
    free(u->texts);
    pthread_cond_destroy(&u->stirred);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

int uploader_start(sq_upload **out, const struct uploader_config *config)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_start);
    sq_upload *u = calloc(1, sizeof *u);
    *out = NULL;
    if (!u)
        return SQ_ERR_NOMEM;
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->stirred, NULL);
    int err = read_hosts(u, config->url);
    if (!err)
        err = copy_config(u, config);
    if (!err)
        err = open_file(u);
    if (!err)
        err = make_metadata(u);
    if (!err && pthread_create(&u->thread, NULL, run, u))
        err = SQ_ERR_NOMEM;
    if (err) {
        release(u);
        return err;
    }
    *out = u;
    return 0;
}

void sq_upload_progress(const sq_upload *upload, struct sq_upload_progress *out)
{
    sq_upload *u = (sq_upload *)upload; /* its lock only */
    size_t size = out->struct_size < sizeof *out ? out->struct_size : sizeof *out;
    pthread_mutex_lock(&u->lock);
    u->progress.struct_size = out->struct_size;
    memcpy(out, &u->progress, size);
    pthread_mutex_unlock(&u->lock);
}

void sq_upload_set_rate(sq_upload *upload, int bps)
{
    atomic_store(&upload->rate_bps, bps > 0 ? bps : 0);
}

void sq_upload_free(sq_upload *upload)
{
    if (!upload)
        return;
    pthread_mutex_lock(&upload->lock);
    atomic_store(&upload->stop, true);
    pthread_cond_signal(&upload->stirred);
    pthread_mutex_unlock(&upload->lock);
    pthread_join(upload->thread, NULL);
    release(upload);
}
