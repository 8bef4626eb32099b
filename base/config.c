/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of configuration: table of keys, YAML events, environment. Knows no key by name. The file
 * is read whole and small, so that every refusal can name its line. */
#include "base/config.h"
#include "base/check.h"
#include "base/config_value.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#define FILE_MAX_BYTES (256 * 1024) /* a larger file is not a configuration */

struct loader {
    void *out;
    const struct config_key *keys;
    size_t key_count;
    const char *file;
    char *error;
    yaml_parser_t yaml;
    char section[CONFIG_NAME_MAX];
    size_t *section_lines; /* both of config_sources */
    size_t *key_lines;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct loader *l, size_t line,
                                                        const char *format, ...)
{
    int n = snprintf(l->error, CONFIG_ERROR_MAX, "%s:%zu: ", l->file, line);
    va_list args;
    va_start(args, format);
    if (n > 0 && n < CONFIG_ERROR_MAX)
        vsnprintf(l->error + n, CONFIG_ERROR_MAX - (size_t)n, format, args);
    va_end(args);
    return SQ_ERR_INVALID;
}

static size_t section_length(const struct config_key *key)
{
    const char *dot = strchr(key->name, '.');
    CHECK(dot && dot > key->name && dot[1] != '\0');
    CHECK(strlen(key->name) + sizeof "SHANQIAO_" < CONFIG_NAME_MAX);
    return (size_t)(dot - key->name);
}

/* Index of the first key of the section, key_count when no key has it. */
static size_t section_find(const struct loader *l, const char *section)
{
    size_t i;
    for (i = 0; i < l->key_count; i++) {
        size_t n = section_length(&l->keys[i]);
        if (strlen(section) == n && memcmp(l->keys[i].name, section, n) == 0)
            break;
    }
    return i;
}

static size_t key_find(const struct loader *l, const char *section, const char *key)
{
    char name[2 * CONFIG_NAME_MAX];
    size_t i;
    snprintf(name, sizeof name, "%s.%s", section, key);
    for (i = 0; i < l->key_count; i++)
        if (strcmp(l->keys[i].name, name) == 0)
            break;
    return i;
}

void config_environment_name(const struct config_key *key, char out[CONFIG_NAME_MAX])
{
    snprintf(out, CONFIG_NAME_MAX, "SHANQIAO_%s", key->name);
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

/* "a, b, c": what may stand at this place, for messages. section NULL: the sections. */
static const char *known_names(const struct loader *l, const char *section, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < l->key_count; i++) {
        size_t n = section_length(&l->keys[i]);
        const char *name = l->keys[i].name;
        if (section && (strlen(section) != n || memcmp(section, name, n) != 0))
            continue;
        char word[CONFIG_NAME_MAX] = "";
        memcpy(word, section ? name + n + 1 : name, section ? strlen(name) - n - 1 : n);
        if (!section && section_find(l, word) != i)
            continue;
        int wrote = snprintf(out + used, size - used, "%s%s", used ? ", " : "", word);
        if (wrote < 0 || (size_t)wrote >= size - used)
            break;
        used += (size_t)wrote;
    }
    return out;
}

static size_t event_line(const yaml_event_t *e)
{
    return e->start_mark.line + 1;
}

static const char *event_describe(const yaml_event_t *e, struct config_found *found)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        if (e->data.scalar.length == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
            return "nothing";
        return config_value_quote((const char *)e->data.scalar.value, e->data.scalar.length, found);
    case YAML_SEQUENCE_START_EVENT:
        return "a list";
    case YAML_MAPPING_START_EVENT:
        return "a mapping";
    case YAML_ALIAS_EVENT:
        return "an alias";
    default:
        return "the end";
    }
}

/* The next event, or a refusal with the place of the syntax error. The caller deletes *e after
 * success. */
static int next_event(struct loader *l, const char *text, yaml_event_t *e)
{
    if (yaml_parser_parse(&l->yaml, e))
        return 0;
    size_t line = l->yaml.problem_mark.line + 1;
    if (l->yaml.error == YAML_READER_ERROR) { /* knows only an offset */
        line = 1;
        for (size_t i = 0; i < l->yaml.problem_offset && text[i]; i++)
            line += text[i] == '\n';
    }
    return refuse(l, line,
                  "not YAML: %s; write \"section:\" and below it indented \"key: value\" lines",
                  l->yaml.problem ? l->yaml.problem : "unreadable");
}

/* A plain name at a mapping's key position: copied to `out`, cut when too long to be known anyway.
 */
