/* The configuration as a whole: what a good file yields, and what every kind of fault is told like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/config/files.h"
#include "tests/lib/tap.h"

#define DURATION "a number with s, m, h or d, such as \"36h\", up to \"3660d\"\n"
#define SYNTAX "expected KEY = VALUE, KEY = { VALUE, ... } or SECTION \"NAME\" { ... }\n"
#define POLICY_KEYS \
    "cycle, validity, remind_ahead, remind_every, remind_at, grace, payday, resume, evidence_after, defer_max, " \
    "notice, channels\n"
#define ROOT_KEYS \
    "timezone, store, compress_log, checkpoint_every, listen, tls_cert, tls_key, tls_client_ca, clock, brake_limit, clock_jump, max_downtime, country_code, max_lines, " \
    "sms_daily_cap, delivery_log, name, replicas, lease, archive, allow_lossy, redis_password_file, revision\n"
#define LISTEN "expected \"unix:/PATH\", \"HOST:PORT\" or \"tls:HOST:PORT\", each once\n"
#define CLOCK "expected \"system\" or a start and a factor, such as \"2026-02-01T00:00:00+08:00 x86400\"\n"
#define BRAKE "expected a number such as \"500\", a percentage such as \"1%\" or \"off\"\n"
#define CYCLE "expected \"N months\" (1 to 120) or \"N days\" (1 to 3660)\n"
#define ONE_OF \
    "expected \"dir:FOLDER\", \"memory:\", \"redis://HOST:PORT/PREFIX\", \"redis-sentinel://...\" or " \
    "\"redis-cluster://...\""
#define STORE ONE_OF "\n"
#define ZONE "expected a name from the system's time zones, such as \"Asia/Shanghai\" "

static const struct {
    const char *what, *text, *faults;
} rows[] = {
    {"a value out of range", "policy \"national\" {\n  grace = 400\n}\n",
     "main.conf:2: policy \"national\": grace = 400: expected 0 to 365 (days)\n"},
    {"a negative value", "policy \"p\" { grace = -1 }\n",
     "main.conf:1: policy \"p\": grace = -1: expected 0 to 365 (days)\n"},
    {"a value of the wrong type", "policy \"p\" { payday = \"the first\" }\n",
     "main.conf:1: policy \"p\": payday = \"the first\": expected 1 to 31 (the day of the month)\n"},
    {"a list for a single value", "policy \"p\" { payday = { 1, 2 } }\n",
     "main.conf:1: policy \"p\": payday has 2 values: expected one value, 1 to 31 (the day of the month)\n"},
    {"an empty list for a single value", A_POLICY "\n\nmax_lines = { }\n",
     "main.conf:4: max_lines has 0 values: expected one value, 1 to 10000000\n"},
    {"a choice that there is not", "policy \"p\" { validity = forever\n resume = soon }\n",
     "main.conf:1: policy \"p\": validity = \"forever\": expected \"month-end\" or \"exact-day\"\n"
     "main.conf:2: policy \"p\": resume = \"soon\": expected \"immediate\" or \"next-month\"\n"},
    {"a bad cycle", "policy \"p\" { cycle = \"121 months\" }\npolicy \"q\" { cycle = \"0 days\" }\n",
     "main.conf:1: policy \"p\": cycle = \"121 months\": " CYCLE
     "main.conf:2: policy \"q\": cycle = \"0 days\": " CYCLE},
    {"a bad time of day", "policy \"p\" { remind_at = \"24:00\" }\n",
     "main.conf:1: policy \"p\": remind_at = \"24:00\": expected \"HH:MM\", from \"00:00\" to \"23:59\"\n"},
    {"an unknown key in a policy", "policy \"p\" {\n\n  gracce = 3 }\n",
     "main.conf:3: policy \"p\": unknown key \"gracce\": expected " POLICY_KEYS},
    {"an unknown key", "# one\ntimezon = UTC\n" A_POLICY, "main.conf:2: unknown key \"timezon\": expected " ROOT_KEYS},
    {"an unknown section", A_POLICY "region \"north\" { grace = \"x\"\n cycles = { \"a\", \"b\" } }\n",
     "main.conf:2: unknown section \"region\": expected policy, channel, endpoint, message or token\n"},
    {"an unknown section without a name", A_POLICY "limits { sms = 5 }\n",
     "main.conf:2: unknown section \"limits\": expected policy, channel, endpoint, message or token\n"},
    {"an unknown function", A_POLICY "import(\"x\")\n",
     "main.conf:2: unknown function \"import\": expected include(\"FILE\"), outside of sections\n"},
    {"include() within a section", "policy \"p\" { include(\"x\") }\n",
     "main.conf:1: policy \"p\": unknown function \"include\": expected include(\"FILE\"), outside of sections\n"},
    {"a repeated key", "policy \"p\" { grace = 1\n grace = 2 }\n",
     "main.conf:2: policy \"p\": grace is set again: expected it once (the first is at main.conf:1)\n"},
    {"a repeated list", A_POLICY "listen = { \"unix:/a\" }\nlisten = { }\n",
     "main.conf:3: listen is set again: expected it once (the first is at main.conf:2)\n"},
    {"a list that is added to", A_POLICY "listen = { \"unix:/a\" }\nclock = system\nlisten += { \"unix:/b\" }\n",
     "main.conf:4: listen is set again: expected it once (the first is at main.conf:2)\n"},
    {"two policies of one name", A_POLICY A_POLICY,
     "main.conf:2: policy \"p\": stands again: expected one section of that name (the first is at main.conf:1)\n"},
    {"two channels of one name", A_POLICY "channel \"c\" { }\nchannel \"c\" { }\n",
     "main.conf:3: channel \"c\": stands again: expected one section of that name (the first is at main.conf:2)\n"},
    {"a name with a space", "policy \"a b\" { }\n",
     "main.conf:1: policy \"a b\": the name is not valid: expected 1 to 64 printable ASCII characters, no space, quote "
     "or backslash\n"},
    {"a channel without a section", "channel \"face\" { }\npolicy \"p\" { channels = { \"face\", \"fax\" } }\n",
     "main.conf:2: policy \"p\": channels = \"fax\": expected channels that have a section, each once (there is no "
     "section channel \"fax\")\n"},
    {"a channel named twice", "channel \"face\" { }\npolicy \"p\" { channels = { \"face\",\n \"face\" } }\n",
     "main.conf:2: policy \"p\": channels = \"face\": expected channels that have a section, each once\n"},
    {"an unknown time zone", "timezone = \"Mars/Base\"\n" A_POLICY,
     "main.conf:1: timezone = \"Mars/Base\": " ZONE "(time zone \"Mars/Base\": there is no such zone)\n"},
    {"a value with an end of line in it", "timezone = \"A\\nB\"\n" A_POLICY,
     "main.conf:1: timezone = \"A?B\": " ZONE "(\"A?B\" is no time zone's name: expected one such as "
     "\"Asia/Shanghai\")\n"},
    {"a bad address", A_POLICY "listen = { \"unix:x\",\n\"127.0.0.1:65536\", \"8600\" }\n",
     "main.conf:2: listen = \"unix:x\": " LISTEN "main.conf:2: listen = \"127.0.0.1:65536\": " LISTEN
     "main.conf:2: listen = 8600: " LISTEN},
    {"an address named twice", A_POLICY "listen = { \"[::1]:1\", \"[::1]:1\" }\n",
     "main.conf:2: listen = \"[::1]:1\": " LISTEN},
    {"no address", A_POLICY "\nlisten = {\n}\n",
     "main.conf:3: listen has 0 values: expected 1 to 16 of \"unix:/PATH\", \"HOST:PORT\" or \"tls:HOST:PORT\", each once\n"},
    {"TLS without a certificate", A_POLICY "listen = { \"unix:/a\", \"tls:[::]:8443\" }\n",
     "main.conf:2: listen has an address with TLS: expected tls_cert and tls_key, too\n"},
    {"a certificate without a key", A_POLICY "tls_cert = \"c.pem\"\n",
     "main.conf:2: tls_cert alone: expected both, or neither\n"},
    {"a key without a certificate", A_POLICY "listen = \"tls:[::]:8443\"\ntls_key = \"/k.pem\"\n",
     "main.conf:3: tls_key alone: expected both, or neither\n"},
    {"an authority for clients alone", A_POLICY "tls_client_ca = \"/ca.pem\"\n",
     "main.conf:2: tls_client_ca alone: expected tls_cert and tls_key, too\n"},
    {"a certificate in a relative path", A_POLICY "tls_cert = \"tls/c.pem\"\ntls_key = \"/k.pem\"\n",
     "main.conf:2: tls_cert = \"tls/c.pem\": expected \"/PATH\", or a credential's name\n"},
    {"a bad duration", A_POLICY "clock_jump = 3600\nmax_downtime = \"1w\"\nchannel \"c\" { expect_every = \"0h\" }\n",
     "main.conf:2: clock_jump = 3600: expected " DURATION "main.conf:3: max_downtime = \"1w\": expected " DURATION
     "main.conf:4: channel \"c\": expect_every = \"0h\": expected " DURATION},
    {"a bad brake_limit", A_POLICY "brake_limit = \"101%\"\n", "main.conf:2: brake_limit = \"101%\": " BRAKE},
    {"a bad clock", A_POLICY "clock = \"2026-02-01T00:00:00+08:00\"\n",
     "main.conf:2: clock = \"2026-02-01T00:00:00+08:00\": " CLOCK},
    {"a bad factor of the clock", A_POLICY "clock = \"2026-02-01T00:00:00Z x0\"\n",
     "main.conf:2: clock = \"2026-02-01T00:00:00Z x0\": " CLOCK},
    {"a store of an unknown scheme, with a password in it", A_POLICY "store = \"redi://u:secret@h:1/p\"\n",
     "main.conf:2: store = \"...\": " STORE},
    {"a store in Redis with a password in it", A_POLICY "store = \"redis://u:secret@h:1/p\"\n",
     "main.conf:2: store = \"...\": " ONE_OF " (expected redis://[USER@]HOST:PORT/PREFIX: a password does not belong "
     "here, but in a secret's file)\n"},
    {"a store in Redis whose prefix cannot be", A_POLICY "store = \"redis://h:1/a b\"\n",
     "main.conf:2: store = \"redis://h:1/a b\": " ONE_OF " (expected redis://[USER@]HOST:PORT/PREFIX: PREFIX is not 1 to "
     "64 letters, digits, dots, dashes and underscores)\n"},
    {"a store of an unknown scheme", A_POLICY "store = \"ftp://x\"\n", "main.conf:2: store = \"ftp://x\": " STORE},
    {"a bad country code", A_POLICY "country_code = \"86\"\n",
     "main.conf:2: country_code = 86: expected + and 1 to 3 digits, such as \"+86\"\n"},
    {"a bad cap of messages", A_POLICY "sms_daily_cap = 0\n", "main.conf:2: sms_daily_cap = 0: expected 1 to 1000\n"},
    {"a delivery log of a relative name", A_POLICY "delivery_log = \"x.log\"\n",
     "main.conf:2: delivery_log = \"x.log\": expected \"/PATH\"\n"},
    {"a file without a policy", "# nothing\n",
     "main.conf:1: no policy: expected at least one section policy \"NAME\" { ... }\n"},
    {"an empty file", "", "main.conf:1: no policy: expected at least one section policy \"NAME\" { ... }\n"},
    {"a missing include", A_POLICY "include(\"none.conf\")\n",
     "main.conf:2: include(\"none.conf\"): No such file or directory: expected a file that can be read\n"},
    {"an include of a folder", A_POLICY "include(\"folder\")\n",
     "main.conf:2: include(\"folder\"): a folder: expected a regular file\n"},
    {"an include of a FIFO", A_POLICY "include(\"fifo\")\n",
     "main.conf:2: include(\"fifo\"): no file: expected a regular file\n"},
    {"a file that includes itself", A_POLICY "include(\"main.conf\")\n",
     "main.conf:2: include(\"main.conf\"): it is read already: expected each file once\n"},
    {"an include without a name", A_POLICY "include()\n", "main.conf:2: include(): expected one file's name\n"},
    {"a fault in an included file", A_POLICY "include(\"inner.conf\")\nclock = x\n",
     "main.conf:3: clock = \"x\": " CLOCK "inner.conf:2: policy \"p\": stands again: expected one section of that name "
     "(the first is at main.conf:1)\n"},
    {"a section that does not end", A_POLICY "policy \"q\" {\n  grace = 3\n\n",
     "main.conf:2: section policy \"q\" does not end: expected }\n"},
    {"a list that does not end", A_POLICY "listen = { \"unix:/a\",\n",
     "main.conf:3: the end of the file: expected a value, or } for the list before\n"},
    {"a string that does not end", A_POLICY "timezone = \"UTC\nstore = \"memory:\"\n",
     "main.conf:2: a string that does not end: expected \" on the same line\n"},
    {"a comment that does not end", A_POLICY "\n/* and so on\n\n",
     "main.conf:3: a comment that does not end: expected */ behind it\n"},
    {"a brace too many", A_POLICY "}\n", "main.conf:2: unexpected closing brace: " SYNTAX},
    {"a missing equal sign", A_POLICY "clock system\n",
     "main.conf:2: missing equal sign after option 'clock': " SYNTAX},
    {"a missing name", A_POLICY "policy {\n}\n", "main.conf:2: missing title for section 'policy': " SYNTAX},
    {"a control character", A_POLICY "store = \"\x01\"\n", "main.conf:2: the byte 0x01: expected text in UTF-8\n"},
    {"text that is not UTF-8", A_POLICY "# \xc0\xaf\n", "main.conf:2: the byte 0xc0: expected text in UTF-8\n"},
    {"every fault of a file",
     "grace = 1 # a\nclock = { # b\n x } /* c\n */ foo = {1,2}\npolicy \"p\" { cycle = 1 grace = 366\n x = y /**/ }\n",
     "main.conf:1: unknown key \"grace\": expected " ROOT_KEYS "main.conf:3: clock = \"x\": " CLOCK
     "main.conf:4: unknown key \"foo\": expected " ROOT_KEYS "main.conf:5: policy \"p\": cycle = 1: " CYCLE
     "main.conf:5: policy \"p\": grace = 366: expected 0 to 365 (days)\n"
     "main.conf:6: policy \"p\": unknown key \"x\": expected " POLICY_KEYS},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void test_faults(void)
{
    char path[256];
    mkdir(in_tmpdir("folder", path), 0700);
    mkfifo(in_tmpdir("fifo", path), 0600);
    write_file("inner.conf", "\n" A_POLICY, strlen("\n" A_POLICY));
    for (size_t i = 0; i < N_ROWS; i++)
        is_fault(rows[i].text, strlen(rows[i].text), rows[i].faults, rows[i].what);
}

