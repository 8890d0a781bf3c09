/* lifecertctl show: one beneficiary, as known now or at an earlier time. */
#include "ctl/held.h"
#include "ctl/options.h"
#include "ctl/path.h"
#include "ctl/template.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>

struct showing {
    struct client *client;
    const char *id, *as_of; /* as_of: NULL: now */
    struct answer person, events;
    size_t later; /* events behind as_of */
};

/* --- as JSON --- */

static void print_json(struct buf *person, const struct buf *events)
{
    while (person->n && person->p[person->n - 1] != '}')
        person->n--;
    fwrite(person->p, 1, person->n ? person->n - 1 : 0, stdout);
    printf(",\"events\":[");
    for (size_t at = 0; at < events->n;) {
        const char *line = events->p + at, *newline = memchr(line, '\n', events->n - at);
        size_t n = newline ? (size_t)(newline - line) : events->n - at;
        printf("%s%.*s", at ? "," : "", (int)n, line);
        at += n + 1;
    }
    printf("]}\n");
}

/* --- in words --- */

static const struct {
    const char *status, *words;
} standings[] = {
    {"active", "active: [certified on {certified_on}, ]valid through {due_on}"},
    {"grace", "in grace: not certified by {due_on}, paid through {grace_until}"},
    {"suspended", "suspended since {suspended_on}: not certified by {due_on}"},
    {"terminated", "terminated on {terminated_on}: died"},
};

static const struct {
    const char *kind, *words;
} comings[] = {
    {"reminder", "a reminder that certification is due by {due_on}"},
    {"grace", "the grace period, unless certified by {due_on}"},
    {"suspension", "suspension, unless certified before"},
    {"lapse", "evidence will be asked for: that long without certification"},
};

static const struct {
    const char *path, *label;
} fields[] = {
    {"policy", "policy"},
    {"category", "category"},
    {"unit", "unit"},
    {"approved_on", "approved on"},
    {"certified_on", "last certified on"},
    {"due_on", "due by"},
    {"grace_until", "grace until"},
    {"suspend_on", "suspension on"},
    {"suspended_on", "suspended on"},
    {"withheld_from", "withheld from period"},
    {"resumed_on", "resumed on"},
    {"reminded_on", "reminded on"},
    {"deferred_until", "home visit by"},
    {"notice_until", "notice until"},
    {"terminated_on", "terminated on"},
};

static void print_template(const char *words, const struct json *person)
{
    struct buf b = BUF_INIT;
    template_add(&b, words, person);
    printf("%.*s\n", (int)b.n, b.p);
    buf_done(&b);
}

static void print_standing(const struct json *person)
{
    const char *status = json_text(person, "status");
    for (size_t i = 0; status && i < sizeof standings / sizeof standings[0]; i++) {
        if (strcmp(standings[i].status, status) == 0)
            print_template(standings[i].words, person);
    }
}

/* received: the day on which the last certification came in, or NULL. */
static void print_fields(const struct json *person, const char *received)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = json_text(person, fields[i].path);
        if (value)
            printf("  %-22s %s\n", fields[i].label, value);
        if (value && received && strcmp(fields[i].path, "certified_on") == 0)
            printf("  %-22s %s\n", "received on", received);
    }
}

/* What moved the last day of grace: the later of what is set. */
static void print_why(const struct json *person)
{
    const char *until = json_text(person, "grace_until"), *visit = json_text(person, "deferred_until"),
               *notice = json_text(person, "notice_until");
    if (until && visit && strcmp(until, visit) == 0)
        print_template("  not before: a home visit is booked by {deferred_until}", person);
    else if (until && notice && strcmp(until, notice) == 0)
        print_template("  not before: notice was given until {notice_until}", person);
}

static void print_next(const struct json *person)
{
    char at[TEXT_COUNT];
    const char *kind = json_text(person, "next.kind"), *status = json_text(person, "status");
    if (!kind) {
        printf("next: nothing by itself%s\n",
               status && strcmp(status, "suspended") == 0 ? "; a certification resumes the benefit" : "");
        return;
    }
    printf("next: %s ", text_time(json_text(person, "next.at"), at));
    for (size_t i = 0; i < sizeof comings / sizeof comings[0]; i++) {
        if (strcmp(comings[i].kind, kind) == 0)
            print_template(comings[i].words, person);
    }
    if (strcmp(kind, "suspension") == 0 || strcmp(kind, "grace") == 0)
        print_why(person);
}

static void print_held(const struct json *person)
{
    const struct json *held = json_get(person, "held_by");
    if (!held)
        printf("held: which holds were in force then is not known any more\n");
    if (!json_count(held))
        return;
    printf("held:");
    for (size_t i = 0; i < json_count(held); i++) {
        const char *name = json_text(json_item(held, i), "");
        printf("%s %s", i ? "," : "", name ? name : "?");
    }
    printf("; no suspension before that is lifted (lifecertctl holds)\n");
}

