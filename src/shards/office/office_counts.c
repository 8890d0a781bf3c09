/* Units' digests: a shard's counts are added to the month's, piece by piece. How far a shard has come is kept beside
 * them, so that each unit is added once whatever is sent again, and an engine that counts anew after a restart goes on
 * behind the last piece. Units are in buckets by their home, so that one shard's are read without all the others. */
#include "shards/office/office_inside.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE_MAX 500 /* units: a script of well below a millisecond */
#define CALLS_MAX 16  /* pieces in one round */
#define KEEP_SECONDS (60 * 86400)
#define END "end"

void office_digest_key(const struct office *o, struct redis_command *c, lc_month month, int bucket)
{
    char text[8] = "", name[32];
    month_format(month, text);
    if (bucket < 0)
        snprintf(name, sizeof name, "digest:%.7s", text);
    else
        snprintf(name, sizeof name, "digest:%.7s:%d", text, bucket);
    system_key(&o->system, c, name);
}

/* --- an engine has counted --- */

static int compare_units(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_bucket(const void *a, const void *b)
{
    const struct unit_row *x = a, *y = b;
    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    return compare_units(x->unit, y->unit);
}

static struct counting *new_counting(const struct office_seat *seat, lc_month month, const struct unit_count *v,
                                     unsigned n)
{
    struct counting *c = mem_zalloc(1, sizeof *c);
    size_t bytes = 0, at = 0;
    for (unsigned i = 0; i < n; i++)
        bytes += v[i].unit.n;
    buf_grow(&c->texts, bytes); /* the rows' places are kept */
    c->shard = seat->shard;
    c->month = month;
    c->n = n;
    c->rows = mem_zalloc(n + 1, sizeof *c->rows);
    for (unsigned i = 0; i < n; i++, at = c->texts.n) {
        buf_addstr(&c->texts, v[i].unit);
        c->rows[i] = (struct unit_row){.unit = {c->texts.p + at, v[i].unit.n},
                                       .bucket = shard_of(v[i].unit, seat->office->set->n) % COUNT_BUCKETS,
                                       .count = v[i].count};
    }
    qsort(c->rows, n, sizeof *c->rows, by_bucket);
    return c;
}

static void free_counting(struct counting *c)
{
    buf_done(&c->texts);
    free(c->rows);
    free(c);
}

void office_seat_count_units(void *arg, lc_month month, const struct unit_count *v, unsigned n)
{
    struct office_seat *seat = arg;
    struct office *o = seat->office;
    struct counting *c = new_counting(seat, month, v, n), **at = &o->countings;
    pthread_mutex_lock(&o->lock);
    while (*at)
        at = &(*at)->next;
    *at = c;
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
}

/* --- pieces --- */

static void word_at(const struct counting *c, size_t at, char *out, size_t size)
{
    if (at == 0)
        *out = '\0';
    else
        snprintf(out, size, "%u %.*s", c->rows[at - 1].bucket, (int)c->rows[at - 1].unit.n, c->rows[at - 1].unit.p);
}

/* Where that word stands: the rows up to there are told. */
static size_t place_of(const struct counting *c, const char *word)
{
    char *rest;
    struct unit_row last = {.bucket = (unsigned)strtoul(word, &rest, 10)};
    size_t low = 0, high = c->n;
    if (*rest != ' ')
        return 0;
    last.unit = str_of(rest + 1);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_bucket(&c->rows[middle], &last) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_piece(struct office *o, void *arg, const redisReply *reply)
{
    struct counting *c = arg;
    (void)o;
    if (reply->type != REDIS_REPLY_STRING)
        return;
    snprintf(c->told, sizeof c->told, "%s", reply->str);
    c->done = strcmp(c->told, END) == 0;
    c->at = place_of(c, c->told);
}

/* One piece, behind `from`: units of one bucket, or, behind the last, the end. Returns where it ends. */
static size_t add_piece(struct office *o, struct redis_command *cmd, const struct counting *c, size_t at, char from[96])
{
    size_t end = at;
    char to[96] = END;
    while (end < c->n && end - at < PIECE_MAX && c->rows[end].bucket == c->rows[at].bucket)
        end++;
    if (end > at)
        word_at(c, end, to, sizeof to);
    office_digest_key(o, cmd, c->month, -1);
    office_digest_key(o, cmd, c->month, at < c->n ? (int)c->rows[at].bucket : 0);
    redis_command_add_u64(cmd, c->shard);
    redis_command_add(cmd, str_of(from));
    redis_command_add(cmd, str_of(to));
    redis_command_add_u64(cmd, KEEP_SECONDS);
    for (size_t i = at; i < end; i++) {
        redis_command_add(cmd, c->rows[i].unit);
        redis_command_add_u64(cmd, c->rows[i].count);
    }
    snprintf(from, sizeof to, "%s", to);
    return end;
}

/* Several at a time: each is taken only behind the one before. */
static unsigned say_counting(struct office *o, struct counting *c, unsigned most)
{
    char from[96];
    unsigned n = 0;
    size_t at = c->at;
    snprintf(from, sizeof from, "%s", c->told);
    while (n < most && strcmp(from, END) != 0) {
        struct redis_command *cmd = office_add(o, OFFICE_COUNTS, 2, take_piece, c);
        if (!cmd)
            break;
        at = add_piece(o, cmd, c, at, from);
        n++;
    }
    return n;
}

/* Those that are told go; the rest is gone on with. */
static struct counting *first_open(struct office *o)
{
    struct counting **at = &o->countings;
    pthread_mutex_lock(&o->lock);
    while (*at) {
        struct counting *c = *at;
        if (!c->done) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        free_counting(c);
    }
    struct counting *first = o->countings;
    if (first)
        office_hurry(o); /* there will be more to say, or its end to be seen */
    pthread_mutex_unlock(&o->lock);
    return first;
}

void office_counts_say(struct office *o)
{
    unsigned left = CALLS_MAX;
    struct counting *c = first_open(o);
    while (c && left) {
        left -= say_counting(o, c, left);
        pthread_mutex_lock(&o->lock);
        c = c->next; /* engines append */
        pthread_mutex_unlock(&o->lock);
    }
}

void office_counts_done(struct office *o)
{
    while (o->countings) {
        struct counting *next = o->countings->next;
        free_counting(o->countings);
        o->countings = next;
    }
}
