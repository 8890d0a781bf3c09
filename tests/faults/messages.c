#include "tests/faults/messages.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

#define EVENTS_MAX 256 /* of a life; a message has its event's number */

/* An id ends with the number: its last part. */
static void note(bool seen[EVENTS_MAX], const char *id, size_t n)
{
    while (n > 0 && id[n - 1] >= '0' && id[n - 1] <= '9')
        n--;
    uint64_t number = strtoull(id + n, NULL, 10);
    if (number >= EVENTS_MAX)
        bail_out("a life has event %" PRIu64, number);
    seen[number] = true;
}

/* The gateway's record: when, what, id, and more. */
static void note_record(const struct life *l, bool seen[EVENTS_MAX])
{
    char path[160], line[2048], kind[16], id[128];
    snprintf(path, sizeof path, "%s/received", l->node->dir);
    peer_counts(l->peer); /* it writes what it still had */
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%*s %15s %127s", kind, id) == 2 && strcmp(kind, "message") == 0)
            note(seen, id, strlen(id));
    if (f)
        fclose(f);
}

static bool note_deliveries(struct life *l, const char *state, bool seen[EVENTS_MAX])
{
    static const char member[] = "{\"id\":\"";
    char target[80];
    snprintf(target, sizeof target, "/v1/deliveries?limit=1000&endpoint=sms&state=%s", state);
    if (life_ask(l, "GET", target, NULL, STR_NONE) != ASKED_ANSWERED || l->answer.status != 200)
        return false;
    for (const char *p = l->answer.body.p; (p = strstr(p, member)) != NULL;) {
        p += sizeof member - 1;
        note(seen, p, strcspn(p, "\""));
    }
    return true;
}

static unsigned count(const bool seen[EVENTS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < EVENTS_MAX; i++)
        n += seen[i];
    return n;
}

/* What is not known for a day becomes a dead letter. */
bool messages_count(struct life *l, struct messages *out)
{
    bool seen[EVENTS_MAX] = {false};
    note_record(l, seen);
    unsigned came = count(seen);
    if (!note_deliveries(l, "unknown", seen) || !note_deliveries(l, "dead", seen))
        return false;
    *out = (struct messages){came, count(seen)};
    return true;
}
