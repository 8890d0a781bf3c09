#include "tests/faults/story.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* A log's line as any life has it: the clock's hours do not count. */
static void tell_line(const char *line, size_t n, struct buf *out)
{
    static const char member[] = "\"time\":\"";
    const char *time = memmem(line, n, member, sizeof member - 1);
    size_t date = time ? (size_t)(time - line) + sizeof member - 1 + 10 : n, rest = date;
    while (rest < n && line[rest] != '"')
        rest++;
    buf_add(out, line, date);
    buf_add(out, line + rest, n - rest);
    buf_addc(out, '\n');
}

static void must_answer(struct life *l, const char *target)
{
    if (life_ask(l, "GET", target, NULL, STR_NONE) != ASKED_ANSWERED || l->answer.status != 200)
        snprintf(l->fault, sizeof l->fault, "%s is answered %d: %.300s", target, l->answer.status, l->answer.body.p);
}

static void tell_log(struct life *l, struct buf *out)
{
    must_answer(l, "/v1/events?limit=10000");
    for (const char *p = l->answer.body.p, *newline; (newline = strchr(p, '\n')); p = newline + 1)
        tell_line(p, (size_t)(newline - p), out);
}

static int tell_row(void *arg, int n, char **values, char **names)
{
    struct buf *out = arg;
    (void)names;
    for (int i = 0; i < n; i++)
        buf_printf(out, "%s%s", i ? "|" : "", values[i] ? values[i] : "-");
    buf_addc(out, '\n');
    return 0;
}

static void tell_contacts(struct life *l, struct buf *out)
{
    char path[160], *message = NULL;
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/store/contacts.db", l->node->dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "SELECT 'person',* FROM person ORDER BY 2; SELECT 'unit',* FROM unit ORDER BY 2", tell_row,
                     out, &message) != SQLITE_OK)
        snprintf(l->fault, sizeof l->fault, "%s: %s", path, message ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    sqlite3_close(db);
}

static void tell_receiver(struct life *l, struct story *out)
{
    struct counts c = peer_counts(l->peer);
    if (!messages_count(l, &out->messages))
        snprintf(l->fault, sizeof l->fault, "the daemon does not list its messages");
    buf_printf(&out->text,
               "received %" PRIu64 ", out of order %" PRIu64 ", missing %" PRIu64 ", malformed %" PRIu64 "\n",
               c.distinct, c.order_violations, c.prev_gaps, c.malformed + c.bad_signatures + c.bad_requests);
    buf_printf(&out->text, "messages twice %" PRIu64 "\n", c.sms_duplicates);
}

bool story_tell(struct life *l, struct story *out)
{
    struct buf *text = &out->text;
    buf_addstr(text, buf_str(&l->answers));
    tell_log(l, text);
    must_answer(l, "/v1/beneficiaries");
    buf_addstr(text, buf_str(&l->answer.body));
    tell_contacts(l, text);
    tell_receiver(l, out);
    buf_addc(text, '\0');
    text->n--;
    return !l->fault[0];
}

bool story_verify(struct life *l)
{
    const char *const argv[] = {"lifecertctl", "-c", l->node->config, "verify", NULL};
    struct buf output = BUF_INIT;
    int code = run_program(argv, &output);
    if (code != 0)
        snprintf(l->fault, sizeof l->fault, "verify ends with %d: %.300s", code, output.p);
    buf_done(&output);
    return !l->fault[0];
}

static size_t line_length(const char *p)
{
    return strcspn(p, "\n");
}

static void difference(const char *is, const char *should, char *out, size_t size)
{
    while (*is && *should && line_length(is) == line_length(should) && strncmp(is, should, line_length(is)) == 0) {
        is += line_length(is) + (is[line_length(is)] == '\n');
        should += line_length(should) + (should[line_length(should)] == '\n');
    }
    snprintf(out, size, "there is \"%.*s\" where \"%.*s\" should be", (int)line_length(is), is,
             (int)line_length(should), should);
}

bool story_compare(struct life *l, const struct story *s, const char *text, unsigned messages)
{
    if (strcmp(s->text.p, text) != 0)
        difference(s->text.p, text, l->fault, sizeof l->fault);
    else if (s->messages.came > messages || s->messages.either != messages)
        snprintf(l->fault, sizeof l->fault, "%u messages have come, or of %u it is not known: %u should have been sent",
                 s->messages.came, s->messages.either, messages);
    return !l->fault[0];
}
