/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types while the terminal runs. */
#include "client-lib/terminal/form.h"
#include "client-lib/terminal/terminal.h"
#include <string.h>

#define QUIT_WAIT_US INT64_C(2000000)

static void command_accept(struct terminal *t, char *rest)
{
    (void)rest;
    flow_accept(t);
}

static void command_refuse(struct terminal *t, char *rest)
{
    flow_asked(t, sq_consultation_refuse(t->client, t->current.id, rest));
}

static void command_cancel(struct terminal *t, char *rest)
{
    flow_asked(t, sq_consultation_cancel(t->client, t->current.id, rest));
}

static void mute(struct terminal *t, bool muted)
{
    t->muted = muted;
    if (t->call)
        sq_call_mute(t->call, TRACK_AUDIO, muted);
}

static void command_mute(struct terminal *t, char *rest)
{
    (void)rest;
    mute(t, true);
}

static void command_unmute(struct terminal *t, char *rest)
{
    (void)rest;
    mute(t, false);
}

static void command_leave(struct terminal *t, char *rest)
{
    (void)rest;
    t->current.left = true;
    t->current.wants_call = false;
    talk_leave(t);
    flow_asked(t, sq_consultation_leave(t->client, t->current.id));
}

static void command_enter(struct terminal *t, char *rest)
{
    static const char *const TALKS[] = {"accepted", "in_progress", "interrupted"};
    bool talks = false;
    (void)rest;
    for (size_t i = 0; i < sizeof TALKS / sizeof TALKS[0]; i++)
        talks = talks || strcmp(t->current.state, TALKS[i]) == 0;
    if (!talks) {
        say(t, TEXT_NOT_IN_TALK, NULL);
        return;
    }
    t->current.left = false;
    t->current.wants_call = t->media.sending = true;
    flow_asked(t, sq_consultation_enter(t->client, t->current.id));
}

static void command_end(struct terminal *t, char *rest)
{
    (void)rest;
    flow_asked(t, sq_consultation_end(t->client, t->current.id));
}

static void command_opinion(struct terminal *t, char *rest)
{
    struct sq_opinion opinion;
    if (form_set_opinion_field(t->opinion, rest)) {
        say(t, TEXT_WRITE_OPINION, NULL);
        return;
    }
    form_to_opinion(&opinion, t->opinion);
    flow_asked(t, sq_opinion_save(t->client, t->current.id, &opinion));
}

static void command_sign(struct terminal *t, char *rest)
{
    (void)rest;
    flow_sign(t);
}

static void command_acknowledge(struct terminal *t, char *rest)
{
    (void)rest;
    flow_asked(t, sq_consultation_acknowledge(t->client, t->current.id));
}

static void command_outcome(struct terminal *t, char *rest)
{
    const char *how = strsep(&rest, " ");
    flow_asked(t, sq_consultation_outcome(t->client, t->current.id, rest ? rest : "", how, false));
}

static void command_archive(struct terminal *t, char *rest)
{
    (void)rest;
    flow_asked(t, sq_consultation_archive(t->client, t->current.id));
}

static void command_attach(struct terminal *t, char *rest)
{
    attach_add(t, rest);
}

static void command_quit(struct terminal *t, char *rest)
{
    const char *state = t->current.state;
    const bool rings = strcmp(state, "submitted") == 0 || strcmp(state, "routed") == 0;
    (void)rest;
    if (t->options->role == ROLE_DOCTOR && rings) /* nobody shall be rung for one who is gone */
        flow_asked(t, sq_consultation_cancel(t->client, t->current.id, "quit"));
    t->quit_at_us = sq_now_us() + QUIT_WAIT_US;
    if (sq_client_logout(t->client) < 0) /* never signed in */
        flow_finish(t, 1);
}

static const struct {
    const char *word;
    void (*run)(struct terminal *t, char *rest);
} COMMANDS[] = {
    {"accept", command_accept},
    {"refuse", command_refuse},
    {"mute", command_mute},
    {"unmute", command_unmute},
    {"leave", command_leave},
    {"enter", command_enter},
    {"end", command_end},
    {"cancel", command_cancel},
    {"opinion", command_opinion},
    {"sign", command_sign},
    {"acknowledge", command_acknowledge},
    {"outcome", command_outcome},
    {"archive", command_archive},
    {"attach", command_attach},
    {"quit", command_quit},
};

void command_run(struct terminal *t, char *line)
{
    char *rest = line;
    line[strcspn(line, "\r\n")] = 0;
    const char *word = strsep(&rest, " ");
    if (!*word)
        return;
    char none[1] = "";
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strcmp(word, COMMANDS[i].word) == 0) {
            COMMANDS[i].run(t, rest ? rest : none);
            return;
        }
    say(t, TEXT_UNKNOWN_COMMAND, NULL);
}
