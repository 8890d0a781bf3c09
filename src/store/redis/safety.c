#include "store/redis/safety.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN_TIMEOUT_MS 5000
#define OTHERS_TIMEOUT_MS 1000 /* of a server that the shard does not need at once */
#define REPLICAS_ASKED_MAX 16  /* of one master */

/* --- reading what a server says --- */

/* The value of a line "name:value"; STR_NONE: there is none. */
static struct str info_value(struct str info, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = info.p, *end = info.p + info.n; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t length = (size_t)((newline ? newline : end) - p);
        if (length > n && memcmp(p, name, n) == 0 && p[n] == ':') {
            struct str value = {p + n + 1, length - n - 1};
            while (value.n && value.p[value.n - 1] == '\r')
                value.n--;
            return value;
        }
        p += length + 1;
    }
    return STR_NONE;
}

static struct str config_value(const redisReply *config, const char *name)
{
    for (size_t i = 0; config && i + 1 < config->elements; i += 2)
        if (strcmp(config->element[i]->str, name) == 0)
            return (struct str){config->element[i + 1]->str, config->element[i + 1]->len};
    return STR_NONE;
}

static unsigned long number(struct str s)
{
    char text[24] = "";
    memcpy(text, s.p ? s.p : "", s.n < sizeof text - 1 ? s.n : sizeof text - 1);
    return strtoul(text, NULL, 10);
}

/* --- what must be --- */

static const struct setting {
    const char *name, *wanted;
    const char *in_info; /* as INFO calls it, which more users may ask than CONFIG GET; NULL: not at all */
    bool flag;           /* INFO has 1 for yes */
    bool memory;         /* it counts only where there is a limit to memory */
    const char *or_else;
} settings[] = {
    {"appendonly", "yes", "aof_enabled", true, false, "a restart loses everything"},
    {"appendfsync", "always", NULL, false, false, "a power cut loses up to two seconds of what was acknowledged"},
    {"no-appendfsync-on-rewrite", "no", NULL, false, false,
     "a power cut loses what was acknowledged while its file was being rewritten"},
    {"maxmemory-policy", "noeviction", "maxmemory_policy", false, true,
     "when its memory is full it throws away what it was given to keep"},
};

#define VERSION_WANTED 7

static struct str value_of(const struct redis_said *said, const struct setting *s)
{
    struct str is = s->in_info ? info_value(said->info, s->in_info) : config_value(said->config, s->name);
    if (s->flag && is.p)
        return str_is(is, "1") ? STR_LIT("yes") : STR_LIT("no");
    return is;
}

static void judge_setting(const char *server, const struct redis_said *said, const struct setting *s,
                          struct buf *findings)
{
    struct str is = value_of(said, s);
    if (s->memory && number(info_value(said->info, "maxmemory")) == 0)
        return;
    if (!is.p)
        buf_printf(findings, "%s: %s is not known, for %s does not say: expected %s; permit it with ACL SETUSER USER"
                             " +config|get +info\n",
                   server, s->name, s->in_info ? "INFO" : "CONFIG GET", s->wanted);
    else if (!str_is(is, s->wanted))
        buf_printf(findings, "%s: %s is %.*s: expected %s, or %s; CONFIG SET %s %s, and the same in its redis.conf\n",
                   server, s->name, (int)is.n, is.p, s->wanted, s->or_else, s->name, s->wanted);
}

static void judge_version(const char *server, struct str version, struct buf *findings)
{
    if (number(version) < VERSION_WANTED)
        buf_printf(findings, "%s: its version is %.*s: expected %d.0 or later\n", server, (int)version.n,
                   version.p ? version.p : "", VERSION_WANTED);
}

/* The lines slave0, slave1, ... of INFO: "ip=127.0.0.1,port=7104,state=online,offset=...". */
static struct str replica_line(struct str info, unsigned i)
{
    char name[24];
    snprintf(name, sizeof name, "slave%u", i);
    return info_value(info, name);
}

static bool is_online(struct str line)
{
    return memmem(line.p, line.n, "state=online", 12) != NULL;
}

static void judge_replicas(const char *server, struct str info, unsigned wanted, struct buf *findings)
{
    unsigned online = 0;
    for (unsigned i = 0; i < REPLICAS_ASKED_MAX; i++) {
        struct str line = replica_line(info, i);
        online += line.p && is_online(line);
    }
    if (online < wanted)
        buf_printf(findings, "%s: it has %u replicas online, and \"replicas\" is %u: expected as many, or nothing is"
                             " ever acknowledged\n",
                   server, online, wanted);
}

void redis_safety_judge(const char *server, const struct redis_said *said, unsigned replicas, struct buf *findings)
{
    if (!said->info.p) {
        buf_printf(findings, "%s: its settings are not known, for INFO is refused: permit it with ACL SETUSER USER"
                             " +info +config|get\n",
                   server);
        return;
    }
    judge_version(server, info_value(said->info, "redis_version"), findings);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        judge_setting(server, said, &settings[i], findings);
    judge_replicas(server, said->info, replicas, findings);
}

