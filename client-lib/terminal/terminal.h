/* SPDX-License-Identifier: Apache-2.0 */
/* The reference terminal: one client, one consultation at a time. main.c turns the loop; flow.c
 * decides from the state of the consultation what to do next; talk.c joins and leaves
 * the call; media.c moves sound and pictures;
 * window.c shows them; events.c and report.c write down what happened. Everything here runs on one
 * thread. */
#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

#include "client-lib/terminal/options.h"
#include "client-lib/terminal/record.h"
#include "client-lib/terminal/source.h"
#include <shanqiao/client.h>
#include <shanqiao/upload.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TERMINAL_ID_MAX      48
#define TERMINAL_REMOTES_MAX 16

/* Local tracks of the call, in the order in which they are joined. */
enum { TRACK_AUDIO = 0, TRACK_VIDEO = 1 };

/* The consultation as far as the flow needs it; copied from events. */
struct current {
    char id[TERMINAL_ID_MAX];
    char state[24];
    char stepped[24]; /* the state for which the step of flow.c was taken */
    char specialist[TERMINAL_ID_MAX];
    int64_t revision;
    bool left;       /* a person left the talk; it goes on */
    bool wants_call; /* its state asks for sound and picture */
    bool verified;
    bool asked_end;
    int refusals;          /* of its room, in a row */
    int64_t live_since_us; /* both in the call; 0 not yet */
};

/* What happened when, in microseconds of sq_now_us; 0: not (yet). */
struct timeline {
    int64_t submit_us, submitted_us, ring_us, accept_us, live_us, ended_us, signed_us;
};

struct media {
    struct video_source *video;
    struct audio_source *audio;
    struct recording *recording;
    uint32_t remotes[TERMINAL_REMOTES_MAX]; /* remote video tracks */
    size_t remote_count;
    int64_t next_audio_us, next_video_us, next_pull_us;
    int64_t shown_frames;
    int64_t audio_position; /* samples taken from the source */
    bool sending;           /* accepted: the other may see and hear us */
};

#define ATTACH_MAX      16
#define ATTACH_FILE_MAX 1024

/* Files to send; the first is under way when `upload` is there. */
struct attachments {
    struct {
        char type[8], file[ATTACH_FILE_MAX];
    } items[ATTACH_MAX];
    size_t count;
    sq_upload *upload;
    int told_percent;
    bool told_dark;
    char header[TERMINAL_ID_MAX]; /* of the WFDB header that was sent last */
};

struct window; /* SDL2 */

struct terminal {
    const struct options *options;
    sq_client *client;
    sq_call *call;
    struct sq_call_stats last_stats; /* of the call, kept when it is freed */
    char account[TERMINAL_ID_MAX];
    struct current current;
    struct timeline timeline;
    struct media media;
    struct attachments attachments;
    struct window *window; /* NULL when headless */
    FILE *events;
    int64_t utc_offset_us; /* UTC minus sq_now_us */
    int64_t retry_call_us; /* not before this */
    json_t *opinion;       /* fields as typed or read; owned */
    int64_t saved_session_us;
    bool muted;         /* speech; kept over calls */
    int64_t quit_at_us; /* a person quits: at the latest then; 0 no */
    bool listed;        /* the consultations that concern us are known */
    bool done;
    int exit_code;
};

/* flow.c */
int flow_start(struct terminal *t);
void flow_event(struct terminal *t, const struct sq_event *event);
void flow_tick(struct terminal *t, int64_t now_us);
void flow_accept(struct terminal *t);
void flow_sign(struct terminal *t);
void flow_finish(struct terminal *t, int exit_code);
/* A request that could not even be queued (negative) is told like one that the server refused. */
void flow_asked(const struct terminal *t, int64_t request);

/* command.c: a line that a person typed; written to. */
void command_run(struct terminal *t, char *line);

/* attach.c: files that go to the consultation, one after the other. `rest`: "[TYPE] FILE"; without
 * a type the ending of the name says it. */
