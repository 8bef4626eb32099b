/* SPDX-License-Identifier: Apache-2.0 */
/* Client library of a consultation terminal: sign-in, consultations, and one call at a time with
 * speech and pictures. Handles are opaque; no structure of the library is ever seen.
 *
 * Units: times are microseconds of sq_now_us (monotonic) unless the name says utc; rates are bits
 * per second; audio is 48 kHz, mono, signed 16 bit; pictures are I420. Text: UTF-8,
 * zero-terminated. What you pass is copied before the function returns. What an event holds belongs
 * to the library and is valid until the next sq_client_next_event of that client, or its free.
 * Threads: every function may be called from any thread, except: one thread at a time in
 * sq_client_step, one in sq_client_next_event, one per track in push and in pull, and nobody inside
 * any while the object is freed. Errors: 0 or a positive number on success, else a negative enum
 * sq_error. Requests are asynchronous: they return a request number (> 0) and answer later by
 * SQ_EVENT_REPLY, also across reconnects, exactly once. ABI: structures that you fill begin with
 * struct_size = sizeof(it); those for the future only grow at the end. */
#ifndef SHANQIAO_CLIENT_H
#define SHANQIAO_CLIENT_H

#include <shanqiao/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sq_client sq_client;
typedef struct sq_call sq_call;

/* Monotonic time in us, the clock of every `_us` below that is not utc. */
int64_t sq_now_us(void);
/* "0.1.0"; static storage. */
const char *sq_version(void);

/* ---- client: one connection to one server
 * ------------------------------------------------------------------ */

struct sq_client_config {
    size_t struct_size;
    const char *url; /* "wss://host:port/v1"; the nodes of one installation with commas between */
    const char
        *ca_file; /* PEM; the server's certificate must chain to it. NULL: the system's store */
    const char *server_name; /* name expected in the certificate; NULL: the host of url */
    const char *device;      /* shown in the account's list of sign-ins; NULL: "terminal" */
    const char *language;    /* "zh-CN" (NULL) or "en", for texts meant for people */
};

/* Allocates and checks; no traffic before sq_client_login or _resume. You own *out. The process
 * ignores SIGPIPE from then on, and a thread of the library waits for the connection (signalling
 * only). SQ_ERR_INVALID (url), SQ_ERR_IO (CA file), SQ_ERR_NOMEM. */
int sq_client_new(sq_client **out, const struct sq_client_config *config);
/* Stops the pump thread, leaves the call of this client (its sq_call becomes invalid), closes. NULL
 * is fine. */
void sq_client_free(sq_client *client);

/* Does what is due, waiting at most timeout_us (0: not at all) for something to do. Not while the
 * pump thread runs (SQ_ERR_STATE). 0 or SQ_ERR_IO. Codecs run in here: call at least every 5 ms
 * during a call. */
int sq_client_step(sq_client *client, int64_t timeout_us);
/* Becomes readable when sq_client_step has something to do; owned by the client. */
int sq_client_fd(const sq_client *client);
/* When step wants to be called at the latest, readable or not; INT64_MAX: no such time. */
int64_t sq_client_deadline_us(sq_client *client);
/* Optional: a thread of the library calls step. Both are idempotent. SQ_ERR_NOMEM. */
int sq_client_start_thread(sq_client *client);
void sq_client_stop_thread(sq_client *client);

/* ---- sign-in
 * ------------------------------------------------------------------------------------------------
 */

/* Connects (again and again, with growing pauses) and signs in. takeover ends a live session of the
 * account elsewhere; without it SQ_ERR_CONFLICT is replied. SQ_ERR_STATE when signed in. Reply:
 * account. */
int64_t sq_client_login(sq_client *client, const char *account, const char *password,
                        bool takeover);
/* The secret that brings a killed terminal back into its session: keep it in a file of mode 0600,
 * refreshed now and then (it carries the last notification seen). Bytes needed with the final zero
 * (> size: nothing was written), or SQ_ERR_STATE when not signed in. */
int64_t sq_client_export_session(sq_client *client, char *text, size_t size);
/* Instead of login. SQ_ERR_INVALID when the text is not an export. Reply: SQ_ERR_UNAUTHENTICATED
 * when it ended. */
int64_t sq_client_resume(sq_client *client, const char *text);
int64_t sq_client_logout(sq_client *client);

/* ---- consultations
 * ------------------------------------------------------------------------------------------ */

