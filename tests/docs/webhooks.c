#include "tests/docs/webhooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/tap.h"

#define TOLERANCE 300

int64_t real_now(void)
{
    return (int64_t)time(NULL);
}

struct webhook *webhooks_add(struct webhooks *all, const struct webhook *like, bool good, const char *name)
{
    if (all->n == WEBHOOKS_MAX)
        bail_out("more webhooks than %d", WEBHOOKS_MAX);
    struct webhook *w = &all->v[all->n++];
    *w = (struct webhook){.name = mem_strdup(name), .good = good, .body = BUF_INIT, .now = like ? like->now : 0};
    w->secret = mem_strdup(like ? like->secret : "");
    w->id = mem_strdup(like ? like->id : "");
    w->timestamp = mem_strdup(like ? like->timestamp : "");
    w->signatures = mem_strdup(like ? like->signatures : "");
    if (like)
        buf_addstr(&w->body, buf_str(&like->body));
    return w;
}

void webhook_set(char **member, const char *text)
{
    char *copy = mem_strdup(text);
    free(*member);
    *member = copy;
}

void webhooks_done(struct webhooks *all)
{
    for (unsigned i = 0; i < all->n; i++) {
        struct webhook *w = &all->v[i];
        free(w->name);
        free(w->secret);
        free(w->id);
        free(w->timestamp);
        free(w->signatures);
        buf_done(&w->body);
    }
}

/* --- what is altered in them --- */

struct webhook *webhooks_alter(struct webhooks *all, const struct webhook *like, bool good, const char *what)
{
    char name[160];
    snprintf(name, sizeof name, "%s: %s", like->name, what);
    return webhooks_add(all, like, good, name);
}

void add_alterations(struct webhooks *all, const struct webhook *like)
{
    struct webhook *w = webhooks_alter(all, like, false, "a byte of the body is another");
    w->body.p[w->body.n / 2] ^= 1;
    w = webhooks_alter(all, like, false, "the body ends with a newline more");
    buf_addc(&w->body, '\n');
    w = webhooks_alter(all, like, false, "the body has been cut off");
    w->body.n--;
    w = webhooks_alter(all, like, false, "another id");
    w->id[0] ^= 1;
    w = webhooks_alter(all, like, false, "another time");
    w->timestamp[strlen(w->timestamp) - 1] ^= 1;
    w = webhooks_alter(all, like, false, "another secret");
    webhook_set(&w->secret, OTHER_SECRET);
}

void add_times(struct webhooks *all, const struct webhook *like)
{
    static const struct {
        int away;
        bool good;
        const char *name;
    } v[] = {
        {TOLERANCE, true, "five minutes old"},    {TOLERANCE + 1, false, "older by a second"},
        {-TOLERANCE, true, "five minutes ahead"}, {-TOLERANCE - 1, false, "ahead by a second more"},
        {365 * 86400, false, "a year old"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct webhook *w = webhooks_alter(all, like, v[i].good, v[i].name);
        w->now = strtoll(w->timestamp, NULL, 10) + v[i].away;
    }
}

void add_rotation(struct webhooks *all, const struct webhook *like)
{
    struct webhook *w = webhooks_alter(all, like, true, "with the new secret");
    webhook_set(&w->secret, NEW_SECRET);
    w = webhooks_alter(all, like, false, "the public half of a key that signed, too, is no secret");
    webhook_set(&w->secret, PRIVATE_KEY);
    char *second = strchr(like->signatures, ' ');
    w = webhooks_alter(all, like, true, "the second signature alone");
    webhook_set(&w->signatures, second ? second + 1 : "none");
    w = webhooks_alter(all, like, false, "nor does the second signature do for the first secret");
    webhook_set(&w->secret, NEW_SECRET);
    webhook_set(&w->signatures, second ? second + 1 : "none");
}

/* --- headers that are malformed: %s is the genuine one --- */

enum header { ID, TIMESTAMP, SIGNATURES };

static char **header_of_case(struct webhook *w, enum header header)
{
    return header == ID ? &w->id : header == TIMESTAMP ? &w->timestamp : &w->signatures;
}

void add_headers(struct webhooks *all, const struct webhook *like)
{
    static const struct {
        enum header header;
        bool good;
        const char *format, *name;
    } v[] = {
        {ID, false, "", "no id"},
        {ID, false, "%s ", "a blank behind the id"},
        {ID, false, "é%s", "an id with a letter of no ASCII"},
        {TIMESTAMP, false, "", "no time"},
        {TIMESTAMP, false, "+%s", "a time with a sign"},
        {TIMESTAMP, false, " %s", "a blank before the time"},
        {TIMESTAMP, false, "%s\n", "a line end behind the time"},
        {TIMESTAMP, false, "%s.0", "a time that is no whole number"},
        {TIMESTAMP, false, "0%s", "a time with a zero before it"},
        {TIMESTAMP, false, "%s000", "milliseconds"},
        {TIMESTAMP, false, "99999999999999999999%s", "a time that no number holds"},
        {TIMESTAMP, false, "-1", "a time before all times"},
        {TIMESTAMP, false, "now", "a word for the time"},
        {TIMESTAMP, false, "١٦١٤٢٦٥٣٣٠", "a time in other digits"},
        {SIGNATURES, false, "", "no signature"},
        {SIGNATURES, false, " ", "a blank for a signature"},
        {SIGNATURES, false, "v1,", "a signature without any"},
        {SIGNATURES, false, "v1", "a kind alone"},
        {SIGNATURES, false, "%sA", "a signature with a letter more"},
        {SIGNATURES, false, "%s\n", "a line end behind the signature"},
        {SIGNATURES, false, "x%s", "a signature of another kind"},
        {SIGNATURES, false, "v1a,%s", "one kind inside another"},
        {SIGNATURES, false, "v1é,%s", "a kind that is no ASCII"},
        {SIGNATURES, false, "%s,v1", "a comma behind the signature"},
        {SIGNATURES, true, "v1,AAAA %s", "a wrong signature before the right one"},
        {SIGNATURES, true, "v1a,AAAA %s v2,é", "the right one between others"},
        {SIGNATURES, true, " %s ", "blanks around the signature"},
        {SIGNATURES, true, "  %s  %s", "the signature twice, with two blanks"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct buf text = BUF_INIT;
        struct webhook *w = webhooks_alter(all, like, v[i].good, v[i].name);
        char **header = header_of_case(w, v[i].header);
        buf_printf(&text, v[i].format, *header, *header);
        buf_addc(&text, '\0');
        webhook_set(header, text.p);
        buf_done(&text);
    }
    struct webhook *w = webhooks_alter(all, like, false, "a signature cut short");
    w->signatures[strlen(w->signatures) - 1] = '\0';
}
