/* Tables and charts on terminals of many widths: nothing is wider than the terminal, numbers are whole, and Chinese
 * characters count as the two columns that they take. */
#include "ctl/text.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static struct fake_daemon d;
static struct ran r;
static const char *config, *socket_path;

#define ENDPOINT(name, error)                                                                                         \
    "{\"name\":\"" name "\",\"adapter\":\"standard-webhooks\",\"state\":\"running\",\"paused\":null,\"cursor\":1,"    \
    "\"lag\":12345678,\"dead\":17,\"in_flight\":64,\"retrying\":3,\"delivered\":309800,\"last_error\":\"" error "\"," \
    "\"last_error_at\":\"2026-06-16T09:00:00+08:00\"}"
#define DUE(on, n) "{\"on\":\"" on "\",\"reminder\":" n ",\"grace\":3,\"suspension\":2,\"lapse\":0}"
#define HOLD(why)                                                                                               \
    "{\"name\":\"moratorium:unit:U330902-017\",\"hold\":\"moratorium\",\"why\":\"" why                          \
    "\",\"scope\":{\"unit\":\"U330902-017\"},\"until\":\"2026-12-31\",\"since\":\"2026-06-16T09:00:00+08:00\"," \
    "\"by\":\"王芳\",\"due\":null,\"limit\":null}"
#define FLOOD "台风过后,各街道办事处的认证窗口全部关闭,待恢复之后再行暂停"

static const struct fake_answer answers[] = {
    {"GET /v1/endpoints",
     "{\"endpoints\":[" ENDPOINT("payroll", "HTTP 500") "," ENDPOINT("短信网关",
                                                                     "连接被拒绝,请检查网关的地址与端口") "]}",
     200},
    {"GET /v1/due?by=month",
     "{\"by\":\"month\",\"rows\":[" DUE("2026-06", "309800") "," DUE("2026-07", "1") "],\"held\":0}", 200},
    {"GET /v1/holds", "{\"holds\":[" HOLD(FLOOD) "]}", 200},
    {"GET /v1/status",
     "{\"position\":1234,\"now\":\"2026-01-01T00:00:00+08:00\",\"enrolled\":309800,\"active\":309700,\"grace\":50,"
     "\"suspended\":30,\"terminated\":20,\"held\":7,\"next\":[{\"kind\":\"suspension\",\"at\":"
     "\"2026-02-01T09:00:00+08:00\",\"count\":4}],\"holds\":[" HOLD(FLOOD) "]}",
     200},
    {"GET /v1/deliveries?limit=1000&endpoint=payroll",
     ""
     ""
     "{\"deliveries\":[{\"id\":\"payroll:41\",\"type\":\"certification.accepted\",\"subject\":\"330902-0000001\",\"state\":"
     "\"dead\",\"attempts\":9,\"changed_at\":\"2026-06-16T09:00:00+08:00\",\"why\":\"" FLOOD
     "\"}],\"more\":false}",
     200},
    {"GET /v1/deliveries?limit=1000&endpoint=%E7%9F%AD%E4%BF%A1%E7%BD%91%E5%85%B3",
     "{\"deliveries\":[],\"more\":false}", 200},
    {"GET /v1/beneficiaries",
     "{\"id\":\"330902-0000001\",\"status\":\"active\",\"policy\":\"舟山市城乡居民基本养老保险\",\"certified_on\":null,"
     "\"due_on\":\"2026-05-31\",\"next\":{\"kind\":\"reminder\",\"at\":\"2026-03-01T09:00:00+08:00\"}}\n"
     "{\"position\":1,\"beneficiaries\":1,\"after\":null}\n",
     200},
    {NULL, NULL, 0},
};

static void start(void)
{
    fake_daemon_done(&d);
    d.answers = answers;
    fake_daemon_start(&d, socket_path);
}

/* One command on a terminal, a daemon for it alone: that takes so many requests and no more. */
static void show(unsigned columns, const char *command)
{
    bool due = strcmp(command, "due") == 0;
    start();
    run_ctl_on_terminal(&r, columns, "-c", config, command, due ? "--by" : NULL, "month", NULL);
    fake_daemon_stop(&d);
}

/* The widest line, in columns, of those that are not sentences: these the terminal folds. */
static unsigned widest(const char *text)
{
    unsigned most = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        unsigned width = text_width((struct str){text, n});
        bool sentence = n > 12 && (strncmp(text, "lifecertctl ", 12) == 0 || text[n - 1] == '.');
        if (!sentence && width > most)
            most = width;
        text += n + (text[n] == '\n');
    }
    return most;
}

static void test_widths(void)
{
    static const char *const commands_shown[] = {"endpoints", "due", "holds", "status", "deliveries", "people"};
    static const unsigned widths[] = {40, 60, 80, 100, 132, 200};
    for (size_t c = 0; c < sizeof commands_shown / sizeof *commands_shown; c++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            show(widths[w], commands_shown[c]);
            ok(r.status == 0 && widest(r.out) > 20 && widest(r.out) <= widths[w], "%s fits %u columns",
               commands_shown[c], widths[w]);
        }
    }
}

static void test_cut(void)
{
    show(100, "endpoints");
    is_str(r.out,
           "name      adapter         state           lag  in flight  retrying  dead  delivered  last error\n"
           "payroll   standard-webh…  running  12,345,678         64         3    17    309,800  HTTP 500 (2026…\n"
           "短信网关  standard-webh…  running  12,345,678         64         3    17    309,800  连接被拒绝,请…\n",
           "text is cut, numbers are not");
    show(60, "endpoints");
    ok(has(r.out, "name        payroll\n") && has(r.out, "lag         12,345,678\n") &&
           has(r.out, "\n\nname        短信网关\n"),
       "and where that is not enough, each row is a block");
    start();
    run_ctl(&r, NULL, "-c", config, "endpoints", NULL);
    fake_daemon_stop(&d);
    ok(has(r.out, "连接被拒绝,请检查网关的地址与端口 (2026-06-16 09:00)\n") && has(r.out, "standard-webhooks"),
       "into a file or a pipe nothing is cut");
    setenv("COLUMNS", "60", 1);
    show(200, "endpoints");
    unsetenv("COLUMNS");
    ok(widest(r.out) <= 60, "COLUMNS says how wide a terminal is to be taken for");
}

static void test_chart(void)
{
    show(80, "due");
    is_str(r.out,
           "on       reminder  grace  suspension  lapse      all\n"
           "2026-06   309,800      3           2      0  309,805  ██████████████████████████\n"
           "2026-07         1      3           2      0        6  ▏\n",
           "bars take what the table leaves");
    show(40, "due");
    is_str(r.out,
           "on           all\n"
           "2026-06  309,805  ██████████████████████\n"
           "2026-07        6  ▏\n",
           "on a narrow terminal the kinds are left out");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_widths();
    test_cut();
    test_chart();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
