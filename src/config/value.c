#include "config/value.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "core/hold.h"
#include "redis/address.h"

#define DAY_SECONDS 86400
#define DURATION_MAX (INT64_C(3660) * DAY_SECONDS)
#define CLOCK_FACTOR_MAX 1000000000
#define CYCLE_MONTHS_MAX 120
#define CYCLE_DAYS_MAX 3660

const char *value_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    int64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (*p - '0');
        if (v > max)
            return NULL;
    }
    if (p == text || v < min)
        return NULL;
    *out = v;
    return p;
}

static bool whole_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    const char *rest = value_number(text, min, max, out);
    return rest && !*rest;
}

bool value_int(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t v;
    (void)c, (void)why;
    if (!whole_number(value, k->min, k->max, &v))
        return false;
    *(int *)value_member(k, section) = (int)v;
    return true;
}

bool value_uint32(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t v;
    (void)c, (void)why;
    if (!whole_number(value, k->min, k->max, &v))
        return false;
    *(uint32_t *)value_member(k, section) = (uint32_t)v;
    return true;
}

bool value_uint64(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t v;
    (void)c, (void)why;
    if (!whole_number(value, k->min, k->max, &v))
        return false;
    *(uint64_t *)value_member(k, section) = (uint64_t)v;
    return true;
}

bool value_choice(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    for (int i = 0; k->words[i]; i++)
        if (strcmp(k->words[i], value) == 0) {
            *(int *)value_member(k, section) = i;
            return true;
        }
    return false;
}

bool duration_parse(const char *text, int64_t *out)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY_SECONDS}};
    int64_t n;
    const char *rest = value_number(text, 1, DURATION_MAX, &n);
    if (!rest || !rest[0] || rest[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == rest[0] && n <= DURATION_MAX / units[i].seconds) {
            *out = n * units[i].seconds;
            return true;
        }
    return false;
}

bool value_duration(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t seconds;
    (void)c, (void)why;
    if (!duration_parse(value, &seconds) || (k->max && (seconds < k->min || seconds > k->max)))
        return false;
    *(int64_t *)value_member(k, section) = seconds;
    return true;
}

const char *value_minute(const char *text, int *out)
{
    int64_t hour, minute;
    if (value_number(text, 0, 23, &hour) != text + 2 || text[2] != ':')
        return NULL;
    if (value_number(text + 3, 0, 59, &minute) != text + 5)
        return NULL;
    *out = (int)(hour * 3600 + minute * 60);
    return text + 5;
}

bool value_time_of_day(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int second;
    (void)c, (void)why;
    const char *rest = value_minute(value, &second);
    if (!rest || *rest)
        return false;
    *(int *)value_member(k, section) = second;
    return true;
}

bool value_cycle(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const struct {
        const char *singular, *plural;
        enum cycle_unit unit;
        int max;
    } units[] = {{" month", " months", CYCLE_MONTHS, CYCLE_MONTHS_MAX}, {" day", " days", CYCLE_DAYS, CYCLE_DAYS_MAX}};
    struct policy *p = section;
    int64_t n;
    (void)k, (void)c, (void)why;
    const char *rest = value_number(value, 1, CYCLE_DAYS_MAX, &n);
    for (size_t i = 0; rest && i < sizeof units / sizeof *units; i++)
        if (n <= units[i].max &&
            (strcmp(rest, units[i].plural) == 0 || (n == 1 && strcmp(rest, units[i].singular) == 0))) {
            p->cycle_unit = units[i].unit;
            p->cycle = (int)n;
            return true;
        }
    return false;
}

bool value_channel_name(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct policy *p = section;
    int i = config_channel(c, str_of(value));
    (void)k;
    if (i < 0) {
        err_set(why, ERR_ABSENT, "there is no section channel \"%.64s\"", value);
        return false;
    }
    uint64_t bit = UINT64_C(1) << i;
    if (p->channels & bit)
        return false;
    p->channels |= bit;
    return true;
}

bool value_timezone(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct tz *tz;
    (void)k, (void)section;
    if (tz_load(value, &tz, why) != ERR_OK)
        return false;
    c->tz = tz;
    c->timezone = mem_strdup(value);
    return true;
}

