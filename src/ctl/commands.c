#include "ctl/commands.h"
#include "ctl/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONFIG SYSCONFDIR "/lifecertd/lifecertd.conf"

const struct command commands[] = {
    {"init", "", "make the store that the configuration names", NULL, cmd_init},
    {"import", "FILE...", "send inputs to the daemon",
     "A FILE ending in .csv has a header row that names its columns; any other is NDJSON, one input a line; - is\n"
     "stdin. In CSV an empty cell is an absent member, the word null clears it, and without a column op every row is\n"
     "an enrolment. Importing again what was imported already changes nothing.",
     cmd_import},
    {"show", "ID", "show one beneficiary: state, dates, what comes next and why, all events", NULL, cmd_show},
    {"people", "", "list people: status, dates, what comes next", NULL, cmd_people},
    {"period", "MONTH", "list who is payable for a month of benefit, and who is withheld", NULL, cmd_period},
    {"due", "", "count the deadlines of each kind, by the day or the month they fall on", NULL, cmd_due},
    {"events", "", "print the log as NDJSON",
     "It is read from the store that the configuration names, with or without a running daemon; with --url, from the\n"
     "daemon there, of which --follow awaits the return when it goes away.",
     cmd_events},
    {"simulate", "--until TIME INPUTS.ndjson",
     "run inputs through the policies in a simulated clock, with nothing sent",
     "Every input carries its instant, \"at\"; those later than TIME are left out. All is kept in memory, nothing is\n"
     "written but the events, on stdout, in order of time.",
     cmd_simulate},
    {"status", "", "show one screen: counts by status, next deadlines, endpoints, holds", NULL, cmd_status},
    {"holds", "", "list what keeps suspensions back", NULL, cmd_holds},
    {"hold place", "--until DATE --by WHO --why TEXT", "keep suspensions back (a moratorium)",
     "It is for everyone, or for a policy, a category or a unit.", cmd_hold_place},
    {"hold lift", "NAME --by WHO --why TEXT", "lift a hold; what it kept back is then applied", NULL, cmd_hold_lift},
    {"endpoints", "", "list the endpoints: how far each is behind, what it waits for, its last error", NULL,
     cmd_endpoints},
    {"endpoint test", "NAME", "send one made-up event, or message, to an endpoint",
     "An endpoint that sends messages to people needs a phone number to send it to.", cmd_endpoint_test},
    {"endpoint pause", "NAME --by WHO --why TEXT", "send nothing more to an endpoint until it is resumed", NULL,
     cmd_endpoint_pause},
    {"endpoint resume", "NAME --by WHO --why TEXT", "go on with an endpoint that was paused", NULL,
     cmd_endpoint_resume},
    {"deliveries", "[ENDPOINT]", "list deliveries that failed or wait, of one endpoint or of all", NULL,
     cmd_deliveries},
    {"delivery retry", "ID --by WHO --why TEXT", "try a delivery again now", NULL, cmd_delivery_retry},
    {"delivery drop", "ID --by WHO --why TEXT", "give a delivery up for good", NULL, cmd_delivery_drop},
    {"redeliver", "ENDPOINT --after SEQ|--since TIME --by WHO --why TEXT",
     "send events of the log to an endpoint once more, marked as a replay",
     "They come in each beneficiary's order, as fast as the endpoint's live events leave room; these go on "
     "meanwhile. It\nends with 0 when all was sent, and with 1 when some of it was refused to the last. What is "
     "ordered goes on without\nthis command, and over restarts of the daemon; lifecertctl redeliver ENDPOINT "
     "--cancel ends it.",
     cmd_redeliver},
    {"backup", "FOLDER", "copy the store, while the daemon runs or not",
     "A FOLDER that holds an earlier backup of the same store is brought up to date. lifecertctl verify --store "
     "dir:FOLDER\nholds the copy against its inputs. To restore, copy the folder back: lifecertctl(1) says how.",
     cmd_backup},
    {"archive", "--before DATE --to FOLDER", "move old files of the log to another folder",
     "Whole closed files go, with or without a running daemon. The log's chain goes on from their last seal, and\n"
     "everyone's history stays, so that no decision ever needs them. Put back into the log, they are part of\n"
     "it again: lifecertctl(1) says how.",
     cmd_archive},
    {"migrate", "FROM TO", "move a store into Redis, out of it, or from one Redis into another",
     "FROM and TO are URIs, as the configuration's `store`; what else a Redis needs is taken from the configuration. No\n"
     "daemon may run on either. FROM stays as it is. TO is nobody's store until all of it is there, read again and\n"
     "verified; a migrate that was cut short is begun again. As many shards as before: the logs are the same byte for\n"
     "byte. Otherwise they are written anew: see reshard.",
     cmd_migrate},
    {"reshard", "TO --shards N", "spread the configuration's beneficiaries over another number of shards",
     "TO is the URI of the new set, under another prefix or in another Redis. No daemon may run; then the configuration's\n"
     "`store` becomes TO. Everybody's events stay as they are, under new numbers. Nothing may wait to be delivered, and\n"
     "no hold be in force in some shards alone: the command says what stands in the way.",
     cmd_reshard},
    {"verify", "", "decide every event of the log again, and compare every stored state",
     "It reads the store, with or without a running daemon, and changes nothing. It ends with 0 when everything is as "
     "it must\nbe, and with 1 at the first thing that is not, which it names.",
     cmd_verify},
    {"replay", "--what-if FILE", "decide the log's inputs again under other policies, and compare",
     "FILE is a configuration: the parameters in which its policies differ from those that the store's log adopted last\n"
     "are laid over these, for all of the log or since a time. Inputs are told back from the log, in order; holds of the\n"
     "brake, the clock and silent channels are left out of both runs, moratoria stay. Nothing is sent or changed.",
     cmd_replay},
    {"token new", "", "make a bearer token, and the section of the configuration that lets it in",
     "The token is shown this once, and kept nowhere: the configuration has its SHA-256 alone.", cmd_token_new},
    {"completion", "WHAT", "write what a shell needs to complete command lines",
     "WHAT is bash: a script for it, to be sourced; or endpoints, holds, deliveries: the names of those that the "
     "daemon\nhas, a line each, and nothing when it does not answer within a second.",
     cmd_completion},
    {"demo-city", "", "write a made-up city and its year as NDJSON", NULL, cmd_demo_city},
};

