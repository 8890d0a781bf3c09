#include "tests/chaos/load.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "redis/client.h"
#include "redis/slot.h"
#include "shards/set.h"
#include "tests/chaos/hand.h"

#define UNITS 5
#define BULK WORKERS         /* the thread that fills a segment of one shard, */
#define DIRECT (WORKERS + 1) /* the one that writes into streams itself, */
#define FIRST_PROBE (WORKERS + 2)
#define BULK_PEOPLE 40
#define BULK_BODY 200
#define PROBE_MS 1000 /* how long a probe waits for one answer */
#define NS_PER_MS INT64_C(1000000)

/* --- what there is to say: members, and the mark that the event will say again --- */

struct words {
    char members[1024], mark[KEY_MAX];
};

static lc_date today(const struct hand *w)
{
    return atomic_load(&w->load->today);
}

static void add_date(char *text, size_t size, const char *member, lc_date on)
{
    char date[10];
    size_t n = strlen(text);
    date_format(on, date);
    snprintf(text + n, size - n, ",\"%s\":\"%.10s\"", member, date);
}

static void say_enrol(struct hand *w, uint32_t place, struct words *out)
{
    static const char *const policies[] = {"monthly", "two-monthly", "monthly", "national"};
    snprintf(out->members, sizeof out->members,
             ",\"policy\":\"%s\",\"amount\":%u,\"category\":\"C%u\",\"unit\":\"U%u\"", policies[place % 4],
             1000 + place, place % 4, place % UNITS);
    add_date(out->members, sizeof out->members, "approved_on", today(w) - (lc_date)hand_below(w, 60));
}

static void say_certify(struct hand *w, uint32_t place, struct words *out)
{
    uint32_t ref = w->refs[place] = ++w->next;
    snprintf(out->members, sizeof out->members, ",\"channel\":\"face\",\"ref\":\"R%u\",\"evidence\":\"seen\"", ref);
    add_date(out->members, sizeof out->members, "certified_on", today(w) - (lc_date)hand_below(w, 12));
    snprintf(out->mark, sizeof out->mark, "face R%u", ref);
}

static void say_amend(struct hand *w, uint32_t place, struct words *out)
{
    unsigned amount = 1000000 + ++w->next;
    (void)place;
    snprintf(out->members, sizeof out->members, ",\"amount\":%u%s", amount,
             hand_below(w, 8)   ? ""
             : hand_below(w, 2) ? ",\"policy\":\"two-monthly\""
                                : ",\"policy\":\"monthly\"");
    snprintf(out->mark, sizeof out->mark, "%u", amount);
}

static void say_reason(struct hand *w, struct words *out)
{
    size_t n = strlen(out->members);
    snprintf(out->mark, sizeof out->mark, "because %u", ++w->next);
    snprintf(out->members + n, sizeof out->members - n, ",\"reason\":\"%s\"", out->mark);
}

static void say_revoke(struct hand *w, uint32_t place, struct words *out)
{
    snprintf(out->members, sizeof out->members, ",\"channel\":\"face\",\"ref\":\"R%u\"", w->refs[place]);
    say_reason(w, out);
}

static void say_defer(struct hand *w, uint32_t place, struct words *out)
{
    (void)place;
    add_date(out->members, sizeof out->members, "until", today(w) + 3 + (lc_date)hand_below(w, 20));
    say_reason(w, out);
}

/* Each day once for each person: what has the same words is the same input. */
static void say_death(struct hand *w, uint32_t place, struct words *out)
{
    lc_date on = today(w) - (lc_date)hand_below(w, 10);
    if (on <= w->deaths[place])
        on = w->deaths[place] + 1;
    w->deaths[place] = on;
    add_date(out->members, sizeof out->members, "died_on", on);
    date_format(on, out->mark);
    out->mark[10] = '\0';
}

static void say_retract(struct hand *w, uint32_t place, struct words *out)
{
    (void)place;
    say_reason(w, out);
}

static void say_nothing(struct hand *w, uint32_t place, struct words *out)
{
    (void)w, (void)place, (void)out;
}

