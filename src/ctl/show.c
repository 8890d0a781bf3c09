/* lifecertctl show: one beneficiary. */
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/path.h"
#include "ctl/story.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>

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

static void print_fields(const struct json *person)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = json_text(person, fields[i].path);
        if (value)
            printf("  %-22s %s\n", fields[i].label, value);
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
    if (!json_count(held))
        return;
    printf("held:");
    for (size_t i = 0; i < json_count(held); i++) {
        const char *name = json_text(json_item(held, i), "");
        printf("%s %s", i ? "," : "", name ? name : "?");
    }
    printf("; no suspension before that is lifted (lifecertctl holds)\n");
}

static void print_events(char *lines)
{
    char at[TEXT_COUNT];
    for (char *save = NULL, *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct json *event = json_parse(line);
        struct buf b = BUF_INIT;
        story_add(&b, event);
        printf("  %s  %.*s\n", text_time(json_text(event, "time"), at), (int)b.n, b.p);
        buf_done(&b);
        json_free(event);
    }
}

static void print_person(const struct buf *person, struct buf *events)
{
    struct json *j = json_parse(person->p);
    const char *id = json_text(j, "id");
    printf("%s  ", id ? id : "?");
    print_standing(j);
    print_next(j);
    print_held(j);
    printf("\n");
    print_fields(j);
    printf("\n");
    print_events(events->p);
    json_free(j);
}

/* --- the command --- */

static int get_person(struct client *c, const char *id, struct answer *person, struct answer *events)
{
    struct buf path = BUF_INIT;
    buf_adds(&path, "/v1/beneficiaries/");
    path_add(&path, id);
    size_t n = path.n;
    buf_addc(&path, '\0');
    int status = client_call(c, "GET", path.p, STR_NONE, person);
    if (status == EXIT_DONE && person->status == 404)
        status = fail(EXIT_NO, "%s is not enrolled", id);
    else if (status == EXIT_DONE && person->status != 200)
        status = client_problem(c, person, id);
    if (status == EXIT_DONE) {
        path.n = n;
        buf_adds(&path, "/events");
        buf_addc(&path, '\0');
        status = client_get(c, path.p, events);
    }
    buf_done(&path);
    return status;
}

int cmd_show(struct ctl *ctl, int argc, char **argv)
{
    struct client *c;
    struct answer person = {0}, events = {0};
    int status = options_read(ctl, NULL, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    status = client_open(ctl, &c);
    if (status)
        return status;
    status = get_person(c, argv[0], &person, &events);
    if (status == EXIT_DONE && ctl->json)
        print_json(&person.body, &events.body);
    else if (status == EXIT_DONE)
        print_person(&person.body, &events.body);
    buf_done(&person.body);
    buf_done(&events.body);
    client_close(c);
    return status;
}
