/* SPDX-License-Identifier: Apache-2.0 */
/* Command line of shanqiaoctl: a table of commands, options, help in two languages. */
#include "signaling/ctl/ctl.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <getopt.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct command {
    const char *words; /* "audit verify" */
    const char *arguments;
    size_t at_least, at_most; /* arguments */
    int (*run)(struct ctl *c);
    const char *en, *zh;
};

static const struct command commands[] = {
    {"init", "--db FILE --keys DIR", 0, 0, ctl_init, "make the master key (0600) and the database",
     "创建主密钥（权限 0600）和数据库"},
    {"import", "--db FILE --keys DIR [--dry-run] [--remove] FILE|FOLDER", 1, 1, ctl_import,
     "the same as directory import", "同 directory import"},
    {"directory import", "--db FILE --keys DIR [--dry-run] [--remove] FILE.json|TABLE.csv|FOLDER",
     1, 1, ctl_import,
     "bring the directory to what the files say; --dry-run only shows it; --remove closes or "
     "removes what their tables do not name",
     "按文件更新目录；--dry-run 只显示差异；--remove 关闭或删除文件各表中没有的内容"},
    {"directory export", "--db FILE --keys DIR [--format json|csv] FILE|FOLDER", 1, 1,
     ctl_directory_export, "write the directory, without passwords (FILE -: standard output)",
     "导出目录，不含密码（FILE 为 - 时输出到标准输出）"},
    {"directory check", "--db FILE --keys DIR", 0, 0, ctl_directory_check,
     "find what is wrong or about to be: references, circles of help, ended agreements, empty "
     "panels",
     "检查目录：引用、帮扶环、到期协议、空专家组等"},
    {"directory generate",
     "[--counties N] [--townships N] [--villages N] [--members N] [--seed N] --out "
     "FILE.json|FOLDER",
     0, 0, ctl_directory_generate, "make up a province for tests (the same seed makes the same)",
     "生成用于测试的全省目录（相同种子结果相同）"},
    {"directory measure", "--db FILE --keys DIR [--lookups N]", 0, 0, ctl_directory_measure,
     "time the look-ups of routing in this directory (JSON, microseconds)",
     "测量路由查询耗时（JSON，微秒）"},
    {"account add",
     "--db FILE --keys DIR --name NAME --institution ID --role ROLE [--role ...] [--language L] "
     "LOGIN",
     1, 1, ctl_account_add, "add an account; the password is read from standard input",
     "新增账号；密码从标准输入读取"},
    {"account passwd", "--db FILE --keys DIR LOGIN", 1, 1, ctl_account_passwd,
     "set a new password (standard input); the account's sessions end",
     "重设密码（标准输入）；该账号的会话随即结束"},
    {"account disable", "--db FILE --keys DIR LOGIN", 1, 1, ctl_account_disable,
     "lock an account; its session ends within two seconds", "停用账号；其会话在两秒内结束"},
    {"account enable", "--db FILE --keys DIR LOGIN", 1, 1, ctl_account_enable,
     "unlock an account and forget its failed sign-ins", "启用账号并清除失败登录计数"},
    {"account roles", "--db FILE --keys DIR --role ROLE [--role ...] LOGIN", 1, 1,
     ctl_account_roles, "give an account these roles and no others; felt within two seconds",
     "设定账号的全部角色；两秒内生效"},
    {"account logout", "--db FILE --keys DIR LOGIN", 1, 1, ctl_account_logout,
     "end an account's sessions within two seconds; it may sign in again",
     "在两秒内结束账号的会话；可重新登录"},
    {"account list", "--db FILE --keys DIR", 0, 0, ctl_account_list, "list accounts", "列出账号"},
    {"audit verify", "--db FILE --keys DIR [--institution ID] [--expect FILE|NUMBER:HASH]", 0, 0,
     ctl_audit_verify,
     "check the chains of the audit log; names the first bad row of each. --expect: heads noted "
     "before",
     "校验审计日志各链，指出每条链的首个异常行；--expect：此前记下的链头"},
    {"audit head", "--db FILE --keys DIR [--institution ID]", 0, 0, ctl_audit_head,
     "print CHAIN NUMBER:HASH of each chain's last row; note them elsewhere (- is the "
     "installation's own chain)",
     "输出各链最后一行的 链 编号:哈希，请另行保存（- 为本系统自身的链）"},
    {"audit export",
     "--db FILE --keys DIR [--fhir] [--institution ID] [--from DATE] [--until DATE]", 0, 0,
     ctl_audit_export,
     "print rows as lines of JSON, with --fhir as FHIR R4 AuditEvent; until is not included",
     "按行输出审计记录（JSON），--fhir 输出 FHIR R4 AuditEvent；不含 until 当日"},
    {"retention list", "--db FILE --keys DIR", 0, 0, ctl_retention_list,
     "list ended cases: id, class, institution, end, due, held",
     "列出已结束的会诊：编号、类别、机构、结束日、到期日、是否保全"},
    {"retention due", "--db FILE --keys DIR", 0, 0, ctl_retention_due,
     "list those whose term is over", "列出已到期的会诊"},
    {"retention run", "--db FILE --keys DIR [--dry-run]", 0, 0, ctl_retention_run,
     "delete what is due and not held; each leaves a proof",
     "删除已到期且未保全的内容，并留下证明"},
    {"retention proof", "--db FILE --keys DIR ID", 1, 1, ctl_retention_proof,
     "print and check the proof of a deletion", "输出并校验删除证明"},
    {"retention class", "--db FILE --keys DIR ID outpatient|inpatient", 2, 2, ctl_retention_class,
     "say of which kind a record is", "设定病历类别（门诊/住院）"},
    {"retention hold", "--db FILE --keys DIR --reason TEXT ID", 1, 1, ctl_retention_hold,
     "keep a case, or all of an institution, until released; prints the hold's id",
     "保全会诊或机构的全部资料，直至解除；输出保全编号"},
    {"retention release", "--db FILE --keys DIR HOLD", 1, 1, ctl_retention_release,
     "release a hold", "解除保全"},
    {"retention holds", "--db FILE --keys DIR", 0, 0, ctl_retention_holds, "list holds in force",
     "列出有效的保全"},
    {"opinion verify", "--db FILE --keys DIR [--opinion ID] CONSULTATION", 1, 1, ctl_opinion_verify,
     "check the signed opinion of a consultation", "校验会诊的已签署意见"},
    {"opinion ca", "--db FILE --keys DIR", 0, 0, ctl_opinion_ca,
     "print the certificate that all signing certificates chain to", "输出签名证书的根证书"},
    {"opinion print", "--db FILE --keys DIR [--opinion ID] CONSULTATION FILE.pdf", 2, 2,
     ctl_opinion_print,
     "print the signed opinion of a consultation (A4), an MDT's with all opinions; --opinion: "
     "one version",
     "打印会诊的已签署意见（A4 PDF），多学科会诊含各专家意见；--opinion：某一版本"},
    {"opinion evidence", "--db FILE --keys DIR CONSULTATION FILE.zip", 2, 2, ctl_opinion_evidence,
     "write opinion, signature, certificates, record and audit rows as one package",
     "将意见、签名、证书、会诊记录和审计行导出为证据包"},
    {"verify", "[--ca FILE] [--expect SHA256] FILE.zip", 1, 1, ctl_verify,
     "check an evidence package; needs neither database nor network",
     "校验证据包；无需数据库和网络"},
    {"store status", "--db FILE", 0, 0, ctl_store_status,
     "print the step of the schema and how many rows each table has", "显示结构版本和各表行数"},
    {"store migrate", "--db FILE [--to N] [--lose-data]", 0, 0, ctl_store_migrate,
     "bring the schema to step N, back too; a way back that loses rows wants --lose-data",
     "将数据库结构升级或回退到版本 N；会丢失数据的回退需要 --lose-data"},
    {"store copy", "FROM TO", 2, 2, ctl_store_copy,
     "copy an installation into an empty database, from SQLite to PostgreSQL say; stop the servers "
     "before",
     "将整套数据复制到空数据库（如由 SQLite 迁至 PostgreSQL）；请先停止服务"},
    {"account token", "--db FILE --keys DIR LOGIN DAYS", 2, 2, ctl_account_token,
     "print a bearer token for a foreign program (role service); told once",
     "为外部程序（角色 service）生成访问令牌；仅显示一次"},
    {"webhook add", "--db FILE --keys DIR INSTITUTION https://...", 2, 2, ctl_webhook_add,
     "tell a foreign program of changes; prints its id and the secret, told once",
     "登记接收变更通知的外部程序；输出编号和密钥，仅显示一次"},
    {"webhook list", "--db FILE --keys DIR", 0, 0, ctl_webhook_list,
     "list receivers and how their deliveries stand", "列出接收方及其投递情况"},
    {"webhook remove", "--db FILE --keys DIR ID", 1, 1, ctl_webhook_remove,
     "tell it nothing any more", "不再通知该接收方"},
    {"link-key add", "--db FILE --keys DIR INSTITUTION", 1, 1, ctl_link_key_add,
     "make a key for links that open a case; prints its id and the secret, told once",
     "生成病例链接的签名密钥；输出编号和密钥，仅显示一次"},
    {"link-key remove", "--db FILE --keys DIR ID", 1, 1, ctl_link_key_remove,
     "links signed with it open nothing any more", "停用该链接密钥"},
    {"statistics", "--db FILE --keys DIR [--institution ID] [--from TIME] [--until TIME] json|csv",
     1, 1, ctl_statistics, "counts and waits by level, institution, specialty and kind",
     "按级别、机构、专科和类型统计数量与等待时间"},
    {"tls-init", "DIR HOST...", 2, CTL_ARGUMENTS_MAX, ctl_tls_init,
     "make a CA and a server certificate for a first installation",
     "为首次安装生成 CA 和服务器证书"},
    {"cluster new-key", "FILE", 1, 1, ctl_cluster_new_key,
     "make a key for node messages, or put a new one first in FILE (the former stays valid)",
     "生成节点通信密钥；文件已存在时新密钥置首，旧密钥仍有效"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const char *ctl_text(const struct ctl *c, const char *en, const char *zh)
{
    return c->chinese ? zh : en;
}

int ctl_fail(const struct ctl *c, const char *en, const char *zh, ...)
{
    va_list args;
    va_start(args, zh);
    fputs("shanqiaoctl: ", c->err);
    vfprintf(c->err, c->chinese ? zh : en, args);
    fputc('\n', c->err);
    va_end(args);
    return CTL_FAILED;
}

static void help(const struct ctl *c, FILE *to)
{
    fputs(ctl_text(c, "shanqiaoctl - operator's tool of Shanqiao\n\nUsage:\n",
                   "shanqiaoctl - 山桥运维工具\n\n用法：\n"),
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  shanqiaoctl %s %s\n      %s\n", commands[i].words, commands[i].arguments,
                ctl_text(c, commands[i].en, commands[i].zh));
    fputs(ctl_text(
              c,
              "\nLevels: village, township, county, city, province. Roles: village_doctor, "
              "specialist,\ncoordinator, operator, quality, admin, trainee, service. Exit: 0 done, "
              "1 failed, 2 "
              "usage, 3 a check found a fault.\n",
              "\n级别：village 村，township 乡镇，county 县，city 市，province 省。\n"
              "角色：village_doctor 基层医生，specialist 专家，coordinator 协调员，operator 运维，"
              "quality 质控，admin 管理员，trainee 学员（观摩），service 外部系统。\n"
              "退出码：0 成功，1 失败，2 用法错误，3 校验发现异常。\n"),
          to);
}

/* How many of argv the words of a command take when they match; 0 when they do not. */
static int match(const struct command *command, int argc, char **argv)
{
    const char *at = command->words;
    int used = 0;
    while (*at) {
        size_t len = strcspn(at, " ");
        if (used >= argc || strlen(argv[used]) != len || strncmp(argv[used], at, len) != 0)
            return 0;
        used++;
        at += len;
        at += strspn(at, " ");
    }
    return used;
}

static const struct command *find_command(int argc, char **argv, int *used)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if ((*used = match(&commands[i], argc, argv)))
            return &commands[i];
    return NULL;
}

/* Every option but --role and --help sets one member of struct ctl: a text, or a flag. */
static const struct setting {
    const char *name;
    size_t offset;
    bool flag;
} settings[] = {
#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct ctl, member), false                                                  \
    }
#define FLAG(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct ctl, member), true                                                   \
    }
    TEXT("db", db),
    TEXT("keys", keys),
    TEXT("name", name),
    TEXT("institution", institution),
    TEXT("language", language),
    TEXT("expect", expect),
    TEXT("ca", ca),
    TEXT("opinion", opinion),
    FLAG("dry-run", dry_run),
    TEXT("from", from),
    TEXT("until", until),
    TEXT("reason", reason),
    FLAG("fhir", fhir),
    TEXT("to", to),
    FLAG("lose-data", lose_data),
    FLAG("remove", directory.remove),
    TEXT("format", directory.format),
    TEXT("out", directory.out),
    TEXT("lookups", directory.lookups),
    TEXT("counties", directory.counties),
    TEXT("townships", directory.townships),
    TEXT("villages", directory.villages),
    TEXT("members", directory.members),
    TEXT("seed", directory.seed),