/* What may be a folder, its own code says. */
bool value_store(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char *const schemes[] = {"redis://", "redis-sentinel://", "redis-cluster://"};
    struct redis_address address;
    (void)k, (void)section;
    bool good = strcmp(value, "memory:") == 0 || (strncmp(value, "dir:", 4) == 0 && value[4]);
    for (size_t i = 0; !good && i < sizeof schemes / sizeof *schemes; i++) {
        if (strncmp(value, schemes[i], strlen(schemes[i])) != 0)
            continue;
        if (redis_address_parse(value, &address, why) != ERR_OK)
            return false;
        good = true;
    }
    if (good)
        c->store = mem_strdup(value);
    return good;
}

static bool is_host_byte(char ch, bool bracketed)
{
    bool word = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
    return word || ch == '.' || (bracketed ? ch == ':' : ch == '-');
}

/* "127.0.0.1:8600", "localhost:8600", "[::1]:8600", and the same behind "tls:". */
static bool is_host_port(const char *value)
{
    const char *host = strncmp(value, "tls:", 4) == 0 ? value + 4 : value;
    bool bracketed = host[0] == '[';
    const char *from = host + bracketed, *p = from;
    int64_t port;
    while (is_host_byte(*p, bracketed))
        p++;
    if (p == from || (bracketed && *p++ != ']'))
        return false;
    return *p == ':' && whole_number(p + 1, 0, 65535, &port);
}

static bool is_socket_path(const char *value)
{
    size_t n = strlen(value);
    return strncmp(value, "unix:/", 6) == 0 && n > 6 && n - 5 < sizeof((struct sockaddr_un *)0)->sun_path;
}

bool value_listen(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)k, (void)section, (void)why;
    if ((!is_socket_path(value) && !is_host_port(value)) || c->n_listen == LISTEN_MAX)
        return false;
    for (unsigned i = 0; i < c->n_listen; i++)
        if (strcmp(c->listen[i], value) == 0)
            return false;
    c->listen[c->n_listen++] = mem_strdup(value);
    return true;
}

bool value_clock(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    lc_instant start;
    int64_t factor;
    int32_t offset;
    (void)k, (void)section, (void)why;
    if (strcmp(value, "system") == 0) {
        c->clock = CLOCK_SYSTEM;
        c->clock_factor = 1;
        return true;
    }
    size_t n = strcspn(value, " ");
    if (!instant_parse(value, n, &start, &offset) || strncmp(value + n, " x", 2) != 0)
        return false;
    if (!whole_number(value + n + 2, 1, CLOCK_FACTOR_MAX, &factor))
        return false;
    c->clock = CLOCK_ACCELERATED;
    c->clock_start = start;
    c->clock_factor = factor;
    return true;
}

bool value_brake(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)k, (void)section, (void)why;
    return brake_parse(str_of(value), &c->brake);
}

bool value_country_code(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t code;
    (void)k, (void)section, (void)why;
    if (value[0] != '+' || value[1] == '0' || !whole_number(value + 1, 1, 999, &code))
        return false;
    strcpy(c->country_code, value); /* at most 4 bytes, checked above */
    return true;
}

bool value_sms_daily_cap(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t n;
    (void)section, (void)why;
    if (!whole_number(value, k->min, k->max, &n))
        return false;
    c->endpoints->sms_daily_cap = (uint32_t)n;
    return true;
}

bool value_delivery_log(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)k, (void)section, (void)why;
    if (value[0] != '/')
        return false;
    c->endpoints->delivery_log = mem_strdup(value);
    return true;
}

static bool is_name_byte(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
           ch == '_' || ch == '-';
}

bool name_valid(const char *value)
{
    size_t n = 0;
    while (is_name_byte(value[n]))
        n++;
    return !value[n] && n >= 1 && n <= NAME_BYTES_MAX;
}

bool value_name(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!name_valid(value))
        return false;
    *(char **)value_member(k, section) = mem_strdup(value);
    return true;
}

bool value_folder(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (value[0] != '/')
        return false;
    *(char **)value_member(k, section) = mem_strdup(value);
    return true;
}

bool value_replicas(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t n = REPLICAS_AUTO;
    (void)c, (void)why;
    if (strcmp(value, "auto") != 0 && !whole_number(value, 0, k->max, &n))
        return false;
    *(unsigned *)value_member(k, section) = (unsigned)n;
    return true;
}

bool value_lease(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    int64_t seconds;
    (void)c, (void)why;
    if (!duration_parse(value, &seconds) || seconds < k->min || seconds > k->max)
        return false;
    *(int64_t *)value_member(k, section) = seconds * 1000;
    return true;
}
