#include "base/tz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/read_up_to.h"
#include "base/tz_rule.h"

#define DAY_SECONDS 86400
#define NAME_MAX_BYTES 64
#define FILE_BYTES_MAX (1 << 20) /* the largest in use has some 4,000 bytes */
#define OFFSET_MAX (26 * 3600)   /* RFC 8536, 3.2: beyond any real one */
#define RULE_FIRST_YEAR 1900
#define RULE_LAST_YEAR 2299 /* a footer's rule is written out this far: no date lies beyond DATE_LIMIT */

/* Time is cut into n + 1 segments of one offset each: segment i runs from at[i - 1] to at[i]. */
struct tz {
    char *name;
    size_t n;            /* changes of the offset */
    lc_instant *at;      /* n instants, ascending */
    lc_instant *reached; /* n: every local time below it (seconds, as if UTC) has come by the end of segment i */
    int32_t *offset;     /* n + 1 */
};

/* ---- looking up ---- */

/* The first i in 0..n-1 with key[i] > what, else n. The end is looked at first: in a zone that has given
 * up summer time, nearly every question lies there. */
static inline size_t first_above(const lc_instant *key, size_t n, lc_instant what)
{
    if (n == 0 || key[n - 1] <= what)
        return n;
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key[middle] > what)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int32_t tz_offset(const struct tz *tz, lc_instant at)
{
    return tz->offset[first_above(tz->at, tz->n, at)];
}

static int64_t floor_day(int64_t seconds)
{
    return seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
}

lc_date tz_date(const struct tz *tz, lc_instant at)
{
    const lc_instant earliest = (lc_instant)-DATE_UNIX_EPOCH * DAY_SECONDS;
    const lc_instant latest = (lc_instant)(DATE_LIMIT - DATE_UNIX_EPOCH) * DAY_SECONDS;
    if (at < earliest)
        return DATE_NONE;
    if (at > latest)
        return DATE_LIMIT;
    int64_t d = floor_day(at + tz_offset(tz, at)) + DATE_UNIX_EPOCH;
    return d < DATE_NONE ? DATE_NONE : (lc_date)d;
}

/* The least instant at which the local time is not below the one asked for: its first coming, or the end of the gap
 * that it lies in. */
lc_instant tz_instant(const struct tz *tz, lc_date d, int32_t second)
{
    lc_instant local = (lc_instant)(d - DATE_UNIX_EPOCH) * DAY_SECONDS + second;
    size_t i = first_above(tz->reached, tz->n, local);
    lc_instant at = local - tz->offset[i];
    return i > 0 && at < tz->at[i - 1] ? tz->at[i - 1] : at;
}

const char *tz_name(const struct tz *tz)
{
    return tz->name;
}

/* ---- building ---- */

static struct tz *tz_new(const char *name, int32_t first_offset, size_t room)
{
    struct tz *tz = mem_zalloc(1, sizeof *tz);
    tz->name = mem_strdup(name);
    tz->at = mem_zalloc(room + 1, sizeof *tz->at);
    tz->reached = mem_zalloc(room + 1, sizeof *tz->reached);
    tz->offset = mem_zalloc(room + 1, sizeof *tz->offset);
    tz->offset[0] = first_offset;
    return tz;
}

static void *copy(const void *p, size_t n, size_t size)
{
    return n ? memcpy(mem_resize(NULL, n, size), p, n * size) : NULL;
}

struct tz *tz_copy(const struct tz *tz)
{
    struct tz *out = mem_alloc(sizeof *out);
    *out = (struct tz){
        .name = mem_strdup(tz->name),
        .n = tz->n,
        .at = copy(tz->at, tz->n, sizeof *tz->at),
        .reached = copy(tz->reached, tz->n, sizeof *tz->reached),
        .offset = copy(tz->offset, tz->n + 1, sizeof *tz->offset),
    };
    return out;
}

void tz_free(struct tz *tz)
{
    if (!tz)
        return;
    free(tz->name);
    free(tz->at);
    free(tz->reached);
    free(tz->offset);
    free(tz);
}