#undef TEXT
#undef FLAG
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

enum { OPTION_FIRST = 256, OPTION_ROLE = OPTION_FIRST + SETTING_COUNT, OPTION_HELP };

static void make_options(struct option options[SETTING_COUNT + 3])
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        options[i] =
            (struct option){settings[i].name, settings[i].flag ? no_argument : required_argument,
                            NULL, OPTION_FIRST + (int)i};
    options[SETTING_COUNT] = (struct option){"role", required_argument, NULL, OPTION_ROLE};
    options[SETTING_COUNT + 1] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    options[SETTING_COUNT + 2] = (struct option){0};
}

static bool take_option(struct ctl *c, int option)
{
    if (option == OPTION_ROLE && c->role_count < CTL_ROLES_MAX) {
        c->roles[c->role_count++] = optarg;
        return true;
    }
    if (option < OPTION_FIRST || option >= OPTION_ROLE)
        return false;
    const struct setting *setting = &settings[option - OPTION_FIRST];
    char *member = (char *)c + setting->offset;
    if (setting->flag)
        *(bool *)member = true;
    else
        *(const char **)(void *)member = optarg;
    return true;
}

static int usage(const struct ctl *c, const struct command *command)
{
    fprintf(c->err, "%s: shanqiaoctl %s %s\n", ctl_text(c, "Usage", "用法"), command->words,
            command->arguments);
    return CTL_USAGE;
}

