/* A message's words, at the moment of sending. */
#include "message/texts.h"

/* A run of the arena, kept by position while it grows. */
struct run {
    size_t at, n;
};

static struct str run_str(const struct buf *arena, struct run r)
{
    return (struct str){arena->p + r.at, r.n};
}

static enum err check_length(const struct endpoint *endpoint, const struct event *e, struct str text,
                             struct errmsg *msg)
{
    size_t units = ucs2_length(text) + signature_units(endpoint);
    if (needs_template(endpoint) || units <= endpoint_units(endpoint))
        return ERR_OK;
    return err_set(msg, ERR_INVALID,
                   "the message for %s has %zu characters with the signature, in %u segments: expected "
                   "at most %zu",
                   event_type_text(e->type), units, sms_segments(units), endpoint_units(endpoint));
}

/* What is not written here, the signature and the template's id and names, is the configuration's. */
enum err message_render(const struct message_texts *t, const struct endpoint *endpoint, const struct event *e,
                        const struct recipient *r, struct buf *arena, struct sms *out, struct errmsg *msg)
{
    const struct text *text =
        message_type(e->type) ? text_find(t, endpoint, e->type, r->policy ? r->policy->name : NULL) : NULL;
    if (!text)
        return err_set(msg, ERR_ABSENT, "no text for %s in language \"%s\"", event_type_text(e->type),
                       endpoint_language(endpoint));
    struct run runs[SMS_VARIABLES_MAX], words = {.at = arena->n};
    pieces_render(&text->pieces, text->forms, e, r, arena);
    words.n = arena->n - words.at;
    enum err err = check_length(endpoint, e, run_str(arena, words), msg);
    if (err != ERR_OK) {
        arena->n = words.at;
        return err;
    }
    for (unsigned i = 0; i < text->n_variables; i++) {
        runs[i].at = arena->n;
        variable_write(text->variables[i].variable, text->forms, e, r, arena);
        runs[i].n = arena->n - runs[i].at;
    }
    struct run phone = {arena->n, r->contact.phone.n};
    buf_addstr(arena, r->contact.phone);
    *out = (struct sms){
        .phone = run_str(arena, phone),
        .text = run_str(arena, words),
        .signature = str_of(endpoint->signature),
        .template_id = str_of(text->template_id),
        .n_variables = text->n_variables,
    };
    for (unsigned i = 0; i < text->n_variables; i++)
        out->variables[i] = (struct sms_variable){text->variables[i].name, run_str(arena, runs[i])};
    return ERR_OK;
}
