#include "tests/ctl/run_ctl.h"

#include "ctl/commands.h"
#include "ctl/options.h"

#include <stdio.h>
#include <stdlib.h>

static struct ran r;

/* Every command explains itself, and names its own options. */
static void test_help(void)
{
    run_ctl(&r, NULL, "--help", NULL);
    ok(r.status == 0 && has(r.out, "usage: lifecertctl"), "--help is answered on stdout");
    char *general = mem_strdup(r.out);
    for (unsigned i = 0; i < n_commands; i++) {
        char words[64];
        snprintf(words, sizeof words, "%s", commands[i].name);
        char *second = strchr(words, ' ');
        if (second)
            *second++ = '\0';
        run_ctl(&r, NULL, words, second ? second : "--help", second ? "--help" : NULL, NULL);
        ok(r.status == 0 && has(r.out, commands[i].name) && has(r.out, "--config FILE") &&
               has(general, commands[i].name),
           "%s --help is answered", commands[i].name);
    }
    free(general);
    run_ctl(&r, NULL, "--version", NULL);
    ok(r.status == 0 && has(r.out, "lifecertctl "), "--version is answered");
}

static void misuse(const char *name, const char *part, const char *a, const char *b, const char *c)
{
    run_ctl(&r, NULL, a, b, c, NULL);
    ok(r.status == 2 && r.out[0] == '\0' && has(r.err, part), "%s", name);
}

static void test_misuse(void)
{
    misuse("no command", "a command is missing", NULL, NULL, NULL);
    misuse("an unknown command", "unknown command \"fly\"", "fly", NULL, NULL);
    misuse("half a command", "unknown command \"hold\"", "hold", NULL, NULL);
    misuse("an unknown option before the command", "unknown option --fly; see lifecertctl --help", "--fly", "due",
           NULL);
    misuse("one behind it", "unknown option --fly; see lifecertctl due --help", "due", "--fly", NULL);
    misuse("an unknown letter", "unknown option -x", "due", "-x", NULL);
    misuse("an option without its value", "a value is missing for --from", "due", "--from", NULL);
    misuse("a flag with a value", "no value is taken by --json", "due", "--json=yes", NULL);
    misuse("a word too many", "one argument too many: now", "status", "now", NULL);
    misuse("a missing word", "missing: ID", "show", NULL, NULL);
    misuse("a date that is none", "--from \"2026-02-30\": expected a date", "due", "--from", "2026-02-30");
    misuse("an unknown unit of time", "--by \"week\": expected day or month", "due", "--by", "week");
    misuse("a number that is none", "--people \"x\": expected a whole number", "demo-city", "--people", "x");
    misuse("a negative number", "--people \"-1\": expected a whole number", "demo-city", "--people", "-1");
    misuse("a type that no event has", "matches no type of event", "events", "--type", "benefits.*");
    misuse("a simulation without an end", "--until TIME is missing", "simulate", "x", NULL);
    misuse("a hold without an end", "--until is missing", "hold", "place", NULL);
    misuse("lifting without a name", "missing: NAME", "hold", "lift", NULL);
    misuse("lifting by nobody", "--by is missing", "hold", "lift", "brake");
    misuse("a token without an address", "--token-file is for --url", "--token-file", "x", "status");
}

static void test_places(void)
{
    bool json = false;
    const char *text = NULL;
    uint64_t number = 7;
    const struct option_row rows[] = {
        {OPTION_FLAG, 'f', "flag", NULL, "", &json},
        {OPTION_TEXT, 't', "text", "T", "", &text},
        {OPTION_NUMBER, 0, "number", "N", "", &number},
        OPTIONS_END,
    };
    char *argv[] = {(char *)"one", (char *)"-tx", (char *)"--number=18446744073709551615",
                    (char *)"-",   (char *)"-f",  (char *)"-c",
                    (char *)"F",   (char *)"--",  (char *)"--flag",
                    NULL};
    struct ctl ctl = {0};
    int argc = 9;
    is_int(options_read(&ctl, rows, &argc, argv, 0, 3), OPTIONS_READ, "options stand anywhere");
    ok(json && text && strcmp(text, "x") == 0 && number == UINT64_MAX && strcmp(ctl.config_file, "F") == 0,
       "in every form");
    ok(argc == 3 && strcmp(argv[0], "one") == 0 && strcmp(argv[1], "-") == 0 && strcmp(argv[2], "--flag") == 0,
       "what is left are the words");
}

static void test_times(void)
{
    struct tz *tz;
    struct errmsg msg;
    lc_instant first, last, exact;
    if (tz_load("Asia/Shanghai", &tz, &msg))
        bail_out("%s", msg.text);
    ok(option_instant("since", "2026-06-16", tz, false, &first) &&
           option_instant("until", "2026-06-16", tz, true, &last) && last - first == 86399,
       "a date is its first or its last second");
    ok(option_instant("since", "2026-06-15T16:00:00Z", tz, false, &exact) && exact == first, "a time is itself");
    ok(!option_instant("since", "yesterday", tz, false, &exact), "anything else is refused");
    tz_free(tz);
}

int main(void)
{
    plan(0);
    test_help();
    test_misuse();
    test_places();
    test_times();
    ran_done(&r);
    return tap_end();
}
