#include "daemon/standing.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* As long as nobody waits for a decision, nobody wants to read of it. */
#define LAG_TOLD 60

/* Everything that can be said fits, with room: the longest is some 200 bytes. */
static void add(char out[STANDING_TEXT], size_t *n, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(char out[STANDING_TEXT], size_t *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int more = vsnprintf(out + *n, STANDING_TEXT - *n, format, args);
    va_end(args);
    *n += more > 0 ? (size_t)more : 0;
    if (*n >= STANDING_TEXT)
        *n = STANDING_TEXT - 1;
}

static void add_holds(char out[STANDING_TEXT], size_t *n, const struct engine_counters *c)
{
    const char *before = "; suspensions held: ";
    for (int kind = 0; kind < HOLD_N; kind++)
        if (c->holds[kind]) {
            add(out, n, "%s%s", before, hold_text(kind));
            before = ", ";
        }
}

const char *standing_text(const struct standing *s, char out[STANDING_TEXT])
{
    const struct engine_counters *c = s->engine;
    size_t n = 0;
    add(out, &n, "serving %" PRIu64 " beneficiar%s", c->enrolled, c->enrolled == 1 ? "y" : "ies");
    add_holds(out, &n, c);
    if (c->lag_seconds > LAG_TOLD)
        add(out, &n, "; deadlines %" PRIu64 " s behind", c->lag_seconds);
    if (s->refused)
        add(out, &n, "; the last reload was refused");
    if (s->idle_seconds)
        add(out, &n, "; no progress for %u s", s->idle_seconds);
    return out;
}
