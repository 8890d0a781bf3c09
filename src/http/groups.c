#include "http/groups.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    char bytes[];
};

struct groups {
    struct group *free;
    unsigned n; /* made and not freed */
};

struct groups *groups_new(void)
{
    return mem_zalloc(1, sizeof(struct groups));
}

static struct arena_block *arena_block_new(size_t size, struct arena_block *older)
{
    struct arena_block *b = mem_alloc(sizeof *b + size);
    b->older = older;
    b->used = 0;
    b->size = size;
    return b;
}

/* Frees all blocks but the oldest. */
static void arena_reset(struct group *g)
{
    while (g->arena->older) {
        struct arena_block *b = g->arena;
        g->arena = b->older;
        free(b);
    }
    g->arena->used = 0;
    g->arena_used = 0;
}

static void group_free(struct group *g)
{
    arena_reset(g);
    free(g->arena);
    buf_done(&g->faults);
    buf_done(&g->request.body);
    free(g);
}

void groups_free(struct groups *p)
{
    if (!p)
        return;
    while (p->free) {
        struct group *next = p->free->next;
        group_free(p->free);
        p->free = next;
    }
    free(p);
}

static struct group *group_new(void)
{
    struct group *g = mem_alloc(sizeof *g);
    g->faults = BUF_INIT;
    g->arena = arena_block_new(GROUP_STRINGS, NULL);
    return g;
}

struct group *group_get(struct groups *p)
{
    struct group *g = p->free;
    if (!g && p->n == GROUPS_MAX)
        return NULL;
    if (g) {
        p->free = g->next;
    } else {
        p->n++;
        g = group_new();
    }
    g->request = (struct request){.kind = REQUEST_INPUTS, .inputs = g->inputs, .results = g->results};
    g->owner = NULL;
    g->next = NULL;
    g->finished = false;
    g->n_lines = 0;
    g->arena_used = 0;
    return g;
}

void group_put(struct groups *p, struct group *g)
{
    arena_reset(g);
    buf_done(&g->faults);
    buf_done(&g->request.body);
    g->next = p->free;
    p->free = g;
}

bool group_full(const struct group *g)
{
    return g->n_lines == GROUP_LINES || g->arena_used >= GROUP_STRINGS;
}

/* Room for what input_parse() may need; most of it is given back after each line. */
static struct arena_block *arena_room(struct group *g, size_t need)
{
    if (g->arena->size - g->arena->used < need)
        g->arena = arena_block_new(need < GROUP_STRINGS ? GROUP_STRINGS : need, g->arena);
    return g->arena;
}

void group_add_line(struct group *g, struct input_parser *parser, struct str line, uint64_t number,
                    const struct intake *who)
{
    struct request *r = &g->request;
    struct arena_block *arena = arena_room(g, 2 * line.n + 64);
    struct input_fault fault;
    size_t used = 0;
    enum err e =
        input_parse(parser, line.p, line.n, &g->inputs[r->n_inputs], arena->bytes + arena->used, &used, &fault);
    if (e != ERR_OK) {
        group_add_fault(g, number, "malformed", fault.member, fault.text);
        return;
    }
    const char *why, *member = intake_forbids(who, &g->inputs[r->n_inputs], &why);
    if (member) {
        group_add_fault(g, number, "forbidden", member, why);
        return;
    }
    if (who->key_n) {
        intake_key(who, number, line, &g->keys[r->n_inputs]);
        r->keys = g->keys;
    }
    arena->used += used;
    g->arena_used += used;
    g->lines[g->n_lines].number = number;
    g->lines[g->n_lines++].fault = 0;
    r->n_inputs++;
}

void group_add_fault(struct group *g, uint64_t number, const char *reason, const char *member, const char *detail)
{
    g->lines[g->n_lines].number = number;
    g->lines[g->n_lines++].fault = (uint32_t)g->faults.n + 1;
    g->arena_used += strlen(member) + strlen(detail);
    buf_add(&g->faults, &reason, sizeof reason);
    buf_add(&g->faults, member, strlen(member) + 1);
    buf_add(&g->faults, detail, strlen(detail) + 1);
}

static void collect_fault(const char *p, uint64_t number, struct result_log *results)
{
    const char *reason, *member = p + sizeof reason;
    memcpy(&reason, p, sizeof reason);
    result_log_fault(results, number, reason, member, member + strlen(member) + 1);
}

void group_collect(const struct group *g, struct result_log *results)
{
    const struct input *in = g->inputs;
    const struct input_result *result = g->results;
    for (uint32_t i = 0; i < g->n_lines; i++) {
        uint64_t number = g->lines[i].number;
        if (g->lines[i].fault)
            collect_fault(g->faults.p + g->lines[i].fault - 1, number, results);
        else if (g->request.err != ERR_OK)
            result_log_fault(results, number, "unknown", "", g->request.msg.text);
        else
            result_log_add(results, in++, result++, number);
    }
}
