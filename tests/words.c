/* tests/words: all that the manual must name, as the program's own tables have it, one a line, for test_docs.sh:
 *
 *   key SECTION KEY DEFAULT      a configuration key; DEFAULT is empty when there is none
 *   event TYPE                   a type of event
 *   member TYPE MEMBER           a member of its data
 *   op OP                        an op
 *   input OP MEMBER              a member that it takes
 *   reason REASON                why an input is rejected
 *   word WORD                    a status, a deadline, a result, an effect, a hold
 *   route METHOD PATH            with :id as ID
 *   parameter METHOD PATH NAME   of its query, or a header that it looks at
 *   outcome WORD                 of a delivery, in the delivery log
 *   metric NAME TYPE LABEL...    of /metrics
 *   command NAME                 of lifecertctl */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "codec/event_table.h"
#include "codec/input_table.h"
#include "config/schema.h"
#include "core/text.h"
#include "ctl/commands.h"
#include "deliver/deliver.h"
#include "http/metrics/metrics.h"
#include "http/route_docs.h"
#include "http/routes.h"

static void print_keys(void)
{
    for (size_t i = 0; i < SECTION_N; i++) {
        const struct section *s = &config_schema[i];
        for (size_t k = 0; k < s->n_keys; k++)
            printf("key %s %s %s\n", s->name, s->keys[k].name, s->keys[k].fallback ? s->keys[k].fallback : "");
    }
}

static void print_events(void)
{
    for (unsigned t = 0; t < EV_N; t++) {
        const char *type = event_type_text((enum event_type)t);
        printf("event %s\n", type);
        for (unsigned i = 0; i < event_fields[t].n; i++) {
            const struct field *f = &event_fields[t].v[i];
            printf("member %s %.*s\n", type, f->key_n - 3, f->key + 1); /* without quotes and colon */
        }
    }
}

static void print_inputs(void)
{
    for (unsigned op = 0; op < OP_N; op++) {
        printf("op %s\n", op_text((enum op)op));
        for (unsigned i = 0; i < MEMBERS; i++)
            if (member_rows[i].takes >> op & 1)
                printf("input %s %s\n", op_text((enum op)op), member_rows[i].name.p);
    }
}

static void print_words(const char *what, const struct texts *words)
{
    for (unsigned i = 0; i < words->n; i++)
        if (words->v[i].p)
            printf("%s %s\n", what, words->v[i].p);
}

/* "/v1/beneficiaries/:id" as "/v1/beneficiaries/ID". */
static void print_path(const char *pattern)
{
    bool upper = false;
    for (const char *p = pattern; *p; p++) {
        if (*p == '/' || *p == ':')
            upper = *p == ':';
        if (*p != ':')
            putchar(upper ? toupper((unsigned char)*p) : *p);
    }
}

static void print_route(const char *what, const struct route *r)
{
    static const char *const methods[METHOD_N] = {[METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_DELETE] = "DELETE"};
    printf("%s %s ", what, methods[r->method]);
    print_path(r->pattern);
}

static void print_routes(void)
{
    for (size_t i = 0; i < http_routes_n; i++) {
        const struct route *r = &http_routes[i];
        print_route("route", r);
        putchar('\n');
        for (const struct doc_parameter *p = r->doc ? r->doc->parameters : NULL; p && p->name; p++) {
            if (p->in == DOC_PATH)
                continue;
            print_route("parameter", r);
            printf(" %.*s\n", (int)strcspn(p->name, "?"), p->name);
        }
    }
}

static void print_metrics(void)
{
    for (size_t i = 0; i < metric_sections_n; i++)
        for (size_t k = 0; k < metric_sections[i]->n; k++) {
            const struct family *f = &metric_sections[i]->v[k].family;
            printf("metric %s %s", f->name, family_kind_text(f->kind));
            for (unsigned l = 0; l < LABELS_MAX && f->labels[l]; l++)
                printf(" %s", f->labels[l]);
            putchar('\n');
        }
}

int main(void)
{
    static const struct texts *const words[] = {&status_texts,        &deadline_texts,      &result_texts,
                                                &cert_effect_texts,   &revoke_effect_texts, &resume_reason_texts,
                                                &hold_texts};
    print_keys();
    print_events();
    print_inputs();
    print_words("reason", &reason_texts);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        print_words("word", words[i]);
    print_routes();
    for (unsigned w = 0; w < SAID_N; w++)
        printf("outcome %s\n", deliver_word_text((enum deliver_word)w));
    print_metrics();
    for (unsigned i = 0; i < n_commands; i++)
        printf("command %s\n", commands[i].name);
    return 0;
}
