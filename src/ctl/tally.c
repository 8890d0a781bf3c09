#include "ctl/tally.h"
#include "ctl/text.h"

#include <stdio.h>

uint64_t tally_all(const struct tally *t)
{
    return t->applied + t->unchanged + t->rejected + t->malformed;
}

bool tally_has_no(const struct tally *t)
{
    return t->rejected || t->malformed;
}

void tally_rejected(struct tally *t, struct str reason)
{
    unsigned i = 0;
    t->rejected++;
    if (!reason.p || reason.n >= sizeof t->reasons[0].name)
        reason = STR_LIT("other");
    while (i < t->n_reasons && !str_is(reason, t->reasons[i].name))
        i++;
    if (i == t->n_reasons && i < TALLY_REASONS) {
        if (i == TALLY_REASONS - 1)
            reason = STR_LIT("other");
        snprintf(t->reasons[i].name, sizeof t->reasons[i].name, "%.*s", (int)reason.n, reason.p);
        t->n_reasons++;
    }
    t->reasons[i < TALLY_REASONS ? i : TALLY_REASONS - 1].n++;
}

static void print_row(const char *indent, const char *name, uint64_t n)
{
    char count[TEXT_COUNT];
    if (n)
        fprintf(stderr, "%s%-*s %12s\n", indent, 30 - (int)strlen(indent), name, text_count(n, count));
}

void tally_print(const struct tally *t)
{
    print_row("  ", "applied", t->applied);
    print_row("  ", "unchanged", t->unchanged);
    print_row("  ", "rejected", t->rejected);
    for (unsigned i = 0; i < t->n_reasons; i++)
        print_row("    ", t->reasons[i].name, t->reasons[i].n);
    print_row("  ", "malformed", t->malformed);
}

void tally_write(const struct tally *t, double seconds, struct buf *out)
{
    buf_printf(out, "{\"lines\":%llu,\"applied\":%llu,\"unchanged\":%llu,\"rejected\":%llu,\"reasons\":{",
               (unsigned long long)tally_all(t), (unsigned long long)t->applied, (unsigned long long)t->unchanged,
               (unsigned long long)t->rejected);
    for (unsigned i = 0; i < t->n_reasons; i++)
        buf_printf(out, "%s\"%s\":%llu", i ? "," : "", t->reasons[i].name, (unsigned long long)t->reasons[i].n);
    buf_printf(out, "},\"malformed\":%llu,\"seconds\":%.3f}\n", (unsigned long long)t->malformed, seconds);
}
