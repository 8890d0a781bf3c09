/* Questions to the engine: the lines of items whose own were let go, then the people that items are about. */
#include <stdlib.h>

#include "deliver/inside.h"

#define ASK_AGAIN_SECONDS 5

static void on_engine_done(struct request *r)
{
    struct question *q = r->owner;
    completions_push(q->outlet->deliver->completions, &q->done);
}

static void on_answered(struct completion *c);

static void submit(struct question *q, enum request_kind kind)
{
    struct buf body = q->request.body;
    buf_clear(&body);
    q->request = (struct request){.kind = kind,
                                  .done = on_engine_done,
                                  .owner = q,
                                  .seqs = q->seqs,
                                  .n_seqs = kind == REQUEST_LINES ? q->n : 0,
                                  .people = q->people,
                                  .n_people = kind == REQUEST_PEOPLE ? q->n : 0,
                                  .body = body};
    q->done.run = on_answered;
    q->busy = true;
    q->fetching = kind == REQUEST_LINES;
    if (!engine_submit(q->outlet->deliver->options.engine, &q->request))
        abort(); /* only inputs are ever turned away */
}

/* --- people --- */

static void ask_people(struct question *q)
{
    struct outlet *o = q->outlet;
    for (unsigned k = 0; k < q->n; k++)
        q->people[k] = (struct person_view){.id = track_subject(q->items[k]),
                                            .unit = q->items[k]->type == EV_UNIT_DIGEST,
                                            .contact_wanted = o->outfit->config->messages};
    submit(q, REQUEST_PEOPLE);
}

/* Those for whom there is no room any more go back, the last first, so that they stand as before. */
static void give_back(struct question *q, unsigned from)
{
    for (unsigned k = q->n; k > from; k--)
        track_give_back(q->outlet->track, q->items[k - 1]);
}

/* Events to be sent together, as many as the endpoint takes in one request. */
struct parcel {
    struct item *items[BATCH_MAX];
    unsigned n;
};

static void parcel_send(struct outlet *o, struct parcel *p)
{
    if (p->n)
        flight_send(o, p->items, p->n);
    p->n = 0;
}

/* false: there is no room for another request. */
static bool parcel_add(struct outlet *o, struct parcel *p, struct item *i)
{
    if (p->n == 0 && !outlet_allows(o))
        return false;
    p->items[p->n++] = i;
    if (p->n >= o->outfit->batch)
        parcel_send(o, p);
    return true;
}

/* false: there is no room to send it now. */
static bool person_known(struct question *q, unsigned k, struct parcel *p)
{
    struct outlet *o = q->outlet;
    if (!person_passes(o, &q->people[k])) {
        outlet_let_go(o, q->items[k]);
        return true;
    }
    if (!o->outfit->config->messages)
        return parcel_add(o, p, q->items[k]);
    if (!outlet_allows(o))
        return false;
    person_message(o, q->items[k], &q->people[k], q->request.today);
    return true;
}

static void people_known(struct question *q)
{
    struct parcel p = {.n = 0};
    unsigned k = 0;
    while (k < q->n && person_known(q, k, &p))
        k++;
    parcel_send(q->outlet, &p);
    give_back(q, k);
}

/* --- lines --- */

/* The answer's lines, in the order of the question. */
static void take_lines(struct question *q)
{
    struct str rest = buf_str(&q->request.body);
    for (unsigned k = 0; k < q->n && rest.n; k++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        buf_clear(&q->items[k]->line);
        buf_add(&q->items[k]->line, rest.p, n);
        rest = (struct str){rest.p + n + 1, end ? rest.n - n - 1 : 0};
    }
}

static void send_all(struct question *q)
{
    struct parcel p = {.n = 0};
    unsigned k = 0;
    while (k < q->n && parcel_add(q->outlet, &p, q->items[k]))
        k++;
    parcel_send(q->outlet, &p);
    give_back(q, k);
}

/* With a damaged log, or one that lacks the event, the endpoint stands still rather than leave something out; what
 * may pass is waited for. */
static void refused(struct question *q)
{
    struct outlet *o = q->outlet, *live = outlet_live(o);
    enum err err = q->request.err;
    bool damaged = err == ERR_DAMAGED || err == ERR_ABSENT || err == ERR_ARCHIVED;
    give_back(q, 0);
    if (damaged && o->live)
        redelivery_give_up(o, q->request.msg.text);
    else if (damaged)
        outlet_pause(live, q->request.msg.text, STR_LIT("lifecertd"));
    else
        pace_throttled(&live->pace, live->deliver->now, ASK_AGAIN_SECONDS);
}

static void on_answered(struct completion *c)
{
    struct question *q = (struct question *)c;
    struct outlet *o = q->outlet;
    q->busy = false;
    if (q->request.err != ERR_OK) {
        refused(q);
        return;
    }
    if (q->fetching)
        take_lines(q);
    if (!q->fetching)
        people_known(q);
    else if (o->outfit->needs_person)
        ask_people(q);
    else
        send_all(q);
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

unsigned question_asked(const struct outlet *o)
{
    return o->question ? o->question->n_wanted + (o->question->busy ? o->question->n : 0) : 0;
}

unsigned question_room(const struct outlet *o)
{
    return PEOPLE_MAX - (o->question ? o->question->n_wanted : 0);
}

void question_want(struct outlet *o, struct item *i)
{
    struct question *q = question_of(o);
    q->wanted[q->n_wanted++] = i;
}

void question_forget(struct outlet *o)
{
    struct question *q = o->question;
    while (q && q->n_wanted)
        track_give_back(o->track, q->wanted[--q->n_wanted]);
}

void question_ask(struct outlet *o)
{
    struct question *q = o->question;
    bool fetch = false;
    if (!q || q->busy || !q->n_wanted)
        return;
    q->n = q->n_wanted;
    q->n_wanted = 0;
    for (unsigned k = 0; k < q->n; k++) {
        q->items[k] = q->wanted[k];
        q->seqs[k] = q->items[k]->seq;
        fetch |= q->items[k]->line.n == 0;
    }
    if (fetch)
        submit(q, REQUEST_LINES);
    else
        ask_people(q);
}

void question_free(struct outlet *o)
{
    if (!o->question)
        return;
    buf_done(&o->question->request.body);
    free(o->question);
}
