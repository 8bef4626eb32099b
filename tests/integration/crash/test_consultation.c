/* SPDX-License-Identifier: Apache-2.0 */
/* A whole consultation, from draft to archive, through the dispatcher on a real store; the process
 * is killed (SIGKILL) at write n, for every n until none is left. Each time another process opens
 * what is left, resumes the sessions and sends the whole script again under the same request ids:
 * what was acknowledged before the kill must be answered with the same bytes, what was not must be
 * carried out now, once. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include "terminal.h"
#include "writes.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX   48
#define REPLY_MAX   (64 * 1024)
#define EXIT_OK     0
#define EXIT_FAILED 7

/* Every n-th write, so that a run of all tests stays short; SHANQIAO_CRASH_EVERY=1 is the whole walk
 * (over a thousand kills on SQLite, about three hundred on PostgreSQL: minutes each). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 29
#else
#define STRIDE 5
#endif
#define STRIDE_POSTGRES 9

static int64_t stride(void)
{
    const char *wanted = getenv("SHANQIAO_CRASH_EVERY");
    if (wanted && atoi(wanted) > 0)
        return atoi(wanted);
    return database_is_postgres() && STRIDE < STRIDE_POSTGRES ? STRIDE_POSTGRES : STRIDE;
}

enum who { VILLAGE, EXPERT, PEOPLE };
static const char *const accounts[PEOPLE] = {VILLAGER, EXPERT_1};

/* CASE, OPINION: ids that former replies gave. */
static const struct step {
    enum who who;
    const char *method, *params;
} script[] = {
    {EXPERT, "duty.set", "{\"panelId\":\"" PANEL "\",\"onDuty\":true}"},
    {VILLAGE, "consultation.submit",
     "{\"kind\":\"live\",\"panelId\":\"" PANEL "\",\"urgency\":\"routine\",\"patient\":{\"name\":"
     "\"P\",\"sex\":\"male\",\"ageYears\":61},\"complaint\":\"chest pain\",\"purpose\":\"advice\","
     "\"consent\":{\"share\":true,\"signer\":\"P\",\"relation\":\"self\"}}"},
    {EXPERT, "consultation.accept", "{\"id\":\"CASE\"}"},
    {VILLAGE, "consultation.enter", "{\"id\":\"CASE\"}"},
    {EXPERT, "consultation.enter", "{\"id\":\"CASE\"}"},
    {VILLAGE, "consultation.leave", "{\"id\":\"CASE\"}"},
    {VILLAGE, "consultation.enter", "{\"id\":\"CASE\"}"},
    {EXPERT, "consultation.end", "{\"id\":\"CASE\"}"},
    {EXPERT, "opinion.save",
     "{\"consultationId\":\"CASE\",\"opinion\":{\"findings\":\"f\",\"diagnosis\":\"d\",\"plan\":"
     "\"p\",\"advice\":\"a\",\"referral\":\"\",\"limits\":\"\"}}"},
    {EXPERT, "opinion.sign", "{\"consultationId\":\"CASE\"}"},
    {VILLAGE, "consultation.acknowledge", "{\"id\":\"CASE\"}"},
    {VILLAGE, "referral.propose",
     "{\"consultationId\":\"CASE\",\"direction\":\"up\",\"toInstitution\":\"county\",\"plan\":"
     "\"admit\"}"},
    {EXPERT, "opinion.supersede",
     "{\"consultationId\":\"CASE\",\"opinionId\":\"OPINION\",\"reason\":\"a slip of the pen\","
     "\"opinion\":{\"findings\":\"f\",\"diagnosis\":\"d2\",\"plan\":\"p\",\"advice\":\"a\","
     "\"referral\":\"\",\"limits\":\"\"}}"},
    {VILLAGE, "consultation.acknowledge", "{\"id\":\"CASE\"}"},
    {VILLAGE, "consultation.outcome",
     "{\"id\":\"CASE\",\"outcome\":\"well\",\"concordance\":\"agrees\",\"avoidedTransfer\":true}"},
    {VILLAGE, "consultation.archive", "{\"id\":\"CASE\"}"},
};
#define STEP_COUNT (sizeof script / sizeof script[0])

