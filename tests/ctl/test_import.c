#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct fake_daemon d;
static struct ran r;
static const char *config, *socket_path;

static void start(void)
{
    fake_daemon_done(&d);
    fake_daemon_start(&d, socket_path);
}

/* What the daemon was sent, all bodies in order. */
static char *sent(void)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < d.n; i++)
        buf_addstr(&b, buf_str(&d.requests[i].body));
    buf_addc(&b, '\0');
    return b.p;
}

static void test_ndjson(void)
{
    static const char text[] = "\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"bad\":2}\n{\"rej\":3}\n{\"same\":4}\n{\"e\":5}";
    const char *file = test_file("in.ndjson", text, 0), *results = test_path("results");
    start();
    run_ctl(&r, NULL, "-c", config, "import", file, "--results", results, NULL);
    fake_daemon_stop(&d);
    is_int(r.status, 1, "an import with rejected and malformed lines ends with 1");
    is_str(d.requests[0].body.p, "{\"a\":1}\r\n{\"bad\":2}\n{\"rej\":3}\n{\"same\":4}\n{\"e\":5}\n",
           "lines are sent as they are, blank ones and the byte order mark left out");
    ok(has(d.requests[0].head.p, "Content-Type: application/x-ndjson") &&
           has(d.requests[0].head.p, "Lifecertd-Stream: i") && has(d.requests[0].head.p, "Lifecertd-Stream-End: yes"),
       "the stream has a name and an end");
    ok(has(r.err, "in.ndjson:4: id: it is \"bad\"\n"), "a malformed line is told with its file, line and member");
    ok(has(r.err, "5 lines") && has(r.err, "applied                                 2\n") && has(r.err, "unchanged") &&
           has(r.err, "rejected") && has(r.err, "    stale") && has(r.err, "malformed"),
       "and all are counted");
    is_str(r.out, "", "stdout stays empty");
    char *kept = file_text(results);
    is_str(kept,
           "{\"id\":\"x\",\"op\":\"enrol\",\"result\":\"applied\",\"reason\":null,\"seq\":[],\"line\":1}\n"
           "{\"id\":null,\"op\":null,\"result\":\"error\",\"reason\":\"malformed\",\"line\":4,\"member\":\"id\","
           "\"detail\":\"it is \\\"bad\\\"\"}\n"
           "{\"id\":\"x\",\"op\":\"certify\",\"result\":\"rejected\",\"reason\":\"stale\",\"seq\":[3],"
           "\"message\":\"认证日期过早。\",\"line\":5}\n"
           "{\"id\":\"x\",\"op\":\"enrol\",\"result\":\"unchanged\",\"reason\":null,\"seq\":[],\"line\":6}\n"
           "{\"id\":\"x\",\"op\":\"enrol\",\"result\":\"applied\",\"reason\":null,\"seq\":[],\"line\":7}\n",
           "results are kept with the lines of the file");
    free(kept);
}

/* Each row: the environment, and what is asked for. */
static void test_languages(void)
{
    static const char *const rows[][4] = {
        {NULL, NULL, NULL, NULL},
        {NULL, NULL, "C.UTF-8", NULL},
        {NULL, NULL, "zh_CN.UTF-8", "Accept-Language: zh\r\n"},
        {NULL, NULL, "en", "Accept-Language: en\r\n"},
        {NULL, NULL, "eng", NULL},
        {NULL, "en_GB.UTF-8", "zh_CN.UTF-8", "Accept-Language: en\r\n"},
        {NULL, "", "zh_CN.UTF-8", "Accept-Language: zh\r\n"},
        {"zh_TW", "en_GB.UTF-8", "fr_FR", "Accept-Language: zh\r\n"},
        {"POSIX", "en_GB.UTF-8", "zh_CN", NULL},
    };
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *file = test_file("one.ndjson", "{\"a\":1}\n", 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int j = 0; j < 3; j++)
            if (rows[i][j])
                setenv(names[j], rows[i][j], 1);
            else
                unsetenv(names[j]);
        start();
        run_ctl(&r, NULL, "-c", config, "import", file, NULL);
        fake_daemon_stop(&d);
        const char *asked = strstr(d.requests[0].head.p, "Accept-Language:");
        ok(rows[i][3] ? asked && strncmp(asked, rows[i][3], strlen(rows[i][3])) == 0 : !asked,
           "LC_ALL=%s LC_MESSAGES=%s LANG=%s ask for %.19s", rows[i][0] ? rows[i][0] : "-",
           rows[i][1] ? rows[i][1] : "-", rows[i][2] ? rows[i][2] : "-", rows[i][3] ? rows[i][3] : "no language");
    }
}

static void test_csv(void)
{
    static const char text[] = "id,policy\n1,national\n2\n3,\"nat\nional\"\n\n4,bad\n";
    const char *file = test_file("in.CSV", text, 0), *results = test_path("results");
    start();
    run_ctl(&r, NULL, "-c", config, "import", "--results", results, "--json", file, NULL);
    fake_daemon_stop(&d);
    is_str(d.requests[0].body.p,
           "{\"op\":\"enrol\",\"id\":\"1\",\"policy\":\"national\"}\n"
           "{\"op\":\"enrol\",\"id\":\"3\",\"policy\":\"nat\\nional\"}\n"
           "{\"op\":\"enrol\",\"id\":\"4\",\"policy\":\"bad\"}\n",
           "rows of CSV become inputs");
    ok(has(r.err, "in.CSV:3: 1 cells, expected 2") && has(r.err, "in.CSV:7: id: it is"),
       "faults of both sides are told");
    char *kept = file_text(results);
    ok(has(kept, "\"detail\":\"1 cells, expected 2 as in the header\",\"line\":3}\n") && has(kept, "\"line\":4}\n") &&
           has(kept, "\"line\":7,"),
       "and kept, in the file's lines");
    ok(has(r.out,
           "{\"lines\":4,\"applied\":2,\"unchanged\":0,\"rejected\":0,\"reasons\":{},\"malformed\":2,\"seconds\":"),
       "--json counts on stdout");
    free(kept);

    file = test_file("wrong.csv", "id,shoe_size\n1,42\n", 0);
    start();
    run_ctl(&r, NULL, "-c", config, "import", file, NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && d.n == 0 && has(r.err, "wrong.csv:1: column \"shoe_size\""),
       "an unknown column is refused before anything is sent");
}