/* Only what changes the offset is kept; of two changes at one instant the later call's holds. */
static void add_change(struct tz *tz, lc_instant at, int32_t offset)
{
    if (tz->n && tz->at[tz->n - 1] == at)
        tz->n--;
    if (tz->offset[tz->n] == offset)
        return;
    lc_instant reached = at + tz->offset[tz->n];
    if (tz->n && reached < tz->reached[tz->n - 1])
        reached = tz->reached[tz->n - 1];
    tz->at[tz->n] = at;
    tz->reached[tz->n] = reached;
    tz->offset[++tz->n] = offset;
}

/* Writes the footer's rule out, behind the instant of the file's last change. */
static void add_rule(struct tz *tz, const struct tz_rule *r, lc_instant after)
{
    for (int year = RULE_FIRST_YEAR; year <= RULE_LAST_YEAR; year++) {
        lc_instant start = tz_rule_start(r, year), end = tz_rule_end(r, year);
        bool start_first = start <= end;
        lc_instant first = start_first ? start : end, second = start_first ? end : start;
        if (first > after)
            add_change(tz, first, start_first ? r->summer : r->standard);
        if (second > after)
            add_change(tz, second, start_first ? r->standard : r->summer);
    }
}

/* ---- reading TZif, RFC 8536 ---- */

