/* Fields of query strings. */
#include "adapter/form.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static const struct {
    const char *form, *name;
    enum err want;
    struct str value;
} rows[] = {
    {"id=a_0_1&type=8", "type", ERR_OK, STR_LIT("8")},
    {"id=a_0_1&type=8", "id", ERR_OK, STR_LIT("a_0_1")},
    {"a=1&%69d=x", "id", ERR_OK, STR_LIT("x")},
    {"id=%E4%B8%ad+%2B%26%3d%00x", "id", ERR_OK, STR_LIT("中 +&=\0x")},
    {"id=a=b", "id", ERR_OK, STR_LIT("a=b")},
    {"id=", "id", ERR_OK, STR_LIT("")},
    {"id", "id", ERR_OK, STR_LIT("")},
    {"&&id=1&&", "id", ERR_OK, STR_LIT("1")},
    {"", "id", ERR_ABSENT, STR_NONE},
    {"&", "id", ERR_ABSENT, STR_NONE},
    {"ID=1", "id", ERR_ABSENT, STR_NONE},
    {"idx=1&i=2", "id", ERR_ABSENT, STR_NONE},
    {"x=id=1", "id", ERR_ABSENT, STR_NONE},
    {"id=1&id=1", "id", ERR_INVALID, STR_NONE},
    {"id=1&i%64", "id", ERR_INVALID, STR_NONE},
    {"id=%", "id", ERR_INVALID, STR_NONE},
    {"id=%4", "id", ERR_INVALID, STR_NONE},
    {"id=%4g", "id", ERR_INVALID, STR_NONE},
    {"id=%%41", "id", ERR_INVALID, STR_NONE},
    {"%zz=1&id=2", "id", ERR_OK, STR_LIT("2")},
    {"other=%zz&id=2", "id", ERR_OK, STR_LIT("2")},
};

#define ROWS_N (sizeof rows / sizeof rows[0])

int main(void)
{
    plan(ROWS_N + 2);
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < ROWS_N; i++) {
        struct str value = STR_NONE;
        char *form = mem_strdup(rows[i].form);
        enum err e = form_find((struct str){form, strlen(form)}, rows[i].name, &text, &value);
        ok(e == rows[i].want && str_eq(value, rows[i].value), "%s in \"%s\"", rows[i].name, rows[i].form);
        free(form);
    }
    buf_clear(&text);
    BUF_LIT(&text, "before");
    struct str value = STR_NONE;
    is_int(form_find(STR_LIT("id=1%"), "id", &text, &value), ERR_INVALID, "a broken escape is refused");
    is_int(text.n, 6, "and what stood in the buffer stays, alone");
    buf_done(&text);
    return tap_end();
}
