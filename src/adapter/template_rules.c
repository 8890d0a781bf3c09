#include "adapter/template_rules.h"

#include <stdlib.h>

#include "adapter/json_pick.h"

#define AND " and "
#define SHOWN 80 /* bytes of a condition in a fault */

static bool begins(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct str behind(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

static struct str skip_blanks(struct str s)
{
    while (s.n && *s.p == ' ')
        s = behind(s, 1);
    return s;
}

static struct str trim(struct str s)
{
    s = skip_blanks(s);
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* --- conditions --- */

/* Three digits, 100 to 599. */
static bool take_status(struct str *s, int *out)
{
    if (s->n < 3)
        return false;
    int status = 0;
    for (int i = 0; i < 3; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        status = 10 * status + (s->p[i] - '0');
    }
    *s = behind(*s, 3);
    *out = status;
    return status >= 100 && status <= 599;
}

static bool parse_status(struct str s, struct template_condition *out)
{
    if (!take_status(&s, &out->from))
        return false;
    out->to = out->from;
    if (begins(s, "..")) {
        s = behind(s, 2);
        if (!take_status(&s, &out->to))
            return false;
    }
    return s.n == 0 && out->from <= out->to;
}

static bool parse_body(struct str s, struct template_condition *out)
{
    out->value = s;
    return s.n > 0;
}

static bool parse_json(struct str s, struct template_condition *out)
{
    const char *sign = memmem(s.p, s.n, " = ", 3);
    if (!sign)
        return false;
    struct str path = trim((struct str){s.p, (size_t)(sign - s.p)});
    out->value = trim(behind(s, (size_t)(sign - s.p) + 3));
    if (path.n == 0 || memchr(path.p, ' ', path.n) || out->value.n == 0)
        return false;
    out->path = mem_strndup(path.p, path.n);
    return true;
}

/* The words that conditions begin with, and what follows. */
static const struct form {
    const char *words;
    bool (*parse)(struct str s, struct template_condition *out);
} forms[] = {
    [TEST_STATUS] = {"status ", parse_status},
    [TEST_BODY] = {"body contains ", parse_body},
    [TEST_JSON] = {"json ", parse_json},
};

#define FORMS_N (sizeof forms / sizeof forms[0])

static bool parse_condition(struct str s, struct template_condition *out)
{
    for (size_t i = 0; i < FORMS_N; i++)
        if (begins(s, forms[i].words)) {
            *out = (struct template_condition){.test = (enum template_test)i};
            return forms[i].parse(trim(behind(s, strlen(forms[i].words))), out);
        }
    return false;
}

/* --- rules --- */

/* Takes the next condition off: up to an " and " behind which another begins, so that a text may hold the word. */
static struct str next_condition(struct str *rest)
{
    struct str all = *rest;
    for (size_t i = 0; i + sizeof AND - 1 < all.n; i++) {
        struct str tail = behind(all, i);
        if (!begins(tail, AND))
            continue;
        tail = skip_blanks(behind(tail, sizeof AND - 1));
        for (size_t k = 0; k < FORMS_N; k++)
            if (begins(tail, forms[k].words)) {
                *rest = tail;
                return trim((struct str){all.p, i});
            }
    }
    *rest = STR_NONE;
    return trim(all);
}

static enum err parse_rule(struct str text, const char *key, struct template_rule *out, struct errmsg *msg)
{
    while (text.p) {
        struct str s = next_condition(&text);
        if (out->n == TEMPLATE_CONDITIONS_MAX)
            return err_set(msg, ERR_INVALID, "%s: a rule has more than %d conditions", key, TEMPLATE_CONDITIONS_MAX);
        if (!parse_condition(s, &out->v[out->n]))
            return err_set(msg, ERR_INVALID,
                           "%s: \"%.*s\": expected \"status 200\", \"status 200..299\", \"body contains TEXT\" or "
                           "\"json PATH = VALUE\", joined by \" and \"",
                           key, (int)(s.n < SHOWN ? s.n : SHOWN), s.p);
        out->n++;
    }
    return ERR_OK;
}

enum err template_rules_init(struct template_rules *out, const struct text_list *texts, const char *key,
                             struct errmsg *msg)
{
    *out = (struct template_rules){.n = 0};
    if (texts->n > TEMPLATE_RULES_MAX)
        return err_set(msg, ERR_INVALID, "%s: more than %d rules", key, TEMPLATE_RULES_MAX);
    for (unsigned i = 0; i < texts->n; i++) {
        out->n++;
        enum err e = parse_rule(str_of(texts->v[i]), key, &out->v[i], msg);
        if (e) {
            template_rules_done(out);
            return e;
        }
    }
    return ERR_OK;
}

void template_rules_done(struct template_rules *r)
{
    for (unsigned i = 0; i < r->n; i++)
        for (unsigned k = 0; k < r->v[i].n; k++)
            free(r->v[i].v[k].path);
    r->n = 0;
}

/* --- matching --- */

static bool test_status(const struct template_condition *c, const struct answer *a)
{
    return a->status >= c->from && a->status <= c->to;
}

static bool test_body(const struct template_condition *c, const struct answer *a)
{
    return a->body.n && memmem(a->body.p, a->body.n, c->value.p, c->value.n);
}

/* An answer has at most ANSWER_BODY_MAX bytes, and few conditions look into it: each reads it anew. */
static bool test_json(const struct template_condition *c, const struct answer *a)
{
    struct json_pick pick = {.path = c->path};
    struct buf text = BUF_INIT;
    struct errmsg why;
    bool same = json_pick(a->body, &pick, 1, &text, &why) == ERR_OK && str_eq(pick.value, c->value);
    buf_done(&text);
    return same;
}

static bool condition_holds(const struct template_condition *c, const struct answer *a)
{
    static bool (*const tests[])(const struct template_condition *, const struct answer *) = {
        [TEST_STATUS] = test_status,
        [TEST_BODY] = test_body,
        [TEST_JSON] = test_json,
    };
    return tests[c->test](c, a);
}

static bool rule_holds(const struct template_rule *r, const struct answer *a)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!condition_holds(&r->v[i], a))
            return false;
    return true;
}

bool template_rules_match(const struct template_rules *r, const struct answer *a)
{
    for (unsigned i = 0; i < r->n; i++)
        if (rule_holds(&r->v[i], a))
            return true;
    return false;
}