static const struct kind {
    const char *op;
    unsigned weight;
    void (*say)(struct hand *w, uint32_t place, struct words *out);
} kinds[] = {
    {"certify", 50, say_certify}, {"amend", 14, say_amend},       {"revoke", 8, say_revoke},
    {"defer", 12, say_defer},     {"report-death", 5, say_death}, {"retract-death", 9, say_retract},
    {"erase", 1, say_nothing},
};

static const struct kind *draw_kind(struct hand *w)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        sum += kinds[i].weight;
    unsigned lot = hand_below(w, sum);
    const struct kind *k = kinds;
    while (lot >= k->weight)
        lot -= k++->weight;
    return k;
}

static uint32_t person_at(const struct hand *w, uint32_t place)
{
    return place * THREADS + w->number;
}

static void add(struct hand *w, const char *op, uint32_t place,
                void (*say)(struct hand *w, uint32_t place, struct words *out))
{
    struct words words = {.members = ""};
    char id[16];
    person_id(person_at(w, place), id);
    say(w, place, &words);
    body_add(w, op, id, words.members, words.mark);
}

static void add_unit(struct hand *w)
{
    char id[16], members[64];
    snprintf(id, sizeof id, "U%u", hand_below(w, UNITS));
    snprintf(members, sizeof members, ",\"phone\":\"139%08u\"", (w->number * 1000000 + ++w->next) % 100000000);
    body_add(w, "unit", id, members, "");
}

/* --- anybody's inputs, over HTTP --- */

static void learn_today(struct hand *w)
{
    lc_date on;
    if (hand_get(w, hand_below(w, DAEMONS), "/v1/status") != 200)
        return;
    const char *now = strstr(w->answer.p, "\"now\":\"");
    if (now && date_parse(now + 7, 10, &on))
        atomic_store(&w->load->today, on);
}

static void *work(void *arg)
{
    struct hand *w = arg;
    for (unsigned round = 0; !atomic_load(&w->load->stop); round++) {
        if (w->number == 0 && round % 4 == 0)
            learn_today(w);
        body_begin(w);
        for (unsigned n = 1 + hand_below(w, 8); n > 0; n--) {
            if (hand_below(w, 60) == 0)
                add_unit(w);
            else if (w->people < PEOPLE && (w->people == 0 || hand_below(w, 3) == 0))
                add(w, "enrol", w->people++, say_enrol);
            else {
                const struct kind *k = draw_kind(w);
                add(w, k->op, hand_below(w, w->people), k->say);
            }
        }
        body_deliver(w, true);
        hand_wait(50 + hand_below(w, 150));
    }
    return NULL;
}

/* --- many large ones, for the people of one shard, so that its segments are closed and moved --- */

/* People of that shard are looked for from a number on that is nobody else's. */
static uint32_t find_person(unsigned shard, uint32_t *from)
{
    char id[16];
    do
        person_id(++*from, id);
    while (shard_of(str_of(id), SHARDS) != shard);
    return *from;
}

static void add_bulk(struct hand *w, uint32_t person)
{
    static const char seen[] =
        "The person was seen, spoke, turned the head to the left and to the right, and smiled twice. ";
    char id[16], members[1024] = "", mark[KEY_MAX];
    person_id(person, id);
    snprintf(mark, sizeof mark, "face R%0100u", ++w->next);
    snprintf(members, sizeof members, ",\"channel\":\"face\",\"ref\":\"%s\",\"evidence\":\"%s%s\"", mark + 5, seen,
             seen);
    add_date(members, sizeof members, "certified_on", today(w) - 10);
    body_add(w, "certify", id, members, mark);
}

static void *work_in_bulk(void *arg)
{
    struct hand *w = arg;
    uint32_t people[BULK_PEOPLE], from = 100000;
    struct words words = {.members = ""};
    char id[16];
    body_begin(w);
    for (unsigned i = 0; i < BULK_PEOPLE; i++) {
        people[i] = find_person(BULK_SHARD, &from);
        person_id(people[i], id);
        say_enrol(w, 3, &words);
        body_add(w, "enrol", id, words.members, "");
    }
    body_deliver(w, false);
    for (unsigned sent = 0; sent < w->load->bulk_lines && !atomic_load(&w->load->stop); sent += BULK_BODY) {
        body_begin(w);
        for (unsigned i = 0; i < BULK_BODY; i++)
            add_bulk(w, people[hand_below(w, BULK_PEOPLE)]);
        body_deliver(w, false);
        hand_wait(100);
    }
    return NULL;
}

