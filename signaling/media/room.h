/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of media/: the tables (rooms, their transports, producers, consumers) and the jobs under
 * way. */
#ifndef SIGNALING_MEDIA_ROOM_H
#define SIGNALING_MEDIA_ROOM_H

#include "cluster/cluster.h"
#include "signaling/media/media.h"

#define MEDIA_PRODUCERS_MAX 8 /* of one transport: microphone, camera, examination, and spares */
#define MEDIA_TRANSPORTS_MAX                                                                       \
    128                  /* of one room: 32 rung members with two each, and the applicant          \
                          */
#define MEDIA_SEAT_MAX 4 /* transports of one account in one room */

enum object_type { OBJECT_TRANSPORT, OBJECT_PRODUCER, OBJECT_CONSUMER };

struct media_room {
    char id[ID_MAX];
    char relay[CLUSTER_NODE_MAX]; /* empty: not placed */
    bool made;                    /* the relay has it */
    time_us made_us;              /* when we heard so; 0: before our start */
    bool opened;                  /* told since our start that it is (still) open */
    bool live;
    bool unsure;     /* loaded from the store: what the relay was told is known by its snapshot */
    bool doubted;    /* a job failed: the relay may have forgotten the room, so it is made again */
    time_us down_us; /* its relay fell silent; 0: it did not, or its snapshot has come since */
    size_t transport_count;
    int64_t stats_ticket; /* the relay is asked for numbers; 0: it is not */
    time_us stats_us;     /* asked last */
    struct media_object *objects;
    struct media_room *next;
};

/* Counts as the relay gave them last. */
struct media_counts {
    int64_t bytes_up, bytes_down, packets_up, lost_up, packets_down, lost_down;
};

/* How the path of a transport fares; in memory only, known anew soon after a start. */
struct media_path {
    char state[12];    /* as the relay says; "": not heard */
    time_us state_us;  /* since */
    time_us counts_us; /* when the counts were taken; 0: never */
    struct media_counts counts;
    int64_t kbps_up, kbps_down, loss_up_percent, loss_down_percent, rtt_ms;
    time_us still_us; /* nothing comes from it since; 0: something does */
    time_us poor_us;  /* over the bounds since; 0: it is not */
};

/* What only a transport has. */
struct transport_part {
    bool native; /* made by media.join: consumers are pushed */
    bool sends, receives;
    enum room_right right;  /* of its account, as of the last look; NONE: not looked yet */
    enum room_right former; /* what that look changed it from */
    json_t *capabilities;   /* RtpCapabilities of a native receiver */
    unsigned next_mid;
    time_us away_us; /* its session has no connection since; 0: it has */
    struct media_path path;
};

/* What a producer or consumer has. */
struct stream_part {
    struct media_object *transport;
    struct media_object *producer; /* of a consumer */
    char kind[8], source[16];
    json_t *rtp;        /* RtpParameters */
    json_t *consumable; /* producer: ortc_consumable */
    bool paused;        /* by its owner */
    bool told_paused;   /* consumer: what the relay was told last */
};

struct media_object {
    enum object_type type;
    char id[ID_MAX], account[ID_MAX], session[ID_MAX];
    struct media_room *room;
    bool made;       /* the relay has it, and so has the store */
    time_us made_us; /* when we heard so; 0: before our start */
    struct transport_part transport;
    struct stream_part stream;
    struct media_object *next_in_room, *next_in_bucket;
};

enum job_type {
    JOB_TRANSPORT, /* media.createTransport */
    JOB_JOIN,      /* media.join */
    JOB_PRODUCE,
    JOB_CONSUME,
    JOB_PUSH,   /* a consumer on a native transport that nobody asked for */
    JOB_COMMAND /* one command, its result is the reply */
};

/* Commands of one request, in phases: all of a phase are in flight together. */
struct media_job {
    enum job_type type;
    uint64_t reply_ticket; /* 0: nobody waits */
    unsigned phase, waiting;
    int error;
    char message[160];
    char room[ID_MAX], transport[ID_MAX], object[ID_MAX];
    char account[ID_MAX], session[ID_MAX];
    json_t *params; /* owned: of the request */
    json_t *result; /* owned: what the relay said to the main command */
    struct media_job *next;
};

struct media_command {
    int64_t ticket;
    char relay[CLUSTER_NODE_MAX];
    struct media_job *job;
    bool main; /* its result is the job's */
    struct media_command *next;
};

struct media_queued {
    struct media_output out;
    struct media_queued *next;
};

#define MEDIA_BUCKETS 4096

#define MEDIA_LOOK_US (1 * TIME_US_PER_S)

struct media {
    struct media_config config;
    struct media_room *rooms;
    struct media_object *buckets[MEDIA_BUCKETS];
    struct media_job *jobs;
    struct media_command *commands;
    struct media_queued *first, *last;
    bool settled;    /* what the store gave was looked through after the start */
    time_us due_us;  /* a room of a silent relay moves */
    time_us look_us; /* and after that at the latest */
    time_us now_us;
};

/* ---- table.c ---- */
struct media_room *media_room_find(const struct media *m, const char *id);
struct media_room *media_room_add(struct media *m,
                                  const char *id); /* or the known one; NULL: memory */
void media_room_remove(struct media *m,
                       struct media_room *room); /* with its objects; forgets the rows */
