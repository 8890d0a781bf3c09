/* A move from inside: what its files share (move.h). It takes some 100 bytes a beneficiary. */
#ifndef SHARDS_MOVE_INSIDE_H
#define SHARDS_MOVE_INSIDE_H

#include "codec/event_json.h"
#include "shards/move/move.h"
#include "store/delivery/delivery.h"

/* --- move_people.c: everybody, by id --- */

struct move_person {
    uint64_t id_at;   /* in the table's text */
    uint64_t story;   /* a hash over their events, without numbers, as they were read */
    uint64_t again;   /* the same, as they are read from where they went */
    uint64_t last;    /* of their events, as numbered where they went: the last one, and */
    uint64_t touched; /*   the last one that is certain to have set the contact; or else the first */
    uint32_t number;  /* among the people of the shard they went to */
    uint32_t hash;
    uint16_t shard;
    uint8_t id_n;
    bool row;     /* there is a contact's row */
    bool had_row; /* `touched` has set the contact: when there is no row now, it was erased */
};

struct move_people {
    struct move_person *v;
    uint32_t n, cap;
    uint32_t *slots;  /* index + 1 */
    uint32_t n_slots; /* a power of two, above 3/2 n */
    struct buf text;
};

struct move_person *move_people_find(const struct move_people *p, struct str id);
/* One that is not there yet. The pointer holds until the next one is added. */
struct move_person *move_people_add(struct move_people *p, struct str id);
struct str move_people_id(const struct move_people *p, const struct move_person *who);
void move_people_done(struct move_people *p);

/* --- what goes where --- */

/* A store that is filled. */
struct move_target {
    struct store *store;
    uint64_t last; /* the last event written or waiting */
    struct buf lines;
    uint64_t first; /* of those that wait */
    uint32_t people;
    struct key_row *keys; /* to be written behind the events */
    size_t n_keys, cap_keys;
    struct delivery_row *rows; /* strings are those of the source's rows */
    size_t n_rows, cap_rows;
};

struct move_termination {
    uint64_t old, now;
};

struct move_delivery; /* move_delivery.c: the state of one store's deliveries */

/* A store that is emptied. */
struct move_source {
    struct store *store;
    struct store_info info;
    struct key_row *keys; /* by the events that they rest on */
    size_t n_keys, cap_keys, at_key;
    struct move_termination *terminations; /* ascending */
    size_t n_terminations, cap_terminations;
    struct move_delivery *delivery;
};

struct seal_hasher;
struct move_adoptions; /* move_system.c */
struct move_holds;

struct move {
    const struct move_order *o;
    struct move_report *out;
    bool same;
    struct move_source *from;
    struct move_target *to;
    struct move_people people, units; /* units by code: touched, row and had_row alone */
    struct move_adoptions *adoptions;
    struct move_holds *holds;
    struct event_arena arena;
    struct buf scratch;
    struct seal_hasher *hasher;
    uint64_t total; /* events to be read */
};

void move_tell(const struct move *m, const char *what, uint64_t done, uint64_t total);

/* move.c: an event in hand that has its new number and prev, to that shard. */
enum err move_put(struct move *m, unsigned shard, struct event *ev, struct errmsg *msg) ERR_MUSTCHECK;
/* Writes what waits. */
enum err move_flush(struct move_target *t, struct errmsg *msg) ERR_MUSTCHECK;
enum err move_commit(struct store *s, const struct commit *c, struct errmsg *msg) ERR_MUSTCHECK;
/* Goes on from h with an event as it stands in a log, but for numbers. */
uint64_t move_hash(struct move *m, uint64_t h, struct event *ev, struct str line);

/* --- move_system.c: events about nobody --- */
void move_system_init(struct move *m);
void move_system_done(struct move *m);
enum err move_system(struct move *m, unsigned source, struct event *ev, struct errmsg *msg) ERR_MUSTCHECK;
/* Behind the last event: have all of the old shards come to the same? */
enum err move_system_end(const struct move *m, struct errmsg *msg) ERR_MUSTCHECK;

/* --- move_rows.c: contacts, keys, the stamp --- */
enum err move_keys_load(struct move *m, unsigned source, struct errmsg *msg) ERR_MUSTCHECK;
/* That event of a source is now number seq of a target. */
void move_keys_pass(struct move *m, unsigned source, uint64_t old, unsigned target, uint64_t seq);
enum err move_rows(struct move *m, struct errmsg *msg) ERR_MUSTCHECK;
/* Before anything is written. */
enum err move_stamps_check(struct move *m, struct errmsg *msg) ERR_MUSTCHECK;

/* --- move_delivery.c --- */
/* Reads the state, and refuses what would be lost or come twice. */
enum err move_delivery_load(struct move *m, unsigned source, struct errmsg *msg) ERR_MUSTCHECK;
void move_delivery_pass(struct move *m, unsigned source, uint64_t old, unsigned target, uint64_t seq);
enum err move_delivery_write(struct move *m, struct errmsg *msg) ERR_MUSTCHECK;
void move_delivery_free(struct move_delivery *d);

/* --- move_check.c: reads the targets again --- */
enum err move_check(struct move *m, struct errmsg *msg) ERR_MUSTCHECK;

#endif