/* --- a channel that writes into the shards' streams --- */

static bool is_count(const redisReply *r)
{
    return r && r->type == REDIS_REPLY_INTEGER && r->integer >= 1;
}

/* The client repeats what has no reply; the entry's key makes that harmless. true: a replica has it, too. */
static bool put_entry(struct redis *redis, unsigned shard, struct str input, const char *key)
{
    struct redis_command c[2] = {{.n = 0}, {.n = 0}};
    redisReply *replies[2] = {NULL, NULL};
    struct errmsg msg;
    char stream[64];
    bool good = false;
    snprintf(stream, sizeof stream, "{" PREFIX "/%u}:in:" CHANNEL, shard);
    redis_command_set(&c[0], "XADD", stream, "*", "i", NULL);
    redis_command_add(&c[0], input);
    redis_command_add(&c[0], STR_LIT("k"));
    redis_command_add(&c[0], str_of(key));
    redis_command_set(&c[1], "WAIT", "1", "1000", NULL);
    if (redis_run(redis, shard_slot(shard), c, 2, replies, &msg) == ERR_OK) {
        good = replies[0]->type != REDIS_REPLY_ERROR && is_count(replies[1]);
        redis_replies_free(replies, 2);
    }
    redis_command_done(&c[0]);
    redis_command_done(&c[1]);
    return good;
}

static void write_directly(struct hand *w, struct redis *redis)
{
    uint32_t place = hand_below(w, w->people), ref = ++w->next;
    char id[16], key[24], mark[KEY_MAX], date[10];
    struct buf line = BUF_INIT;
    person_id(person_at(w, place), id);
    date_format(today(w) - (lc_date)hand_below(w, 12), date);
    buf_printf(&line,
               "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"" CHANNEL
               "\",\"ref\":\"S%u\",\"certified_on\":\"%.10s\"}",
               id, ref, date);
    snprintf(mark, sizeof mark, "%s certify " CHANNEL " S%u", id, ref);
    snprintf(key, sizeof key, "S%u", ref);
    unsigned shard = shard_of(str_of(id), SHARDS);
    size_t in_book = book_add(&w->load->book, shard, buf_str(&line), mark);
    while (!put_entry(redis, shard, buf_str(&line), key)) {
        atomic_fetch_add(&w->load->repeated, 1);
        hand_wait(50);
    }
    book_taken(&w->load->book, in_book);
    buf_done(&line);
}

static void *work_directly(void *arg)
{
    struct hand *w = arg;
    struct redis_settings settings = {.timeout_ms = 1000, .patience_ms = 5000};
    struct errmsg msg;
    if (redis_address_parse(w->load->stage->daemons[0]->store, &settings.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct redis *redis = redis_new(&settings);
    body_begin(w);
    while (w->people < PEOPLE)
        add(w, "enrol", w->people++, say_enrol);
    body_deliver(w, false);
    while (!atomic_load(&w->load->stop)) {
        write_directly(w, redis);
        hand_wait(40 + hand_below(w, 60));
    }
    redis_free(redis);
    return NULL;
}

/* --- who asks every moment --- */

static void note(struct takings *t, int64_t asked)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 4096;
        t->v = mem_resize(t->v, t->cap, sizeof *t->v);
    }
    t->v[t->n++] = (struct taken){asked, clock_monotonic_ns()};
}

/* Not one that is known to be away: what is measured is the shard. */
static unsigned some_daemon(struct hand *w)
{
    unsigned daemon = hand_below(w, DAEMONS);
    for (unsigned i = 0; i < DAEMONS && atomic_load(&w->load->away[daemon]); i++)
        daemon = (daemon + 1) % DAEMONS;
    return daemon;
}