/* One line of the story; what kept a suspension back is asked for. */
static void add_event(const struct showing *w, struct story *s, const struct json *event, struct buf *out)
{
    char at[TEXT_COUNT];
    const char *type = json_text(event, "type");
    if (type && strcmp(type, "benefit.suspended") == 0)
        held_look(w->client, s, w->id, event);
    buf_printf(out, "  %s  ", text_time(json_text(event, "time"), at));
    story_add(s, out, event);
    buf_addc(out, '\n');
}

/* The story, oldest first; lines is taken apart. */
static void add_events(const struct showing *w, struct story *s, char *lines, struct buf *out)
{
    bool first = true;
    for (char *save = NULL, *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct json *event = json_parse(line);
        if (first && json_number(event, "prev", 0) > 0)
            buf_adds(out, "  (older events were archived)\n");
        first = false;
        add_event(w, s, event, out);
        json_free(event);
    }
}

static void print_later(const struct showing *w)
{
    char n[TEXT_COUNT];
    if (w->later == 1)
        printf("\n1 later event is not shown.\n");
    else if (w->later)
        printf("\n%s later events are not shown.\n", text_count(w->later, n));
}

static void print_person(struct showing *w)
{
    struct json *j = json_parse(w->person.body.p);
    struct story *s = story_new();
    struct buf told = BUF_INIT;
    const char *id = json_text(j, "id");
    add_events(w, s, w->events.body.p, &told);
    if (w->as_of)
        printf("As known %s %s:\n\n", strlen(w->as_of) == 10 ? "on" : "at", w->as_of);
    printf("%s  ", id ? id : "?");
    print_standing(j);
    print_next(j);
    print_held(j);
    printf("\n");
    print_fields(j, story_received(s));
    printf("\n%.*s", (int)told.n, told.p);
    print_later(w);
    buf_done(&told);
    story_free(s);
    json_free(j);
}

/* --- the command --- */

static void make_path(const struct showing *w, const char *rest, const char *as_of, struct buf *path)
{
    buf_clear(path);
    buf_adds(path, "/v1/beneficiaries/");
    path_add(path, w->id);
    buf_adds(path, rest);
    path_add_query(path, "as_of", as_of);
    buf_addc(path, '\0');
}

static int absent(const struct showing *w)
{
    struct json *problem = json_parse(w->person.body.p);
    const char *detail = json_text(problem, "detail");
    int status =
        w->as_of && detail ? fail(EXIT_NO, "%s: %s", w->id, detail) : fail(EXIT_NO, "%s is not enrolled", w->id);
    json_free(problem);
    return status;
}

static size_t count_lines(const struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

/* How many events there are now that there were not then. */
static int count_later(struct showing *w, struct buf *path)
{
    struct answer all = {0};
    make_path(w, "/events", NULL, path);
    int status = client_get(w->client, path->p, &all);
    size_t now = count_lines(&all.body), then = count_lines(&w->events.body);
    w->later = now > then ? now - then : 0;
    buf_done(&all.body);
    return status;
}

static int get_person(struct showing *w)
{
    struct buf path = BUF_INIT;
    make_path(w, "", w->as_of, &path);
    int status = client_call(w->client, "GET", path.p, STR_NONE, &w->person);
    if (status == EXIT_DONE && w->person.status == 404)
        status = absent(w);
    else if (status == EXIT_DONE && w->person.status != 200)
        status = client_problem(w->client, &w->person, w->id);
    make_path(w, "/events", w->as_of, &path);
    if (status == EXIT_DONE)
        status = client_get(w->client, path.p, &w->events);
    if (status == EXIT_DONE && w->as_of)
        status = count_later(w, &path);
    buf_done(&path);
    return status;
}

/* Which zone a date is of is the daemon's to know. */
static bool is_time(const char *text)
{
    lc_date day;
    lc_instant at;
    int32_t offset;
    size_t n = strlen(text);
    return date_parse(text, n, &day) || instant_parse(text, n, &at, &offset);
}

static int show(struct ctl *ctl, struct showing *w)
{
    int status = client_open(ctl, &w->client);
    if (status)
        return status;
    status = get_person(w);
    if (status == EXIT_DONE && ctl->json)
        print_json(&w->person.body, &w->events.body);
    else if (status == EXIT_DONE)
        print_person(w);
    buf_done(&w->person.body);
    buf_done(&w->events.body);
    client_close(w->client);
    return status;
}

int cmd_show(struct ctl *ctl, int argc, char **argv)
{
    struct showing w = {.client = NULL};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "as-of", "TIME", "as known at that time, or at the end of that date", &w.as_of},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (w.as_of && !is_time(w.as_of))
        return fail(EXIT_MISUSE,
                    "--as-of \"%s\": expected a date such as 2026-06-16, or a time such as 2026-06-16T09:00:00+08:00",
                    w.as_of);
    w.id = argv[0];
    return show(ctl, &w);
}
