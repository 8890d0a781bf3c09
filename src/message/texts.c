/* The texts of one configuration: made, found by event, language and policy, freed. */
#include "message/texts.h"

#include <stdlib.h>

#include "message/builtin.h"

static bool lists(const struct text_list *l, const char *word)
{
    for (unsigned i = 0; i < l->n; i++)
        if (strcmp(l->v[i], word) == 0)
            return true;
    return false;
}

bool text_suits(const struct text *t, const struct endpoint *e)
{
    return (t->template_id || !needs_template(e)) && strcmp(t->language, endpoint_language(e)) == 0;
}

const struct text *text_find(const struct message_texts *t, const struct endpoint *e, enum event_type on,
                             const char *policy)
{
    const struct text *for_all = NULL;
    for (unsigned i = t->first[on]; i < t->first[on + 1]; i++) {
        const struct text *v = t->by_event[i];
        if (!text_suits(v, e))
            continue;
        if (!text_for_all(v) && policy && lists(v->policies, policy))
            return v;
        if (text_for_all(v) && !for_all)
            for_all = v;
    }
    return for_all;
}

size_t signature_units(const struct endpoint *e)
{
    return e->signature && *e->signature ? ucs2_length(str_of(e->signature)) + 2 : 0;
}

size_t endpoint_units(const struct endpoint *e)
{
    size_t units = e->max_segments <= 1 ? 70 : 67 * (size_t)e->max_segments;
    return units < MESSAGE_UNITS_MAX ? units : MESSAGE_UNITS_MAX;
}

static void prepare_builtin(struct text *t, const struct builtin *from)
{
    struct buf none = BUF_INIT;
    struct faults f = {.lines = &none, .section = "message", .name = from->language};
    *t = (struct text){.on = from->on, .language = from->language, .forms = forms_of(from->language)};
    pieces_parse(&t->pieces, str_of(from->text), from->on, &f); /* no fault: a test holds that */
    buf_done(&none);
}

/* Texts keep their order within an event. */
static void index_texts(struct message_texts *t)
{
    t->by_event = mem_zalloc(t->n, sizeof *t->by_event);
    unsigned n = 0;
    for (unsigned on = 0; on < EV_N; on++) {
        t->first[on] = n;
        for (unsigned i = 0; i < t->n; i++)
            if (t->v[i].on == on)
                t->by_event[n++] = &t->v[i];
    }
    t->first[EV_N] = n;
}

enum err message_texts_new(const struct endpoints *e, struct message_texts **out, struct buf *faults)
{
    struct message_texts *t = mem_zalloc(1, sizeof *t);
    unsigned n_faults = 0;
    t->v = mem_zalloc(e->n_texts + n_builtins, sizeof *t->v);
    for (unsigned i = 0; i < e->n_texts; i++)
        text_prepare(&t->v[t->n++], &e->texts[i], faults, &n_faults);
    for (unsigned i = 0; i < n_builtins; i++)
        prepare_builtin(&t->v[t->n++], &builtins[i]);
    index_texts(t);
    texts_check(t, e, faults, &n_faults);
    if (n_faults) {
        message_texts_free(t);
        return ERR_INVALID;
    }
    *out = t;
    return ERR_OK;
}

void message_texts_free(struct message_texts *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n; i++)
        pieces_done(&t->v[i].pieces);
    free(t->v);
    free(t->by_event);
    free(t);
}
