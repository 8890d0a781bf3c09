/* lifecertctl verify: its options, what it prints and what it ends with. What it finds is engine/test_verify's. */
#include "tests/ctl/run_ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct ran r;
static const char *config;

/* The store's own path, from the configuration that run_ctl made. */
static const char *store_file(const char *name)
{
    static char path[1024];
    char *text = file_text(config), *at = strstr(text, "dir:");
    snprintf(path, sizeof path, "%.*s/%s", (int)strcspn(at + 4, "\""), at + 4, name);
    free(text);
    return path;
}

static void damage(const char *name)
{
    FILE *f = fopen(store_file(name), "w");
    if (!f || fputs("{\"nothing\":1}\n", f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", name);
}

static void test_command_line(void)
{
    run_ctl(&r, NULL, "-c", config, "verify", "word", NULL);
    is_int(r.status, EXIT_MISUSE, "verify takes no words");
    run_ctl(&r, NULL, "-c", config, "verify", "--expect-seal", "12", NULL);
    is_int(r.status, EXIT_MISUSE, "a seal is a number and a hash");
    run_ctl(&r, NULL, "-c", config, "verify", "--expect-seal", "x:" ZEROS, NULL);
    is_int(r.status, EXIT_MISUSE, "a number");
    run_ctl(&r, NULL, "-c", config, "verify", "--expect-seal", "12:" ZEROS "0", NULL);
    is_int(r.status, EXIT_MISUSE, "and 64 digits");
    ok(has(r.err, "--expect-seal"), "the option is named");
}

static void test_no_store(void)
{
    run_ctl(&r, NULL, "-c", config, "verify", NULL);
    is_int(r.status, EXIT_UNREADABLE, "where there is no store it cannot be read");
    run_ctl(&r, NULL, "verify", "--store", "dir:/nonexistent/store", NULL);
    is_int(r.status, EXIT_UNREADABLE, "nor another one that is not there, for which no configuration is read");
    run_ctl(&r, NULL, "verify", "--store", "box:store", NULL);
    is_int(r.status, EXIT_UNREADABLE, "nor one of an unknown kind");
}

static void test_empty(void)
{
    run_ctl(&r, NULL, "-c", config, "init", NULL);
    run_ctl(&r, NULL, "-c", config, "verify", NULL);
    is_int(r.status, EXIT_DONE, "an empty store is good");
    ok(has(r.out, "good: 0 events decided again, of 0 beneficiaries"), "which is said");
    ok(has(r.out, "last seal 0:" ZEROS "\n"), "with its seal");
    run_ctl(&r, NULL, "-c", config, "verify", "--json", NULL);
    ok(has(r.out, "{\"good\":true,\"live\":false,"), "and for machines");
    ok(has(r.out, "\"seal\":\"0:" ZEROS "\""), "with its seal");
    ok(has(r.out, "\"difference\":null}\n"), "and no difference");
    run_ctl(&r, NULL, "-c", config, "verify", "--expect-seal", "12:" ZEROS, NULL);
    is_int(r.status, EXIT_NO, "a log that ends before an expected seal fails");
    ok(has(r.out, "not good: --expect-seal: it knows event 12, and the log ends at 0"), "and says so");
    run_ctl(&r, NULL, "-c", config, "verify", "--json", "--expect-seal", "12:" ZEROS, NULL);
    is_int(r.status, EXIT_NO, "for machines too");
    ok(has(r.out, "\"good\":false"), "it is not good");
    ok(has(r.out, "\"seal\":null,\"notes\":null,\"difference\":{\"place\":\"--expect-seal\",\"seq\":null,\"type\":null,"
                  "\"subject\":null,\"member\":null,\"text\":\"it knows event 12"),
       "and the difference has its members");
}

static void test_damaged(void)
{
    damage("stamp");
    run_ctl(&r, NULL, "-c", config, "verify", NULL);
    is_int(r.status, EXIT_NO, "a damaged store is no good one");
    ok(has(r.out, "not good: ") && has(r.out, "stamp"), "and what is damaged is named");
}

int main(void)
{
    config = test_config("");
    plan(0);
    test_command_line();
    test_no_store();
    test_empty();
    test_damaged();
    ran_done(&r);
    return tap_end();
}
