/* The program's log: one line a call, whatever is put into it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/lib/tap.h"

static char logged[8192];

/* stderr, as it was, and into a file meanwhile. */
static int divert(const char *path)
{
    int saved = dup(STDERR_FILENO), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (saved < 0 || fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        bail_out("cannot divert stderr to %s", path);
    close(fd);
    return saved;
}

static const char *restore(int saved, const char *path)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(logged, 1, sizeof logged - 1, f) : 0;
    logged[n] = '\0';
    if (f)
        fclose(f);
    return logged;
}

static const char *path(void)
{
    static char p[256];
    snprintf(p, sizeof p, "%s/log", tap_tmpdir());
    return p;
}

static void test_lines(void)
{
    int saved = divert(path());
    log_line(LOG_LEVEL_INFO, "started", "pid=%d store=%s", 1, "dir:/x");
    is_str(restore(saved, path()), "event=started pid=1 store=dir:/x\n", "a line has its event and its pairs");
    saved = divert(path());
    log_line(LOG_LEVEL_ERR, "stopped", "%s", "");
    log_line(LOG_LEVEL_ERR, "text", "a=%s", "1\n2\tevil=3\001");
    is_str(restore(saved, path()), "event=stopped \nevent=text a=1 2 evil=3 \n",
           "no value can begin a line of its own");
}

static void test_levels(void)
{
    int saved = divert(path());
    log_line(LOG_LEVEL_DEBUG, "a", "x=1");
    log_set_level(LOG_LEVEL_DEBUG);
    log_line(LOG_LEVEL_DEBUG, "b", "x=1");
    log_set_level(LOG_LEVEL_WARNING);
    log_line(LOG_LEVEL_NOTICE, "c", "x=1");
    log_line(LOG_LEVEL_WARNING, "d", "x=1");
    log_set_level(LOG_LEVEL_INFO);
    is_str(restore(saved, path()), "event=b x=1\nevent=d x=1\n", "lines below the level are dropped");
}

static void test_journal(void)
{
    char stream[64];
    struct stat st;
    int saved = divert(path());
    fstat(STDERR_FILENO, &st);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_line(LOG_LEVEL_NOTICE, "a", "x=1");
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_line(LOG_LEVEL_NOTICE, "b", "x=1");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_line(LOG_LEVEL_NOTICE, "c", "x=1");
    unsetenv("JOURNAL_STREAM");
    is_str(restore(saved, path()), "<5>event=a x=1\nevent=b x=1\nevent=c x=1\n",
           "the level stands before the line when stderr is the journal");
}

static void test_length(void)
{
    static char value[5000];
    memset(value, 'x', sizeof value - 1);
    int saved = divert(path());
    log_line(LOG_LEVEL_INFO, "long", "x=%s", value);
    log_line(LOG_LEVEL_INFO, "next", "x=1");
    const char *got = restore(saved, path());
    const char *end = strchr(got, '\n');
    ok(end && end - got > 2000 && end - got < 2048, "a long line is cut");
    is_str(end ? end + 1 : "", "event=next x=1\n", "and still ends");
    saved = divert(path());
    log_line(LOG_LEVEL_INFO, value, "x=%d", 1);
    got = restore(saved, path());
    ok(strlen(got) < 2049 && got[strlen(got) - 1] == '\n', "even when the event is all of it");
}

static void is_quoted(const char *value, size_t size, const char *want)
{
    char out[64];
    memset(out, '#', sizeof out);
    is_str(log_quote(value, out, size), want, "a value of %zu bytes in %zu", strlen(value), size);
    bool kept = true;
    for (size_t i = size; i < sizeof out; i++)
        kept = kept && out[i] == '#';
    ok(kept, "without going over them");
}

static void test_quotes(void)
{
    is_quoted("plain-1.2:/x", 64, "plain-1.2:/x");
    is_quoted("", 64, "\"\"");
    is_quoted("two words", 64, "\"two words\"");
    is_quoted("a=b", 64, "\"a=b\"");
    is_quoted("a\"b\\c", 64, "\"a\\\"b\\\\c\"");
    is_quoted("a\nb\001\177", 64, "\"a\\nb\\x01\\x7f\"");
    is_quoted("\xe4\xb8\xad", 64, "\xe4\xb8\xad");
    is_quoted("abcdef", 7, "abcdef");
    is_quoted("abcdef", 6, "\"abc\"");
    is_quoted("a\nb", 6, "\"a\\n\"");
    is_quoted("a\nb", 5, "\"a\"");
    is_quoted("abc", 3, "\"\"");
    is_quoted("abc", 2, "");
    is_quoted("abc", 1, "");
}

int main(void)
{
    plan(0);
    test_lines();
    test_levels();
    test_journal();
    test_length();
    test_quotes();
    return tap_end();
}