struct media_object *media_object_find(const struct media *m, enum object_type type,
                                       const char *id);
/* Of this session, else NULL. */
struct media_object *media_object_own(const struct media *m, enum object_type type, const char *id,
                                      const char *session);
struct media_object *media_object_add(struct media *m, struct media_room *room,
                                      enum object_type type, const char *id, const char *account,
                                      const char *session);
/* Removes it, what hangs on it (consumers of a producer, all of a transport), and their rows. */
void media_object_remove(struct media *m, struct media_object *o);
int media_room_save(struct media *m, const struct media_room *room);
int media_object_save(struct media *m, const struct media_object *o);
/* Of one room; "": of all that are ours. */
int media_load(struct media *m, const char *room, time_us now_us);
bool media_owns(const struct media *m, const char *room);

/* ---- output.c ---- */
void media_reply(struct media *m, uint64_t ticket, int error, json_t *result, const char *object,
                 const char *en, const char *zh); /* takes over result */
void media_notify(struct media *m, const char *session, const char *method,
                  json_t *params); /* takes over */
json_t *media_consumer_json(const struct media_object *consumer);

/* ---- gate.c: who is heard ---- */
bool media_consumer_paused(const struct media_object *consumer);
/* As its owner sees it: nothing comes, for the gate or for who sends. */
bool media_consumer_silent(const struct media_object *consumer);
/* Looks the account's right up again for all transports of the room; closes those without any. */
void media_room_look(struct media *m, struct media_room *room, time_us now_us);
/* May one know of the other's streams? */
bool media_may_meet(const struct media_object *transport, const struct media_object *producer);
/* The same as before the last look. */
bool media_did_meet(const struct media_object *transport, const struct media_object *producer);
/* Tells relay and owners what changed. */
void media_room_gate(struct media *m, struct media_room *room, time_us now_us);

/* ---- jobs.c ---- */
struct media_job *media_job_new(struct media *m, enum job_type type, uint64_t ticket,
                                const struct media_room *room, const struct caller *caller,
                                json_t *params);
void media_job_start(struct media *m, struct media_job *job, time_us now_us);
/* One command of a job (job NULL: nobody waits for the reply). Takes over params. */
void media_send(struct media *m, struct media_job *job, bool main, const char *relay,
                const char *method, json_t *params, time_us now_us);
void media_take_reply(struct media *m, int64_t ticket, const char *relay, int error,
                      const char *message, json_t *result, time_us now_us);
void media_jobs_clear(struct media *m);
/* Does a transport made by such a job of `session` replace this one of the same account? A native
 * terminal has one transport; a browser two, of one session. */
bool media_replaces(enum job_type type, const char *session, const struct media_object *transport);
/* Closes on the relay, tells the others, forgets. */
void media_transport_close(struct media *m, struct media_object *transport, time_us now_us);
void media_stream_close(struct media *m, struct media_object *stream, time_us now_us);

/* ---- admit.c: what a terminal sends, judged before anything changes ---- */
/* 0, SQ_ERR_INVALID, SQ_ERR_UNSUPPORTED, SQ_ERR_LIMIT with the reason in English (literal) in *why.
 * The schema has checked the shapes. */
int media_check_dtls(const json_t *dtls_parameters, const char **why);
int media_check_stream(const json_t *params, const char **why);
int media_check_produce(const json_t *streams, const char **why);

/* ---- stream.c: producers and consumers from parameters ---- */
/* A producer from {kind, source, rtpParameters, paused}; checked. 0 or an error with *why. */
int media_producer_make(struct media *m, struct media_object *transport, const json_t *params,
                        struct media_object **out, const char **why);
int media_consumer_make(struct media *m, struct media_object *transport,
                        struct media_object *producer, const json_t *capabilities, bool paused,
                        struct media_object **out);
json_t *media_producer_command(const struct media_object *producer);
json_t *media_consumer_command(const struct media_object *consumer);
/* Gives every native transport of the room the consumers it lacks. */
void media_room_spread(struct media *m, struct media_room *room, time_us now_us);
/* Tells browsers of the room. */
void media_announce(struct media *m, const struct media_object *producer);
/* Tells a browser that just got its receiving transport what there is. */
void media_announce_all(struct media *m, const struct media_object *transport);
/* What the last look allowed and the look before did not. */
void media_room_announce(struct media *m, const struct media_room *room);

/* ---- quality.c ---- */
/* What the relay says of a transport's path. */
void media_path_state(struct media_object *transport, const char *state, time_us now_us);
/* Was it the answer to a question for numbers? */
bool media_quality_take(struct media *m, int64_t ticket, const char *relay, const json_t *stats,
                        time_us now_us);

/* ---- reconcile.c ---- */
/* asked_us: what was made after that is not expected in the snapshot. */
void media_reconcile(struct media *m, const char *relay, const json_t *snapshot, time_us asked_us,
                     time_us now_us);
/* A room whose relay is silent moves to another when there is one. 0 or SQ_ERR_UNREACHABLE. */
int media_room_place(struct media *m, struct media_room *room, time_us now_us);
/* Level-triggered: owners hear when the room's relay has fallen silent, and after
 * MEDIA_RELAY_GRACE_US the room goes to another relay, now or when one is alive. */
void media_room_watch(struct media *m, struct media_room *room, time_us now_us);

#endif