/* argv[0] stands for the program, the options and arguments follow. */
static int parse(struct ctl *c, const struct command *command, int argc, char **argv)
{
    struct option options[SETTING_COUNT + 3];
    int option;
    make_options(options);
    optind = 0; /* GNU: start over, so that ctl_run can be called again */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            help(c, c->out);
            return -1;
        }
        if (!take_option(c, option))
            return usage(c, command);
    }
    while (optind < argc && c->argument_count < CTL_ARGUMENTS_MAX)
        c->arguments[c->argument_count++] = argv[optind++];
    if (c->argument_count < command->at_least || c->argument_count > command->at_most ||
        optind < argc)
        return usage(c, command);
    return CTL_OK;
}

static bool reads_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

int ctl_run(int argc, char **argv, FILE *in, FILE *out, FILE *err, time_us utc_us)
{
    struct ctl c = {.in = in, .out = out, .err = err, .utc_us = utc_us, .chinese = reads_chinese()};
    int used = 0;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        help(&c, argc < 2 ? err : out);
        return argc < 2 ? CTL_USAGE : CTL_OK;
    }
    const struct command *command = find_command(argc - 1, argv + 1, &used);
    if (!command) {
        ctl_fail(&c, "there is no command \"%s\"; see shanqiaoctl --help",
                 "没有命令 \"%s\"，请看 shanqiaoctl --help", argv[1]);
        return CTL_USAGE;
    }
    if (sodium_init() < 0)
        return ctl_fail(&c, "libsodium does not start", "libsodium 无法启动");
    int status = parse(&c, command, argc - used, argv + used);
    if (status != CTL_OK)
        return status < 0 ? CTL_OK : status;
    return command->run(&c);
}

