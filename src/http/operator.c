#include "http/operator.h"

#include <stdlib.h>

#include "base/log.h"

bool operator_read(struct exchange *x, struct json_field *fields, size_t n, struct buf *text)
{
    struct input_fault fault;
    if (json_fields_read(buf_str(&x->body), fields, n, text, &fault) == ERR_OK)
        return true;
    exchange_problem(x, 400, fault.member, "%s", fault.text);
    return false;
}

/* " key=value", quoted where it must be. */
static void add_pair(struct buf *b, const char *key, struct str value)
{
    char quoted[4 * 256 + 3]; /* whatever has to be escaped */
    if (!value.p)
        return;
    char *text = mem_strndup(value.p, value.n);
    buf_printf(b, " %s=%s", key, log_quote(text, quoted, sizeof quoted));
    free(text);
}

void operator_note(const char *caller, const char *action, const char *what, struct str name, struct str by,
                   struct str why)
{
    struct buf pairs = BUF_INIT;
    add_pair(&pairs, what, name);
    add_pair(&pairs, "by", by);
    add_pair(&pairs, "why", why);
    add_pair(&pairs, "caller", str_of(caller));
    buf_addc(&pairs, '\0');
    log_line(LOG_LEVEL_NOTICE, "operator-action", "action=%s%s", action, pairs.p);
    buf_done(&pairs);
}