static void test_bodies_of_a_stream(void)
{
    const char *a = test_file("a.ndjson", "1\n2\n3\n4\n5\n", 0), *b = test_file("b.ndjson", "6\n", 0);
    const char *results = test_path("results");
    start();
    d.busy = 1;
    run_ctl(&r, "7\n", "-c", config, "import", "--lines", "2", a, b, "-", "--results", results, NULL);
    fake_daemon_stop(&d);
    is_int(r.status, 0, "several files are imported");
    char *all = sent();
    is_str(all, "1\n2\n1\n2\n3\n4\n5\n6\n7\n", "in bodies of two lines, the first again after a 503");
    free(all);
    unsigned ends = 0, names = 0;
    const char *name = strstr(d.requests[0].head.p, "Lifecertd-Stream: ");
    for (unsigned i = 0; i < d.n; i++) {
        ends += strstr(d.requests[i].head.p, "Lifecertd-Stream-End: yes") != NULL;
        names += name && strstr(d.requests[i].head.p, "Lifecertd-Stream: ") &&
                 strncmp(strstr(d.requests[i].head.p, "Lifecertd-Stream: "), name, 50) == 0;
    }
    ok(ends == 1 && strstr(d.requests[d.n - 1].head.p, "Lifecertd-Stream-End: yes"), "only the last ends the stream");
    is_int(names, d.n, "and all have one name");
    char *kept = file_text(results);
    ok(has(kept, "\"line\":5,\"file\":\"") && has(kept, "b.ndjson\"}\n") && has(kept, "\"line\":1,\"file\":\"-\"}\n"),
       "results of several files name them");
    free(kept);

    a = test_file("a.ndjson", "1\n2\n", 0);
    start();
    run_ctl(&r, NULL, "-c", config, "import", "--lines", "2", a, NULL);
    fake_daemon_stop(&d);
    ok(r.status == 0 && d.n > 0 && strstr(d.requests[d.n - 1].head.p, "Lifecertd-Stream-End: yes"),
       "a last body that turns out empty still ends the stream");
}

static void test_many(void)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 120000; i++)
        buf_printf(&b, "{\"n\":%u%s}\n", i, i % 100 == 7 ? ",\"bad\":1" : "");
    const char *file = test_file("many.ndjson", b.p, b.n);
    start();
    run_ctl(&r, NULL, "-c", config, "import", file, NULL);
    fake_daemon_stop(&d);
    struct buf all = BUF_INIT;
    for (unsigned i = 0; i < d.n; i++)
        buf_addstr(&all, buf_str(&d.requests[i].body));
    ok(all.n == b.n && memcmp(all.p, b.p, b.n) == 0, "120,000 lines arrive as they are");
    is_int(d.n, 3, "in bodies of 50,000");
    ok(has(r.err, "120,000 lines") && has(r.err, "118,800\n") && has(r.err, "1,200\n"), "and are counted");
    ok(has(r.err, "1,180 more faults are not shown") && has(r.err, ":1908: id:") && !strstr(r.err, ":2008: id:"),
       "the first twenty faults are told");
    buf_done(&all);
    buf_done(&b);
}

static void test_failures(void)
{
    const char *file = test_file("in.ndjson", "1\n2\n3\n4\n", 0), *absent = test_path("absent.ndjson");
    unlink(socket_path);
    run_ctl(&r, NULL, "-c", config, "import", file, NULL);
    ok(r.status == 3 && has(r.err, "cannot reach the daemon on ") && has(r.err, "is lifecertd running"),
       "without a daemon it ends with 3 and says so");

    start();
    d.cut_after = 3;
    run_ctl(&r, NULL, "-c", config, "import", file, NULL);
    fake_daemon_stop(&d);
    ok(r.status == 3 && has(r.err, "3 lines were answered before that; run the same import again"),
       "a connection that is lost: how far it came, and what to do");

    start();
    run_ctl(&r, NULL, "-c", config, "import", file, absent, NULL);
    fake_daemon_stop(&d);
    ok(r.status == 3 && has(r.err, "absent.ndjson: No such file"), "a file that is not there ends it with 3");
    ok(d.n == 0, "before anything is sent");

    run_ctl(&r, NULL, "-c", config, "import", NULL);
    is_int(r.status, 2, "without a file it ends with 2");
    run_ctl(&r, NULL, "--url", "http://127.0.0.1:1", "import", file, NULL);
    ok(r.status == 3 && has(r.err, "cannot reach the daemon"), "an address where nobody listens");
    run_ctl(&r, NULL, "-c", absent, "import", file, NULL);
    ok(r.status == 3 && has(r.err, "absent.ndjson"), "a configuration that is not there");
}

int main(void)
{
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_ndjson();
    test_csv();
    test_bodies_of_a_stream();
    test_many();
    test_failures();
    test_languages();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
