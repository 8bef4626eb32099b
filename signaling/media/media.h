/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms, transports, producers and consumers: the objects of docs/protocol/signaling.md's media.*
 * methods, which account owns them and on which relay they live. Kept in memory, written through to
 * the store, so that a restart of signalling changes nothing for media. Knows mediasoup-client's
 * JSON shapes; refuses to know SDP, sockets and the life cycle of a consultation (it asks who may
 * join, and is told by effects).
 *
 * Every function that takes now_us may write to the store: the caller (proto/dispatch.c) holds a
 * transaction open around it, commits, and then acts on what media_next gave. */
#ifndef SIGNALING_MEDIA_MEDIA_H
#define SIGNALING_MEDIA_MEDIA_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct media;
struct relays;

#define MEDIA_AWAY_US                                                                              \
    (120 * TIME_US_PER_S) /* without a connection that long, the seat's transports are closed */

#define MEDIA_RELAY_GRACE_US                                                                       \
    (3 * TIME_US_PER_S) /* a silent relay may come back; then its rooms go to another */

enum room_right {
    ROOM_RIGHT_NONE = 0, /* not a member: told SQ_ERR_NOT_FOUND */
    ROOM_RIGHT_RUNG,     /* being rung: may connect, and learns of those who wait, not of the
                            others who are rung, nor they of it */
    ROOM_RIGHT_WAITING,  /* may connect; nothing flows yet (it rings) */
    ROOM_RIGHT_LIVE,     /* media flows */
    ROOM_RIGHT_LISTEN    /* hears and sees a live room, is neither heard nor seen: an observer */
};

struct media_config {
    struct service *service; /* borrowed */
    struct relays *relays;   /* borrowed */
    /* What `account` may do in the room, asked at each call: consult_room_right; tests have their
     * own. */
    enum room_right (*right)(struct service *service, const char *room, const char *account);
    /* Is the room this node's to command, or another's? NULL: all are this one's. */
    bool (*owns)(void *user, const char *room);
    void *owner;
    /* `iceServers` of replies to this account, a new reference; NULL: memory is used up. Where the
     * function is not set: []. */
    json_t *(*ice_servers)(void *user, const char *account);
    void *ice_user;
};

extern const struct method_table media_method_table; /* all METHOD_DEFERRED */

/* Loads the stored objects; they count as connected to nobody until their sessions resume. 0,
 * SQ_ERR_NOMEM, SQ_ERR_STORE. */
int media_new(struct media **out, const struct media_config *config, time_us now_us);
void media_free(struct media *m);

/* A room of another node is this one's from now on: loads its objects, which count as connected to
 * nobody, and asks the relays what became of them. 0, SQ_ERR_NOMEM, SQ_ERR_STORE. */
int media_adopt(struct media *m, const char *room, time_us now_us);

/* A media.* request whose params passed the schema. Its answer comes from media_next as MEDIA_REPLY
 * with this ticket, now or later. `params` is borrowed for the call. */
void media_call(struct media *m, uint64_t ticket, const char *method, const struct caller *caller,
                json_t *params, time_us now_us);

/* EFFECT_ROOM_* and EFFECT_SESSION_ENDED; others are ignored. */
void media_effect(struct media *m, const struct effect *effect, time_us now_us);

/* The session's connection came (sign-in, resume) or went. */
void media_presence(struct media *m, const char *session, bool connected, time_us now_us);

/* ---- how people hear each other, for those who keep machines running ---- */

enum media_health { MEDIA_GOOD, MEDIA_FAIR, MEDIA_POOR, MEDIA_NONE };

/* One person in one room, over all its transports there. */
struct media_seat {
    const char *room, *account, *relay; /* relay "": not placed */
    enum media_health health;
    const char *reason; /* literal, of MEDIA_NONE and MEDIA_POOR: "connection_lost", "media_lost",
                           "no_media", "relay_silent", "poor"; else "" */
    time_us since_us;   /* of the reason; monotonic */
    int64_t kbps, loss_up_percent, loss_down_percent, rtt_ms;
};

#define MEDIA_QUALITY_US (5 * TIME_US_PER_S)

/* Asks the relays for the numbers of rooms that were not asked about for MEDIA_QUALITY_US. */
void media_quality_ask(struct media *m);
/* Calls `each` for everybody who has a seat in a room of this node. */
void media_each_seat(struct media *m, void (*each)(const struct media_seat *seat, void *user),
                     void *user);
/* The time of media's last step: since_us counts to it. */
time_us media_now(const struct media *m);

/* Reads what the relays say and keeps it for the next step. Needs no transaction; true: media_step,
 * which may write, has something to do. */
bool media_listen(struct media *m, time_us now_us);
/* Takes what the relays said, runs timers. */
void media_step(struct media *m, time_us now_us);
time_us media_deadline(const struct media *m);

enum media_output_type { MEDIA_REPLY, MEDIA_NOTIFY };

struct media_output {
    enum media_output_type type;
    uint64_t ticket; /* MEDIA_REPLY */
    int error;       /* MEDIA_REPLY: 0 or enum sq_error */
    json_t *body;    /* result, or params of the notification; owned by the caller, may be NULL */
    const char *method;   /* MEDIA_NOTIFY: literal */
    char session[ID_MAX]; /* MEDIA_NOTIFY: to whom */
    char object[ID_MAX];  /* for the audit row of a reply: the object acted on */
    char message_en[256]; /* error: details; empty: the general text */
    char message_zh[256];
};
bool media_next(struct media *m, struct media_output *out);

#endif
