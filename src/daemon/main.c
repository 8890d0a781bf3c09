/* lifecertd(8): its command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/crash.h"
#include "daemon/daemon.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unversioned"
#endif

#define USAGE_ERROR 2

enum action { ACTION_RUN, ACTION_CHECK, ACTION_VERSION, ACTION_HELP };

struct choices {
    const char *config_file;
    enum action action;
};

/* One row an option: what it is called, what it takes, what it does, what it is for. */
static const struct option_row {
    char letter; /* 0: has none */
    const char *name, *argument;
    enum action action; /* ACTION_RUN: the argument is the configuration file */
    const char *help;
} options[] = {
    {'c', "config", "FILE", ACTION_RUN, "the configuration (default: " SYSCONFDIR "/lifecertd/lifecertd.conf)"},
    {0, "check", NULL, ACTION_CHECK, "report every fault of the configuration, and exit"},
    {0, "version", NULL, ACTION_VERSION, "print the version, and exit"},
    {0, "help", NULL, ACTION_HELP, "print this, and exit"},
};
#define N_OPTIONS (sizeof options / sizeof *options)

static void print_help(void)
{
    printf("Usage: lifecertd [OPTION]...\n"
           "Decides who among a pension scheme's beneficiaries must certify, is reminded, suspended and resumed.\n"
           "Runs in the foreground and logs to stderr.\n\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_row *o = &options[i];
        char letter[5] = "    ";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        int n = printf("  %s--%s%s%s", letter, o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("%*s%s\n", n < 24 ? 24 - n : 1, "", o->help);
    }
    printf("\nSIGTERM stops it, SIGHUP makes it read its configuration again.\n");
}

/* getopt_long()'s two forms of the table; a long option returns its index + 1. */
static void make_getopt_tables(char letters[2 * N_OPTIONS + 1], struct option rows[N_OPTIONS + 1])
{
    char *p = letters;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        rows[i] =
            (struct option){options[i].name, options[i].argument ? required_argument : no_argument, NULL, (int)i + 1};
        if (options[i].letter) {
            *p++ = options[i].letter;
            *p++ = ':';
        }
        p -= options[i].letter && !options[i].argument;
    }
    *p = '\0';
    rows[N_OPTIONS] = (struct option){0};
}

static const struct option_row *row_of(int found)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (found == (int)i + 1 || (options[i].letter && found == options[i].letter))
            return &options[i];
    return NULL;
}

static int parse(int argc, char **argv, struct choices *out)
{
    char letters[2 * N_OPTIONS + 1];
    struct option rows[N_OPTIONS + 1];
    make_getopt_tables(letters, rows);
    for (int found; (found = getopt_long(argc, argv, letters, rows, NULL)) != -1;) {
        const struct option_row *o = row_of(found);
        if (!o)
            return USAGE_ERROR; /* getopt_long() has said what is wrong */
        if (o->action == ACTION_RUN)
            out->config_file = optarg;
        else
            out->action = o->action;
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "lifecertd: unexpected argument \"%s\"; try lifecertd --help\n", argv[optind]);
    return USAGE_ERROR;
}

int main(int argc, char **argv)
{
    struct choices c = {.config_file = SYSCONFDIR "/lifecertd/lifecertd.conf", .action = ACTION_RUN};
    crash_prepare(); /* names and phone numbers will be in memory */
    int code = parse(argc, argv, &c);
    if (code != 0)
        return code;
    switch (c.action) {
    case ACTION_CHECK: return daemon_check(c.config_file);
    case ACTION_VERSION: printf("lifecertd %s\n", PACKAGE_VERSION); return 0;
    case ACTION_HELP: print_help(); return 0;
    default: return daemon_run(c.config_file);
    }
}