/* --- asking --- */

struct asking {
    const struct redis_shard *shard;
    unsigned replicas; /* of the shard's own master */
    struct buf findings;
};

static enum err ask(struct redis_node *n, struct redis_command *c, redisReply **out, struct errmsg *msg)
{
    enum err e = redis_node_ask(n, c, out, msg);
    redis_command_done(c);
    return e;
}

/* Both replies are the caller's. */
static enum err ask_both(struct redis_node *n, redisReply **info, redisReply **config, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redis_command_set(&c, "INFO", NULL);
    enum err e = ask(n, &c, info, msg);
    if (e)
        return e;
    redis_command_set(&c, "CONFIG", "GET", "*append*", NULL);
    e = ask(n, &c, config, msg);
    if (e)
        freeReplyObject(*info);
    return e;
}

static bool replica_host(struct str line, struct redis_host *out)
{
    char text[300];
    unsigned port;
    if (!line.p || line.n >= sizeof text)
        return false;
    memcpy(text, line.p, line.n);
    text[line.n] = '\0';
    if (sscanf(text, "ip=%255[^,],port=%u", out->name, &port) != 2 || port < 1 || port > UINT16_MAX)
        return false;
    out->port = (uint16_t)port;
    return true;
}

static enum err ask_server(struct asking *a, const struct redis_host *host, bool own, bool replicas_too,
                           struct errmsg *msg);

/* One that is not there now is none to become master now. */
static void ask_replicas(struct asking *a, struct str info)
{
    struct errmsg ignored;
    for (unsigned i = 0; i < REPLICAS_ASKED_MAX; i++) {
        struct redis_host host;
        if (replica_host(replica_line(info, i), &host))
            (void)!ask_server(a, &host, false, false, &ignored);
    }
}

static enum err ask_server(struct asking *a, const struct redis_host *host, bool own, bool replicas_too,
                           struct errmsg *msg)
{
    const struct redis_settings *s = &a->shard->settings;
    struct redis_login login = {s->address.user, s->password, own ? OWN_TIMEOUT_MS : OTHERS_TIMEOUT_MS};
    redisReply *info, *config;
    struct redis_node *n;
    char name[300];
    snprintf(name, sizeof name, strchr(host->name, ':') ? "[%s]:%u" : "%s:%u", host->name, host->port);
    enum err e = redis_node_open(host, &login, &n, msg);
    if (e)
        return e;
    e = ask_both(n, &info, &config, msg);
    redis_node_close(n);
    if (e)
        return e;
    struct redis_said said = {STR_NONE, config->type == REDIS_REPLY_ARRAY ? config : NULL};
    if (info->type == REDIS_REPLY_STRING)
        said.info = (struct str){info->str, info->len};
    redis_safety_judge(name, &said, own ? a->replicas : 0, &a->findings);
    if (replicas_too && said.info.p)
        ask_replicas(a, said.info);
    freeReplyObject(info);
    freeReplyObject(config);
    return ERR_OK;
}

static enum err ask_all(struct asking *a, struct redis *r, struct errmsg *msg)
{
    const struct redis_host *masters;
    unsigned n, own;
    struct errmsg ignored;
    enum err e = redis_masters(r, a->shard->slot, &masters, &n, &own, msg);
    if (!e)
        e = ask_server(a, &masters[own], true, true, msg);
    for (unsigned i = 0; !e && i < n; i++)
        if (i != own)
            (void)!ask_server(a, &masters[i], false, true, &ignored);
    return e;
}

/* --- what comes of it --- */

static void warn(const struct store_options *o, char *findings)
{
    char *rest = findings, *line;
    while (o->warn && (line = strsep(&rest, "\n")) && *line)
        o->warn(o->warn_arg, line);
}

static enum err refuse(const char *findings, struct errmsg *msg)
{
    const char *end = strchr(findings, '\n');
    unsigned more = 0;
    for (const char *p = end + 1; *p; p = strchr(p, '\n') + 1)
        more++;
    if (more)
        return err_set(msg, ERR_INVALID, "%.*s (and %u more like it; allow_lossy = true shows all, and goes on)",
                       (int)(end - findings), findings, more);
    return err_set(msg, ERR_INVALID, "%.*s", (int)(end - findings), findings);
}

enum err redis_safety_check(struct redis *r, const struct redis_shard *shard, const struct store_options *o,
                            struct errmsg *msg)
{
    struct asking a = {shard, o->replicas, BUF_INIT};
    enum err e = ask_all(&a, r, msg);
    if (!e && a.findings.n > 0) {
        buf_addc(&a.findings, '\0');
        if (o->allow_lossy)
            warn(o, a.findings.p);
        else
            e = refuse(a.findings.p, msg);
    }
    buf_done(&a.findings);
    return e;
}
