/* SPDX-License-Identifier: Apache-2.0 */
/* Notices: a word and what it is about, through the database's own channel. */
#include "signaling/nodes/inside.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 96

static const char *const words[] = {
    [NODES_MAIL] = "mail", [NODES_WAKE] = "wake", [NODES_MOVED] = "moved", [NODES_ENDED] = "ended"};

const char *nodes_channel(const char *node, char out[NODES_CHANNEL_MAX])
{
    snprintf(out, NODES_CHANNEL_MAX, "shanqiao_%s", node);
    return out;
}

int nodes_notify(struct nodes *n, const char *node, const char *text)
{
    char channel[NODES_CHANNEL_MAX];
    if (!*node || strcmp(node, n->id) == 0)
        return 0;
    return store_notify(n->service->store, nodes_channel(node, channel), text);
}

/* When the queue is full all of it gives way to one look at everything. */
static void add(struct nodes *n, const struct nodes_notice *notice)
{
    if (n->notice_count == NODES_NOTICES_MAX) {
        n->notices[0] = (struct nodes_notice){.type = NODES_MISSED};
        n->notice_count = 1;
    }
    n->notices[n->notice_count++] = *notice;
}

static bool parse(const char *text, struct nodes_notice *out)
{
    char word[8] = "";
    *out = (struct nodes_notice){.type = NODES_MISSED};
    int parts = sscanf(text, "%7s %39s %23s", word, out->session, out->reason);
    if (parts <= 0)
        return !*text; /* the connection was lost */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        out->type = (enum nodes_notice_type)i;
        return i == NODES_MAIL || parts >= 2;
    }
    return false;
}

void nodes_gather(struct nodes *n)
{
    char text[TEXT_MAX];
    struct nodes_notice notice;
    while (store_notice(n->service->store, text, sizeof text)) {
        if (strcmp(text, "gone") == 0)
            n->gone = true;
        else if (parse(text, &notice))
            add(n, &notice);
    }
}

bool nodes_next(struct nodes *n, struct nodes_notice *out)
{
    nodes_gather(n);
    if (!n->notice_count)
        return false;
    *out = n->notices[0];
    n->notice_count--;
    memmove(n->notices, n->notices + 1, n->notice_count * sizeof *n->notices);
    return true;
}

int nodes_wake(struct nodes *n, const char *node, const char *session)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "wake %s", session);
    return nodes_notify(n, node, text);
}

int nodes_say_ended(struct nodes *n, const char *node, const char *session, const char *reason)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "ended %s %s", session, reason ? reason : "");
    return nodes_notify(n, node, text);
}