static void name_of(const yaml_event_t *e, char out[CONFIG_NAME_MAX])
{
    struct config_found found;
    if (e->type == YAML_SCALAR_EVENT && e->data.scalar.length < CONFIG_NAME_MAX &&
        strlen((const char *)e->data.scalar.value) == e->data.scalar.length)
        snprintf(out, CONFIG_NAME_MAX, "%s", (const char *)e->data.scalar.value);
    else
        snprintf(out, CONFIG_NAME_MAX, "%s", event_describe(e, &found));
    for (char *c = out; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
}

static int refuse_value(struct loader *l, const struct config_key *key, size_t line,
                        const char *found)
{
    char want[CONFIG_PHRASE_MAX];
    bool list = key->type == CONFIG_LIST;
    return refuse(l, line, "%s: found %s, want %s; %s", key->name, found,
                  config_value_want(key, want),
                  list ? "write [one, two], or \"- one\" lines"
                       : "correct the value, or remove the line for the default");
}

static int load_list(struct loader *l, const struct config_key *key, const char *text)
{
    int r = 0;
    bool done = false;
    config_value_clear_list(l->out, key);
    while (r == 0 && !done) {
        yaml_event_t e;
        struct config_found found;
        const char *bad = NULL;
        if ((r = next_event(l, text, &e)) < 0)
            break;
        done = e.type == YAML_SEQUENCE_END_EVENT;
        if (!done && e.type != YAML_SCALAR_EVENT)
            bad = event_describe(&e, &found);
        else if (!done)
            bad = config_value_add_entry(l->out, key, (const char *)e.data.scalar.value,
                                         e.data.scalar.length, &found);
        if (bad)
            r = refuse_value(l, key, event_line(&e), bad);
        yaml_event_delete(&e);
    }
    return r;
}

static int load_value(struct loader *l, const struct config_key *key, const char *text)
{
    yaml_event_t e;
    struct config_found found;
    int r = next_event(l, text, &e);
    if (r < 0)
        return r;
    bool is_list = e.type == YAML_SEQUENCE_START_EVENT;
    bool empty = e.type == YAML_SCALAR_EVENT && e.data.scalar.length == 0 &&
                 e.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *bad = NULL;
    if (is_list != (key->type == CONFIG_LIST) || (!is_list && e.type != YAML_SCALAR_EVENT) || empty)
        bad = event_describe(&e, &found);
    else if (!is_list)
        bad = config_value_set_text(l->out, key, (const char *)e.data.scalar.value,
                                    e.data.scalar.length, &found);
    if (bad)
        r = refuse_value(l, key, event_line(&e), bad);
    yaml_event_delete(&e);
    return r == 0 && is_list ? load_list(l, key, text) : r;
}

static int load_key(struct loader *l, const yaml_event_t *e, const char *text)
{
    char name[CONFIG_NAME_MAX];
    char known[512];
    size_t line = event_line(e);
    name_of(e, name);
    size_t i = e->type == YAML_SCALAR_EVENT ? key_find(l, l->section, name) : l->key_count;
    if (i == l->key_count)
        return refuse(l, line,
                      "%s.%s: found an unknown key, want one of %s; correct or remove the line",
                      l->section, name, known_names(l, l->section, known, sizeof known));
    if (l->key_lines[i])
        return refuse(
            l, line,
            "%s: found a second time, want it once (first on line %zu); remove one of the lines",
            l->keys[i].name, l->key_lines[i]);
    l->key_lines[i] = line;
    return load_value(l, &l->keys[i], text);
}

/* The mapping of one section, from its start to its end. */
static int load_section_body(struct loader *l, const char *text)
{
    yaml_event_t e;
    struct config_found found;
    int r = next_event(l, text, &e);
    if (r < 0)
        return r;
    bool nothing = e.type == YAML_SCALAR_EVENT && e.data.scalar.length == 0;
    if (e.type != YAML_MAPPING_START_EVENT &&
        !nothing) /* a section with all lines commented out is fine */
        r = refuse(l, event_line(&e),
                   "%s: found %s, want keys with values; write \"key: value\" lines, indented",
                   l->section, event_describe(&e, &found));
    yaml_event_delete(&e);
    bool done = nothing;
    while (r == 0 && !done) {
        if ((r = next_event(l, text, &e)) < 0)
            break;
        done = e.type == YAML_MAPPING_END_EVENT;
        if (!done)
            r = load_key(l, &e, text);
        yaml_event_delete(&e);
    }
    return r;
}

static int load_section(struct loader *l, const yaml_event_t *e, const char *text)
{
    char known[512];
    name_of(e, l->section);
    size_t i = e->type == YAML_SCALAR_EVENT ? section_find(l, l->section) : l->key_count;
    if (i == l->key_count)
        return refuse(l, event_line(e),
                      "%s: found an unknown section, want one of %s; correct or remove it",
                      l->section, known_names(l, NULL, known, sizeof known));
    if (l->section_lines[i])
        return refuse(
            l, event_line(e),
            "%s: found a second time, want each section once (first on line %zu); join the two",
            l->section, l->section_lines[i]);
    l->section_lines[i] = event_line(e);
    return load_section_body(l, text);
}

/* Stream and document events carry no value; depth 0 expects the one mapping of sections. */
static int load_events(struct loader *l, const char *text)
{
    int r = 0;
    size_t documents = 0;
    bool inside = false;
    bool done = false;
    while (r == 0 && !done) {
        yaml_event_t e;
        struct config_found found;
        if ((r = next_event(l, text, &e)) < 0)
            break;
        done = e.type == YAML_STREAM_END_EVENT;
        if (e.type == YAML_DOCUMENT_START_EVENT && documents++ > 0)
            r = refuse(l, event_line(&e),
                       "found a second document, want one; remove the \"---\" line");
        else if (inside && e.type == YAML_MAPPING_END_EVENT)
            inside = false;
        else if (inside)
            r = load_section(l, &e, text);
        else if (e.type == YAML_MAPPING_START_EVENT)
            inside = true;
        else if (e.type == YAML_SCALAR_EVENT
                     ? e.data.scalar.length > 0
                     : e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_ALIAS_EVENT)
            r = refuse(
                l, event_line(&e),
                "found %s, want sections; write \"section:\" and below it \"key: value\" lines",
                event_describe(&e, &found));
        yaml_event_delete(&e);
    }
    return r;
}

static int load_text(struct loader *l, const char *text, size_t len)
{
    if (!yaml_parser_initialize(&l->yaml)) {
        snprintf(l->error, CONFIG_ERROR_MAX, "%s", sq_error_text(SQ_ERR_NOMEM, "en"));
        return SQ_ERR_NOMEM;
    }
    yaml_parser_set_encoding(&l->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l->yaml, (const unsigned char *)text, len);
    int r = load_events(l, text);
    yaml_parser_delete(&l->yaml);
    return r;
}

static int refuse_file(struct loader *l, const char *why)
{
    snprintf(l->error, CONFIG_ERROR_MAX,
             "%s: can't be read: %s; check the path and its permissions, or start without a file",
             l->file, why);
    return SQ_ERR_IO;
}

static int load_file(struct loader *l)
{
    char *text = malloc(FILE_MAX_BYTES + 1);
    FILE *f = fopen(l->file, "re");
    int r;
    if (!text) {
        snprintf(l->error, CONFIG_ERROR_MAX, "%s", sq_error_text(SQ_ERR_NOMEM, "en"));
        r = SQ_ERR_NOMEM;
    } else if (!f) {
        r = refuse_file(l, strerror(errno));
    } else {
        size_t len = fread(text, 1, FILE_MAX_BYTES, f);
        text[len] = '\0';
        if (ferror(f))
            r = refuse_file(l, strerror(errno));
        else if (len == FILE_MAX_BYTES)
            r = refuse_file(l, "it is larger than 256 KiB");
        else
            r = load_text(l, text, len);
    }
    if (f)
        fclose(f);
    free(text);
    return r;
}

static void load_defaults(struct loader *l)
{
    for (size_t i = 0; i < l->key_count; i++) {
        struct config_found found;
        const struct config_key *key = &l->keys[i];
        section_length(key); /* checks the form of the name */
        if (key->type == CONFIG_LIST)
            config_value_clear_list(l->out, key);
        if (key->fallback) {
            const char *bad_default = config_value_set_flat(l->out, key, key->fallback, &found);
            CHECK(!bad_default);
        }
    }
}

/* A variable of one of our sections that names no key is likely a slip of the pen, but may be meant
 * for another program that shares the section: said, not refused. */
static void warn_of_unknown_variable(const struct loader *l, const char *variable)
{
    size_t len = strcspn(variable, "=");
    bool ours = false;
    for (size_t i = 0; i < l->key_count; i++) {
        char name[CONFIG_NAME_MAX];
        config_environment_name(&l->keys[i], name);
        size_t prefix = sizeof "SHANQIAO_" + section_length(&l->keys[i]);
        ours |= strncmp(variable, name, prefix) == 0;
        if (strlen(name) == len && memcmp(variable, name, len) == 0)
            return;
    }
    if (ours) {
        char name[2 * CONFIG_NAME_MAX] = "";
        memcpy(name, variable, len < sizeof name ? len : sizeof name - 1);
        log_write(LOG_WARN, "config.unknown_variable", LOG_TEXT("variable", name),
                  LOG_TEXT("remedy", "compare it with the names that --help lists"));
    }
}

static int load_environment(struct loader *l)
{
    for (char **variable = environ; variable && *variable; variable++)
        warn_of_unknown_variable(l, *variable);
    for (size_t i = 0; i < l->key_count; i++) {
        char name[CONFIG_NAME_MAX];
        char want[CONFIG_PHRASE_MAX];
        struct config_found found;
        const struct config_key *key = &l->keys[i];
        config_environment_name(key, name);
        const char *value = getenv(name);
        if (!value)
            continue;
        const char *bad = config_value_set_flat(l->out, key, value, &found);
        if (bad) {
            snprintf(
                l->error, CONFIG_ERROR_MAX,
                "environment variable %s: %s: found %s, want %s; correct or unset the variable",
                name, key->name, bad, config_value_want(key, want));
            return SQ_ERR_INVALID;
        }
        l->key_lines[i] = SIZE_MAX;
    }
    return 0;
}

static int check_required(struct loader *l)
{
    for (size_t i = 0; i < l->key_count; i++) {
        const struct config_key *key = &l->keys[i];
        char want[CONFIG_PHRASE_MAX];
        char name[CONFIG_NAME_MAX];
        if (key->fallback || l->key_lines[i])
            continue;
        char section[CONFIG_NAME_MAX];
        snprintf(section, sizeof section, "%.*s", (int)section_length(key), key->name);
        config_environment_name(key, name);
        config_value_want(key, want);
        if (l->file) {
            size_t line = l->section_lines[section_find(l, section)];
            return refuse(l, line ? line : 1,
                          "%s: found nothing, want %s; add \"%s: ...\" under \"%s:\", or set %s",
                          key->name, want, key->name + strlen(section) + 1, section, name);
        }
        snprintf(l->error, CONFIG_ERROR_MAX,
                 "environment variable %s: %s: found nothing, want %s; set it, or name a "
                 "configuration file",
                 name, key->name, want);
        return SQ_ERR_INVALID;
    }
    return 0;
}

int config_load_traced(void *out, const struct config_key *keys, size_t key_count, const char *file,
                       struct config_sources *sources, char error[CONFIG_ERROR_MAX])
{
    CHECK(key_count <= CONFIG_KEYS_MAX);
    *sources = (struct config_sources){.keys = keys, .key_count = key_count, .file = file};
    struct loader l = {.out = out,
                       .keys = keys,
                       .key_count = key_count,
                       .file = file,
                       .error = error,
                       .section_lines = sources->section_lines,
                       .key_lines = sources->lines};
    error[0] = '\0';
    load_defaults(&l);
    int r = file ? load_file(&l) : 0;
    if (r == 0)
        r = load_environment(&l);
    if (r == 0)
        r = check_required(&l);
    return r;
}

int config_load(void *out, const struct config_key *keys, size_t key_count, const char *file,
                char error[CONFIG_ERROR_MAX])
{
    struct config_sources sources;
    return config_load_traced(out, keys, key_count, file, &sources, error);
}

/* "FILE:LINE" of a key's value, or of the place where one would be written. */
static void place_of(const struct config_sources *s, size_t key, char *out, size_t size)
{
    char name[CONFIG_NAME_MAX];
    size_t line = s->lines[key];
    if (line == SIZE_MAX || !s->file) {
        config_environment_name(&s->keys[key], name);
        snprintf(out, size, "environment variable %s", name);
        return;
    }
    size_t length = section_length(&s->keys[key]);
    for (size_t i = 0; i < s->key_count && line == 0; i++)
        if (strncmp(s->keys[i].name, s->keys[key].name, length + 1) == 0)
            line = s->section_lines[i];
    snprintf(out, size, "%s:%zu", s->file, line ? line : 1);
}

int config_refuse(const struct config_sources *sources, const char *key, const char *found,
                  const char *want, const char *remedy, char error[CONFIG_ERROR_MAX])
{
    char place[CONFIG_TEXT_MAX];
    size_t i = 0;
    while (i < sources->key_count && strcmp(sources->keys[i].name, key) != 0)
        i++;
    CHECK(i < sources->key_count);
    place_of(sources, i, place, sizeof place);
    snprintf(error, CONFIG_ERROR_MAX, "%s: %s: found %s%s, want %s; %s", place, key, found,
             sources->lines[i] ? "" : " (the default)", want, remedy);
    return SQ_ERR_INVALID;
}

void config_help(FILE *to, const struct config_key *keys, size_t key_count)
{
    fprintf(to, "Configuration: a YAML file of \"section:\" with indented \"key: value\" lines. An "
                "environment\n"
                "variable wins over the file, the file over the default.\n");
    for (size_t i = 0; i < key_count; i++) {
        char name[CONFIG_NAME_MAX];
        char want[CONFIG_PHRASE_MAX];
        const struct config_key *key = &keys[i];
        config_environment_name(key, name);
        fprintf(to, "\n  %s (%s)\n      %s\n", key->name, name, key->says);
        fprintf(to, "      %s; ", config_value_want(key, want));
        if (!key->fallback)
            fprintf(to, "required\n");
        else
            fprintf(to, "default %s\n", key->fallback[0] ? key->fallback : "empty");
    }
}
