/* SPDX-License-Identifier: Apache-2.0 */
/* The ways between threads, for the thread sanitizer: capture, camera, play-out and screen beside
 * the owner. Each thread does a fixed amount of work; nothing waits for time. */
#include "client-lib/session/session.h"
#include "media.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#define ROUNDS 300
#define WIDTH  64
#define HEIGHT 48

static void *microphone(void *user)
{
    int16_t block[480];
    for (int i = 0; i < ROUNDS; i++) {
        media_voice(block, 480, (uint64_t)i * 480);
        session_push_audio(user, 0, block, 480, i * 10 * TIME_US_PER_MS);
    }
    return NULL;
}

static void *camera(void *user)
{
    uint8_t *raw = malloc(WIDTH * HEIGHT * 3 / 2);
    for (int i = 0; i < ROUNDS; i++) {
        media_picture(raw, WIDTH, HEIGHT, (uint32_t)i);
        struct sq_picture p = {WIDTH,
                               HEIGHT,
                               {raw, raw + WIDTH * HEIGHT, raw + WIDTH * HEIGHT * 5 / 4},
                               {WIDTH, WIDTH / 2, WIDTH / 2}};
        session_push_video(user, 1, &p, i * 10 * TIME_US_PER_MS);
    }
    free(raw);
    return NULL;
}

static void *loudspeaker(void *user)
{
    int16_t block[480];
    for (int i = 0; i < ROUNDS; i++)
        session_pull_audio(user, block, 480, i * 10 * TIME_US_PER_MS);
    return NULL;
}

static void *screen(void *user)
{
    struct sq_video_frame frame;
    for (int i = 0; i < ROUNDS; i++)
        for (uint32_t track = SESSION_REMOTE_FIRST; track < SESSION_REMOTE_FIRST + 4; track++)
            session_pull_video(user, track, &frame, i * 10 * TIME_US_PER_MS);
    return NULL;
}

static void own(struct session *s)
{
    struct join_consumer video = {.id = "v",
                                  .producer_id = "pv",
                                  .participant = "a",
                                  .kind = SQ_VIDEO,
                                  .source = SQ_CAMERA,
                                  .codec = SQ_CODEC_VP8,
                                  .ssrc = 5,
                                  .payload_type = 96};
    struct join_consumer audio = {.id = "a",
                                  .producer_id = "pa",
                                  .participant = "a",
                                  .kind = SQ_AUDIO,
                                  .source = SQ_MICROPHONE,
                                  .codec = SQ_CODEC_OPUS,
                                  .ssrc = 6,
                                  .payload_type = 111};
    struct session_event event;
    struct sq_call_stats stats = {0};
    for (int i = 0; i < ROUNDS; i++) {
        session_step(s, i * 10 * TIME_US_PER_MS);
        if (i % 50 == 0) {
            cr_assert_eq(session_add_consumer(s, &video), 0);
            cr_assert_eq(session_add_consumer(s, &audio), 0);
        }
        if (i % 50 == 25) {
            session_remove_consumer(s, "v");
            session_remove_consumer(s, "a");
        }
        session_mute(s, 0, i % 2, 0);
        session_get_stats(s, &stats, i * 10 * TIME_US_PER_MS);
        while (session_next_event(s, &event))
            ;
    }
}

Test(threads, raw_media_goes_around_the_owner)
{
    void *(*const work[])(void *) = {microphone, camera, loudspeaker, screen};
    struct sq_track_settings tracks[2];
    struct dtls_identity *identity;
    struct session *s;
    pthread_t threads[4];
    sq_track_settings_init(&tracks[0], SQ_AUDIO, SQ_MICROPHONE);
    sq_track_settings_init(&tracks[1], SQ_VIDEO, SQ_CAMERA);
    tracks[1].width = WIDTH;
    tracks[1].height = HEIGHT;
    cr_assert_eq(dtls_identity_new(&identity, INT64_C(1790000000000000)), 0);
    struct session_config config = {
        .room = "r", .tracks = tracks, .track_count = 2, .identity = identity};
    cr_assert_eq(session_new(&s, &config), 0);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, work[i], s), 0);
    own(s);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    session_free(s);
    dtls_identity_free(identity);
}

static void *ask(void *user)
{
    struct sq_event event;
    for (int i = 0; i < ROUNDS; i++) {
        sq_client_list_panels(user);
        sq_client_next_event(user, &event);
        sq_client_deadline_us(user);
    }
    return NULL;
}

Test(threads, a_client_is_asked_from_several_threads_beside_its_pump)
{
    struct sq_client_config config = {.struct_size = sizeof(config), .url = "wss://127.0.0.1:1/v1"};
    sq_client *client;
    pthread_t threads[2];
    cr_assert_eq(sq_client_new(&client, &config), 0);
    cr_assert_eq(sq_client_start_thread(client), 0);
    cr_assert_eq(sq_client_start_thread(client), 0);
    cr_expect_eq(sq_client_step(client, 0), SQ_ERR_STATE);
    cr_assert_gt(sq_client_login(client, "a", "b", false), 0);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask, client), 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    sq_client_free(client);
}