const unsigned n_commands = sizeof commands / sizeof commands[0];

/* How many words of argv the name takes up; 0: it is another's. */
static int words_matched(const char *name, int argc, char **argv)
{
    int words = 0;
    while (words < argc) {
        size_t n = strcspn(name, " ");
        if (strncmp(argv[words], name, n) != 0 || argv[words][n])
            return 0;
        words++;
        if (!name[n])
            return words;
        name += n + 1;
    }
    return 0;
}

const struct command *command_find(int argc, char **argv, int *words)
{
    for (unsigned i = 0; i < n_commands; i++) {
        *words = words_matched(commands[i].name, argc, argv);
        if (*words)
            return &commands[i];
    }
    return NULL;
}

static void say_v(const char *format, va_list args)
{
    fflush(stdout);
    fputs("lifecertctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_v(format, args);
    va_end(args);
}

int fail(enum exit_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_v(format, args);
    va_end(args);
    return status;
}

int finish_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    /* Whoever read has seen enough (head, less): nothing to complain of. */
    if (errno == EPIPE)
        return status;
    return fail(EXIT_UNREADABLE, "cannot write the output: %s", errno ? strerror(errno) : "it is not whole");
}

int ctl_config(const struct ctl *ctl, struct config **out)
{
    const char *file = ctl->config_file ? ctl->config_file : DEFAULT_CONFIG;
    struct buf faults = BUF_INIT;
    enum err e = config_load(file, out, &faults);
    if (e) {
        fwrite(faults.p, 1, faults.n, stderr);
        say("cannot use the configuration %s; -c FILE names another", file);
    } else {
        /* Who may not read it may ask the daemon all the same; a store in Redis says that it was wanted. */
        (void)!config_load_password(*out, &faults);
    }
    buf_done(&faults);
    return e ? EXIT_UNREADABLE : EXIT_DONE;
}

int ctl_run(int argc, char **argv)
{
    struct ctl ctl = {0};
    int first, words, status = options_read_global(&ctl, argc, argv, &first);
    if (status != OPTIONS_READ)
        return finish_output(status);
    if (first == argc)
        return fail(EXIT_MISUSE, "a command is missing; lifecertctl --help lists them");
    ctl.command = command_find(argc - first, argv + first, &words);
    if (!ctl.command)
        return fail(EXIT_MISUSE, "unknown command \"%s\"; lifecertctl --help lists them", argv[first]);
    first += words;
    return finish_output(ctl.command->run(&ctl, argc - first, argv + first));
}
