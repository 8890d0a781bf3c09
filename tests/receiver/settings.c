#include "tests/receiver/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum kind { KIND_ODDS, KIND_NUMBER, KIND_CHOICE, KIND_TEXT };

struct row {
    const char *name;
    enum kind kind;
    size_t at;           /* in struct settings */
    int64_t max;         /* KIND_NUMBER */
    const char *choices; /* KIND_CHOICE: "first|second" stand for 0, 1 */
};

#define ODDS(name, fate) name, KIND_ODDS, offsetof(struct settings, odds[fate]), 0, NULL
#define NUMBER(member, max) #member, KIND_NUMBER, offsetof(struct settings, member), max, NULL
#define CHOICE(member, choices) #member, KIND_CHOICE, offsetof(struct settings, member), 0, choices
#define TEXT(member) #member, KIND_TEXT, offsetof(struct settings, member), 0, NULL
#define HOUR_MS 3600000

static const struct row rows[] = {
    {ODDS("fail", FATE_FAIL)},
    {ODDS("hang", FATE_HANG)},
    {ODDS("reset", FATE_RESET)},
    {ODDS("reset_after", FATE_RESET_AFTER)},
    {ODDS("close", FATE_CLOSE)},
    {ODDS("drip", FATE_DRIP)},
    {ODDS("big", FATE_BIG)},
    {ODDS("garbage", FATE_GARBAGE)},
    {ODDS("redirect", FATE_REDIRECT)},
    {ODDS("gone", FATE_GONE)},
    {"slow", KIND_ODDS, offsetof(struct settings, slow), 0, NULL},
    {NUMBER(status, 599)},
    {NUMBER(retry_after, 86400)},
    {NUMBER(slow_ms, HOUR_MS)},
    {NUMBER(drip_ms, HOUR_MS)},
    {NUMBER(tolerance, INT32_MAX)},
    {NUMBER(receipt_ms, HOUR_MS)},
    {NUMBER(receipt_copies, 10)},
    {NUMBER(receipt_tries, 1000)},
    {NUMBER(final, 63)},
    {NUMBER(down_ms, HOUR_MS)},
    {CHOICE(mode, "full|fast")},
    {CHOICE(receipts, "off|order|shuffled")},
    {TEXT(only)},
    {TEXT(consent)},
    {TEXT(allowed_rate)},
    {TEXT(code)},
    {TEXT(receipt_to)},
};

void settings_init(struct settings *s)
{
    *s = (struct settings){
        .status = 500,
        .slow = 100 * PERCENT,
        .drip_ms = 1,
        .tolerance = 300,
        .receipt_copies = 1,
        .receipt_tries = 1,
        .final = 1,
        .consent = "*",
    };
}

/* --- reading --- */

static bool read_number(const char *value, int64_t max, int64_t *out)
{
    char *end;
    if (*value < '0' || *value > '9' || strlen(value) > 12)
        return false;
    *out = (int64_t)strtoull(value, &end, 10);
    return *end == '\0' && *out <= max;
}

static bool read_odds(const char *value, int64_t *out)
{
    char *end;
    if (*value < '0' || *value > '9')
        return false;
    double percent = strtod(value, &end);
    *out = (int64_t)(percent * PERCENT + 0.5);
    return *end == '\0' && percent <= 100;
}

static bool read_choice(const char *value, const char *choices, int64_t *out)
{
    size_t n = strlen(value);
    int64_t number = 0;
    for (const char *p = choices; *p; p += *p == '|', number++) {
        size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, value, n) == 0) {
            *out = number;
            return true;
        }
        p += length;
    }
    return false;
}

static bool read_text(const char *value, char *out)
{
    size_t n = strlen(value);
    if (n < SETTING_TEXT)
        memcpy(out, value, n + 1);
    return n < SETTING_TEXT;
}

static bool read_value(struct settings *s, const struct row *row, const char *value)
{
    void *at = (char *)s + row->at;
    switch (row->kind) {
    case KIND_ODDS: return read_odds(value, at);
    case KIND_NUMBER: return read_number(value, row->max, at);
    case KIND_CHOICE: return read_choice(value, row->choices, at);
    case KIND_TEXT: return read_text(value, at);
    }
    return false;
}

/* word is written over. */
static enum err apply_word(struct settings *s, char *word, struct errmsg *msg)
{
    if (strcmp(word, "defaults") == 0) {
        settings_init(s);
        return ERR_OK;
    }
    if (strcmp(word, "forget") == 0) {
        s->forget = true;
        return ERR_OK;
    }
    char *value = strchr(word, '=');
    if (!value)
        return err_set(msg, ERR_INVALID, "\"%s\" is no order, and no setting without a value", word);
    *value++ = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, word) != 0)
            continue;
        return read_value(s, &rows[i], value) ? ERR_OK : err_set(msg, ERR_INVALID, "%s cannot be \"%s\"", word, value);
    }
    return err_set(msg, ERR_INVALID, "there is no setting \"%s\"", word);
}

enum err settings_apply(struct settings *s, struct str words, struct errmsg *msg)
{
    struct settings changed = *s;
    char *text = mem_strndup(words.p ? words.p : "", words.n), *rest = text;
    enum err e = ERR_OK;
    for (char *word; e == ERR_OK && (word = strsep(&rest, " \t\r\n"));)
        if (*word)
            e = apply_word(&changed, word, msg);
    free(text);
    int64_t sum = 0;
    for (int i = 0; i < FATE_N; i++)
        sum += changed.odds[i];
    if (e == ERR_OK && sum > 100 * PERCENT)
        e = err_set(msg, ERR_INVALID, "the fates add up to more than 100 in a hundred");
    if (e == ERR_OK)
        *s = changed;
    return e;
}

/* --- drawing --- */

static bool concerned(const struct settings *s, struct str path)
{
    size_t n = strlen(s->only);
    return path.n >= n && memcmp(path.p, s->only, n) == 0;
}

enum fate settings_draw(const struct settings *s, struct str path, struct rng *rng)
{
    if (!concerned(s, path))
        return FATE_ACCEPT;
    int64_t roll = (int64_t)rng_below(rng, 100 * PERCENT);
    for (int i = 0; i < FATE_N; i++) {
        if (roll < s->odds[i])
            return (enum fate)i;
        roll -= s->odds[i];
    }
    return FATE_ACCEPT;
}

int64_t settings_delay_ms(const struct settings *s, struct str path, struct rng *rng)
{
    if (s->slow_ms == 0 || !concerned(s, path))
        return 0;
    return (int64_t)rng_below(rng, 100 * PERCENT) < s->slow ? s->slow_ms : 0;
}
