#include "http/openapi/openapi_inputs.h"

#include <ctype.h>
#include <stdio.h>

#include "codec/input_table.h"

#define NAME_BYTES 64

/* "report-death" as "ReportDeathInput" */
static void schema_name(enum op op, char out[NAME_BYTES])
{
    bool upper = true;
    size_t n = 0;
    for (const char *p = op_text(op); *p; p++) {
        if (*p != '-')
            out[n++] = upper ? (char)toupper((unsigned char)*p) : *p;
        upper = *p == '-';
    }
    snprintf(out + n, NAME_BYTES - n, "Input");
}

static const char *about(const struct member_row *row, enum op op)
{
    static const struct {
        enum member bit;
        const char *text;
    } abouts[] = {
        {M_AT, "only where the clock is not the system's: the instant at which it is decided"},
        {M_AMOUNT, "the monthly benefit in the currency's minor unit"},
        {M_AMOUNT_FROM, "the period from which the amount is in force; only beside an amount"},
        {M_PHONE, "with or without country code; kept beside the log"},
        {M_NAME, "kept beside the log"},
        {M_BY, "who certified on the beneficiary's behalf; kept beside the log"},
        {M_REF, "the channel's own number for the certification"},
    };
    if (op == OP_UNIT && row->bit == M_UNIT)
        return "the code of an employer or a village office";
    for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++)
        if (abouts[i].bit == row->bit)
            return abouts[i].text;
    return NULL;
}

/* The value's schema without its braces; an optional member may be null, but for `at` and a policy. */
static void write_value(struct buf *out, const struct member_row *row, bool nullable)
{
    static const struct {
        const char *type, *rest;
    } types[MEMBER_TYPE_N] = {
        [MEMBER_OP] = {"string", ""},
        [MEMBER_TOKEN] = {"string", ", \"minLength\": 1, \"maxLength\": %u, \"pattern\": \"^[!-~]+$\""},
        [MEMBER_TEXT] = {"string", ", \"minLength\": 1, \"maxLength\": %u"},
        [MEMBER_PHONE] = {"string", ", \"maxLength\": %u"},
        [MEMBER_DATE] = {"string", ", \"format\": \"date\""},
        [MEMBER_MONTH] = {"string", ", \"pattern\": \"^[0-9]{4}-(0[1-9]|1[0-2])$\""},
        [MEMBER_AMOUNT] = {"integer", ", \"minimum\": 0, \"maximum\": 1000000000000"},
        [MEMBER_INSTANT] = {"string", ", \"format\": \"date-time\""},
    };
    buf_printf(out, nullable ? "\"type\": [\"%s\", \"null\"]" : "\"type\": \"%s\"", types[row->type].type);
    buf_printf(out, types[row->type].rest, row->max);
}

static void write_member(struct api_json *j, const struct member_row *row, enum op op)
{
    bool required = row->requires >> op & 1;
    const char *text = about(row, op);
    struct buf b = BUF_INIT;
    if (row->type == MEMBER_OP) {
        api_const(j, row->name.p, str_of(op_text(op)));
        return;
    }
    buf_addc(&b, '{');
    write_value(&b, row, !required && row->type != MEMBER_INSTANT && row->bit != M_POLICY);
    if (text) {
        BUF_LIT(&b, ", \"description\": ");
        buf_add_json(&b, str_of(text));
    }
    buf_addc(&b, '}');
    buf_addc(&b, '\0');
    api_raw(j, row->name.p, b.p);
    buf_done(&b);
}

static void write_op(struct api_json *j, enum op op)
{
    char name[NAME_BYTES], text[128];
    bool amount = false;
    api_open(j, (schema_name(op, name), name), '{');
    api_text(j, "type", "object");
    snprintf(text, sizeof text, "The op %s, as lifecertd-rules(7) has it.", op_text(op));
    api_text(j, "description", text);
    api_open(j, "properties", '{');
    const char *required[MEMBERS + 1];
    unsigned n = 0;
    for (unsigned i = 0; i < MEMBERS; i++) {
        const struct member_row *row = &member_rows[i];
        if (!(row->takes >> op & 1))
            continue;
        write_member(j, row, op);
        if (row->requires >> op & 1)
            required[n++] = row->name.p;
        amount |= row->bit == M_AMOUNT_FROM;
    }
    required[n] = NULL;
    api_close(j, '}');
    api_texts(j, "required", required);
    if (amount)
        api_raw(j, "dependentRequired", "{\"amount_from\": [\"amount\"]}");
    api_raw(j, "additionalProperties", "false");
    api_close(j, '}');
}

void api_inputs(struct api_json *j)
{
    char name[NAME_BYTES];
    for (int op = 0; op < OP_N; op++)
        write_op(j, (enum op)op);
    api_open(j, "Input", '{');
    api_text(j, "description", "One input: what happened, and to whom.");
    api_open(j, "oneOf", '[');
    for (int op = 0; op < OP_N; op++) {
        schema_name((enum op)op, name);
        api_ref(j, NULL, API_SCHEMAS, name);
    }
    api_close(j, ']');
    api_close(j, '}');
}
