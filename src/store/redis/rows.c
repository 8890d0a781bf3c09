/* Contacts and idempotency keys as values of a hash, in JSON that we read back ourselves. */
#include "store/redis/inside.h"

#include <inttypes.h>

#include "codec/json_scan.h"

static bool is_erased(const struct contact *c)
{
    return !c->name.p && !c->phone.p && !c->by.p;
}

/* Of one that was erased the row stays, as in a folder: it says by which event. */
void redis_contact_write(struct buf *out, const struct contact_change *c)
{
    buf_printf(out, "{\"seq\":%" PRIu64 ",\"id\":", c->seq);
    buf_add_json(out, c->id);
    BUF_LIT(out, ",\"name\":");
    buf_add_json(out, c->contact.name);
    BUF_LIT(out, ",\"phone\":");
    buf_add_json(out, c->contact.phone);
    BUF_LIT(out, ",\"by\":");
    buf_add_json(out, c->contact.by);
    buf_addc(out, '}');
}

bool redis_contact_read(struct str value, struct buf *text, struct contact_change *out)
{
    struct contact *c = &out->contact;
    buf_room(text, value.n);
    struct scan s = {value.p, value.p + value.n, text};
    return scan_lit(&s, "{\"seq\":") && scan_u64(&s, UINT64_MAX, &out->seq) && scan_lit(&s, ",\"id\":") &&
           scan_str(&s, &out->id) && scan_lit(&s, ",\"name\":") && scan_str_or_null(&s, &c->name) &&
           scan_lit(&s, ",\"phone\":") && scan_str_or_null(&s, &c->phone) && scan_lit(&s, ",\"by\":") &&
           scan_str_or_null(&s, &c->by) && scan_char(&s, '}') && s.p == s.end;
}

static void point_to(struct buf *out, struct str *s)
{
    if (!s->p)
        return;
    size_t at = out->n;
    buf_addstr(out, *s);
    *s = (struct str){out->p + at, s->n};
}

/* The strings move to out, which must not grow between them. */
static enum err take_contact(const redisReply *r, struct str id, struct buf *out, struct contact *contact,
                             struct errmsg *msg)
{
    struct contact_change row;
    struct buf text = BUF_INIT;
    enum err e = ERR_OK;
    if (!redis_contact_read((struct str){r->str, r->len}, &text, &row))
        e = err_set(msg, ERR_DAMAGED, "a contact in Redis is not what was written");
    else if (!str_eq(row.id, id))
        e = err_set(msg, ERR_DAMAGED, "the contact of %.*s stands under another's number", (int)id.n, id.p);
    else if (is_erased(&row.contact))
        e = err_set(msg, ERR_ABSENT, "the contact of %.*s was erased", (int)id.n, id.p);
    else {
        buf_room(out, r->len);
        point_to(out, &row.contact.name);
        point_to(out, &row.contact.phone);
        point_to(out, &row.contact.by);
        *contact = row.contact;
    }
    buf_done(&text);
    return e;
}

static enum err get_field(struct redis_store *s, enum redis_key key, struct str field, redisReply **reply,
                          struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redis_command_begin(&c, "HGET");
    redis_command_add(&c, redis_key(&s->shard, key));
    redis_command_add(&c, field);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_STRING, reply, msg);
    redis_command_done(&c);
    return e;
}

static enum err find_contact(struct redis_store *s, enum redis_key key, struct str field, struct str id,
                             struct buf *out, struct contact *contact, struct errmsg *msg)
{
    redisReply *reply;
    enum err e = get_field(s, key, field, &reply, msg);
    if (e)
        return e;
    e = take_contact(reply, id, out, contact, msg);
    freeReplyObject(reply);
    return e;
}

enum err redis_store_contact(struct store *store, uint32_t number, struct str id, struct buf *out,
                             struct contact *contact, struct errmsg *msg)
{
    char room[16];
    struct buf field = {room, 0, sizeof room};
    buf_add_u64(&field, number);
    return find_contact(redis_of(store), KEY_CONTACTS, buf_str(&field), id, out, contact, msg);
}

enum err redis_store_unit_contact(struct store *store, struct str unit, struct buf *out, struct contact *contact,
                                  struct errmsg *msg)
{
    return find_contact(redis_of(store), KEY_UNITS, unit, unit, out, contact, msg);
}

/* --- idempotency keys: their bodies are bytes, in front --- */

void redis_key_write(struct buf *out, const struct key_row *row)
{
    buf_add(out, row->body, KEY_HASH);
    buf_printf(out, "%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %u %u", row->at, row->seq, row->first_seq,
               row->n_events, (unsigned)row->result, (unsigned)row->reason);
}

bool redis_key_read(const redisReply *r, struct key_row *out)
{
    unsigned result, reason;
    int end = 0;
    if (r->len < KEY_HASH)
        return false;
    memcpy(out->body, r->str, KEY_HASH);
    if (sscanf(r->str + KEY_HASH, "%" SCNd64 " %" SCNu64 " %" SCNu64 " %" SCNu32 " %u %u%n", &out->at, &out->seq,
               &out->first_seq, &out->n_events, &result, &reason, &end) != 6 ||
        (size_t)end != r->len - KEY_HASH || result >= RESULT_N || reason >= REASON_N)
        return false;
    out->result = (enum result)result;
    out->reason = (enum reason)reason;
    return true;
}

enum err redis_store_key_find(struct store *store, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                              struct errmsg *msg)
{
    redisReply *reply;
    struct key_row row;
    enum err e = get_field(redis_of(store), KEY_KEYS, (struct str){(const char *)key, KEY_HASH}, &reply, msg);
    if (e)
        return e;
    if (!redis_key_read(reply, &row))
        e = err_set(msg, ERR_DAMAGED, "an idempotency key in Redis is not what was written");
    else if (row.at <= now - KEY_SECONDS)
        e = ERR_ABSENT;
    freeReplyObject(reply);
    if (e)
        return e;
    memcpy(row.key, key, KEY_HASH);
    *out = row;
    return ERR_OK;
}
