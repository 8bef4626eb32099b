/* SPDX-License-Identifier: Apache-2.0 */
/* TURN servers and the secret that is shared with them, looked at before the server starts. */
#include "shanqiao/error.h"
#include "signaling/settings.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_urls(const struct config_list *urls, const struct config_sources *sources,
                      char error[CONFIG_ERROR_MAX])
{
    char found[CONFIG_PHRASE_MAX];
    for (size_t i = 0; i < urls->count; i++) {
        if (i >= TURN_URLS_MAX || !turn_url_valid(urls->entries[i]))
            return config_refuse(
                sources, "turn.urls", config_quote(urls->entries[i], found),
                "at most 8 addresses like turn:host:3478?transport=udp or "
                "turns:host:443?transport=tcp",
                "write them as coturn listens; name and password are made by this program", error);
    }
    return 0;
}

/* The secret's one line; what is wrong as text, NULL: nothing. */
static const char *read_secret(const char *file, char out[TURN_SECRET_MAX])
{
    char text[TURN_SECRET_MAX + 2];
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return strerror(errno);
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    bool open_to_others = regular && (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP));
    ssize_t n = regular && !open_to_others ? read(fd, text, sizeof text - 1) : 0;
    close(fd);
    if (!regular)
        return "it is no file";
    if (open_to_others)
        return "others may read or change it";
    if (n < 0)
        return "it can't be read";
    text[n] = '\0';
    size_t len = strcspn(text, "\r\n");
    bool rest = text[len + strspn(text + len, "\r\n")] != '\0' || strlen(text) != (size_t)n;
    bool good = !rest && len >= TURN_SECRET_MIN && len < TURN_SECRET_MAX;
    if (good) {
        memcpy(out, text, len);
        out[len] = '\0';
    }
    sodium_memzero(text, sizeof text);
    return good ? NULL : "it holds no line of 16 to 255 characters, or more than one";
}

int settings_set_turn(const struct settings *s, struct settings_setup *setup,
                      char error[CONFIG_ERROR_MAX])
{
    char quoted[CONFIG_PHRASE_MAX], found[2 * CONFIG_PHRASE_MAX];
    setup->turn.urls = &s->turn_urls;
    setup->turn.life_us = s->session_h * 3600 * TIME_US_PER_S;
    int code = check_urls(&s->turn_urls, &setup->sources, error);
    if (code || !s->turn_urls.count)
        return code;
    const char *why = s->turn_secret[0] ? read_secret(s->turn_secret, setup->turn.secret)
                                        : "it is not named, but turn.urls is";
    if (!why)
        return 0;
    snprintf(found, sizeof found, "%s: %s", config_quote(s->turn_secret, quoted), why);
    return config_refuse(&setup->sources, "turn.secret_file", found,
                         "a file of mode 0600 with coturn's static-auth-secret in one line",
                         "make one with \"openssl rand -hex 32\", and name the same text in "
                         "turnserver.conf (use-auth-secret, static-auth-secret)",
                         error);
}
