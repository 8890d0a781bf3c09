#include "http/language.h"

#include <strings.h>

#define UNSAID (-1)

/* What was said of each: thousandths, and where it was said first. */
struct preferences {
    int q[EXPLAIN_LANGUAGES], any;
    unsigned place[EXPLAIN_LANGUAGES];
};

static const char *const tags[EXPLAIN_LANGUAGES] = {[EXPLAIN_ZH] = "zh", [EXPLAIN_EN] = "en"};

static struct str trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* What stands before the separator; *rest gets what stands behind it, or nothing. */
static struct str cut(struct str *rest, char separator)
{
    const char *at = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
    struct str first = {rest->p, at ? (size_t)(at - rest->p) : rest->n};
    rest->p += first.n + (at != NULL);
    rest->n -= first.n + (at != NULL);
    return trim(first);
}

/* "0.8" in thousandths; UNSAID: it is no weight. */
static int weight(struct str s)
{
    int q = 0, unit = 1000;
    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') || (s.n > 1 && s.p[1] != '.'))
        return UNSAID;
    for (size_t i = 0; i < s.n; i++) {
        if (i == 1)
            continue;
        if (s.p[i] < '0' || s.p[i] > '9')
            return UNSAID;
        q += (s.p[i] - '0') * unit;
        unit /= 10;
    }
    return q <= 1000 ? q : UNSAID;
}

static int weight_of(struct str parameters)
{
    while (parameters.n) {
        struct str one = cut(&parameters, ';');
        if (one.n >= 2 && (one.p[0] == 'q' || one.p[0] == 'Q') && one.p[1] == '=')
            return weight((struct str){one.p + 2, one.n - 2});
    }
    return 1000;
}

/* Is it that language, in whatever country or script? */
static bool speaks(struct str range, const char *tag)
{
    size_t n = strlen(tag);
    return range.n >= n && strncasecmp(range.p, tag, n) == 0 && (range.n == n || range.p[n] == '-');
}

static void take(struct preferences *p, struct str range, int q, unsigned place)
{
    if (q == UNSAID)
        return;
    if (str_is(range, "*") && p->any == UNSAID)
        p->any = q;
    for (unsigned i = 0; i < EXPLAIN_LANGUAGES; i++) {
        if (!speaks(range, tags[i]) || q <= p->q[i])
            continue;
        p->q[i] = q;
        p->place[i] = place;
    }
}

enum explain_language language_of(const char *header)
{
    struct preferences p = {.q = {UNSAID, UNSAID}, .any = UNSAID};
    struct str rest = header ? str_of(header) : STR_LIT("");
    for (unsigned place = 0; rest.n; place++) {
        struct str one = cut(&rest, ',');
        struct str range = cut(&one, ';');
        take(&p, range, weight_of(one), place);
    }
    for (unsigned i = 0; i < EXPLAIN_LANGUAGES; i++) {
        if (p.q[i] != UNSAID)
            continue;
        p.q[i] = p.any;
        p.place[i] = UINT32_MAX; /* by name counts before by nothing in particular */
    }
    int zh = p.q[EXPLAIN_ZH], en = p.q[EXPLAIN_EN];
    bool english = en > zh || (en == zh && en > 0 && p.place[EXPLAIN_EN] < p.place[EXPLAIN_ZH]);
    return english && en > 0 ? EXPLAIN_EN : EXPLAIN_ZH;
}
