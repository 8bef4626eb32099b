/* SPDX-License-Identifier: Apache-2.0 */
/* One thread around a curl multi handle. Two short queues under one lock join it to the owner. */
#include "signaling/webhook/sender.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 1000

struct queue {
    struct sending *items[SENDER_QUEUE_MAX];
    size_t count;
};

/* What belongs to one post in flight; easy NULL: free. */
struct post {
    CURL *easy;
    struct sending *sending;
    struct curl_slist *headers;
};

struct sender {
    pthread_t thread;
    pthread_mutex_t lock;
    CURLM *multi;
    struct queue waiting, finished;    /* under the lock */
    size_t held;                       /* under the lock: waiting, in flight and finished */
    bool ending;                       /* under the lock */
    struct post posts[SENDER_AT_ONCE]; /* in flight; the thread's own */
    char ca[512];
};

static void put(struct queue *q, struct sending *item)
{
    q->items[q->count++] = item; /* `held` keeps both queues within their size */
}

static struct sending *take_at(struct queue *q, size_t i)
{
    struct sending *item = q->items[i];
    memmove(q->items + i, q->items + i + 1, (--q->count - i) * sizeof(q->items[0]));
    return item;
}

static struct sending *take(struct queue *q)
{
    return q->count ? take_at(q, 0) : NULL;
}

static size_t throw_away(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

static struct curl_slist *headers_of(const struct sending *s)
{
    char line[160];
    struct curl_slist *list = curl_slist_append(NULL, "content-type: application/json");
    snprintf(line, sizeof line, "webhook-id: %s", s->id);
    list = curl_slist_append(list, line);
    snprintf(line, sizeof line, "webhook-timestamp: %lld", (long long)s->timestamp_s);
    list = curl_slist_append(list, line);
    snprintf(line, sizeof line, "webhook-signature: %s", s->signature);
    return curl_slist_append(list, line);
}

static void set_options(CURL *easy, const struct sender *s, struct post *p)
{
    curl_easy_setopt(easy, CURLOPT_URL, p->sending->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)SENDER_TIME_S);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(p->sending->body));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p->sending->body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "shanqiao-signaling");
    curl_easy_setopt(easy, CURLOPT_PRIVATE, p);
    if (*s->ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, s->ca);
}

static void finish(struct sender *s, struct sending *sending, long answer)
{
    sending->answer = answer;
    pthread_mutex_lock(&s->lock);
    put(&s->finished, sending);
    pthread_mutex_unlock(&s->lock);
}

static struct post *free_post(struct sender *s)
{
    for (size_t i = 0; i < SENDER_AT_ONCE; i++)
        if (!s->posts[i].easy)
            return &s->posts[i];
    return NULL;
}

static void release(struct sender *s, struct post *p)
{
    curl_multi_remove_handle(s->multi, p->easy);
    curl_easy_cleanup(p->easy);
    curl_slist_free_all(p->headers);
    *p = (struct post){0};
}

static void begin(struct sender *s, struct post *p, struct sending *sending)
{
    *p =
        (struct post){.easy = curl_easy_init(), .sending = sending, .headers = headers_of(sending)};
    if (p->easy) {
        set_options(p->easy, s, p);
        if (curl_multi_add_handle(s->multi, p->easy) == CURLM_OK)
            return;
    }
    release(s, p);
    finish(s, sending, 0);
}

static void end(struct sender *s, CURL *easy, CURLcode code)
{
    struct post *p = NULL;
    long answer = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&p);
    struct sending *sending = p->sending;
    if (code == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    else
        log_write(LOG_WARN, "webhook.unreachable", LOG_TEXT("delivery", sending->id),
                  LOG_TEXT("reason", curl_easy_strerror(code)));
    release(s, p);
    finish(s, sending, answer);
}

static void collect(struct sender *s)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(s->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            end(s, message->easy_handle, message->data.result);
}

static bool may_post(const struct sender *s, const char *receiver)
{
    size_t in_flight = 0;
    for (size_t i = 0; i < SENDER_AT_ONCE; i++)
        in_flight += s->posts[i].easy && strcmp(s->posts[i].sending->receiver, receiver) == 0;
    return in_flight < SENDER_OF_RECEIVER;
}

/* The first that waits whose receiver is not busy. Under the lock. */
static struct sending *take_next(struct sender *s)
{
    for (size_t i = 0; i < s->waiting.count; i++)
        if (may_post(s, s->waiting.items[i]->receiver))
            return take_at(&s->waiting, i);
    return NULL;
}

/* Takes up what waits; false when the thread shall end. */
static bool take_up(struct sender *s)
{
    for (;;) {
        struct post *post = free_post(s);
        pthread_mutex_lock(&s->lock);
        bool ending = s->ending;
        struct sending *next = !ending && post ? take_next(s) : NULL;
        pthread_mutex_unlock(&s->lock);
        if (ending || !next)
            return !ending;
        begin(s, post, next);
    }
}

static void *run(void *user)
{
    struct sender *s = user;
    int running = 0;
    while (take_up(s)) {
        curl_multi_perform(s->multi, &running);
        collect(s);
        curl_multi_poll(s->multi, NULL, 0, POLL_MS, NULL);
    }
    for (size_t i = 0; i < SENDER_AT_ONCE; i++) {
        free(s->posts[i].sending);
        if (s->posts[i].easy)
            release(s, &s->posts[i]);
    }
    return NULL;
}

int sender_new(struct sender **out, const char *ca)
{
    struct sender *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) || !(s->multi = curl_multi_init())) {
        free(s);
        return SQ_ERR_NOMEM;
    }
    snprintf(s->ca, sizeof s->ca, "%s", ca);
    pthread_mutex_init(&s->lock, NULL);
    if (pthread_create(&s->thread, NULL, run, s)) {
        pthread_mutex_destroy(&s->lock);
        curl_multi_cleanup(s->multi);
        free(s);
        return SQ_ERR_NOMEM;
    }
    *out = s;
    return 0;
}

static void drop(struct queue *q)
{
    for (struct sending *item; (item = take(q));)
        free(item);
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_mutex_unlock(&s->lock);
    curl_multi_wakeup(s->multi);
    pthread_join(s->thread, NULL);
    curl_multi_cleanup(s->multi);
    pthread_mutex_destroy(&s->lock);
    drop(&s->waiting);
    drop(&s->finished);
    free(s);
}

bool sender_submit(struct sender *s, const struct sending *sending)
{
    struct sending *copy = malloc(sizeof *copy);
    if (!copy)
        return false;
    *copy = *sending;
    pthread_mutex_lock(&s->lock);
    bool room = s->held < SENDER_QUEUE_MAX;
    if (room) {
        s->held++;
        put(&s->waiting, copy);
    }
    pthread_mutex_unlock(&s->lock);
    if (!room)
        free(copy);
    curl_multi_wakeup(s->multi);
    return room;
}

bool sender_take(struct sender *s, struct sending *out)
{
    pthread_mutex_lock(&s->lock);
    struct sending *item = take(&s->finished);
    s->held -= item != NULL;
    pthread_mutex_unlock(&s->lock);
    if (!item)
        return false;
    *out = *item;
    free(item);
    return true;
}