struct sq_consultation_request { /* texts NULL when not known; those marked * are needed */
    size_t struct_size;
    const char *panel_id;     /* * of sq_client_list_panels */
    const char *urgency;      /* "routine" (NULL), "urgent" or "emergency" */
    const char *patient_name; /* * */
    const char *patient_sex;  /* * "male", "female" or "unknown" */
    int patient_age_years;    /* * */
    const char *patient_id_number;
    const char *complaint; /* * */
    const char *purpose;   /* * */
    const char *history, *results, *diagnosis, *treatment, *allergy;
    bool consent_share; /* * the patient agreed that the record is shared for this consultation */
    const char *consent_signer;   /* * who signed */
    const char *consent_relation; /* "self" (NULL) or the signer's relation to the patient */
};

struct sq_person {
    const char *id, *name, *institution, *institution_id; /* "" when absent */
    int level;                                            /* 1 village .. 5 province, 0 unknown */
};

struct sq_consultation { /* texts are never NULL */
    const char *id, *kind, *state, *urgency, *panel_id, *panel_name;
    struct sq_person applicant, specialist;
    const char *patient_name, *patient_sex;
    int patient_age_years;
    const char *complaint, *purpose, *history, *results, *diagnosis, *treatment, *allergy;
    const char *submitted_at, *accepted_at, *started_at, *ended_at; /* RFC 3339, "" when not yet */
    const char *reason;
    int64_t revision;
    const char *json; /* the whole object as the server sent it */
};

struct sq_opinion {
    const char *findings, *diagnosis, *plan, *advice, *referral, *limits; /* NULL = "" when saved */
};

struct sq_panel {
    const char *id, *name, *specialty, *institution;
    int level, on_duty; /* members on duty now */
};

/* SQ_ERR_STATE before sign-in, SQ_ERR_INVALID, SQ_ERR_NOMEM, SQ_ERR_LIMIT (256 unanswered) at once.
 */
int64_t sq_client_list_panels(sq_client *client); /* reply: panels */
int64_t sq_client_set_duty(sq_client *client, const char *panel_id, bool on_duty);
int64_t sq_consultation_submit(sq_client *client,
                               const struct sq_consultation_request *request); /* consultation */
int64_t sq_consultation_list(sq_client *client, bool active_only); /* reply: consultations */
int64_t sq_consultation_get(sq_client *client,
                            const char *id); /* this and those below: consultation */
int64_t sq_consultation_accept(sq_client *client, const char *id);
int64_t sq_consultation_refuse(sq_client *client, const char *id, const char *reason);
int64_t sq_consultation_enter(sq_client *client, const char *id);
int64_t sq_consultation_leave(sq_client *client, const char *id);
int64_t sq_consultation_end(sq_client *client, const char *id);
int64_t sq_consultation_cancel(sq_client *client, const char *id, const char *reason);
int64_t sq_consultation_acknowledge(sq_client *client, const char *id);
/* What became of the patient. concordance: "agrees", "agrees_in_part", "differs", "unknown" (the
 * final diagnosis with the opinion's). Without it nothing is archived for a month. */
int64_t sq_consultation_outcome(sq_client *client, const char *id, const char *outcome,
                                const char *concordance, bool avoided_transfer);
int64_t sq_consultation_archive(sq_client *client, const char *id);
int64_t sq_opinion_save(sq_client *client, const char *consultation_id,
                        const struct sq_opinion *opinion);
/* opinion may be NULL: signs what was saved. Reply: json (id, canonical, signature, certificate,
 * signedAt). */
int64_t sq_opinion_sign(sq_client *client, const char *consultation_id,
                        const struct sq_opinion *opinion);
int64_t sq_opinion_get(sq_client *client, const char *consultation_id); /* reply: json */
int64_t sq_opinion_verify(sq_client *client,
                          const char *consultation_id); /* reply: verified, text = reason */
/* Any method of docs/protocol/signaling.md; params_json is a JSON object (NULL: {}). Reply: json.
 */
int64_t sq_client_request(sq_client *client, const char *method, const char *params_json);

/* ---- events
 * -------------------------------------------------------------------------------------------------
 */

enum sq_event_type {
    SQ_EVENT_NONE = 0,
    SQ_EVENT_CONNECTION,    /* .connection */
    SQ_EVENT_REPLY,         /* .reply */
    SQ_EVENT_RING,          /* .change: your panel is asked; accept or refuse */
    SQ_EVENT_RING_STOPPED,  /* .notice: id, reason */
    SQ_EVENT_CONSULTATION,  /* .change */
    SQ_EVENT_PARTICIPANT,   /* .notice: id of consultation, account, present */
    SQ_EVENT_NOTIFICATION,  /* .notice: method and json of anything else */
    SQ_EVENT_CALL_STATE,    /* .call */
    SQ_EVENT_TRACK_ADDED,   /* .track */
    SQ_EVENT_TRACK_REMOVED, /* .track */
    SQ_EVENT_TRACK_PAUSED,  /* .track, paused says which way */
    SQ_EVENT_QUALITY        /* .quality, when a step of the ladder was taken */
};

