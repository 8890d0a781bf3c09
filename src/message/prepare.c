/* One message section: checked as far as it can be by itself, and cut into pieces. */
#include "message/builtin.h"
#include "message/link.h"
#include "message/texts.h"
#include "message/unicode.h"

#include "codec/utf8.h"
#include "core/text.h"

static void list_events(struct buf *b)
{
    const char *comma = "";
    for (unsigned t = 0; t < EV_N; t++) {
        if (!message_type((enum event_type)t))
            continue;
        buf_printf(b, "%s%s", comma, event_type_text((enum event_type)t));
        comma = ", ";
    }
}

static bool find_event(const struct message_text *from, enum event_type *on, struct faults *f)
{
    unsigned t = EV_N;
    if (from->on && texts_find(&event_type_texts, str_of(from->on), &t) && message_type((enum event_type)t)) {
        *on = (enum event_type)t;
        return true;
    }
    struct buf all = BUF_INIT;
    list_events(&all);
    faults_add(f, "on = \"%s\": expected an event that brings a message: %.*s", from->on ? from->on : "", (int)all.n,
               all.p);
    buf_done(&all);
    return false;
}

/* What must not reach a phone. A new line may. */
static bool check_characters(struct str text, struct faults *f)
{
    unsigned count = 0;
    for (size_t at = 0; at < text.n; count++) {
        if (!utf8_length(text.p + at, text.p + text.n)) {
            faults_add(f, "its text is not in UTF-8");
            return false;
        }
        uint32_t c = char_next(text, &at);
        if (c != '\n' && char_hidden(c)) {
            faults_add(f, "its text has the hidden character U+%04X: expected characters that can be seen",
                       (unsigned)c);
            return false;
        }
        if (c == 0x3010 || c == 0x3011) {
            faults_add(f, "its text has a bracket of the signature: expected neither 【 nor 】, for the signature is "
                          "added to every message");
            return false;
        }
    }
    if (count > MESSAGE_UNITS_MAX)
        faults_add(f, "its text has %u characters: expected at most %u", count, MESSAGE_UNITS_MAX);
    return count <= MESSAGE_UNITS_MAX;
}

/* Looked for with values in place: a domain may also come about around a variable. */
static void check_links(const struct text *t, struct faults *f)
{
    struct buf longest = BUF_INIT;
    struct str where;
    pieces_longest(&t->pieces, t->forms, &longest);
    if (link_find(buf_str(&longest), &where))
        faults_add(f, "\"%.*s\" looks like a link: expected none, since fraudsters send those, or allow_links = true",
                   (int)where.n, where.p);
    buf_done(&longest);
}

static bool has_name(const struct pieces *p)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->v[i].kind == PIECE_VARIABLE && p->v[i].variable->kind == VALUE_NAME)
            return true;
    return false;
}

/* A unit knows that it is meant. */
static void check_name(const struct text *t, struct faults *f)
{
    if (t->on != EV_UNIT_DIGEST && !has_name(&t->pieces))
        faults_add(f, "its text does not say {{name}}: expected it, for the phone may be a relative's");
}

static void prepare_text(struct text *t, const struct message_text *from, struct faults *f)
{
    struct str text = str_of(from->text);
    if (!text.p) {
        const struct builtin *b = builtin_find(t->on, t->language);
        if (!b) {
            faults_add(f, "text is missing, and none is built in for language \"%s\"", t->language);
            return;
        }
        text = str_of(b->text);
    }
    if (text.n == 0) {
        faults_add(f, "text is empty");
        return;
    }
    if (!check_characters(text, f))
        return;
    unsigned before = f->n;
    pieces_parse(&t->pieces, text, t->on, f);
    if (f->n == before)
        check_name(t, f);
    if (f->n == before && !from->allow_links)
        check_links(t, f);
}

static bool stands_before(const struct text *t, struct str name)
{
    for (unsigned i = 0; i < t->n_variables; i++)
        if (str_eq(t->variables[i].name, name))
            return true;
    return false;
}

/* "name", or "theirs=name". */
static void prepare_variable(struct text *t, const char *word, struct faults *f)
{
    const char *equals = strchr(word, '=');
    struct str theirs = equals ? (struct str){word, (size_t)(equals - word)} : str_of(word);
    struct str ours = str_of(equals ? equals + 1 : word);
    const struct variable *v = variable_find(t->on, ours);
    if (!v) {
        struct buf all = BUF_INIT;
        variables_list(&all, t->on);
        faults_add(f, "variables: \"%s\" is not a variable of %s: expected %.*s, or THEIRS=NAME with one of them",
                   ours.p, event_type_text(t->on), (int)all.n, all.p);
        buf_done(&all);
    } else if (theirs.n == 0) {
        faults_add(f, "variables: \"%s\" has no name for the gateway: expected NAME or THEIRS=NAME", word);
    } else if (stands_before(t, theirs)) {
        faults_add(f, "variables: \"%.*s\" stands twice", (int)theirs.n, theirs.p);
    } else {
        t->variables[t->n_variables++] = (struct template_variable){theirs, v};
    }
}

static void prepare_template(struct text *t, const struct message_text *from, struct faults *f)
{
    if (!from->template_id && from->variables.n)
        faults_add(f, "variables are given without a template_id");
    if (from->template_id && !*from->template_id)
        faults_add(f, "template_id is empty");
    if (from->template_id && strlen(from->template_id) > MESSAGE_UNITS_MAX)
        faults_add(f, "template_id has %zu characters: expected at most %u", strlen(from->template_id),
                   MESSAGE_UNITS_MAX);
    if (from->variables.n > SMS_VARIABLES_MAX) {
        faults_add(f, "%u variables: expected at most %d", from->variables.n, SMS_VARIABLES_MAX);
        return;
    }
    for (unsigned i = 0; i < from->variables.n; i++)
        prepare_variable(t, from->variables.v[i], f);
}

/* A section whose event is not known is EV_N's: none ever looks there. */
void text_prepare(struct text *t, const struct message_text *from, struct buf *lines, unsigned *faults)
{
    struct faults f = {.lines = lines, .place = from->place, .section = "message", .name = from->name};
    *t = (struct text){
        .on = EV_N,
        .place = from->place,
        .name = from->name,
        .language = from->language ? from->language : "zh",
        .policies = &from->policies,
        .template_id = from->template_id,
    };
    t->forms = forms_of(t->language);
    if (find_event(from, &t->on, &f)) {
        if (t->on == EV_UNIT_DIGEST && from->policies.n)
            faults_add(&f, "policies are given, but a unit has none: expected a text for all");
        prepare_text(t, from, &f);
        prepare_template(t, from, &f);
    }
    *faults += f.n;
}