static struct bench bench;
static char tokens[PEOPLE][128];

/* What came through before the kill. */
struct acknowledged {
    size_t count;
    char *replies[STEPS_MAX];
};

/* ---- in the children ---- */

static void come_back(void)
{
    bench_restart(&bench);
    for (uint64_t who = 0; who < PEOPLE; who++) {
        bench_open(&bench, who + 1);
        json_t *reply = bench_call(
            &bench, who + 1, "session.resume",
            json_pack("{s:s, s:i, s:b}", "token", tokens[who], "lastSeq", 0, "reload", 1));
        if (!bench_result(reply)) {
            fprintf(stderr, "session.resume: %s\n", bench_error(reply));
            _exit(EXIT_FAILED);
        }
    }
}

static void put_in(char *text, const char *word, const char *id)
{
    char *at;
    while (*id && (at = strstr(text, word))) {
        char rest[REPLY_MAX];
        snprintf(rest, sizeof rest, "%s", at + strlen(word));
        snprintf(at, REPLY_MAX - (size_t)(at - text), "%s%s", id, rest);
    }
}

static char case_id[ID_MAX], opinion_id[ID_MAX];

static void learn(const json_t *result)
{
    const char *id = bench_get(json_object_get(result, "consultation"), "id");
    const char *opinion = bench_get(json_object_get(result, "opinion"), "id");
    if (*id && !case_id[0])
        snprintf(case_id, sizeof case_id, "%s", id);
    if (*opinion && !opinion_id[0])
        snprintf(opinion_id, sizeof opinion_id, "%s", opinion);
}

/* The reply as the wire has it; the caller frees. */
static char *carry_out(size_t i)
{
    static char params[REPLY_MAX];
    char key[32];
    snprintf(params, sizeof params, "%s", script[i].params);
    put_in(params, "CASE", case_id);
    put_in(params, "OPINION", opinion_id);
    snprintf(key, sizeof key, "step-%04zu", i);
    json_t *reply = bench_call_as(&bench, script[i].who + 1, key, script[i].method,
                                  json_loads(params, 0, NULL));
    if (!bench_result(reply)) {
        char *text = json_dumps(reply, JSON_COMPACT);
        fprintf(stderr, "step %zu %s: %s\n", i, script[i].method, text ? text : "no reply");
        _exit(EXIT_FAILED);
    }
    learn(bench_result(reply));
    return json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);
}

/* Never returns: killed at write `fatal`, or over. Each reply goes out when it came. */
static void live_until(int64_t fatal, int out)
{
    come_back();
    writes_arm(bench.people.service.store, fatal);
    for (size_t i = 0; i < STEP_COUNT; i++) {
        char *reply = carry_out(i);
        uint32_t len = (uint32_t)strlen(reply);
        if (write(out, &len, sizeof len) != sizeof len || write(out, reply, len) != (ssize_t)len)
            _exit(EXIT_FAILED);
        free(reply);
    }
    _exit(EXIT_OK);
}

