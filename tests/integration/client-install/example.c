/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program on the client library: signs in and lists the panels that can be asked.
 *
 *     cc example.c $(pkg-config --cflags --libs shanqiao) -o example
 *     ./example wss://server:8443/v1 ca.pem account password
 *
 * Without arguments it shows what the library refuses, and needs no server. */
#include <shanqiao/client.h>
#include <stdio.h>
#include <string.h>

static int list_panels(const struct sq_reply *reply)
{
    for (size_t i = 0; i < reply->panel_count; i++)
        printf("%s\t%s\t%s\t%d on duty\n", reply->panels[i].id, reply->panels[i].name,
               reply->panels[i].specialty, reply->panels[i].on_duty);
    return 0;
}

/* 1: go on, 0: done, -1: refused. */
static int handle(sq_client *client, const struct sq_event *event)
{
    if (event->type != SQ_EVENT_REPLY)
        return 1;
    if (event->reply.error) {
        fprintf(stderr, "%s: %s\n", event->reply.method, event->reply.text);
        return -1;
    }
    if (strcmp(event->reply.method, "auth.login") == 0)
        return sq_client_list_panels(client) > 0 ? 1 : -1;
    return list_panels(&event->reply);
}

static int sign_in(const char *url, const char *ca, const char *account, const char *password)
{
    sq_client *client = NULL;
    struct sq_client_config config = {.struct_size = sizeof(config), .url = url, .ca_file = ca};
    struct sq_event event;
    int err = sq_client_new(&client, &config);
    if (err) {
        fprintf(stderr, "%s\n", sq_error_text(err, "en"));
        return 1;
    }
    int state = sq_client_login(client, account, password, false) > 0 ? 1 : -1;
    while (state == 1) {
        sq_client_step(client, 1000000);
        while (state == 1 && sq_client_next_event(client, &event))
            state = handle(client, &event);
    }
    sq_client_free(client);
    return state == 0 ? 0 : 1;
}

static int expect(const char *what, long long got, long long wanted)
{
    printf("%s: %s\n", what, sq_error_name((int)got));
    return got == wanted ? 0 : 1;
}

static int show_refusals(void)
{
    sq_client *client = NULL;
    struct sq_client_config config = {.struct_size = sizeof(config), .url = "http://plain"};
    struct sq_event event;
    int bad = expect("no TLS", sq_client_new(&client, &config), SQ_ERR_INVALID);
    config.url = "wss://127.0.0.1:1/v1";
    config.ca_file = "/nonexistent.pem";
    bad += expect("no such CA file", sq_client_new(&client, &config), SQ_ERR_IO);
    config.ca_file = NULL;
    bad += expect("a client", sq_client_new(&client, &config), SQ_OK);
    bad += expect("not signed in", sq_client_list_panels(client), SQ_ERR_STATE);
    bad += expect("no session to keep", sq_client_export_session(client, NULL, 0), SQ_ERR_STATE);
    bad += expect("not an export", sq_client_resume(client, "{}"), SQ_ERR_INVALID);
    bad += expect("its thread", sq_client_start_thread(client), SQ_OK);
    bad += expect("a step beside it", sq_client_step(client, 0), SQ_ERR_STATE);
    sq_client_stop_thread(client);
    bad += expect("a step", sq_client_step(client, 0), SQ_OK);
    bad += sq_client_next_event(client, &event) ? 1 : 0;
    sq_client_free(client);
    printf("shanqiao %s\n", sq_version());
    return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 5)
        return sign_in(argv[1], argv[2], argv[3], argv[4]);
    return show_refusals();
}
