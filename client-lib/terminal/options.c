/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/options.h"
#include "client-lib/terminal/form.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TALK_SECONDS_MAX = 86400, RATE_MAX_BPS = 8000000 };

static const char HELP[] =
    "shanqiao-terminal: takes part in a consultation, as village doctor or as specialist.\n\n"
    "  --as doctor|specialist   what you do here (needed)\n"
    "  --server URL[,URL...]    wss://host:port/v1 (needed); several: nodes of one installation,\n"
    "                           the next one is tried when a connection is lost\n"
    "  --ca FILE                PEM certificate that the server's must chain to (default: the "
    "system's)\n"
    "  --server-name NAME       name expected in the server's certificate (default: host of URL)\n"
    "  --account NAME           your account (needed)\n"
    "  --password-file FILE     first line is the password (default: environment "
    "SHANQIAO_PASSWORD)\n"
    "  --take-over              end your session on another device\n"
    "  --session FILE           keep the session here; a terminal started again comes back by it\n"
    "  --video SOURCE           .y4m, any file ffmpeg reads, or a camera such as /dev/video0\n"
    "  --audio SOURCE           .wav, any file ffmpeg reads, or 'microphone'\n"
    "  --codec vp8|vp9          of what is sent (default vp8)\n"
    "  --max-kbps N             never send more (default: as the link allows)\n"
    "  --narrow                 link known to be narrow: short tags, no extensions\n"
    "  --force-tcp              media over TCP only\n"
    "  --consultation FILE      JSON of the request (doctor; asked for when missing)\n"
    "  --opinion FILE           JSON of the opinion (specialist; asked for when missing)\n"
    "  --attach \"[TYPE] FILE\"   send a photo, PDF, DICOM, ECG or sound clip to the consultation\n"
    "  --automatic              submit, accept, end and sign without asking\n"
    "  --seconds N              with --automatic: end the talk after N seconds (default 20)\n"
    "  --headless               no window, no sound card\n"
    "  --record DIR             write audio.wav, video.y4m, frames.csv, sent.csv of what was "
    "decoded and sent\n"
    "  --snapshot FILE          write the picture of the middle of the talk as PNG\n"
    "  --report FILE            write figures as JSON at the end\n"
    "  --events FILE            write each event as a JSON line\n"
    "  --language zh-CN|en      default zh-CN\n"
    "  --help, --version\n\n"
    "While it runs, type: accept, refuse REASON, cancel REASON, mute, unmute, leave, enter, end, "
    "sign, "
    "acknowledge, outcome agrees|agrees_in_part|differs|unknown TEXT, archive, attach [TYPE] FILE, "
    "quit.\n"
    "Exit: 0 the consultation was completed, 2 it was refused, cancelled or expired, 1 anything "
    "else.\n";

static int refuse(const char *what)
{
    fprintf(stderr, "shanqiao-terminal: %s. See --help.\n", what);
    return SQ_ERR_INVALID;
}

static int read_json(json_t **out, const char *file)
{
    json_error_t why;
    *out = json_load_file(file, JSON_REJECT_DUPLICATES, &why);
    if (*out && json_is_object(*out))
        return SQ_OK;
    fprintf(stderr,
            "shanqiao-terminal: %s:%d: %s. It must be one JSON object; see docs/terminal.md.\n",
            file, *out ? 1 : why.line, *out ? "not an object" : why.text);
    return SQ_ERR_INVALID;
}

static int read_password(char out[256], const char *file)
{
    FILE *f = fopen(file, "re");
    const bool ok = f && fgets(out, 256, f);
    if (f)
        fclose(f);
    if (!ok) {
        fprintf(
            stderr,
            "shanqiao-terminal: no password could be read from %s. Check that the file exists.\n",
            file);
        return SQ_ERR_IO;
    }
    out[strcspn(out, "\r\n")] = 0;
    return SQ_OK;
}

static int parse_number(int *out, const char *text, int max)
{
    char *end = NULL;
    const long v = strtol(text, &end, 10);
    if (!*text || *end || v < 1 || v > max)
        return refuse("a number is out of range");
    *out = (int)v;
    return SQ_OK;
}

