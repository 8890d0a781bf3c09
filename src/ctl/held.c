#include "ctl/held.h"

#include <stdio.h>

#include "base/tz.h"
#include "ctl/path.h"

#define DAY_TEXT 11

/* The person as known then; NULL: no answer. */
static struct json *ask(struct client *c, const char *id, const char *as_of)
{
    struct buf path = BUF_INIT;
    struct answer a = {0};
    buf_adds(&path, "/v1/beneficiaries/");
    path_add(&path, id);
    path_add_query(&path, "as_of", as_of);
    buf_addc(&path, '\0');
    bool good = client_call(c, "GET", path.p, STR_NONE, &a) == EXIT_DONE && a.status == 200;
    struct json *j = good ? json_parse(a.body.p) : NULL;
    buf_done(&a.body);
    buf_done(&path);
    return j;
}

/* The second before the event. */
static bool before(const struct json *event, char out[26])
{
    const char *time = json_text(event, "time");
    lc_instant at;
    int32_t offset;
    if (!time || !instant_parse(time, strlen(time), &at, &offset))
        return false;
    instant_format(at - 1, offset, out);
    out[25] = '\0';
    return true;
}

/* The day from which on it was due, as known the second before. */
static bool find_due(struct client *c, const char *id, const struct json *event, char out[DAY_TEXT])
{
    char just_before[26];
    if (!before(event, just_before))
        return false;
    struct json *person = ask(c, id, just_before);
    const char *due = json_text(person, "suspend_on");
    if (due)
        snprintf(out, DAY_TEXT, "%s", due);
    json_free(person);
    return due != NULL;
}

void held_look(struct client *c, struct story *s, const char *id, const struct json *event)
{
    char due[DAY_TEXT];
    const char *suspended = json_text(event, "data.suspended_on"), *expected = story_expected(s);
    if (!suspended || strcmp(suspended, expected) <= 0 || !find_due(c, id, event, due) || strcmp(due, suspended) >= 0)
        return;
    struct json *then = ask(c, id, due);
    story_held(s, due, json_get(then, "held_by"));
    json_free(then);
}