static int64_t number(const char *sql)
{
    struct store_query q;
    store_query(bench.people.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    return store_query_end(&q) == 0 ? n : -1;
}

static bool is(const char *what, int64_t found, int64_t want)
{
    if (found != want)
        fprintf(stderr, "%s: %lld, want %lld\n", what, (long long)found, (long long)want);
    return found == want;
}

/* Everything is there once. */
static bool is_whole(void)
{
    struct audit_verdict verdict;
    bool good = audit_verify(bench.people.service.store, &verdict) == 0;
    good = is("bad audit row", verdict.first_bad, 0) && good;
    good = is("consultations", number("SELECT COUNT(*) FROM consultation"), 1) && good;
    good =
        is("archived", number("SELECT COUNT(*) FROM consultation WHERE state = 'archived'"), 1) &&
        good;
    good = is("signed opinions", number("SELECT COUNT(*) FROM opinion WHERE signed_us > 0"), 2) &&
           good;
    good = is("referrals", number("SELECT COUNT(*) FROM referral"), 1) && good;
    good = is("outcomes", number("SELECT COUNT(*) FROM consultation_entry WHERE kind = 'outcome'"),
              1) &&
           good;
    return is("signings", number("SELECT COUNT(*) FROM audit WHERE act = 'opinion.sign'"), 1) &&
           is("submits", number("SELECT COUNT(*) FROM audit WHERE act = 'consultation.submit'"),
              1) &&
           good;
}

static void live_again(const struct acknowledged *before)
{
    come_back();
    for (size_t i = 0; i < STEP_COUNT; i++) {
        char *reply = carry_out(i);
        if (i < before->count && strcmp(reply, before->replies[i]) != 0) {
            fprintf(stderr, "step %zu was told\n%s\nand is now\n%s\n", i, before->replies[i],
                    reply);
            _exit(EXIT_FAILED);
        }
        free(reply);
    }
    _exit(is_whole() ? EXIT_OK : EXIT_FAILED);
}

/* ---- the parent ---- */

static bool read_whole(int fd, void *to, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = read(fd, (char *)to + have, len - have);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

static void collect(int fd, struct acknowledged *a)
{
    uint32_t len;
    while (a->count < STEP_COUNT && read_whole(fd, &len, sizeof len)) {
        char *reply = calloc(1, len + 1);
        cr_assert(reply && read_whole(fd, reply, len));
        a->replies[a->count++] = reply;
    }
}

static int wait_for(pid_t child)
{
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return status;
}

/* One life and the one after it. Returns false when nothing was left to kill. */
static bool kill_at(int64_t n, size_t *acknowledged)
{
    struct acknowledged before = {0};
    int pipe_fds[2];
    database_restore(bench.people.database);
    cr_assert_eq(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0)
        live_until(n, pipe_fds[1]);
    close(pipe_fds[1]);
    collect(pipe_fds[0], &before);
    close(pipe_fds[0]);
    int status = wait_for(child);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    cr_assert(killed || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK), "write %lld: %x",
              (long long)n, status);
    child = fork();
    if (child == 0)
        live_again(&before);
    status = wait_for(child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK,
              "killed at write %lld after %zu replies: what is left does not go on (%x)",
              (long long)n, before.count, status);
    *acknowledged = before.count;
    for (size_t i = 0; i < before.count; i++)
        free(before.replies[i]);
    return killed;
}

static void prepare(void)
{
    writes_prepare();
    bench_init(&bench);
    for (uint64_t who = 0; who < PEOPLE; who++) {
        bench_open(&bench, who + 1);
        json_t *result = bench_login(&bench, who + 1, accounts[who], false);
        snprintf(tokens[who], sizeof tokens[who], "%s", bench_get(result, "token"));
        bench_close(&bench, who + 1);
    }
    /* Closed before the first fork: neither engine's handle may be in two processes. */
    dispatch_free(bench.dispatch);
    bench.dispatch = NULL;
    service_close(&bench.people.service);
    database_keep(bench.people.database);
}

Test(crash, at_every_write_of_a_consultation, .timeout = 900)
{
    size_t acknowledged = 0, seen = 0;
    int64_t n = 1;
    prepare();
    while (kill_at(n, &acknowledged)) {
        cr_expect_geq(acknowledged, seen, "later kills come after more replies");
        seen = acknowledged;
        n += stride();
    }
    cr_expect_eq(acknowledged, STEP_COUNT);
    cr_expect_gt(n, (int64_t)(4 * STEP_COUNT), "only %lld writes were met", (long long)n);
    printf("{\"store\": \"%s\", \"steps\": %zu, \"kills\": %lld}\n",
           database_is_postgres() ? "postgresql" : "sqlite", STEP_COUNT,
           (long long)((n - 1) / stride()));
    bench_restart(&bench);
    bench_fini(&bench);
}
