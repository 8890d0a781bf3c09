/* Accept-Language: who is answered in English. */
#include "http/language.h"

#include "tests/lib/tap.h"

static const struct {
    const char *header;
    enum explain_language want;
} rows[] = {
    {NULL, EXPLAIN_ZH},
    {"", EXPLAIN_ZH},
    {"zh", EXPLAIN_ZH},
    {"zh-CN", EXPLAIN_ZH},
    {"zh-Hans", EXPLAIN_ZH},
    {"zh-Hant-TW,en;q=0.8", EXPLAIN_ZH},
    {"en", EXPLAIN_EN},
    {"EN-gb", EXPLAIN_EN},
    {"en-US,en;q=0.9", EXPLAIN_EN},
    {"zh-CN,zh;q=0.9,en;q=0.8", EXPLAIN_ZH},
    {"en-US,en;q=0.9,zh;q=0.8", EXPLAIN_EN},
    {"zh;q=0.8,en;q=0.9", EXPLAIN_EN},
    {"zh;q=0.8 , en;q=0.801", EXPLAIN_EN},
    {"zh;q=0.801\t,\ten;q=0.8", EXPLAIN_ZH},
    {"en;q=0.5,zh;q=0.5", EXPLAIN_EN}, /* the one that stands first */
    {"zh;q=0.5,en;q=0.5", EXPLAIN_ZH},
    {"en,zh", EXPLAIN_EN},
    {"fr", EXPLAIN_ZH}, /* neither: the default */
    {"fr,en;q=0.1", EXPLAIN_EN},
    {"english", EXPLAIN_ZH}, /* another word */
    {"eng,zho", EXPLAIN_ZH},
    {"*", EXPLAIN_ZH},
    {"*,en", EXPLAIN_EN},
    {"*,zh", EXPLAIN_ZH},
    {"en;q=0.7,*", EXPLAIN_ZH},
    {"en;q=0.7,*;q=0.5", EXPLAIN_EN},
    {"zh;q=0,*", EXPLAIN_EN}, /* all but Chinese */
    {"zh;q=0,en;q=0", EXPLAIN_ZH},
    {"en;q=0", EXPLAIN_ZH},
    {"en;q=0,*", EXPLAIN_ZH},
    {"en;q=0.000", EXPLAIN_ZH},
    {"en;q=1.000,zh;q=0.999", EXPLAIN_EN},
    {"en;q=1.001,zh;q=0.1", EXPLAIN_ZH}, /* no weight at all: as if it were not there */
    {"en;q=2", EXPLAIN_ZH},
    {"en;q=.9", EXPLAIN_ZH},
    {"en;q=0.1234", EXPLAIN_ZH},
    {"en;q=-1", EXPLAIN_ZH},
    {"en;q=", EXPLAIN_ZH},
    {"en;q=0.", EXPLAIN_ZH}, /* nothing */
    {"en;q=1.", EXPLAIN_EN},
    {"en;Q=0.9,zh;q=0.2", EXPLAIN_EN},
    {"en;level=1;q=0.3,zh;q=0.2", EXPLAIN_EN},
    {"en-US;q=0.2,en-GB;q=0.9,zh;q=0.5", EXPLAIN_EN}, /* the best of it */
    {",,;,en,;;,", EXPLAIN_EN},
    {";q=1", EXPLAIN_ZH},
};

int main(void)
{
    plan((int)(sizeof rows / sizeof *rows));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_int(language_of(rows[i].header), rows[i].want, "\"%s\" is answered in %s",
               rows[i].header ? rows[i].header : "(none)", rows[i].want == EXPLAIN_EN ? "English" : "Chinese");
    return tap_end();
}
