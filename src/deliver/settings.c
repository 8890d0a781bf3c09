/* A configuration in use: what is prepared of it once, and shared by all that began under it. */
#include <fnmatch.h>
#include <stdlib.h>

#include "deliver/inside.h"

/* --- the whole --- */

enum err settings_new(struct endpoints *e, const char *timezone, unsigned shares, struct settings **out,
                      struct errmsg *msg)
{
    struct buf faults = BUF_INIT;
    struct settings *s = mem_zalloc(1, sizeof *s);
    enum err err = tz_load(timezone, &s->tz, msg);
    if (err == ERR_OK && (err = message_texts_new(e, &s->texts, &faults)) != ERR_OK)
        err_set(msg, err, "%.*s", (int)faults.n, faults.p ? faults.p : "");
    buf_done(&faults);
    if (err != ERR_OK) {
        tz_free(s->tz);
        free(s);
        return err;
    }
    s->users = 1;
    s->shares = shares ? shares : 1;
    s->endpoints = endpoints_ref(e);
    *out = s;
    return ERR_OK;
}

void settings_unref(struct settings *s)
{
    if (!s || --s->users > 0)
        return;
    message_texts_free(s->texts);
    endpoints_unref(s->endpoints);
    tz_free(s->tz);
    free(s);
}

/* --- one endpoint --- */

static bool wants(const struct endpoint *e, enum event_type t)
{
    if (e->messages && !message_type(t))
        return false;
    for (unsigned i = 0; i < e->events.n; i++)
        if (fnmatch(e->events.v[i], event_type_text(t), 0) == 0)
            return true;
    return e->events.n == 0;
}

static uint32_t types_of(const struct endpoint *e)
{
    _Static_assert(EV_N <= 32, "a bit for each type");
    uint32_t types = 0;
    for (int t = 0; t < EV_N; t++)
        if (wants(e, (enum event_type)t))
            types |= UINT32_C(1) << t;
    return types;
}

static unsigned batch_of(const struct adapter *a, const struct endpoint *e)
{
    unsigned n = a->batch ? a->batch(e) : 1;
    return n < 1 ? 1 : n > BATCH_MAX ? BATCH_MAX : n;
}

enum err outfit_new(struct settings *s, const struct endpoint *e, struct carrier *carrier, struct outfit **out,
                    struct errmsg *msg)
{
    struct outfit f = {
        .users = 1,
        .settings = s,
        .config = e,
        .adapter = adapters[e->adapter],
        .carrier = carrier,
        .types = types_of(e),
        .needs_person = e->messages || e->policies.n || e->categories.n || e->units.n,
    };
    enum err err = f.adapter->open(e, &f.state, msg);
    if (err != ERR_OK)
        return err;
    f.batch = batch_of(f.adapter, e);
    err = carrier->open(carrier->arg, e, &f.line, msg);
    if (err != ERR_OK) {
        f.adapter->close(f.state);
        return err;
    }
    s->users++;
    *out = mem_alloc(sizeof f);
    **out = f;
    return ERR_OK;
}

void outfit_unref(struct outfit *f)
{
    if (!f || --f->users > 0)
        return;
    f->carrier->close(f->line);
    f->adapter->close(f->state);
    settings_unref(f->settings);
    free(f);
}

/* --- checks --- */

static void complain(struct buf *faults, const struct endpoint *e, const struct errmsg *msg)
{
    buf_printf(faults, "%s: endpoint \"%s\": %s\n", e->place, e->name, msg->text);
}

static bool check_endpoint(const struct endpoint *e, struct buf *faults)
{
    struct errmsg msg = {""};
    struct adapter_state *state = NULL;
    const struct adapter *a = adapters[e->adapter];
    enum err err = a->check(e, &msg);
    if (err == ERR_OK && (err = a->open(e, &state, &msg)) == ERR_OK)
        a->close(state);
    if (err != ERR_OK)
        complain(faults, e, &msg);
    return err == ERR_OK;
}

enum err deliver_check(const struct endpoints *e, struct buf *faults)
{
    struct message_texts *texts = NULL;
    bool good = true;
    for (unsigned i = 0; i < e->n; i++)
        good &= check_endpoint(&e->v[i], faults);
    good &= message_texts_new(e, &texts, faults) == ERR_OK;
    message_texts_free(texts);
    return good ? ERR_OK : ERR_INVALID;
}