int ctl_open(const struct ctl *c, struct service *out)
{
    struct service_config config = {0};
    char error[SERVICE_ERROR_MAX];
    if (!c->db || !c->keys) {
        ctl_fail(c, "--db FILE and --keys DIR are needed", "需要 --db FILE 和 --keys DIR");
        return CTL_USAGE;
    }
    if (strlen(c->db) >= sizeof(config.database) || strlen(c->keys) >= sizeof(config.keys))
        return ctl_fail(c, "a path is too long", "路径过长");
    if (!store_is_uri(c->db) && access(c->db, F_OK) != 0)
        return ctl_fail(c, "there is no database %s; `shanqiaoctl init` makes one",
                        "数据库 %s 不存在，请先运行 shanqiaoctl init", c->db);
    snprintf(config.database, sizeof(config.database), "%s", c->db);
    snprintf(config.keys, sizeof(config.keys), "%s", c->keys);
    int status = service_open(out, &config, error);
    if (status < 0)
        return ctl_fail(c, "%s (%s)", "%s（%s）", error,
                        sq_error_text(status, c->chinese ? "zh-CN" : "en"));
    return CTL_OK;
}

bool ctl_read_password(const struct ctl *c, char *out, size_t size)
{
    struct termios before, hidden;
    int fd = fileno(c->in);
    bool terminal = fd >= 0 && isatty(fd) && tcgetattr(fd, &before) == 0;
    if (terminal) {
        fputs(ctl_text(c, "Password: ", "密码："), c->err);
        fflush(c->err);
        hidden = before;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fd, TCSAFLUSH, &hidden);
    }
    bool got = fgets(out, (int)size, c->in) != NULL;
    if (terminal) {
        tcsetattr(fd, TCSAFLUSH, &before);
        fputc('\n', c->err);
    }
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    return got;
}

int ctl_audit(const struct ctl *c, struct service *s, const char *act, const char *object)
{
    struct audit_act row = {.utc_us = c->utc_us, .act = act, .object = object};
    return audit_append(s->store, &row);
}
