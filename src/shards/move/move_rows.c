/* What stands beside the log: contacts, idempotency keys, the stamp. All of it is written behind the events that it
 * rests on. */
#include "shards/move/move_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_AT_ONCE 1024
#define CHANNELS_MAX 64

/* --- keys --- */

struct key_loading {
    struct move *m;
    struct move_source *s;
};

static void add_key(struct key_row **v, size_t *n, size_t *cap, const struct key_row *row)
{
    if (*n == *cap)
        *v = mem_resize(*v, *cap = *cap ? 2 * *cap : 256, sizeof **v);
    (*v)[(*n)++] = *row;
}

static void load_key(void *arg, const struct key_row *row)
{
    struct key_loading *l = arg;
    if (row->at > l->m->o->now - KEY_SECONDS && row->seq <= l->s->info.durable)
        add_key(&l->s->keys, &l->s->n_keys, &l->s->cap_keys, row);
}

static int by_seq(const void *a, const void *b)
{
    const struct key_row *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return memcmp(x->key, y->key, KEY_HASH);
}

/* Where all is kept as it is, they go over as they are. */
enum err move_keys_load(struct move *m, unsigned source, struct errmsg *msg)
{
    struct move_source *s = &m->from[source];
    struct key_loading l = {m, s};
    enum err e = store_each_key(s->store, load_key, &l, msg);
    if (e || !s->n_keys)
        return e;
    qsort(s->keys, s->n_keys, sizeof *s->keys, by_seq);
    size_t n = 1;
    for (size_t i = 1; i < s->n_keys; i++)
        if (by_seq(&s->keys[n - 1], &s->keys[i]) != 0)
            s->keys[n++] = s->keys[i];
    s->n_keys = n;
    for (size_t i = 0; m->same && i < n; i++)
        add_key(&m->to[source].keys, &m->to[source].n_keys, &m->to[source].cap_keys, &s->keys[i]);
    return ERR_OK;
}

/* Whom an input was about that came to nothing no row says: whichever shard it comes to again must know it. */
static void give_to_all(struct move *m, const struct key_row *row)
{
    for (unsigned i = 0; i < m->o->n_to; i++) {
        struct key_row now = *row;
        now.seq = m->to[i].last;
        add_key(&m->to[i].keys, &m->to[i].n_keys, &m->to[i].cap_keys, &now);
    }
}

/* A decision's events stand together there as here. */
void move_keys_pass(struct move *m, unsigned source, uint64_t old, unsigned target, uint64_t seq)
{
    struct move_source *s = &m->from[source];
    for (; s->at_key < s->n_keys && s->keys[s->at_key].seq <= old; s->at_key++) {
        struct key_row now = s->keys[s->at_key];
        if (!now.n_events || now.seq < old) {
            give_to_all(m, &now);
            continue;
        }
        now.seq = seq;
        now.first_seq = seq - now.n_events + 1;
        add_key(&m->to[target].keys, &m->to[target].n_keys, &m->to[target].cap_keys, &now);
    }
}

static enum err write_keys(struct move *m, struct move_target *t, struct errmsg *msg)
{
    enum err e = ERR_OK;
    if (t->n_keys)
        qsort(t->keys, t->n_keys, sizeof *t->keys, by_seq);
    for (size_t i = 0; i < t->n_keys && !e; i += ROWS_AT_ONCE) {
        size_t n = t->n_keys - i < ROWS_AT_ONCE ? t->n_keys - i : ROWS_AT_ONCE;
        const struct commit c = {.first = t->last + 1, .last = t->last, .keys = t->keys + i, .n_keys = n};
        e = move_commit(t->store, &c, msg);
        m->out->keys += n;
    }
    return e;
}

/* --- contacts --- */

struct contact_writing {
    struct move *m;
    struct contact_change v[ROWS_AT_ONCE];
    size_t n;
    struct move_target *to; /* whose they are */
    struct buf text;        /* their strings, by offsets until all are there */
    enum err err;
    struct errmsg *msg;
};

