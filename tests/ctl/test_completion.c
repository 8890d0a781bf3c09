/* What bash completes: commands and options from the program's own tables, names from the daemon. In a real bash. */
#include "ctl/options.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct fake_daemon d;
static const char *config, *script, *program;

static const struct fake_answer answers[] = {
    {"GET /v1/endpoints",
     "{\"endpoints\":[{\"name\":\"payroll\"},{\"name\":\"pay $(touch x) `id`\"},{\"name\":\"短信\"}]}", 200},
    {"GET /v1/holds", "{\"holds\":[{\"name\":\"brake\"},{\"name\":\"moratorium:unit:U-1\"},{\"name\":\"moratorium\"}]}",
     200},
    {"GET /v1/deliveries", "{\"deliveries\":[{\"id\":\"payroll:41\"},{\"id\":\"payroll:42\"}],\"more\":false}", 200},
    {NULL, NULL, 0},
};

/* $1: the program; $2: the line, the cursor at its end; bash itself parts it into COMP_WORDS, but this does not look at
 * them. */
static const char bash[] = "lifecertctl() { :; }\n"
                           "source <(\"$1\" completion bash) || exit 1\n"
                           "[[ $2 == registered ]] && { complete -p lifecertctl; exit; }\n"
                           "COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9\n"
                           "_lifecertctl\n"
                           "for word in \"${COMPREPLY[@]}\"; do printf '%s|' \"$word\"; done\n";

/* What is offered, each with a bar behind it. */
static const char *offered(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *offered(const char *format, ...)
{
    static char out[8192];
    char line[1024], command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    snprintf(command, sizeof command, "cd '%s' && bash --norc --noprofile '%s' '%s' '%s' 2>&1", tap_tmpdir(), script,
             program, line);
    fflush(stdout);
    FILE *f = popen(command, "re");
    size_t n = f ? fread(out, 1, sizeof out - 1, f) : 0;
    out[n] = '\0';
    if (f)
        pclose(f);
    return out;
}

/* Is the word among those that are offered? */
static bool offers(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p++)
        if ((p == list || p[-1] == '|') && p[n] == '|')
            return true;
    return false;
}

static void test_commands(void)
{
    is_str(offered("registered"), "complete -F _lifecertctl lifecertctl\n", "bash knows who completes");
    const char *all = offered("%s ", program);
    for (unsigned i = 0; i < n_commands; i++) {
        char first[32];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(commands[i].name, " "), commands[i].name);
        ok(offers(all, first), "%s is offered", first);
    }
    is_str(offered("%s en", program), "endpoints|endpoint|", "as far as they begin like what stands there");
    is_str(offered("%s endpoint ", program), "test|pause|resume|", "a command's second word");
    is_str(offered("%s --json hold l", program), "lift|", "behind an option, too");
    is_str(offered("%s nonsense ", program), "", "nothing behind what is no command");
}

/* Every option of every command, as its own help has it. */
static void test_options(void)
{
    for (unsigned i = 0; i < n_commands; i++) {
        char *nothing[] = {NULL};
        struct option_list list = {.n = 0};
        struct ctl asked = {.command = &commands[i], .list = &list};
        bool good = true;
        options_list_global(&list);
        commands[i].run(&asked, 0, nothing);
        const char *all = offered("%s %s --", program, commands[i].name);
        for (unsigned k = 0; k < list.n; k++) {
            char option[64];
            snprintf(option, sizeof option, "--%s", list.v[k].name);
            good &= offers(all, option);
        }
        ok(good && list.n >= 8, "%s: %u options are offered", commands[i].name, list.n);
    }
    is_str(offered("%s due --by ", program), "day|month|", "words for an option's value");
    is_str(offered("%s due --by=m", program), "month|", "behind an equals sign, where bash begins a word");
    is_str(offered("%s due --from ", program), "", "nothing for a date");
    ok(offers(offered("%s deliveries --state ", program), "unknown"), "the states of deliveries");
}

static void test_names(void)
{
    fake_daemon_start(&d, test_path("api.sock"));
    is_str(offered("%s -c %s endpoint pause p", program, config), "payroll|pay\\ \\$\\(touch\\ x\\)\\ \\`id\\`|",
           "endpoints, quoted so that nothing in a name is run");
    is_str(offered("%s -c %s redeliver 短", program, config), "短信|", "in any script");
    is_str(offered("%s hold lift --config %s m", program, config), "moratorium:unit:U-1|moratorium|", "holds");
    is_str(offered("%s --config=%s hold lift moratorium:u", program, config), "unit:U-1|",
           "behind a colon, where bash begins a word");
    is_str(offered("%s -c %s delivery retry payroll:4", program, config), "41|42|", "deliveries");
    is_str(offered("%s -c %s endpoint pause payroll p", program, config), "", "and no second one");
    fake_daemon_stop(&d);
    is_str(offered("%s -c %s endpoint pause p", program, config), "",
           "nothing, and no complaint, where nobody answers");
}

static void test_files(void)
{
    test_file("people one.csv", "id\n", 0);
    is_str(offered("%s import people", program), "people one.csv|", "files");
    is_str(offered("%s simulate --results people", program), "people one.csv|", "files as an option's value");
}

int main(void)
{
    const char *build = getenv("top_builddir");
    char path[4096];
    snprintf(path, sizeof path, "%s/lifecertctl", build ? build : ".");
    program = realpath(path, NULL);
    if (!program)
        bail_out("there is no %s", path);
    plan(0);
    config = test_config("");
    script = test_file("complete.bash", bash, 0);
    d.answers = answers;
    test_commands();
    test_options();
    test_names();
    test_files();
    fake_daemon_done(&d);
    return tap_end();
}
