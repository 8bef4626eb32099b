/* SPDX-License-Identifier: Apache-2.0 */
/* A first installation: master key and database, TLS certificates, the key of node messages. Never
 * overwrites a key that is there. */
#include "base/random.h"
#include "cluster/cluster.h"
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/opinion/signer.h"
#include "signaling/opinion/x509.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE       1024
#define ALT_NAMES_MAX   4096
#define TLS_CA_VALID_US (10 * 365 * INT64_C(86400) * TIME_US_PER_S)
#define TLS_VALID_US                                                                               \
    (825 * INT64_C(86400) * TIME_US_PER_S) /* what Apple's and others' clients take at most */
#define SLACK_US (3600 * TIME_US_PER_S)

static int make_directory(const struct ctl *c, const char *dir)
{
    if (mkdir(dir, 0700) == 0 || errno == EEXIST)
        return CTL_OK;
    return ctl_fail(c, "can't make the directory %s: %s", "无法创建目录 %s：%s", dir,
                    strerror(errno));
}

static int make_master_key(const struct ctl *c, const char *path)
{
    int status = vault_create(path);
    if (status == 0)
        fprintf(c->out, "%s %s\n",
                ctl_text(c, "made the master key (keep a copy offline):",
                         "已创建主密钥（请离线备份）："),
                path);
    else if (status == SQ_ERR_CONFLICT)
        fprintf(c->out, "%s %s\n", ctl_text(c, "master key is there:", "主密钥已存在："), path);
    else
        return ctl_fail(c, "can't write %s: %s", "无法写入 %s：%s", path, strerror(errno));
    return CTL_OK;
}

/* The CA of signatures; from now on a wrong master key is found at start, because the CA's key does
 * not open. */
static int make_ca(const struct ctl *c, struct service *s)
{
    int status = store_begin(s->store);
    if (status == 0)
        status = signer_p256_make_ca(s, c->utc_us);
    if (status == 0)
        status = store_commit(s->store);
    store_rollback(s->store);
    if (status < 0)
        return ctl_fail(c, "can't make the CA of signatures: %s", "无法创建签名根证书：%s",
                        store_error(s->store));
    return CTL_OK;
}

int ctl_init(struct ctl *c)
{
    char path[PATH_SIZE], error[STORE_ERROR_MAX];
    struct store *store = NULL;
    struct service s;
    if (!c->db || !c->keys) {
        ctl_fail(c, "--db FILE and --keys DIR are needed", "需要 --db FILE 和 --keys DIR");
        return CTL_USAGE;
    }
    int status = make_directory(c, c->keys);
    if (status != CTL_OK)
        return status;
    snprintf(path, sizeof(path), "%s/master.key", c->keys);
    bool key_missing = access(path, F_OK) != 0;
    if (key_missing && !store_is_uri(c->db) && access(c->db, F_OK) == 0)
        return ctl_fail(c, "the database %s is there but its master key %s is not: restore the key",
                        "数据库 %s 已存在，但缺少其主密钥 %s：请恢复密钥备份", c->db, path);
    status = make_master_key(c, path);
    if (status != CTL_OK)
        return status;
    if (store_open(&store, c->db, error) < 0)
        return ctl_fail(c, "%s", "%s", error);
    store_close(store);
    status = ctl_open(c, &s); /* key and database belong together */
    if (status != CTL_OK)
        return status;
    status = make_ca(c, &s);
    service_close(&s);
    if (status != CTL_OK)
        return status;
    store_database_name(c->db, path, sizeof(path));
    fprintf(c->out, "%s %s\n", ctl_text(c, "database is ready:", "数据库已就绪："), path);
    return CTL_OK;
}

/* ---- files ---- */

static int write_file(const struct ctl *c, const char *path, mode_t mode, const char *text)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return ctl_fail(c, "can't make %s: %s", "无法创建 %s：%s", path, strerror(errno));
    bool ok = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok)
        return ctl_fail(c, "can't write %s: %s", "无法写入 %s：%s", path, strerror(errno));
    fprintf(c->out, "%s\n", path);
    return CTL_OK;
}

static int write_in(const struct ctl *c, const char *dir, const char *name, mode_t mode, char *text)
{
    char path[PATH_SIZE];
    if (!text)
        return ctl_fail(c, "out of memory", "内存不足");
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int status = write_file(c, path, mode, text);
    sodium_memzero(text, strlen(text));
    free(text);
    return status;
}

/* ---- tls-init ---- */

static bool is_address(const char *host)
{
    return strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0';
}