static void is_file_fault(const char *name, const char *want, const char *what)
{
    char *got = faults_of(name);
    is_str(got, want, "%s is told", what);
    free(got);
}

static void test_files(void)
{
    char path[256];
    is_file_fault("absent", "absent:1: No such file or directory: expected a file that can be read\n",
                  "a missing file");
    is_file_fault("folder", "folder:1: a folder: expected a regular file\n", "a folder");
    is_fault("a\0b", 3, "main.conf:1: the byte 0x00: expected text in UTF-8\n", "a NUL byte");
    struct buf large = BUF_INIT;
    while (large.n <= 1 << 20)
        buf_adds(&large, "# a comment that goes on and on\n");
    write_file("large", large.p, large.n);
    is_file_fault("large", "large:1: 1048608 bytes: expected at most 1048576\n", "a file that is too large");
    buf_done(&large);
    write_file("secret", A_POLICY, strlen(A_POLICY));
    if (geteuid() == 0) { /* root may read everything: ask as somebody else */
        chmod(in_tmpdir("secret", path), 0600);
        chmod(tap_tmpdir(), 0755);
        pid_t pid = fork();
        if (pid == 0) {
            char *got = seteuid(65534) == 0 ? faults_of("secret") : NULL;
            _exit(got && strstr(got, "secret:1: Permission denied: expected a file that can be read\n") ? 0 : 1);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        is_int(status, 0, "a file that may not be read is told");
    } else {
        chmod(in_tmpdir("secret", path), 0);
        is_file_fault("secret", "secret:1: Permission denied: expected a file that can be read\n",
                      "a file that may not be read");
    }
}

static void test_many(void)
{
    struct buf text = BUF_INIT;
    for (int i = 0; i < 150; i++)
        buf_printf(&text, "policy \"p%d\" { grace = 999 }\n", i);
    write_file("main.conf", text.p, text.n);
    char *got = faults_of("main.conf");
    unsigned lines = 0;
    for (const char *p = got; p && *p; p++)
        lines += *p == '\n';
    is_int(lines, 101, "of very many faults a hundred are told");
    ok(got && strstr(got, "main.conf:100: further faults are not shown"), "and that there are more");
    free(got);
    buf_clear(&text);
    for (int i = 0; i < 256; i++)
        buf_printf(&text, "policy \"p%d\" { }\n", i);
    is_fault(text.p, text.n, "main.conf:256: policy \"p255\": too many: expected at most 255 sections policy\n",
             "a policy too many");
    buf_clear(&text);
    buf_adds(&text, A_POLICY);
    for (int i = 0; i < 65; i++)
        buf_printf(&text, "channel \"c%d\" { }\n", i);
    is_fault(text.p, text.n, "main.conf:66: channel \"c64\": too many: expected at most 64 sections channel\n",
             "a channel too many");
    buf_done(&text);
}

/* ---- good files ---- */

static void test_defaults(void)
{
    char path[256];
    struct config *c = load_text(A_POLICY);
    struct policy want = policy_default();
    is_str(c->file, in_tmpdir("good.conf", path), "a configuration knows its file");
    is_str(c->timezone, "Asia/Shanghai", "the default time zone");
    is_str(tz_name(c->tz), "Asia/Shanghai", "is loaded");
    is_str(c->store, "dir:/var/lib/lifecertd", "the default store");
    ok(c->compress_log, "whose log is compressed");
    is_int(c->checkpoint_every, 20000000, "with a checkpoint every 20 million events");
    ok(c->n_listen == 1 && !strcmp(c->listen[0], "unix:/run/lifecertd/api.sock"), "the default socket");
    ok(c->clock == CLOCK_SYSTEM && c->clock_factor == 1, "the default clock");
    ok(c->brake.kind == BRAKE_PERCENT && c->brake.value == 1000, "the default brake");
    ok(c->clock_jump == 3600 && c->max_downtime == 7 * 86400, "the default bounds of the clock");
    ok(!strcmp(c->country_code, "+86") && c->max_lines == 100000, "the default country code and lines");
    ok(c->endpoints->n == 0 && c->endpoints->n_texts == 0, "no endpoint, no message");
    ok(c->endpoints->sms_daily_cap == 5 && !c->endpoints->delivery_log, "the default cap of messages, no delivery log");
    ok(c->n_policies == 1 && c->n_channels == 0, "one policy, no channel");
    ok(policy_equal(&c->policies[0], &want), "a policy without keys has the core's defaults");
    config_free(c);
}

static void test_values(void)
{
    struct config *c = load_text(
        "timezone = 'Europe/Berlin' // a comment\n"
        "store = memory:\ncompress_log = false\ncheckpoint_every = 1000\nlisten = { unix:/run/x, # first\n \"localhost:0\", /* third */ \"[::1]:8600\" }\n"
        "clock = \"2026-02-01T00:00:00+08:00 x86400\"\nbrake_limit = 500\nclock_jump = 90s\nmax_downtime = 2h\n"
        "country_code = \"+852\"\nmax_lines = 7\nsms_daily_cap = 1000\ndelivery_log = \"/var/log/x\"\n"
        "policy \"p\" { channels = { \"b\" }\n cycle = \"1 month\" }\nchannel \"a\" { }\n"
        "channel \"b\" { expect_every = \"36h\" }\r\n"
        "policy 'q' { cycle = '3660 days' validity = exact-day remind_ahead = 12 remind_every = 12 remind_at = 23:59\n"
        "grace = 365 payday = 31 resume = next-month evidence_after = 600 defer_max = 0 notice = 0\n"
        "channels = { a, b } }\n");
    is_str(tz_name(c->tz), "Europe/Berlin", "a time zone");
    is_str(c->store, "memory:", "a store");
    ok(!c->compress_log, "a log that stays as it is");
    is_int(c->checkpoint_every, 1000, "checkpoints as often as may be");
    ok(c->n_listen == 3 && !strcmp(c->listen[1], "localhost:0") && !strcmp(c->listen[2], "[::1]:8600"),
       "three addresses");
    ok(c->clock == CLOCK_ACCELERATED && c->clock_start == 1769875200 && c->clock_factor == 86400, "a clock");
    ok(c->brake.kind == BRAKE_ABSOLUTE && c->brake.value == 500, "a brake");
    ok(c->clock_jump == 90 && c->max_downtime == 7200, "durations");
    ok(!strcmp(c->country_code, "+852") && c->max_lines == 7, "a country code and lines");
    is_int(c->endpoints->sms_daily_cap, 1000, "a cap of messages");
    is_str(c->endpoints->delivery_log, "/var/log/x", "a delivery log");
    ok(c->n_channels == 2 && c->channels[0].expect_every == 0 && c->channels[1].expect_every == 129600, "two channels");
    ok(config_channel(c, STR_LIT("b")) == 1 && config_channel(c, STR_LIT("c")) == -1, "channels are found by name");
    ok(config_policy(c, STR_LIT("q")) == 1 && config_policy(c, STR_LIT("")) == -1, "policies are found by name");
    const struct policy *p = &c->policies[0], *q = &c->policies[1];
    ok(p->channels == 2 && p->cycle == 1 && p->cycle_unit == CYCLE_MONTHS, "a channel may stand behind the policy");
    ok(q->cycle == 3660 && q->cycle_unit == CYCLE_DAYS && q->validity == VALIDITY_EXACT_DAY, "a cycle in days");
    ok(q->remind_ahead == 12 && q->remind_every == 12 && q->remind_at == 86340, "reminders");
    ok(q->grace == 365 && q->payday == 31 && q->resume == RESUME_NEXT_MONTH, "grace, payday, resumption");
    ok(q->evidence_after == 600 && q->defer_max == 0 && q->notice == 0 && q->channels == 3, "and the rest");
    config_free(c);
}

static void test_presets(void)
{
    static const struct {
        const char *name;
        enum cycle_unit unit;
        int cycle;
        enum validity validity;
        int grace;
    } want[] = {
        {"national", CYCLE_MONTHS, 12, VALIDITY_MONTH_END, 15},   {"beijing", CYCLE_MONTHS, 12, VALIDITY_MONTH_END, 0},
        {"zhoushan", CYCLE_MONTHS, 12, VALIDITY_MONTH_END, 15},   {"365-days", CYCLE_DAYS, 365, VALIDITY_EXACT_DAY, 15},
        {"half-yearly", CYCLE_MONTHS, 6, VALIDITY_MONTH_END, 15},
    };
    static const char *const channels[] = {"face",       "kiosk",      "counter",   "bank",
                                           "data-match", "home-visit", "consulate", "unit-batch"};
    const char *top = getenv("top_srcdir");
    char path[512];
    snprintf(path, sizeof path, "%s/etc/lifecertd.conf", top ? top : ".");
    struct config *c = load_path(path);
    is_int(c->n_policies, sizeof want / sizeof *want, "the file that ships has the presets, by inclusion");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        int at = config_policy(c, str_of(want[i].name));
        struct policy p = policy_default();
        p.cycle_unit = want[i].unit;
        p.cycle = want[i].cycle;
        p.validity = want[i].validity;
        p.grace = want[i].grace;
        ok(at >= 0 && policy_equal(&c->policies[at], &p), "%s is what it should be", want[i].name);
    }
    unsigned missing = 0;
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        missing += config_channel(c, str_of(channels[i])) < 0;
    is_int(missing, 0, "and the usual channels");
    config_free(c);
}

static void test_describe(void)
{
    struct buf text = BUF_INIT;
    config_describe(&text);
    buf_addc(&text, '\0');
    ok(strstr(text.p, "timezone = \"Asia/Shanghai\"\n"), "the list of keys has the time zone and its default");
    ok(strstr(text.p, "    grace = 15\n") && strstr(text.p, "Expected: 0 to 365 (days).\n"),
       "and grace with its range");
    ok(strstr(text.p, "    expect_every (none)\n"), "and a key without a default");
    ok(strstr(text.p, "    retry = { \"5s\", \"5m\", \"30m\", \"2h\", \"5h\", \"10h\", \"14h\", \"20h\", \"24h\" }\n"),
       "and a list of defaults");
    ok(strstr(text.p, "    allow_private = false\n"), "and a yes or no");
    buf_done(&text);
}

int main(void)
{
    plan(0);
    test_faults();
    test_files();
    test_many();
    test_defaults();
    test_values();
    test_presets();
    test_describe();
    return tap_end();
}
