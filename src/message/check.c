/* The texts of a configuration beside each other, and beside the endpoints that send them. */
#include "message/texts.h"

#include <fnmatch.h>

#include "core/text.h"

static bool same_audience(const struct text *a, const struct text *b)
{
    if (text_for_all(a) || text_for_all(b))
        return text_for_all(a) && text_for_all(b);
    for (unsigned i = 0; i < a->policies->n; i++)
        for (unsigned k = 0; k < b->policies->n; k++)
            if (strcmp(a->policies->v[i], b->policies->v[k]) == 0)
                return true;
    return false;
}

/* Which of the two would be sent must not hang on their order. */
static void check_twins(const struct message_texts *t, struct buf *lines, unsigned *faults)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct text *v = &t->v[i];
        for (unsigned k = 0; k < i && v->name && v->on != EV_N; k++) {
            const struct text *w = &t->v[k];
            if (w->on != v->on || strcmp(w->language, v->language) != 0 || !same_audience(v, w))
                continue;
            struct faults f = {.lines = lines, .place = v->place, .section = "message", .name = v->name};
            faults_add(&f, "message \"%s\" is for the same event, language and policy: expected one", w->name);
            *faults += f.n;
            break;
        }
    }
}

static bool lets_through(const struct endpoint *e, enum event_type on)
{
    for (unsigned i = 0; i < e->events.n; i++)
        if (fnmatch(e->events.v[i], event_type_text(on), 0) == 0)
            return true;
    return e->events.n == 0;
}

/* A built-in text that a section of the configuration replaces for everyone is never sent. */
static bool is_replaced(const struct message_texts *t, const struct endpoint *e, const struct text *v)
{
    return !v->name && text_find(t, e, v->on, NULL) != v;
}

static void check_length(const struct text *v, const struct endpoint *e, struct buf *lines, unsigned *faults)
{
    struct buf longest = BUF_INIT;
    pieces_longest(&v->pieces, v->forms, &longest);
    size_t units = ucs2_length(buf_str(&longest)) + signature_units(e);
    buf_done(&longest);
    if (units <= endpoint_units(e))
        return;
    struct faults f = {.lines = lines,
                       .place = v->name ? v->place : e->place,
                       .section = v->name ? "message" : "endpoint",
                       .name = v->name ? v->name : e->name};
    if (v->name)
        faults_add(&f,
                   "up to %zu characters with the signature of endpoint \"%s\", in %u segments: expected at most %zu",
                   units, e->name, sms_segments(units), endpoint_units(e));
    else
        faults_add(&f,
                   "the built-in text of %s in language \"%s\" has up to %zu characters with the signature, in %u "
                   "segments: expected at most %zu, by max_segments or a message of your own",
                   event_type_text(v->on), v->language, units, sms_segments(units), endpoint_units(e));
    *faults += f.n;
}

static void check_lengths(const struct message_texts *t, const struct endpoint *e, struct buf *lines, unsigned *faults)
{
    if (needs_template(e))
        return; /* what is sent is the gateway's text */
    for (unsigned i = 0; i < t->n; i++) {
        const struct text *v = &t->v[i];
        if (v->on != EV_N && text_suits(v, e) && lets_through(e, v->on) && !is_replaced(t, e, v))
            check_length(v, e, lines, faults);
    }
}

static bool has_text(const struct message_texts *t, const struct endpoint *e, enum event_type on)
{
    for (unsigned i = t->first[on]; i < t->first[on + 1]; i++)
        if (text_suits(t->by_event[i], e))
            return true;
    return false;
}

static const char *wanted_text(const struct endpoint *e)
{
    return needs_template(e) ? "message with a template_id" : "message";
}

/* An event named in full is meant; what a pattern brings along without a text is left out. */
static void check_named(const struct message_texts *t, const struct endpoint *e, struct faults *f)
{
    for (unsigned i = 0; i < e->events.n; i++) {
        unsigned on;
        if (!texts_find(&event_type_texts, str_of(e->events.v[i]), &on))
            continue;
        if (!message_type((enum event_type)on))
            faults_add(f, "events: %s brings no message to people", e->events.v[i]);
        else if (!has_text(t, e, (enum event_type)on))
            faults_add(f, "events: %s has no %s in language \"%s\"", e->events.v[i], wanted_text(e),
                       endpoint_language(e));
    }
}

static void check_any(const struct message_texts *t, const struct endpoint *e, struct faults *f)
{
    for (unsigned on = 0; on < EV_N; on++)
        if (message_type((enum event_type)on) && lets_through(e, (enum event_type)on) &&
            has_text(t, e, (enum event_type)on))
            return;
    faults_add(f, "has nothing to send: none of its events has a %s in language \"%s\"", wanted_text(e),
               endpoint_language(e));
}

void texts_check(const struct message_texts *t, const struct endpoints *e, struct buf *lines, unsigned *faults)
{
    check_twins(t, lines, faults);
    for (unsigned i = 0; i < e->n; i++) {
        if (!e->v[i].messages)
            continue;
        struct faults f = {.lines = lines, .place = e->v[i].place, .section = "endpoint", .name = e->v[i].name};
        check_named(t, &e->v[i], &f);
        if (f.n == 0)
            check_any(t, &e->v[i], &f);
        *faults += f.n;
        check_lengths(t, &e->v[i], lines, faults);
    }
}