struct block {
    size_t n_times, n_types; /* of the header's counts, those that are used */
    const uint8_t *times, *indexes, *types;
    size_t time_size; /* bytes of one instant: 4 or 8 */
    size_t size;      /* of the whole block with its header */
    bool leap_seconds;
    int version;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be_time(const uint8_t *p, size_t size)
{
    if (size == 4)
        return (int32_t)be32(p);
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

#define HEADER_BYTES 44

/* The block at p; false when it is not whole or its counts contradict each other. */
static bool read_block(const uint8_t *p, size_t n, size_t time_size, struct block *b)
{
    if (n < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
        return false;
    uint32_t n_ut = be32(p + 20), n_std = be32(p + 24), n_leaps = be32(p + 28);
    uint32_t n_times = be32(p + 32), n_types = be32(p + 36), n_chars = be32(p + 40);
    if (n_ut > n || n_std > n || n_leaps > n || n_times > n || n_types > n || n_chars > n)
        return false;
    if (n_types == 0 || n_types > 256 || n_chars == 0 || (n_ut && n_ut != n_types) || (n_std && n_std != n_types))
        return false;
    *b = (struct block){.n_times = n_times, .n_types = n_types, .time_size = time_size};
    b->version = p[4];
    b->leap_seconds = n_leaps > 0;
    b->times = p + HEADER_BYTES;
    b->indexes = b->times + n_times * time_size;
    b->types = b->indexes + n_times;
    b->size = HEADER_BYTES + n_times * (time_size + 1) + (size_t)n_types * 6 + n_chars + n_leaps * (time_size + 4) +
              n_std + n_ut;
    return b->size <= n;
}

static bool type_offset(const struct block *b, size_t type, int32_t *out)
{
    if (type >= b->n_types)
        return false;
    int32_t offset = (int32_t)be32(b->types + type * 6);
    if (offset < -OFFSET_MAX || offset > OFFSET_MAX)
        return false;
    *out = offset;
    return true;
}

/* NULL when an instant is out of order or a type does not exist. */
static struct tz *from_block(const char *name, const struct block *b, const struct tz_rule *rule)
{
    const size_t rule_room = rule && rule->has_summer ? 2 * (RULE_LAST_YEAR - RULE_FIRST_YEAR + 1) : 0;
    lc_instant last = INT64_MIN;
    int32_t offset;
    if (!type_offset(b, 0, &offset))
        return NULL;
    struct tz *tz = tz_new(name, offset, b->n_times + rule_room);
    for (size_t i = 0; i < b->n_times; i++) {
        lc_instant at = be_time(b->times + i * b->time_size, b->time_size);
        if ((i && at <= last) || at > INT64_MAX / 2 || !type_offset(b, b->indexes[i], &offset)) {
            tz_free(tz);
            return NULL;
        }
        last = at;
        if (at > INT64_MIN / 2) /* the "big bang" of some writers: no change that any date sees */
            add_change(tz, at, offset);
        else
            tz->offset[0] = offset;
    }
    if (rule_room)
        add_rule(tz, rule, last);
    return tz;
}

static enum err read_footer(const uint8_t *p, size_t n, struct tz_rule *rule, bool *present)
{
    *present = false;
    if (n < 2 || p[0] != '\n')
        return ERR_DAMAGED;
    const uint8_t *end = memchr(p + 1, '\n', n - 1);
    if (!end)
        return ERR_DAMAGED;
    if (end == p + 1)
        return ERR_OK;
    *present = true;
    return tz_rule_parse((const char *)p + 1, (size_t)(end - p - 1), rule) ? ERR_OK : ERR_DAMAGED;
}

static enum err from_bytes(const char *name, const uint8_t *p, size_t n, struct tz **out, struct errmsg *msg)
{
    struct block b;
    struct tz_rule rule;
    bool has_rule = false;
    if (!read_block(p, n, 4, &b))
        return err_set(msg, ERR_DAMAGED, "time zone \"%s\": the file is not a whole TZif file", name);
    if (b.version >= '2') {
        size_t skip = b.size;
        if (!read_block(p + skip, n - skip, 8, &b))
            return err_set(msg, ERR_DAMAGED, "time zone \"%s\": the file's second block is damaged", name);
        skip += b.size;
        if (read_footer(p + skip, n - skip, &rule, &has_rule) != ERR_OK)
            return err_set(msg, ERR_DAMAGED, "time zone \"%s\": the file's footer is damaged", name);
    }
    if (b.leap_seconds)
        return err_set(msg, ERR_INVALID, "time zone \"%s\" counts leap seconds: expected one that does not", name);
    struct tz *tz = from_block(name, &b, has_rule ? &rule : NULL);
    if (!tz)
        return err_set(msg, ERR_DAMAGED, "time zone \"%s\": the file's changes are damaged", name);
    *out = tz;
    return ERR_OK;
}

/* ---- the file ---- */

static bool name_valid(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > NAME_MAX_BYTES || name[0] == '/' || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f)
            return false;
    return true;
}

static enum err load_file(const char *name, int fd, struct tz **out, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_set(msg, ERR_IO, "time zone \"%s\": %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(msg, ERR_ABSENT, "time zone \"%s\": there is no such zone", name);
    if (st.st_size > FILE_BYTES_MAX)
        return err_set(msg, ERR_DAMAGED, "time zone \"%s\": the file is too large for one", name);
    uint8_t *p = mem_alloc((size_t)st.st_size + 1);
    ssize_t n = read_up_to(fd, p, (size_t)st.st_size);
    enum err e = n < 0 ? err_set(msg, ERR_IO, "time zone \"%s\": %s", name, strerror(errno))
                       : from_bytes(name, p, (size_t)n, out, msg);
    free(p);
    return e;
}

enum err tz_load(const char *name, struct tz **out, struct errmsg *msg)
{
    const char *folder = getenv("TZDIR");
    char path[4096];
    if (!name_valid(name))
        return err_set(msg, ERR_INVALID, "\"%.64s\" is no time zone's name: expected one such as \"Asia/Shanghai\"",
                       name);
    int n = snprintf(path, sizeof path, "%s/%s", folder && folder[0] ? folder : "/usr/share/zoneinfo", name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(msg, ERR_INVALID, "$TZDIR is too long");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(msg, ERR_ABSENT, "time zone \"%s\": there is no such zone", name);
    if (fd < 0)
        return err_set(msg, ERR_IO, "time zone \"%s\": %s: %s", name, path, strerror(errno));
    enum err e = load_file(name, fd, out, msg);
    close(fd);
    return e;
}