static int parse_choice(int *out, const char *text, const char *const choices[], const int values[])
{
    for (size_t i = 0; choices[i]; i++)
        if (strcmp(text, choices[i]) == 0) {
            *out = values[i];
            return SQ_OK;
        }
    fprintf(stderr, "shanqiao-terminal: '%s' is not one of the choices. See --help.\n", text);
    return SQ_ERR_INVALID;
}

enum option_id {
    OPT_AS = 256,
    OPT_SERVER,
    OPT_CA,
    OPT_SERVER_NAME,
    OPT_ACCOUNT,
    OPT_PASSWORD_FILE,
    OPT_TAKE_OVER,
    OPT_SESSION,
    OPT_VIDEO,
    OPT_AUDIO,
    OPT_CODEC,
    OPT_MAX_KBPS,
    OPT_NARROW,
    OPT_FORCE_TCP,
    OPT_CONSULTATION,
    OPT_OPINION,
    OPT_ATTACH,
    OPT_AUTOMATIC,
    OPT_SECONDS,
    OPT_HEADLESS,
    OPT_RECORD,
    OPT_SNAPSHOT,
    OPT_REPORT,
    OPT_EVENTS,
    OPT_LANGUAGE,
    OPT_HELP,
    OPT_VERSION
};

static const struct option LONG_OPTIONS[] = {{"as", 1, NULL, OPT_AS},
                                             {"server", 1, NULL, OPT_SERVER},
                                             {"ca", 1, NULL, OPT_CA},
                                             {"server-name", 1, NULL, OPT_SERVER_NAME},
                                             {"account", 1, NULL, OPT_ACCOUNT},
                                             {"password-file", 1, NULL, OPT_PASSWORD_FILE},
                                             {"take-over", 0, NULL, OPT_TAKE_OVER},
                                             {"session", 1, NULL, OPT_SESSION},
                                             {"video", 1, NULL, OPT_VIDEO},
                                             {"audio", 1, NULL, OPT_AUDIO},
                                             {"codec", 1, NULL, OPT_CODEC},
                                             {"max-kbps", 1, NULL, OPT_MAX_KBPS},
                                             {"narrow", 0, NULL, OPT_NARROW},
                                             {"force-tcp", 0, NULL, OPT_FORCE_TCP},
                                             {"consultation", 1, NULL, OPT_CONSULTATION},
                                             {"opinion", 1, NULL, OPT_OPINION},
                                             {"attach", 1, NULL, OPT_ATTACH},
                                             {"automatic", 0, NULL, OPT_AUTOMATIC},
                                             {"seconds", 1, NULL, OPT_SECONDS},
                                             {"headless", 0, NULL, OPT_HEADLESS},
                                             {"record", 1, NULL, OPT_RECORD},
                                             {"snapshot", 1, NULL, OPT_SNAPSHOT},
                                             {"report", 1, NULL, OPT_REPORT},
                                             {"events", 1, NULL, OPT_EVENTS},
                                             {"language", 1, NULL, OPT_LANGUAGE},
                                             {"help", 0, NULL, OPT_HELP},
                                             {"version", 0, NULL, OPT_VERSION},
                                             {0}};

static const struct {
    int id;
    size_t offset; /* of a const char * in struct options */
} TEXT_OPTIONS[] = {{OPT_SERVER, offsetof(struct options, server)},
                    {OPT_CA, offsetof(struct options, ca_file)},
                    {OPT_SERVER_NAME, offsetof(struct options, server_name)},
                    {OPT_ACCOUNT, offsetof(struct options, account)},
                    {OPT_SESSION, offsetof(struct options, session_file)},
                    {OPT_VIDEO, offsetof(struct options, video)},
                    {OPT_AUDIO, offsetof(struct options, audio)},
                    {OPT_RECORD, offsetof(struct options, record_dir)},
                    {OPT_SNAPSHOT, offsetof(struct options, snapshot_file)},
                    {OPT_REPORT, offsetof(struct options, report_file)},
                    {OPT_EVENTS, offsetof(struct options, events_file)},
                    {OPT_ATTACH, offsetof(struct options, attach_file)},
                    {OPT_LANGUAGE, offsetof(struct options, language)}};

static const struct {
    int id;
    size_t offset; /* of a bool in struct options */
} FLAG_OPTIONS[] = {{OPT_TAKE_OVER, offsetof(struct options, take_over)},
                    {OPT_NARROW, offsetof(struct options, narrow)},
                    {OPT_FORCE_TCP, offsetof(struct options, force_tcp)},
                    {OPT_AUTOMATIC, offsetof(struct options, automatic)},
                    {OPT_HEADLESS, offsetof(struct options, headless)}};

