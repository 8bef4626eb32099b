/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-terminal: opens what the options name, then turns one loop until the consultation is
 * over. */
#include "client-lib/terminal/form.h"
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 4

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static int64_t utc_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void read_commands(struct terminal *t, bool *input_open)
{
    struct pollfd in = {.fd = *input_open ? STDIN_FILENO : -1, .events = POLLIN};
    char line[2048];
    if (poll(&in, 1, TICK_MS) <= 0)
        return;
    if (fgets(line, sizeof line, stdin))
        command_run(t, line);
    else
        *input_open = false;
}

static void tick(struct terminal *t)
{
    struct sq_event event;
    while (!t->done && sq_client_next_event(t->client, &event))
        flow_event(t, &event);
    if (t->done)
        return;
    flow_tick(t, sq_now_us());
    media_tick(t, sq_now_us());
    attach_tick(t);
    if (t->window) {
        window_draw(t->window);
        t->done |= window_wants_quit(t->window);
    }
}

static void run(struct terminal *t)
{
    bool input_open = !t->options->automatic;
    setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what stdio would have buffered */
    t->exit_code = 1;
    while (!t->done && !stop_asked) {
        read_commands(t, &input_open);
        tick(t);
    }
    talk_leave(t);
}

static int open_client(struct terminal *t)
{
    const struct options *o = t->options;
    const struct sq_client_config config = {
        .struct_size = sizeof config,
        .url = o->server,
        .ca_file = o->ca_file,
        .server_name = o->server_name,
        .device = "shanqiao-terminal",
        .language = o->language,
    };
    int err = sq_client_new(&t->client, &config);
    if (!err)
        err = sq_client_start_thread(t->client);
    if (err)
        fprintf(stderr, "shanqiao-terminal: %s (--server, --ca)\n",
                sq_error_text(err, o->language));
    return err;
}

static int open_outputs(struct terminal *t)
{
    const struct options *o = t->options;
    if (o->events_file && !(t->events = fopen(o->events_file, "we"))) {
        fprintf(stderr, "shanqiao-terminal: can't write %s.\n", o->events_file);
        return SQ_ERR_IO;
    }
    return o->headless ? SQ_OK : window_open(&t->window, "Shanqiao 山桥");
}

static int open_all(struct terminal *t)
{
    char error[SOURCE_ERROR_MAX] = "";
    int err = media_open(t, error);
    if (err) {
        fprintf(stderr, "shanqiao-terminal: %s\n", error);
        return err;
    }
    err = open_outputs(t);
    if (!err)
        err = open_client(t);
    return err ? err : flow_start(t);
}

static void close_all(struct terminal *t)
{
    attach_stop(t);
    sq_client_free(t->client);
    if (report_write(t)) {
        fprintf(stderr, "shanqiao-terminal: can't write %s.\n", t->options->report_file);
        t->exit_code = 1;
    }
    if (media_close(t)) {
        fprintf(stderr, "shanqiao-terminal: the recording in %s is incomplete (disk full?).\n",
                t->options->record_dir);
        t->exit_code = 1;
    }
    window_close(t->window);
    if (t->events)
        fclose(t->events);
    json_decref(t->opinion);
}

int main(int argc, char **argv)
{
    struct options options;
    struct terminal terminal = {.options = &options, .exit_code = 1};
    const struct sigaction act = {.sa_handler = on_signal};
    const int parsed = options_parse(&options, argc, argv);
    if (parsed) {
        options_fini(&options);
        return parsed > 0 ? 0 : 1;
    }
    umask(077); /* sessions and recordings are for their owner alone */
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    terminal.utc_offset_us = utc_now_us() - sq_now_us();
    if (options.role == ROLE_DOCTOR && !options.consultation)
        options.consultation = form_ask_request(options.language);
    if (options.attach_file)
        attach_add(&terminal, options.attach_file);
    if (open_all(&terminal) == SQ_OK)
        run(&terminal);
    close_all(&terminal);
    options_fini(&options);
    return terminal.exit_code;
}