/* "DNS:localhost,IP:127.0.0.1"; false for a host that could add other names, or too many. */
static bool alt_names(const struct ctl *c, char out[ALT_NAMES_MAX])
{
    size_t at = 0;
    for (size_t i = 1; i < c->argument_count; i++) {
        const char *host = c->arguments[i];
        if (!host[0] || host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789.-:*")])
            return false;
        int len = snprintf(out + at, ALT_NAMES_MAX - at, "%s%s:%s", i > 1 ? "," : "",
                           is_address(host) ? "IP" : "DNS", host);
        if (len < 0 || (size_t)len >= ALT_NAMES_MAX - at)
            return false;
        at += (size_t)len;
    }
    return true;
}

struct tls_files {
    EVP_PKEY *ca_key, *server_key;
    X509 *ca, *server;
};

static bool make_certificates(const struct ctl *c, const char *names, struct tls_files *f)
{
    struct x509_request ca = {.common_name = "Shanqiao TLS CA",
                              .from_utc_us = c->utc_us - SLACK_US,
                              .until_utc_us = c->utc_us + TLS_CA_VALID_US,
                              .authority = true};
    struct x509_request server = {.common_name = c->arguments[1],
                                  .alt_names = names,
                                  .from_utc_us = c->utc_us - SLACK_US,
                                  .until_utc_us = c->utc_us + TLS_VALID_US};
    f->ca_key = x509_new_key();
    f->server_key = x509_new_key();
    if (!f->ca_key || !f->server_key)
        return false;
    f->ca = x509_issue(&ca, f->ca_key, NULL, NULL);
    f->server = f->ca ? x509_issue(&server, f->server_key, f->ca, f->ca_key) : NULL;
    return f->server != NULL;
}

static int write_certificates(const struct ctl *c, const struct tls_files *f)
{
    const char *dir = c->arguments[0];
    int status = write_in(c, dir, "ca.key", 0600, x509_key_to_pem(f->ca_key));
    if (status == CTL_OK)
        status = write_in(c, dir, "ca.crt", 0644, x509_to_pem(f->ca));
    if (status == CTL_OK)
        status = write_in(c, dir, "server.key", 0600, x509_key_to_pem(f->server_key));
    if (status == CTL_OK)
        status = write_in(c, dir, "server.crt", 0644, x509_to_pem(f->server));
    return status;
}

int ctl_tls_init(struct ctl *c)
{
    char names[ALT_NAMES_MAX];
    struct tls_files files = {0};
    if (!alt_names(c, names))
        return ctl_fail(c, "a host is not a name or address", "主机名或地址无效");
    int status = make_directory(c, c->arguments[0]);
    if (status == CTL_OK && !make_certificates(c, names, &files))
        status = ctl_fail(c, "OpenSSL refused the names: %s", "OpenSSL 拒绝了这些名称：%s", names);
    if (status == CTL_OK)
        status = write_certificates(c, &files);
    X509_free(files.server);
    X509_free(files.ca);
    EVP_PKEY_free(files.server_key);
    EVP_PKEY_free(files.ca_key);
    return status;
}

/* ---- cluster new-key ---- */

static void key_line(uint32_t id, const uint8_t secret[CLUSTER_KEY_BYTES], char *out, size_t size)
{
    char hex[2 * CLUSTER_KEY_BYTES + 1];
    sodium_bin2hex(hex, sizeof(hex), secret, CLUSTER_KEY_BYTES);
    snprintf(out, size, "%u %s\n", id, hex);
    sodium_memzero(hex, sizeof(hex));
}

/* The newest key seals, the one before it still opens: two are live at a time. */
int ctl_cluster_new_key(struct ctl *c)
{
    const char *file = c->arguments[0];
    struct cluster_key known[CLUSTER_KEYS_MAX] = {0};
    uint8_t secret[CLUSTER_KEY_BYTES];
    char path[PATH_SIZE], text[512], newest[256], former[256] = "";
    size_t count = 0;
    int line = 0;
    if (access(file, F_OK) == 0 && cluster_keys_read(file, known, &count, &line) < 0)
        return ctl_fail(c, "%s, line %d: not a key file of mode 0600",
                        "%s 第 %d 行：不是权限为 0600 的密钥文件", file, line);
    random_bytes(secret, sizeof(secret));
    key_line(count ? known[0].id + 1 : 1, secret, newest, sizeof(newest));
    if (count)
        key_line(known[0].id, known[0].secret, former, sizeof(former));
    snprintf(text, sizeof(text), "%s%s", newest, former);
    snprintf(path, sizeof(path), "%s.new", file);
    int status = write_file(c, path, 0600, text);
    if (status == CTL_OK && rename(path, file) != 0)
        status = ctl_fail(c, "can't rename %s: %s", "无法重命名 %s：%s", path, strerror(errno));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(text, sizeof(text));
    sodium_memzero(newest, sizeof(newest));
    sodium_memzero(former, sizeof(former));
    sodium_memzero(known, sizeof(known));
    return status;
}
