/* Questions to the engine: the lines of items whose own were let go, then the people that items are about. */
#include <stdlib.h>

#include "codec/event_parts.h"
#include "deliver/inside.h"

static void on_engine_done(struct request *r)
{
    struct question *l = r->owner;
    completions_push(l->outlet->deliver->completions, &l->done);
}

static void on_answered(struct completion *c);

static void submit(struct question *l, enum request_kind kind)
{
    struct buf body = l->request.body;
    buf_clear(&body);
    l->request = (struct request){.kind = kind,
                                  .done = on_engine_done,
                                  .owner = l,
                                  .seqs = l->seqs,
                                  .n_seqs = kind == REQUEST_LINES ? l->n : 0,
                                  .people = l->people,
                                  .n_people = kind == REQUEST_PEOPLE ? l->n : 0,
                                  .body = body};
    l->done.run = on_answered;
    l->busy = true;
    l->fetching = kind == REQUEST_LINES;
    if (!engine_submit(l->outlet->deliver->options.engine, &l->request))
        abort(); /* only inputs are ever turned away */
}

/* --- people --- */

/* A unit's digest is about the unit, all else about its subject. */
static struct str unit_of(struct deliver *d, const struct item *i)
{
    struct event e;
    size_t where;
    return event_read(buf_str(&i->line), &e, &d->arena, &where) == ERR_OK ? e.u.digest.unit : STR_NONE;
}

static void ask_people(struct question *l)
{
    struct outlet *o = l->outlet;
    buf_clear(&l->units);
    buf_room(&l->units, (size_t)l->n * ID_BYTES); /* it must not move */
    for (unsigned k = 0; k < l->n; k++) {
        struct person_view *v = &l->people[k];
        *v = (struct person_view){.contact_wanted = o->outfit->config->messages};
        v->unit = l->items[k]->type == EV_UNIT_DIGEST;
        v->id = track_subject(l->items[k]);
        if (!v->unit)
            continue;
        struct str unit = unit_of(o->deliver, l->items[k]);
        v->id = (struct str){l->units.p + l->units.n, unit.n < ID_BYTES ? unit.n : ID_BYTES};
        buf_add(&l->units, unit.p, v->id.n);
    }
    submit(l, REQUEST_PEOPLE);
}

/* Those for whom there is no room any more go back, the last first, so that they stand as before. */
static void give_back(struct question *l, unsigned from)
{
    for (unsigned k = l->n; k > from; k--)
        track_give_back(l->outlet->track, l->items[k - 1]);
}

static void people_known(struct question *l)
{
    unsigned k = 0;
    while (k < l->n && person_known(l->outlet, l->items[k], &l->people[k], l->request.today))
        k++;
    give_back(l, k);
}

/* --- lines --- */

/* The answer's lines, in the order of the question. */
static void take_lines(struct question *l)
{
    struct str rest = buf_str(&l->request.body);
    for (unsigned k = 0; k < l->n && rest.n; k++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        buf_clear(&l->items[k]->line);
        buf_add(&l->items[k]->line, rest.p, n);
        rest = (struct str){rest.p + n + 1, end ? rest.n - n - 1 : 0};
    }
}

static void send_all(struct question *l)
{
    unsigned k = 0;
    while (k < l->n && outlet_allows(l->outlet)) {
        flight_send(l->outlet, &l->items[k], 1);
        k++;
    }
    give_back(l, k);
}

static void on_answered(struct completion *c)
{
    struct question *l = (struct question *)c;
    struct outlet *o = l->outlet;
    l->busy = false;
    if (l->request.err != ERR_OK) { /* a damaged log: the endpoint stands still rather than leave something out */
        give_back(l, 0);
        outlet_pause(o, l->request.msg.text, STR_LIT("lifecertd"));
        return;
    }
    if (l->fetching)
        take_lines(l);
    if (!l->fetching)
        people_known(l);
    else if (o->outfit->needs_person)
        ask_people(l);
    else
        send_all(l);
}

/* --- the next question --- */

static struct question *question_of(struct outlet *o)
{
    if (!o->question) {
        o->question = mem_zalloc(1, sizeof *o->question);
        o->question->outlet = o;
    }
    return o->question;
}

bool question_is_idle(const struct outlet *o)
{
    return !o->question || (!o->question->busy && !o->question->n_wanted);
}

unsigned question_room(const struct outlet *o)
{
    return PEOPLE_MAX - (o->question ? o->question->n_wanted : 0);
}

void question_want(struct outlet *o, struct item *i)
{
    struct question *l = question_of(o);
    l->wanted[l->n_wanted++] = i;
}

void question_forget(struct outlet *o)
{
    struct question *l = o->question;
    while (l && l->n_wanted)
        track_give_back(o->track, l->wanted[--l->n_wanted]);
}

void question_ask(struct outlet *o)
{
    struct question *l = o->question;
    bool fetch = false;
    if (!l || l->busy || !l->n_wanted)
        return;
    l->n = l->n_wanted;
    l->n_wanted = 0;
    for (unsigned k = 0; k < l->n; k++) {
        l->items[k] = l->wanted[k];
        l->seqs[k] = l->items[k]->seq;
        fetch |= l->items[k]->line.n == 0;
    }
    if (fetch)
        submit(l, REQUEST_LINES);
    else
        ask_people(l);
}

void question_free(struct outlet *o)
{
    if (!o->question)
        return;
    buf_done(&o->question->request.body);
    buf_done(&o->question->units);
    free(o->question);
}
