/* Names are shown as they are, and whatever else stands in one does not reach a phone. */
#include <stdio.h>

#include "message/forms.h"
#include "message/message.h"
#include "message/link.h"
#include "tests/lib/tap.h"

static const struct {
    const char *what, *name, *shown;
} rows[] = {
    {"a name", "陈阿宝", "陈阿宝"},
    {"a name with a middle dot", "买买提·艾力", "买买提·艾力"},
    {"a name of twenty characters", "一二三四五六七八九十一二三四五六七八九十",
     "一二三四五六七八九十一二三四五六七八九十"},
    {"a name of twenty-one", "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"},
    {"ten characters of two units", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷"},
    {"eleven, of which none is torn", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷…"},
    {"a long Latin name", "Maria Fernanda Gonzalez de la Cruz", "Maria Fernanda Gonz…"},
    {"blanks around and within", "  陈\t\n 阿宝\u3000 ", "陈 阿宝"},
    {"control characters", "陈\x01\x1b[2J\x7f阿\xc2\x85宝", "陈[2J阿 宝"},
    {"lines", "陈\r\n阿宝\u2028汇款", "陈 阿宝 汇款"},
    {"marks of direction", "\u202e宝阿陈\u202c\u2066x\u2069\u200f", "宝阿陈x"},
    {"characters without width", "陈\u200b阿\ufeff宝\u2060", "陈阿宝"},
    {"tags and selectors", "葛\U000e0100城\ufe0f", "葛城"},
    {"a signature", "【某某银行】陈阿宝", "某某银行陈阿宝"},
    {"braces", "{{due}}}{", "{{due}}}{"},
    {"brackets of parts", "[[x]]", "[[x]]"},
    {"a domain", "abc.cn", "abc·cn"},
    {"a domain in full-width letters", "ａｂｃ。ｃｎ", "ａｂｃ·ｃｎ"},
    {"a link", "http://abc.cn/x?y", "http·abc·cn·x?y"},
    {"a domain with hidden characters", "abc\u200b.\u200bcn", "abc·cn"},
    {"an address of mail", "me@abc.com", "me·abc·com"},
    {"an initial", "J. Smith", "J. Smith"},
    {"initials", "J.R. Smith", "J·R. Smith"},
    {"a full stop at the end", "Sammy Davis Jr.", "Sammy Davis Jr."},
    {"other marks beside blanks", "陈 / 阿宝 :", "陈 阿宝"},
    {"marks in front", "./陈阿宝", "陈阿宝"},
    {"bytes that are no character", "陈\xff\xc3阿宝", "陈阿宝"},
    {"nothing", "", NULL},
    {"nothing but blanks", " \u3000\t", NULL},
    {"nothing but what hides", "\u200b\u202e\x01【】", NULL},
    {"nothing but marks", "./:@", NULL},
};

static const char *shown(const char *name, struct buf *b)
{
    buf_clear(b);
    BUF_LIT(b, "x");
    bool some = write_name(b, str_of(name));
    buf_addc(b, '\0');
    return some ? b->p + 1 : b->n == 2 ? NULL : "left something";
}

static const char *id_shown(const char *language, const char *id, struct buf *b)
{
    buf_clear(b);
    write_id(b, forms_of(language), str_of(id));
    buf_addc(b, '\0');
    return b->p;
}

/* Names made of what does harm, and of what does not. */
static void check_random_names(void)
{
    static const char *const parts[] = {"a",    "cn", "com", ".",  "。",   "/",      "://",    "www",
                                        "http", "陈", "𠮷",  " ",  "\n",   "\u200b", "\u202e", "【",
                                        "】",   "1",  "@",   "．", "\xff", "·",      "-",      ":"};
    struct rng rng = rng_seed(7);
    struct buf name = BUF_INIT, out = BUF_INIT;
    struct str where;
    unsigned links = 0, too_long = 0, empty = 0, brackets = 0;
    for (int i = 0; i < 20000; i++) {
        buf_clear(&name);
        buf_clear(&out);
        for (uint64_t n = rng_below(&rng, 30); n > 0; n--)
            buf_adds(&name, parts[rng_below(&rng, sizeof parts / sizeof parts[0])]);
        bool some = write_name(&out, buf_str(&name));
        empty += some != (out.n > 0);
        links += link_find(buf_str(&out), &where);
        too_long += ucs2_length(buf_str(&out)) > NAME_UNITS;
        brackets += out.n && (memmem(out.p, out.n, "【", 3) || memmem(out.p, out.n, "\n", 1));
    }
    is_int(links, 0, "no name of 20,000 becomes a link");
    is_int(too_long, 0, "none is longer than %d", NAME_UNITS);
    is_int(brackets, 0, "none opens a signature or a line");
    is_int(empty, 0, "and each says whether something is left");
    buf_done(&name);
    buf_done(&out);
}

int main(void)
{
    const unsigned n = sizeof rows / sizeof rows[0];
    plan(n + 10);
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < n; i++) {
        const char *got = shown(rows[i].name, &b);
        if (rows[i].shown)
            is_str(got, rows[i].shown, "%s", rows[i].what);
        else
            ok(got == NULL, "%s leaves no name", rows[i].what);
    }
    is_str(id_shown("zh", "330902195403070012", &b), "编号尾号0012的人员", "an id's end stands for a name in Chinese");
    is_str(id_shown("en", "330902195403070012", &b), "ID ending 0012", "and in English");
    is_str(id_shown("fr", "330902195403070012", &b), "ID …0012", "and elsewhere");
    is_str(id_shown("zh", "7", &b), "编号尾号7的人员", "a short id stands whole");
    is_str(id_shown("zh", "12x.cn", &b), "编号尾号x·cn的人员", "an id makes no link either");
    is_str(id_shown("zh", "{{a}}", &b), "编号尾号{a}}的人员", "nor is it expanded");
    check_random_names();
    buf_done(&b);
    return tap_end();
}
