/* What lies beside the log: of a folder and of Redis the same, row by row, for the same commits. */
#include "store/survey/survey.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/delivery_help.h"

static struct redis_server server;
static const struct store_options options = {.lease_ms = 150};

enum { PEOPLE = 3000, ERASED = 7 };

/* Everybody has a contact, some a second one, one none any more. */
static void commit_people(struct store *s, uint64_t first)
{
    struct errmsg msg;
    struct buf lines = events_make(first, first + PEOPLE - 1);
    struct contact_change *contacts = mem_zalloc(PEOPLE + 2, sizeof *contacts);
    struct key_row *keys = mem_zalloc(PEOPLE, sizeof *keys);
    char(*ids)[16] = mem_zalloc(PEOPLE, sizeof *ids);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        snprintf(ids[i], sizeof ids[i], "p-%u", i);
        contacts[i] = (struct contact_change){.seq = first + i, .number = i, .id = str_of(ids[i]),
                                              .contact = {.name = STR_LIT("N"), .phone = STR_LIT("1")}};
        keys[i] = (struct key_row){.at = 1700000000, .seq = first + i, .first_seq = first + i, .n_events = 1};
        memcpy(keys[i].key, ids[i], strlen(ids[i]));
        keys[i].key[15] = (unsigned char)(first > 1);
    }
    contacts[PEOPLE] = (struct contact_change){.seq = first, .unit = true, .id = STR_LIT("north"),
                                               .contact = {.name = STR_LIT("N")}};
    contacts[PEOPLE + 1] = (struct contact_change){.seq = first, .unit = true, .id = STR_LIT("east"),
                                                   .contact = {.name = STR_LIT("E")}};
    if (first > 1)
        contacts[ERASED].contact = (struct contact){STR_NONE, STR_NONE, STR_NONE};
    const struct commit c = {.first = first, .last = first + PEOPLE - 1, .lines = buf_str(&lines),
                             .contacts = contacts, .n_contacts = PEOPLE + 2, .keys = keys, .n_keys = PEOPLE,
                             .stamp = STR_LIT("alive 5\n")};
    if (commit_whole(s, &c, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&lines);
    free(contacts);
    free(keys);
    free(ids);
}

static void deliver(struct store *s)
{
    struct delivery_store *d;
    struct errmsg msg;
    struct delivery_change c[] = {change_put("b", 5, DELIVERY_DEAD), change_put("a", 9, DELIVERY_SENT),
                                  change_put("a", 2, DELIVERY_RETRY), change_endpoint("a", 11),
                                  change_redelivery("a", REDELIVERY_DONE, 8)};
    c[0].row.subject = STR_LIT("p-5");
    if (delivery_open(s, &d, &msg) != ERR_OK || delivery_commit_all(d, c, sizeof c / sizeof *c, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    delivery_close(d);
}

static bool say_contact(void *arg, const struct contact_row *r)
{
    buf_printf(arg, "%u %.*s %" PRIu64 "\n", r->number, (int)r->id.n, r->id.p, r->seq);
    return true;
}

static bool say_key(void *arg, const struct key_row *r)
{
    buf_printf(arg, "key %.15s %d: %" PRIu64 " %u\n", (const char *)r->key, r->key[15], r->seq, r->n_events);
    return true;
}

static bool say_delivery(void *arg, const struct delivery_row *r)
{
    buf_printf(arg, "%.*s %" PRIu64, (int)r->endpoint.n, r->endpoint.p, r->seq);
    text_str(arg, "subject", r->subject);
    text_str(arg, "type", r->type);
    buf_addc(arg, '\n');
    return true;
}

static bool say_position(void *arg, const char *what, uint64_t seq)
{
    buf_printf(arg, "%s %" PRIu64 "\n", what, seq);
    return true;
}

static bool never(void *arg, const struct contact_row *r)
{
    (void)arg, (void)r;
    return false;
}

/* All but the indexes, which only a folder has. */
static void survey_all(const char *uri, struct buf *out)
{
    struct survey *s;
    struct errmsg msg = {""};
    uint64_t durable, last, stamped;
    if (survey_open(uri, &options, &s, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    bool good = survey_people(s, say_contact, out, &msg) == ERR_OK && survey_units(s, say_contact, out, &msg) == ERR_OK &&
                survey_keys(s, say_key, out, &msg) == ERR_OK &&
                survey_deliveries(s, say_delivery, out, &msg) == ERR_OK &&
                survey_positions(s, say_position, out, &msg) == ERR_OK &&
                survey_contacts_state(s, &durable, &last, &msg) == ERR_OK &&
                survey_stamp(s, &stamped, out, &msg) == ERR_OK;
    if (!good)
        bail_out("%s: %s", uri, msg.text);
    is_int(last, 2 * PEOPLE, "%.5s: the last commit was for the last event", uri);
    ok(durable <= last && stamped <= last, "%.5s: and no word is ahead of it", uri);
    is_int(survey_people(s, never, NULL, &msg), ERR_END, "%.5s: a reading ends when it is told to", uri);
    ok(!survey_live(s), "%.5s: nobody writes", uri);
    survey_close(s);
}

static void fill(const char *uri)
{
    struct store *s;
    struct survey *look;
    struct errmsg msg;
    if (store_open(uri, STORE_INIT, &options, &s, NULL, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    commit_people(s, 1);
    commit_people(s, PEOPLE + 1);
    deliver(s);
    if (survey_open(uri, &options, &look, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    ok(survey_live(look), "%.5s: whoever writes is seen", uri);
    survey_close(look);
    store_close(s);
}

int main(void)
{
    char dir[300], redis[128];
    struct buf of_dir = BUF_INIT, of_redis = BUF_INIT;
    struct survey *none;
    struct errmsg msg = {""};
    plan(0);
    redis_server_start(&server);
    snprintf(dir, sizeof dir, "dir:%s/store", tap_tmpdir());
    snprintf(redis, sizeof redis, "redis://127.0.0.1:%d/survey#3", server.port);
    fill(dir);
    fill(redis);
    survey_all(dir, &of_dir);
    survey_all(redis, &of_redis);
    size_t n = 0;
    while (n < of_dir.n && n < of_redis.n && of_dir.p[n] == of_redis.p[n])
        n++;
    ok(n == of_dir.n && n == of_redis.n, "both have the same rows, in one order: %zu bytes of %zu and %zu", n,
       of_dir.n, of_redis.n);
    ok(of_dir.n > 100000, "which are many");
    is_int(survey_open("memory:", &options, &none, &msg), ERR_INVALID, "what is in memory has nothing beside it");
    snprintf(redis, sizeof redis, "redis://127.0.0.1:%d/none#3", server.port);
    is_int(survey_open(redis, &options, &none, &msg), ERR_ABSENT, "and a shard that is not there: %s", msg.text);
    buf_done(&of_dir);
    buf_done(&of_redis);
    redis_server_kill(&server);
    return tap_end();
}