enum sq_connection_state {
    SQ_CONNECTION_OFFLINE = 0, /* trying; calls in progress go on */
    SQ_CONNECTION_ONLINE,      /* signed in */
    SQ_CONNECTION_ENDED /* session over (reason "takeover", "logout", "expired", "revoked") */
};

enum sq_call_state {
    SQ_CALL_CONNECTING = 0,
    SQ_CALL_CONNECTED,   /* media may flow */
    SQ_CALL_INTERRUPTED, /* no way through just now; recovers by itself */
    SQ_CALL_RECOVERED,   /* event only: connected again after an interruption */
    SQ_CALL_FAILED, /* join refused (error says why) or handshake failed: free it, join again */
    SQ_CALL_CLOSED
};

enum sq_kind { SQ_AUDIO = 0, SQ_VIDEO = 1 };
enum sq_source { SQ_MICROPHONE = 0, SQ_CAMERA = 1, SQ_EXAMINATION = 2 };
enum sq_codec { SQ_CODEC_OPUS = 0, SQ_CODEC_VP8 = 1, SQ_CODEC_VP9 = 2 };

struct sq_reply {
    int64_t request; /* the number that the call returned */
    const char *method;
    int error;        /* 0 or enum sq_error */
    const char *text; /* error: what to do, in your language; opinion.verify: reason; else "" */
    const char *json; /* the result as sent; "" on error */
    const struct sq_consultation *consultations; /* count of them */
    size_t consultation_count;
    const struct sq_panel *panels;
    size_t panel_count;
    const struct sq_person *account; /* sign-in; NULL else */
    bool verified;                   /* opinion.verify */
};

struct sq_notice {
    const char *id, *reason, *account, *method, *json; /* "" when absent */
    bool present;
};

struct sq_connection {
    enum sq_connection_state state;
    int error; /* OFFLINE: SQ_ERR_UNREACHABLE, or SQ_ERR_FORGED (its certificate is not accepted) */
    const char *reason; /* ENDED: see above; else "" */
};

struct sq_change {
    struct sq_consultation consultation;
    const char *by; /* account id of who did it, "" unknown */
};

struct sq_call_change {
    sq_call *handle;
    enum sq_call_state state;
    int error;
    const char *text; /* what to do, in your language; "" without error */
};

struct sq_track {
    uint32_t track; /* number for pull and statistics, unique in the call */
    enum sq_kind kind;
    enum sq_source source;
    const char *participant; /* account id */
    bool paused;
};

struct sq_quality {
    uint32_t estimate_bps;                         /* what the link carries toward the relay */
    uint32_t audio_bps, audio_frame_ms, video_bps; /* video_bps 0: pictures rest, speech goes on */
    const char *text;                              /* for the person, in your language */
};

struct sq_event {
    enum sq_event_type type;
    union {
        struct sq_connection connection;
        struct sq_reply reply;
        struct sq_change change;
        struct sq_notice notice;
        struct sq_call_change call;
        struct sq_track track;
        struct sq_quality quality;
        uint64_t reserved[64]; /* keeps the size of the union when members grow */
    };
};

/* Takes the oldest event. True and *event filled, or false: none now. Up to 1024 wait; replies and
 * call states are never dropped, of the rest the oldest. */
bool sq_client_next_event(sq_client *client, struct sq_event *event);

/* ---- call: speech and pictures of one consultation
 * ---------------------------------------------------------- */

struct sq_track_settings {
    enum sq_kind kind;
    enum sq_source source;
    enum sq_codec codec;
    uint32_t max_bps; /* audio 6000..64000; video 30000..4000000 */
    uint32_t width, height,
        fps;           /* video: the largest that is pushed (even numbers, <= 1920x1088, <= 60) */
    uint32_t frame_ms; /* audio: 0 follows the link, or 20, 40, 60 */
    bool cancel_echo, suppress_noise, adjust_gain; /* audio; ignored (off) for SQ_EXAMINATION */
    bool dtx;                                      /* audio: send little in silence */
};

#define SQ_TRACKS_MAX 8 /* local tracks of a call */

struct sq_call_settings {
    size_t struct_size;
    const char *room; /* id of the consultation */
    const struct sq_track_settings *tracks;
    size_t track_count;
    uint32_t start_bps; /* first guess of the link, 0: 300000 */
    uint32_t max_bps;   /* never more, 0: no cap of ours */
    bool narrow;        /* link known to be narrow: short SRTP tags */
    bool force_tcp;     /* media over TCP only (a firewall that lets nothing else out) */
};

/* Sensible values: Opus 32 kb/s with all treatment, VP8 640x360 at 15 with 600 kb/s. */
void sq_track_settings_init(struct sq_track_settings *settings, enum sq_kind kind,
                            enum sq_source source);

