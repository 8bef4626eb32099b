/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes what handlers share. */
#include "signaling/service.h"
#include "shanqiao/error.h"
#include "signaling/consult/deadlines.h"
#include "signaling/opinion/signer.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_FILE "master.key"

/* DESIGN section 5 leaves the times open: a minute and a half is what people let a telephone ring
 * twice. */
static const struct service_limits defaults = {
    .ring_timeout_us = 90 * TIME_US_PER_S,
    .start_timeout_us = 15 * 60 * TIME_US_PER_S,
    .abandoned_timeout_us = 30 * 60 * TIME_US_PER_S,
    .presence_grace_us = 30 * TIME_US_PER_S,
    .session_lifetime_us = 12 * 3600 * TIME_US_PER_S, /* docs/protocol/signaling.md */
};

static void default_to(time_us *value, time_us fallback)
{
    if (*value <= 0)
        *value = fallback;
}

static void set_limits(struct service_limits *l)
{
    default_to(&l->ring_timeout_us, defaults.ring_timeout_us);
    default_to(&l->start_timeout_us, defaults.start_timeout_us);
    default_to(&l->abandoned_timeout_us, defaults.abandoned_timeout_us);
    default_to(&l->presence_grace_us, defaults.presence_grace_us);
    default_to(&l->session_lifetime_us, defaults.session_lifetime_us);
}

static int open_vault(struct service *s, const char *keys, char error[SERVICE_ERROR_MAX])
{
    char path[SERVICE_PATH_MAX + sizeof(KEY_FILE) + 1];
    char detail[VAULT_ERROR_MAX];
    snprintf(path, sizeof(path), "%s/%s", keys, KEY_FILE);
    int status = vault_open(&s->vault, path, detail);
    if (status < 0)
        snprintf(error, SERVICE_ERROR_MAX, "%.200s: %s", path, detail);
    return status;
}

static int open_store(struct service *s, const char *path, char error[SERVICE_ERROR_MAX])
{
    char detail[STORE_ERROR_MAX], name[SERVICE_PATH_MAX];
    int status = store_open(&s->store, path, detail);
    store_database_name(path, name, sizeof(name));
    if (status < 0)
        snprintf(error, SERVICE_ERROR_MAX, "%.200s: %s", name, detail);
    return status;
}

int service_open(struct service *out, const struct service_config *config,
                 char error[SERVICE_ERROR_MAX])
{
    memset(out, 0, sizeof(*out));
    error[0] = '\0';
    out->limits = config->limits;
    set_limits(&out->limits);
    int status = open_vault(out, config->keys, error);
    if (status == 0)
        status = open_store(out, config->database, error);
    if (status == 0) {
        status = signer_p256_open(&out->signer, out);
        if (status < 0)
            snprintf(error, SERVICE_ERROR_MAX,
                     "the installation's signing key does not open (%s): is this the master key "
                     "that the database was made with? %s",
                     sq_error_name(status), store_error(out->store));
    }
    if (status < 0)
        service_close(out);
    return status;
}

void service_close(struct service *s)
{
    deadlines_free(s->deadlines);
    signer_close(s->signer);
    store_close(s->store);
    vault_close(s->vault);
    memset(s, 0, sizeof(*s));
}

const char *service_time_text(time_us utc_us, char out[SERVICE_TIME_MAX])
{
    time_t seconds = (time_t)(utc_us / TIME_US_PER_S);
    int ms = (int)(utc_us % TIME_US_PER_S / TIME_US_PER_MS);
    struct tm tm;
    char date[24];
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, SERVICE_TIME_MAX, "%s.%03dZ", date, ms);
    return out;
}

bool service_time_parse(const char *text, time_us *out)
{
    static const char form[] = "2026-01-31T08:15:00.000Z";
    char again[SERVICE_TIME_MAX];
    struct tm tm = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (!rest || strlen(text) != strlen(form) || rest[0] != '.' ||
        strspn(rest + 1, "0123456789") != 3 || rest[4] != 'Z')
        return false;
    time_us value =
        (time_us)timegm(&tm) * TIME_US_PER_S + strtoll(rest + 1, NULL, 10) * TIME_US_PER_MS;
    if (value < 0 || strcmp(service_time_text(value, again), text) != 0)
        return false; /* such as 31 February */
    *out = value;
    return true;
}
