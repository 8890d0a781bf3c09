#include "redis/address.h"

#include <string.h>

static const struct {
    const char *scheme, *form;
} topologies[] = {
    [REDIS_SINGLE] = {"redis://", "redis://[USER@]HOST:PORT/PREFIX"},
    [REDIS_SENTINEL] = {"redis-sentinel://", "redis-sentinel://[USER@]HOST:PORT[,HOST:PORT...]/MASTER/PREFIX"},
    [REDIS_CLUSTER] = {"redis-cluster://", "redis-cluster://[USER@]HOST:PORT[,HOST:PORT...]/PREFIX"},
};

struct parsing {
    struct redis_address a;
    struct errmsg *msg;
};

static enum err wrong(struct parsing *p, const char *what)
{
    return err_set(p->msg, ERR_INVALID, "expected %s: %s", topologies[p->a.topology].form, what);
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-", c);
        if (!good || c == '\0')
            return false;
    }
    return s.n > 0;
}

static enum err read_hosts(struct parsing *p, struct str list)
{
    struct str one = STR_NONE;
    bool more = true;
    while (more) {
        more = redis_cut(&list, ',', &one);
        if (!more)
            one = list;
        if (p->a.n_hosts == REDIS_HOSTS_MAX)
            return wrong(p, "there are more than 16 hosts");
        const char *fault = redis_host_read(one, &p->a.hosts[p->a.n_hosts++]);
        if (fault)
            return wrong(p, fault);
    }
    return p->a.topology == REDIS_SINGLE && p->a.n_hosts > 1 ? wrong(p, "there are several hosts") : ERR_OK;
}

static enum err read_names(struct parsing *p, struct str rest)
{
    struct str master = STR_NONE;
    if (p->a.topology == REDIS_SENTINEL && (!redis_cut(&rest, '/', &master) || !is_name(master) ||
                                            !redis_text_copy(master, p->a.master, sizeof p->a.master)))
        return wrong(p, "the master's name is missing");
    if (!is_name(rest) || !redis_text_copy(rest, p->a.prefix, sizeof p->a.prefix))
        return wrong(p, "PREFIX is not 1 to 64 letters, digits, dots, dashes and underscores");
    return ERR_OK;
}

enum err redis_address_parse(const char *uri, struct redis_address *out, struct errmsg *msg)
{
    struct parsing p = {.msg = msg};
    unsigned t = 0;
    while (t < 3 && strncmp(uri, topologies[t].scheme, strlen(topologies[t].scheme)) != 0)
        t++;
    if (t == 3)
        return err_set(msg, ERR_INVALID, "expected redis://, redis-sentinel:// or redis-cluster://");
    p.a.topology = (enum redis_topology)t;
    struct str rest = str_of(uri + strlen(topologies[t].scheme)), hosts = STR_NONE;
    const char *fault = redis_user_read(&rest, p.a.user);
    enum err e = fault ? wrong(&p, fault) : ERR_OK;
    if (!e && !redis_cut(&rest, '/', &hosts))
        e = wrong(&p, "PREFIX is missing");
    if (!e)
        e = read_hosts(&p, hosts);
    if (!e)
        e = read_names(&p, rest);
    if (!e)
        *out = p.a;
    return e;
}