static void flush_contacts(struct contact_writing *w)
{
    const struct commit c = {
        .first = w->to ? w->to->last + 1 : 0, .last = w->to ? w->to->last : 0, .contacts = w->v, .n_contacts = w->n};
    if (w->n && !w->err)
        w->err = move_commit(w->to->store, &c, w->msg);
    w->n = 0;
    buf_clear(&w->text);
}

static struct str keep(struct contact_writing *w, struct str s)
{
    if (!s.p)
        return STR_NONE;
    char *at = w->text.p + w->text.n;
    buf_addstr(&w->text, s);
    return (struct str){at, s.n};
}

/* Rows of one target at a time; the strings do not move, for the text never grows while it holds any. */
static void add_contact(struct contact_writing *w, struct move_target *to, const struct contact_change *row)
{
    size_t bytes = row->id.n + row->contact.name.n + row->contact.phone.n + row->contact.by.n;
    if (w->n == ROWS_AT_ONCE || w->to != to || w->text.cap - w->text.n < bytes)
        flush_contacts(w);
    buf_room(&w->text, bytes > 65536 ? bytes : w->n ? bytes : 65536);
    w->to = to;
    struct contact_change *c = &w->v[w->n++];
    *c = *row;
    c->id = keep(w, row->id);
    c->contact.name = keep(w, row->contact.name);
    c->contact.phone = keep(w, row->contact.phone);
    c->contact.by = keep(w, row->contact.by);
    w->m->out->contacts++;
}

static void take_contact(void *arg, const struct contact_change *row)
{
    struct contact_writing *w = arg;
    struct move *m = w->m;
    struct move_person *who = move_people_find(row->unit ? &m->units : &m->people, row->id);
    if (w->err)
        return;
    if (!who) {
        w->err = err_set(w->msg, ERR_DAMAGED, "there is a contact of \"%.*s\", whom no event is about", (int)row->id.n,
                         row->id.p);
        return;
    }
    struct contact_change now = *row;
    now.number = who->number;
    now.seq = m->same ? row->seq : who->touched;
    who->row = true;
    add_contact(w, &m->to[who->shard], &now);
}

/* Not every kind of store keeps a row of what was erased. */
static void add_erased(struct contact_writing *w, const struct move_people *people, bool unit)
{
    for (uint32_t n = 0; n < people->n && !w->err; n++) {
        const struct move_person *who = &people->v[n];
        const struct contact_change gone = {
            .seq = who->touched,
            .number = who->number,
            .id = move_people_id(people, who),
            .unit = unit,
            .contact = {STR_NONE, STR_NONE, STR_NONE},
        };
        if (who->had_row && !who->row)
            add_contact(w, &w->m->to[who->shard], &gone);
    }
}

static enum err write_contacts(struct move *m, struct errmsg *msg)
{
    struct contact_writing *w = mem_zalloc(1, sizeof *w);
    w->m = m;
    w->msg = msg;
    for (unsigned i = 0; i < m->o->n_from && !w->err; i++) {
        enum err e = store_each_contact(m->from[i].store, take_contact, w, msg);
        w->err = w->err ? w->err : e;
        move_tell(m, "rows", i + 1, m->o->n_from);
    }
    add_erased(w, &m->people, false);
    add_erased(w, &m->units, true);
    flush_contacts(w);
    enum err e = w->err;
    buf_done(&w->text);
    free(w);
    return e;
}

/* --- the stamp: as engine/watch.c writes it --- */

struct stamp {
    int64_t alive;
    int64_t month; /* of the last digests of units; 0: none yet */
    struct {
        char name[65];
        int64_t heard;
    } channels[CHANNELS_MAX];
    unsigned n;
    bool any;
};

static void heard(struct stamp *s, const char *name, int64_t at)
{
    unsigned i = 0;
    while (i < s->n && strcmp(s->channels[i].name, name) != 0)
        i++;
    if (i == CHANNELS_MAX)
        return;
    if (i == s->n) {
        snprintf(s->channels[s->n].name, sizeof s->channels[s->n].name, "%s", name);
        s->channels[s->n++].heard = at;
    } else if (s->channels[i].heard < at)
        s->channels[i].heard = at;
}

