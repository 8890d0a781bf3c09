/* lifecertctl verify: the store held against itself (engine/verify.h). */
#include "engine/verify.h"

#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/text.h"
#include "store/logline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void show(void *arg, uint64_t bytes, uint64_t total, uint64_t events)
{
    struct progress *p = arg;
    p->total = total;
    progress_show(p, bytes, events);
}

/* SEQ:HASH */
static bool read_seal(const char *text, struct seal *out)
{
    char *colon;
    unsigned long long seq = strtoull(text, &colon, 10);
    if (colon == text || *colon != ':' || strlen(colon + 1) != 2 * SEAL_HASH ||
        !hex_parse(colon + 1, out->hash, SEAL_HASH))
        return false;
    out->seq = seq;
    return true;
}

static void add_seal(struct buf *b, const struct seal *seal)
{
    buf_add_u64(b, seal->seq);
    buf_addc(b, ':');
    hex_add(b, seal->hash, SEAL_HASH);
}

/* --- for people --- */

static void add_count(struct buf *b, const char *between, uint64_t n, const char *one, const char *many)
{
    char text[TEXT_COUNT];
    if (n)
        buf_printf(b, "%s%s %s", b->n ? between : "", text_count(n, text), n == 1 ? one : many);
}

static void print_good(const struct verify_report *r, double seconds)
{
    char events[TEXT_COUNT], decided[TEXT_COUNT], people[TEXT_COUNT], rate[TEXT_COUNT];
    struct buf b = BUF_INIT;
    printf("good: %s events decided again, of %s beneficiaries; %.1f s, %s/s\n", text_count(r->decided, decided),
           text_count(r->people, people), seconds, text_count((uint64_t)((double)r->events / seconds), rate));
    if (r->events > r->decided)
        printf("%s events in all; the others were not decided again\n", text_count(r->events, events));
    add_count(&b, ", ", r->checkpoints, "checkpoint", "checkpoints");
    add_count(&b, ", ", r->contacts, "contact", "contacts");
    add_count(&b, ", ", r->keys, "idempotency key", "idempotency keys");
    add_count(&b, ", ", r->deliveries, "row of deliveries", "rows of deliveries");
    add_count(&b, ", ", r->indexes, "index", "indexes");
    if (b.n)
        printf("compared: %.*s\n", (int)b.n, b.p);
    buf_clear(&b);
    add_seal(&b, &r->last);
    printf("%.*slast seal %.*s\n", (int)r->notes.n, r->notes.p ? r->notes.p : "", (int)b.n, b.p);
    buf_done(&b);
}

/* "log/....ndjson line 17: event 16, benefit.suspended of ID: ..." */
static void print_difference(const struct difference *d)
{
    struct buf b = BUF_INIT;
    if (d->place[0])
        buf_printf(&b, "%s: ", d->place);
    if (d->seq)
        buf_printf(&b, "event %" PRIu64 ", %s%s%s: ", d->seq, d->type, d->subject[0] ? " of " : "", d->subject);
    buf_adds(&b, d->text);
    printf("not good: %.*s\n", (int)b.n, b.p);
    if (d->expected.n)
        printf("expected %.*s\n", (int)d->expected.n, d->expected.p);
    if (d->found.n)
        printf("found    %.*s\n", (int)d->found.n, d->found.p);
    buf_done(&b);
}

/* --- for machines --- */

static void add_text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, ",\"%s\":", name);
    buf_add_json(b, s.n ? s : STR_NONE);
}

static void add_difference(struct buf *b, const struct difference *d)
{
    BUF_LIT(b, "{\"place\":");
    buf_add_json(b, d->place[0] ? str_of(d->place) : STR_NONE);
    if (d->seq)
        buf_printf(b, ",\"seq\":%" PRIu64, d->seq);
    else
        BUF_LIT(b, ",\"seq\":null");
    add_text(b, "type", str_of(d->type));
    add_text(b, "subject", str_of(d->subject));
    add_text(b, "member", str_of(d->member));
    add_text(b, "text", str_of(d->text));
    add_text(b, "expected", buf_str(&d->expected));
    add_text(b, "found", buf_str(&d->found));
    buf_addc(b, '}');
}

static void print_json(const struct verify_report *r, double seconds)
{
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "{\"good\":%s,\"live\":%s,\"first\":%" PRIu64 ",\"events\":%" PRIu64 ",\"decided\":%" PRIu64
               ",\"people\":%" PRIu64,
               r->good ? "true" : "false", r->live ? "true" : "false", r->first, r->events, r->decided, r->people);
    buf_printf(&b,
               ",\"checkpoints\":%u,\"contacts\":%" PRIu64 ",\"keys\":%" PRIu64 ",\"deliveries\":%" PRIu64
               ",\"indexes\":%u,\"seconds\":%.3f,\"seal\":",
               r->checkpoints, r->contacts, r->keys, r->deliveries, r->indexes, seconds);
    if (r->good) {
        buf_addc(&b, '"');
        add_seal(&b, &r->last);
        buf_addc(&b, '"');
    } else
        BUF_LIT(&b, "null");
    add_text(&b, "notes", buf_str(&r->notes));
    BUF_LIT(&b, ",\"difference\":");
    if (r->good)
        BUF_LIT(&b, "null");
    else
        add_difference(&b, &r->difference);
    BUF_LIT(&b, "}\n");
    fwrite(b.p, 1, b.n, stdout);
    buf_done(&b);
}

/* --- the command --- */

static int verify(const struct ctl *ctl, struct verify_options o, bool asked)
{
    struct progress progress;
    struct verify_report report;
    struct errmsg msg;
    progress_begin(&progress, 0, asked);
    progress.noun = "events";
    o.progress = show;
    o.arg = &progress;
    enum err e = verify_store(&o, &report, &msg);
    double seconds = progress_seconds(&progress);
    progress_clear(&progress);
    int status = e ? fail(EXIT_UNREADABLE, "%s", msg.text) : report.good ? EXIT_DONE : EXIT_NO;
    if (!e && ctl->json)
        print_json(&report, seconds);
    else if (!e && report.good)
        print_good(&report, seconds);
    else if (!e)
        print_difference(&report.difference);
    verify_report_done(&report);
    return status;
}

int cmd_verify(struct ctl *ctl, int argc, char **argv)
{
    const char *store = NULL, *archive = NULL, *seal_text = NULL;
    bool progress = false;
    struct seal seal;
    struct config *config = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "store", "URI", "that store instead of the configuration's, such as dir:/backup", &store},
        {OPTION_TEXT, 0, "archive", "FOLDER", "verify what was archived there, too", &archive},
        {OPTION_TEXT, 0, "expect-seal", "SEQ:HASH", "fail unless the log has that very seal, noted down before",
         &seal_text},
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &progress},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (seal_text && !read_seal(seal_text, &seal))
        return fail(EXIT_MISUSE,
                    "--expect-seal: expected a number, a colon and 64 digits, as verify prints a last seal");
    status = store ? EXIT_DONE : ctl_config(ctl, &config);
    if (status)
        return status;
    const struct verify_options o = {
        .uri = store ? store : config->store,
        .archive = archive,
        .expect = seal_text ? &seal : NULL,
    };
    status = verify(ctl, o, progress);
    config_free(config);
    return status;
}