void attach_add(struct terminal *t, const char *rest);
void attach_tick(struct terminal *t);
void attach_stop(struct terminal *t);

/* saved.c */
#define SAVED_TEXT_MAX 4096
/* What the session file holds, in `text`; NULL: nothing. Written at most once a second. */
char *saved_read(const struct terminal *t, char text[SAVED_TEXT_MAX]);
void saved_write(struct terminal *t, int64_t now_us);

/* talk.c */
void talk_join(struct terminal *t,
               int64_t now_us);      /* again after a failure, at the caller's pace */
void talk_leave(struct terminal *t); /* the consultation goes on */
void talk_keep_stats(struct terminal *t);

/* media.c */
int media_open(struct terminal *t, char error[SOURCE_ERROR_MAX]);
int media_close(struct terminal *t); /* SQ_ERR_IO when the recording is incomplete */
void media_track(struct terminal *t, const struct sq_event *event);
void media_tick(struct terminal *t, int64_t now_us);
void media_reset(struct terminal *t); /* a new call begins */

/* window.c */
int window_open(struct window **out, const char *title);
void window_close(struct window *w);
void window_show_remote(struct window *w, const struct sq_picture *picture);
void window_show_self(struct window *w, const struct sq_picture *picture);
void window_play(struct window *w, const int16_t *samples, size_t count);
bool window_has_speaker(const struct window *w);
size_t window_played_backlog(const struct window *w); /* samples queued at the sound card */
void window_title(struct window *w, const char *text);
void window_draw(struct window *w);
bool window_wants_quit(struct window *w); /* handles SDL events */

/* events.c: one JSON object a line, for programs that drive the terminal. NULL-terminated name,
 * value pairs. */
void events_write(struct terminal *t, const char *event, ...) __attribute__((sentinel));

/* report.c: 0 or SQ_ERR_IO. */
int report_write(struct terminal *t);

/* text.c: what people read, zh-CN and English. */
enum text_id {
    TEXT_SIGNED_IN,
    TEXT_OFFLINE,
    TEXT_BACK_ONLINE,
    TEXT_SESSION_ENDED,
    TEXT_WAITING_FOR_RING,
    TEXT_RINGING,
    TEXT_RING_STOPPED,
    TEXT_TAKEN_OUT,
    TEXT_SUBMITTED,
    TEXT_STATE,
    TEXT_CALL_CONNECTED,
    TEXT_CALL_INTERRUPTED,
    TEXT_CALL_RECOVERED,
    TEXT_CALL_FAILED,
    TEXT_CAME,
    TEXT_WENT,
    TEXT_REFUSED_BY_SERVER,
    TEXT_WRITE_OPINION,
    TEXT_OPINION_VERIFIED,
    TEXT_OPINION_NOT_VERIFIED,
    TEXT_DONE,
    TEXT_UNKNOWN_COMMAND,
    TEXT_QUALITY,
    TEXT_RESUMED,
    TEXT_ATTACH_HOW,
    TEXT_ATTACH_SENDING,
    TEXT_ATTACH_DARK,
    TEXT_ATTACHED,
    TEXT_ATTACH_FAILED,
    TEXT_CANNOT_REACH,
    TEXT_REASON,
    TEXT_NOTHING_RINGS,
    TEXT_NOT_IN_TALK,
    TEXT_COUNT
};
const char *text_of(const struct terminal *t, enum text_id id);
const char *text_state(const struct terminal *t, const char *state);
/* A reason code of the server in words; anything else, what a person wrote, as it is. */
const char *text_reason(const struct terminal *t, const char *reason);
const char *text_sex(const struct terminal *t, const char *sex);
#define TEXT_CLEAN_MAX 4096
/* What somebody else wrote, fit for a console: control characters and direction overrides become
 * spaces. */
const char *text_clean(char out[TEXT_CLEAN_MAX], const char *text);
void say(const struct terminal *t, enum text_id id, const char *detail);

#endif