static bool set_simple(struct options *o, int id)
{
    for (size_t i = 0; i < sizeof TEXT_OPTIONS / sizeof TEXT_OPTIONS[0]; i++)
        if (TEXT_OPTIONS[i].id == id) {
            memcpy((char *)o + TEXT_OPTIONS[i].offset, &optarg, sizeof optarg);
            return true;
        }
    for (size_t i = 0; i < sizeof FLAG_OPTIONS / sizeof FLAG_OPTIONS[0]; i++)
        if (FLAG_OPTIONS[i].id == id) {
            *(bool *)((char *)o + FLAG_OPTIONS[i].offset) = true;
            return true;
        }
    return false;
}

static int set_special(struct options *o, int id)
{
    int value = 0, err;
    switch (id) {
    case OPT_AS:
        err = parse_choice(&value, optarg, (const char *const[]){"doctor", "specialist", NULL},
                           (const int[]){ROLE_DOCTOR, ROLE_SPECIALIST});
        o->role = (enum terminal_role)value;
        return err;
    case OPT_CODEC:
        err = parse_choice(&value, optarg, (const char *const[]){"vp8", "vp9", NULL},
                           (const int[]){SQ_CODEC_VP8, SQ_CODEC_VP9});
        o->codec = (enum sq_codec)value;
        return err;
    case OPT_PASSWORD_FILE:
        return read_password(o->password, optarg);
    case OPT_SECONDS:
        return parse_number(&o->seconds, optarg, TALK_SECONDS_MAX);
    case OPT_MAX_KBPS:
        err = parse_number(&value, optarg, RATE_MAX_BPS / 1000);
        o->max_bps = value * 1000;
        return err;
    case OPT_CONSULTATION:
        return read_json(&o->consultation, optarg);
    case OPT_OPINION:
        return read_json(&o->opinion, optarg);
    default:
        return SQ_ERR_INVALID; /* getopt has said why */
    }
}

static int check_consultation(json_t *form)
{
    struct sq_consultation_request request;
    const char *missing = NULL;
    if (!form || form_to_request(&request, form, "", &missing) == SQ_OK)
        return SQ_OK;
    fprintf(
        stderr,
        "shanqiao-terminal: the file of --consultation lacks %s. Add it; see docs/terminal.md.\n",
        missing);
    return SQ_ERR_INVALID;
}

static int check(const struct options *o)
{
    if (o->role == ROLE_NONE)
        return refuse("--as doctor or --as specialist is needed");
    if (!o->server || !o->account)
        return refuse("--server and --account are needed");
    if (!o->password[0] && !o->session_file)
        return refuse(
            "a password is needed: --password-file, or SHANQIAO_PASSWORD in the environment");
    if (o->automatic && ((o->role == ROLE_DOCTOR) ? !o->consultation : !o->opinion))
        return refuse("--automatic needs --consultation (doctor) or --opinion (specialist)");
    if (strcmp(o->language, "zh-CN") != 0 && strcmp(o->language, "en") != 0)
        return refuse("--language is zh-CN or en");
    return check_consultation(o->consultation);
}

int options_parse(struct options *o, int argc, char **argv)
{
    const char *password = getenv("SHANQIAO_PASSWORD");
    *o = (struct options){.codec = SQ_CODEC_VP8, .seconds = 20, .language = "zh-CN"};
    if (password)
        snprintf(o->password, sizeof o->password, "%s", password);
    for (int id; (id = getopt_long(argc, argv, "", LONG_OPTIONS, NULL)) != -1;) {
        if (id == OPT_HELP || id == OPT_VERSION) {
            printf("%s", id == OPT_HELP ? HELP : "shanqiao-terminal ");
            printf("%s%s", id == OPT_HELP ? "" : sq_version(), id == OPT_HELP ? "" : "\n");
            return 1;
        }
        const int err = set_simple(o, id) ? SQ_OK : set_special(o, id);
        if (err)
            return err;
    }
    if (optind < argc)
        return refuse("words that are not options were given");
    return check(o);
}

void options_fini(struct options *o)
{
    json_decref(o->consultation);
    json_decref(o->opinion);
    explicit_bzero(o->password, sizeof o->password);
}