/* Starts to join; SQ_EVENT_CALL_STATE tells the rest. Local tracks are numbered 0.. in the order of
 * settings. One call per client (SQ_ERR_STATE). SQ_ERR_INVALID, SQ_ERR_UNSUPPORTED (codec),
 * SQ_ERR_NOMEM. You own *out. */
int sq_call_join(sq_client *client, sq_call **out, const struct sq_call_settings *settings);
/* Says goodbye (RTCP BYE) and frees; the consultation goes on. NULL is fine. No thread may be in
 * push or pull. */
void sq_call_free(sq_call *call);
enum sq_call_state sq_call_get_state(sq_call *call);

/* Any number of samples, the first captured at capture_us. Copied. When 500 ms wait unsent the
 * oldest go. SQ_ERR_INVALID (track). Silence is what you push: a track that is not pushed sends
 * nothing. */
int sq_call_push_audio(sq_call *call, uint32_t track, const int16_t *samples, size_t count,
                       int64_t capture_us);

struct sq_picture {
    uint32_t width, height;   /* even */
    const uint8_t *planes[3]; /* Y, U, V */
    size_t strides[3];        /* bytes */
};
/* Copied; a frame not yet coded is replaced (counted as frames_dropped). Rate above the track's fps
 * is thinned. */
int sq_call_push_video(sq_call *call, uint32_t track, const struct sq_picture *picture,
                       int64_t capture_us);
/* A person muted: nothing is sent until unmuted; the far side is told through the relay. */
int sq_call_mute(sq_call *call, uint32_t track, bool muted);

/* The next `count` samples (a multiple of 480) of all remote speakers, mixed; silence while there
 * is none. Call it at the pace of the sound card: the pulls are the play-out clock. Echo
 * cancellation takes it as the reference. Returns the number of remote tracks heard, or
 * SQ_ERR_INVALID. */
int sq_call_pull_audio(sq_call *call, int16_t *samples, size_t count);

struct sq_video_frame {
    struct sq_picture picture; /* borrowed until the next pull of this track, or sq_call_free */
    uint32_t track;
    uint32_t rtp_time;      /* 90 kHz, as received */
    int64_t capture_utc_us; /* the sender's clock (NTP of its reports); 0 before its first report */
    int64_t received_us;    /* last packet of the frame */
    int64_t display_us;     /* when it is to be seen, in step with speech of the same participant */
    bool key;
};
/* Oldest frame that is due (display_us <= now), in order, each once. 1 and *frame filled, 0 none
 * due, SQ_ERR_NOT_FOUND (no such remote video track). */
int sq_call_pull_video(sq_call *call, uint32_t track, struct sq_video_frame *frame);

struct sq_audio_stats {
    uint64_t sent_packets, received_packets, lost_packets; /* lost on the wire, repaired or not */
    uint64_t retransmitted_packets, repaired_packets; /* sent again by us; lost, then came again */
    uint64_t concealed_ms; /* play-out time invented or silent because speech was missing or late,
                              counted once that track goes on; a speaker's pause is none */
    uint64_t played_ms;    /* decoded speech, concealment not counted */
    uint32_t send_bps, receive_bps; /* payload of the last 2 s */
    uint32_t jitter_delay_ms;       /* between arrival and play-out now */
    uint32_t frame_ms;
};

struct sq_video_stats {
    uint64_t sent_packets, received_packets, lost_packets; /* lost on the wire, repaired or not */
    uint64_t retransmitted_packets, repaired_packets; /* sent again by us; lost, then came again */
    uint64_t frames_sent, frames_dropped, frames_received, frames_decoded, key_frames_sent;
    uint64_t key_frame_requests_sent, key_frame_requests_received;
    uint64_t freeze_ms; /* sum of the gaps between shown frames above max(3 mean, mean + 150 ms) */
    uint64_t freezes;
    uint32_t width, height; /* received; sent when nothing is received */
    uint32_t send_bps, receive_bps;
    enum sq_codec sent_codec, received_codec; /* of packets sent, of frames decoded; SQ_CODEC_OPUS
                                                 (no codec of pictures): none yet */
};

struct sq_call_stats {
    size_t struct_size; /* in: filled up to here */
    enum sq_call_state state;
    struct sq_audio_stats audio; /* summed over tracks */
    struct sq_video_stats video;
    uint32_t rtt_ms; /* 0 unknown */
    uint32_t estimate_bps;
    const char *srtp_profile; /* "" before the handshake; static storage */
    bool over_tcp;
    int64_t joined_us, connected_us, first_audio_us, first_video_us; /* 0 not yet; first decoded */
    int64_t last_packet_us; /* when media last arrived on the wire, played or not; 0: never */
};
/* SQ_ERR_INVALID (struct_size 0). */
int sq_call_get_stats(sq_call *call, struct sq_call_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