static void take_line(struct stamp *s, const char *line, bool *midway)
{
    int64_t at;
    uint32_t next;
    char name[65];
    if (sscanf(line, "alive %" SCNd64, &at) == 1) {
        s->alive = at > s->alive ? at : s->alive;
    } else if (sscanf(line, "digest %" SCNd64 " %" SCNu32, &at, &next) == 2) {
        *midway = *midway || (at && next != UINT32_MAX);
        if (at > s->month)
            s->month = at;
    } else if (sscanf(line, "channel %" SCNd64 " %64[^\n]", &at, name) == 2)
        heard(s, name, at);
}

static enum err read_stamps(struct move *m, struct stamp *out, bool *midway, struct errmsg *msg)
{
    struct buf text = BUF_INIT;
    enum err e = ERR_OK;
    *out = (struct stamp){.alive = INT64_MIN};
    *midway = false;
    for (unsigned i = 0; i < m->o->n_from && !e; i++) {
        buf_clear(&text);
        e = store_stamp(m->from[i].store, &text, msg);
        out->any = out->any || !e;
        buf_addc(&text, '\0');
        for (char *at = text.p, *save = NULL; !e && (at = strtok_r(at, "\n", &save)); at = NULL)
            take_line(out, at, midway);
        e = e == ERR_ABSENT ? ERR_OK : e;
    }
    buf_done(&text);
    return e;
}

enum err move_stamps_check(struct move *m, struct errmsg *msg)
{
    struct stamp s;
    bool midway;
    enum err e = read_stamps(m, &s, &midway, msg);
    if (e || !midway || m->same)
        return e;
    return err_set(msg, ERR_INVALID,
                   "this month's digests of units are being told: let the daemons run until they are through with it");
}

/* Orders for all shards are numbered anew in a new set: how far the old one got is left out. */
static void keep_lines(struct buf *out, struct str text)
{
    const char *p = text.p, *end = text.p + text.n, *nl;
    for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
        if ((size_t)(nl - p) < 8 || memcmp(p, "ordered ", 8) != 0)
            buf_add(out, p, (size_t)(nl + 1 - p));
}

static void write_stamp(struct buf *out, const struct stamp *s)
{
    buf_printf(out, "alive %" PRId64 "\n", s->alive);
    if (s->month)
        buf_printf(out, "digest %" PRId64 " %" PRIu32 "\n", s->month, UINT32_MAX);
    for (unsigned i = 0; i < s->n; i++)
        buf_printf(out, "channel %" PRId64 " %s\n", s->channels[i].heard, s->channels[i].name);
}

static enum err put_stamp(struct move_target *t, struct str stamp, struct errmsg *msg)
{
    const struct commit c = {.first = t->last + 1, .last = t->last, .stamp = stamp};
    return move_commit(t->store, &c, msg);
}

static enum err write_stamps(struct move *m, struct errmsg *msg)
{
    struct stamp s;
    bool midway;
    struct buf text = BUF_INIT, own = BUF_INIT;
    enum err e = read_stamps(m, &s, &midway, msg);
    if (!e && !m->same)
        write_stamp(&text, &s);
    for (unsigned i = 0; i < m->o->n_to && !e && s.any; i++) {
        if (m->same) {
            buf_clear(&own);
            buf_clear(&text);
            e = store_stamp(m->from[i].store, &own, msg);
            keep_lines(&text, buf_str(&own));
        }
        if (!e)
            e = put_stamp(&m->to[i], buf_str(&text), msg);
        e = e == ERR_ABSENT ? ERR_OK : e;
    }
    buf_done(&text);
    buf_done(&own);
    return e;
}

/* --- all of it --- */

enum err move_rows(struct move *m, struct errmsg *msg)
{
    enum err e = write_contacts(m, msg);
    for (unsigned i = 0; i < m->o->n_from && !m->same; i++) /* those behind the last event that had one */
        for (; m->from[i].at_key < m->from[i].n_keys; m->from[i].at_key++)
            give_to_all(m, &m->from[i].keys[m->from[i].at_key]);
    for (unsigned i = 0; i < m->o->n_to && !e; i++)
        e = write_keys(m, &m->to[i], msg);
    return e ? e : write_stamps(m, msg);
}