static void *probe_shard(void *arg)
{
    struct hand *w = arg;
    struct load *l = w->load;
    unsigned shard = w->number - FIRST_PROBE;
    uint32_t from = 200000 + 1000 * shard, person = find_person(shard, &from);
    struct words words = {.members = ""};
    char id[16];
    person_id(person, id);
    say_enrol(w, 3, &words);
    body_begin(w);
    body_add(w, "enrol", id, words.members, "");
    body_deliver(w, false);
    while (!atomic_load(&l->stop)) {
        int64_t asked = clock_monotonic_ns();
        say_amend(w, 0, &words);
        body_begin(w);
        body_add(w, "amend", id, words.members, words.mark);
        while (!body_send(w, some_daemon(w), PROBE_MS)) {
            hand_wait(20);
            asked = clock_monotonic_ns();
        }
        note(&l->shards[shard], asked);
        atomic_store(&l->shard_took[shard], clock_monotonic_ns());
        hand_wait(150);
    }
    return NULL;
}

/* A write to a node that it has on a replica, too. */
static bool write_to(int port, const char *tag)
{
    struct timeval limit = {.tv_usec = 300000};
    redisContext *c = redisConnectWithTimeout("127.0.0.1", port, limit);
    redisReply *set = NULL, *wait = NULL;
    if (c && !c->err) {
        redisSetTimeout(c, limit);
        redisAppendCommand(c, "SET {%s} 1", tag);
        redisAppendCommand(c, "WAIT 1 200");
        if (redisGetReply(c, (void **)&set) == REDIS_OK && redisGetReply(c, (void **)&wait) != REDIS_OK)
            wait = NULL;
    }
    bool good = set && set->type == REDIS_REPLY_STATUS && is_count(wait);
    if (set)
        freeReplyObject(set);
    if (wait)
        freeReplyObject(wait);
    if (c)
        redisFree(c);
    return good;
}

struct pair_probe {
    struct load *load;
    unsigned pair;
};

static void *probe_redis(void *arg)
{
    struct pair_probe *p = arg;
    struct load *l = p->load;
    while (!atomic_load(&l->stop)) {
        for (unsigned i = 0; i < 2; i++) {
            int64_t asked = clock_monotonic_ns();
            if (write_to(l->stage->cluster.nodes[p->pair + i * PAIRS].port, l->stage->tags[p->pair]))
                note(&l->redis[p->pair], asked);
        }
        hand_wait(50);
    }
    free(p);
    return NULL;
}

/* --- all of them --- */

static void start(struct load *l, unsigned number)
{
    void *(*run)(void *) = number < WORKERS   ? work
                           : number == BULK   ? work_in_bulk
                           : number == DIRECT ? work_directly
                                              : probe_shard;
    hand_init(&l->hands[number], l, number);
    if (pthread_create(&l->threads[number], NULL, run, &l->hands[number]) != 0)
        bail_out("no thread");
}

static void start_redis_probe(struct load *l, unsigned pair)
{
    struct pair_probe *p = mem_zalloc(1, sizeof *p);
    *p = (struct pair_probe){l, pair};
    if (pthread_create(&l->threads[THREADS + pair], NULL, probe_redis, p) != 0)
        bail_out("no thread");
}

void load_start(struct load *l, struct stage *s, uint64_t seed, unsigned bulk_lines)
{
    lc_date first;
    *l = (struct load){.stage = s, .seed = seed, .bulk_lines = bulk_lines};
    book_init(&l->book);
    if (!date_parse("2026-02-01", 10, &first) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        bail_out("no libcurl");
    atomic_store(&l->today, first);
    l->hands = mem_zalloc(THREADS, sizeof *l->hands);
    for (unsigned i = 0; i < THREADS; i++)
        start(l, i);
    for (unsigned i = 0; i < PAIRS; i++)
        start_redis_probe(l, i);
}

void load_stop(struct load *l)
{
    atomic_store(&l->stop, true);
    for (unsigned i = 0; i < THREADS + PAIRS; i++)
        pthread_join(l->threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        hand_done(&l->hands[i]);
}

void load_done(struct load *l)
{
    book_done(&l->book);
    free(l->hands);
    for (unsigned i = 0; i < SHARDS; i++)
        free(l->shards[i].v);
    for (unsigned i = 0; i < PAIRS; i++)
        free(l->redis[i].v);
}
