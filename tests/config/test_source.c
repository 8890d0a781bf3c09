/* A file's text before it is parsed: what is refused, and comments taken out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/source.h"
#include "tests/lib/tap.h"

static const struct {
    const char *what, *text, *want;
} cleaned[] = {
    {"a comment to the end of its line", "a = 1 # b\nc\n", "a = 1    \nc\n"},
    {"one in C++'s way", "a = 1 // b\nc\n", "a = 1     \nc\n"},
    {"one over lines", "a /* b\n c */ d\n", "a     \n      d\n"},
    {"one without an end of line", "a # b", "a    "},
    {"one behind a word", "a#b\nc//d\ne/*f*/\n", "a  \nc//d\ne/*f*/\n"},
    {"one behind a brace", "{//x\n}/*y*/=", "{   \n}     ="},
    {"strings that look like one", "a = \"# x\" '// y' \"/* z\"\n", "a = \"# x\" '// y' \"/* z\"\n"},
    {"a string with a quote in it", "a = \"x\\\"# y\" # z\n", "a = \"x\\\"# y\"    \n"},
    {"an address", "store = dir://x # y\n", "store = dir://x    \n"},
    {"text of many kinds",
     "\xe4\xb8\xad \xf0\x9f\x98\x80 \xc3\xa9\t\r\n",
     "\xe4\xb8\xad \xf0\x9f\x98\x80 \xc3\xa9\t\r\n"},
    {"nothing", "", ""},
};

static const struct {
    const char *text;
    unsigned line;
    const char *message;
} refused[] = {
    {"a\n\x7f", 2, "the byte 0x7f: expected text in UTF-8"},
    {"\xed\xa0\x80", 1, "the byte 0xed: expected text in UTF-8"},
    {"\xf4\x90\x80\x80", 1, "the byte 0xf4: expected text in UTF-8"},
    {"\n\n\xe4\xb8", 3, "the byte 0xe4: expected text in UTF-8"},
    {"\x80", 1, "the byte 0x80: expected text in UTF-8"},
    {"a = 'b\nc'", 1, "a string that does not end: expected ' on the same line"},
    {"\na = \"b\\", 2, "a string that does not end: expected \" on the same line"},
    {"a = \"b\\\nc\"", 1, "a string that does not end: expected \" on the same line"},
    {"a\n/* b\n\n", 2, "a comment that does not end: expected */ behind it"},
    {"/*/", 1, "a comment that does not end: expected */ behind it"},
};

static struct source source_of(const char *text)
{
    return (struct source){.text = mem_strdup(text), .n = strlen(text)};
}

int main(void)
{
    struct errmsg msg;
    unsigned line;
    plan(0);
    for (size_t i = 0; i < sizeof cleaned / sizeof *cleaned; i++) {
        struct source s = source_of(cleaned[i].text);
        is_int(source_clean(&s, &line, &msg), ERR_OK, "%s: taken", cleaned[i].what);
        is_str(s.text, cleaned[i].want, "%s: what is left", cleaned[i].what);
        source_done(&s);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct source s = source_of(refused[i].text);
        is_int(source_clean(&s, &line, &msg), ERR_INVALID, "text %zu is refused", i);
        is_str(msg.text, refused[i].message, "with a message");
        is_int(line, refused[i].line, "and the line");
        source_done(&s);
    }
    return tap_end();
}
