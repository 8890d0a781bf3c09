#include "ctl/sim_results.h"

#include "core/text.h"

static void add_name(struct buf *b, const struct input *in)
{
    BUF_LIT(b, "{\"id\":");
    buf_add_json(b, in->op == OP_UNIT ? STR_NONE : in->id);
    if (in->op == OP_UNIT) {
        BUF_LIT(b, ",\"unit\":");
        buf_add_json(b, in->unit);
    }
    BUF_LIT(b, ",\"op\":");
    buf_add_json(b, op_texts.v[in->op]);
}

static void add_fault(struct buf *b, const char *member, const char *text)
{
    BUF_LIT(b, ",\"result\":\"error\",\"reason\":\"malformed\",\"member\":");
    buf_add_json(b, str_of(member));
    BUF_LIT(b, ",\"detail\":");
    buf_add_json(b, str_of(text));
}

static void add_decision(struct buf *b, const struct input_result *r)
{
    BUF_LIT(b, ",\"result\":");
    buf_add_json(b, result_texts.v[r->result]);
    BUF_LIT(b, ",\"reason\":");
    buf_add_json(b, reason_texts.v[r->reason]);
    BUF_LIT(b, ",\"seq\":[");
    for (uint32_t i = 0; i < r->n_events; i++)
        buf_printf(b, "%s%llu", i ? "," : "", (unsigned long long)(r->first_seq + i));
    buf_addc(b, ']');
}

static void add_result(struct buf *b, struct sim_inputs *s, const struct sim_line *l, const struct input_result *r)
{
    struct input in;
    struct input_fault fault;
    size_t used;
    if (sim_inputs_parse(s, l, &in, s->arena, &used, &fault) != ERR_OK) {
        BUF_LIT(b, "{\"id\":null,\"op\":null");
        add_fault(b, fault.member, fault.text);
    } else {
        add_name(b, &in);
        if (r->result == RESULT_ERROR)
            add_fault(b, r->member, r->fault);
        else
            add_decision(b, r);
    }
    buf_printf(b, ",\"line\":%llu}\n", (unsigned long long)l->number);
}

void sim_results_write(struct sim_inputs *in, const struct input_result *results, lc_instant until, FILE *f)
{
    struct buf b = BUF_INIT;
    sim_inputs_unsort(in);
    for (uint32_t i = 0; i < in->n_lines; i++) {
        const struct sim_line *l = &in->lines[i];
        if (l->at != INSTANT_NONE && l->at > until)
            continue;
        buf_clear(&b);
        add_result(&b, in, l, &results[l->order]);
        fwrite(b.p, 1, b.n, f);
    }
    buf_done(&b);
}
