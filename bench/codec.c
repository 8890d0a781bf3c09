/* What reading and writing JSON costs on one core: lines a second for inputs and events. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yajl/yajl_parse.h>

#include "codec/event_json.h"
#include "codec/input_json.h"

#define LINES 1000 /* different ones, so that branches are not learnt by heart */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One figure: rounds over the lines until a second has gone by, of which the best counts: what the machine does
 * besides is not what is measured. */
struct bench {
    const char *name;
    void (*round)(void *context); /* LINES lines */
    void *context;
    double least; /* lines a second that it must reach, 0: for comparison only */
    size_t bytes; /* of an average line */
};

static bool run(const struct bench *b)
{
    double best = 1e9, until = seconds() + 1.0;
    while (seconds() < until) {
        double start = seconds();
        b->round(b->context);
        double spent = seconds() - start;
        if (spent < best)
            best = spent;
    }
    double rate = LINES / best;
    printf("%-44s %4zu bytes %8.2f million/s", b->name, b->bytes, rate / 1e6);
    if (b->least > 0)
        printf("   at least %.1f: %s", b->least / 1e6, rate >= b->least ? "yes" : "NO");
    putchar('\n');
    return rate >= b->least;
}

struct lines {
    struct str v[LINES];
    struct buf text;
    size_t average;
};

static void lines_end(struct lines *l, const size_t ends[LINES])
{
    size_t start = 0;
    for (int i = 0; i < LINES; i++) {
        l->v[i] = (struct str){l->text.p + start, ends[i] - start};
        start = ends[i];
    }
    l->average = start / LINES;
}

static void make_certifies(struct lines *l)
{
    size_t ends[LINES];
    for (int i = 0; i < LINES; i++) {
        buf_printf(&l->text,
                   "{\"op\":\"certify\",\"id\":\"330902-%07d\",\"channel\":\"data-match\","
                   "\"certified_on\":\"2026-%02d-%02d\",\"ref\":\"DM-2026-%010d\",\"evidence\":\"medical settlement "
                   "330902-20260512-%07d, hospital 3\",\"by\":null}\n",
                   i * 37, i % 12 + 1, i % 28 + 1, i * 101, i);
        ends[i] = l->text.n;
    }
    lines_end(l, ends);
}

static struct event suspension(int i)
{
    static char id[32];
    lc_date due = date_make(2026, i % 12 + 1, 28);
    snprintf(id, sizeof id, "330902-%07d", i * 37);
    return (struct event){
        .seq = 10000000u + (unsigned)i,
        .prev = 9000000u + (unsigned)i * 3,
        .time = 1780000000 + i * 86400,
        .offset = 28800,
        .type = EV_SUSPENDED,
        .subject = str_of(id),
        .u.suspended = {due, due + 16, date_month(due) + 1},
    };
}

static void make_events(struct lines *l)
{
    size_t ends[LINES];
    for (int i = 0; i < LINES; i++) {
        struct event e = suspension(i);
        event_write(&l->text, &e);
        ends[i] = l->text.n;
    }
    lines_end(l, ends);
}

struct inputs {
    struct lines *lines;
    struct input_parser *parser;
    char *arena;
};

static void parse_round(void *context)
{
    struct inputs *in = context;
    struct input input;
    struct input_fault fault;
    size_t used;
    for (int i = 0; i < LINES; i++) {
        if (input_parse(in->parser, in->lines->v[i].p, in->lines->v[i].n, &input, in->arena, &used, &fault) != ERR_OK) {
            fprintf(stderr, "%s\n", fault.text);
            exit(1);
        }
    }
}

static int pass(void *context, const unsigned char *s, size_t n)
{
    (void)context, (void)s, (void)n;
    return 1;
}

struct bare {
    struct lines *lines;
    yajl_handle yajl;
};

/* The library alone, with callbacks that do nothing. */
static void yajl_round(void *context)
{
    struct bare *b = context;
    for (int i = 0; i < LINES; i++)
        if (yajl_parse(b->yajl, (const unsigned char *)b->lines->v[i].p, b->lines->v[i].n) != yajl_status_ok)
            exit(1);
}

struct reading {
    struct lines *lines;
    struct event_arena arena;
};

static void read_round(void *context)
{
    struct reading *r = context;
    struct event e;
    size_t where;
    for (int i = 0; i < LINES; i++)
        if (event_read(r->lines->v[i], &e, &r->arena, &where) != ERR_OK)
            exit(1);
}

static void head_round(void *context)
{
    struct reading *r = context;
    struct event e;
    for (int i = 0; i < LINES; i++)
        if (event_read_head(r->lines->v[i], &e, &r->arena) != ERR_OK)
            exit(1);
}

struct writing {
    struct event events[LINES];
    struct buf out;
};

static void write_round(void *context)
{
    struct writing *w = context;
    buf_clear(&w->out);
    for (int i = 0; i < LINES; i++)
        event_write(&w->out, &w->events[i]);
}

int main(void)
{
    static struct lines certifies, events;
    static struct writing writing;
    static const yajl_callbacks callbacks = {.yajl_string = pass, .yajl_map_key = pass};
    struct input_options options = {.country_code = "+86"};
    struct inputs inputs = {&certifies, input_parser_new(&options), mem_alloc(2 * INPUT_LINE_MAX + 64)};
    struct bare bare = {&certifies, yajl_alloc(&callbacks, NULL, NULL)};
    struct reading reading = {.lines = &events};
    make_certifies(&certifies);
    make_events(&events);
    for (int i = 0; i < LINES; i++) {
        size_t where;
        static struct event_arena arena;
        if (event_read(events.v[i], &writing.events[i], &arena, &where) != ERR_OK)
            return 1;
    }
    yajl_config(bare.yajl, yajl_allow_multiple_values, 1);
    const struct bench all[] = {
        {"the JSON library alone, certify", yajl_round, &bare, 0, certifies.average},
        {"input_parse, certify", parse_round, &inputs, 1.3e6, certifies.average},
        {"event_write, benefit.suspended", write_round, &writing, 3e6, events.average},
        {"event_read, benefit.suspended", read_round, &reading, 4e6, events.average},
        {"event_read_head, benefit.suspended", head_round, &reading, 10e6, events.average},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        good &= run(&all[i]);
    input_parser_free(inputs.parser);
    yajl_free(bare.yajl);
    free(inputs.arena);
    event_arena_done(&reading.arena);
    buf_done(&certifies.text);
    buf_done(&events.text);
    buf_done(&writing.out);
    return good ? 0 : 1;
}
