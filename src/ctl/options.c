#include "ctl/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define N_GLOBAL 8
#define COMMAND_COLUMNS 28 /* of a command and its arguments in the list of all */

/* One command line while it is read. */
struct reading {
    struct ctl *ctl;
    const struct option_row *own;
    struct option_row global[N_GLOBAL + 1];
    bool help, version;
    int argc, at;
    char **argv;
};

static void reading_init(struct reading *r, struct ctl *ctl, const struct option_row *own, int argc, char **argv)
{
    static const struct option_row none[] = {OPTIONS_END};
    *r = (struct reading){.ctl = ctl, .own = own ? own : none, .argc = argc, .argv = argv};
    const struct option_row global[] = {
        {OPTION_TEXT, 'c', "config", "FILE", "the configuration (default " SYSCONFDIR "/lifecertd/lifecertd.conf)",
         &ctl->config_file},
        {OPTION_TEXT, 0, "url", "URL", "reach the daemon there instead of over its Unix socket", &ctl->url},
        {OPTION_TEXT, 0, "token-file", "FILE", "the token for --url", &ctl->token_file},
        {OPTION_TEXT, 0, "ca-file", "FILE", "who must have signed the certificate of an https URL", &ctl->ca_file},
        {OPTION_TEXT, 0, "client-cert", "FILE", "our own certificate for it, with its key, in PEM", &ctl->client_cert},
        {OPTION_FLAG, 0, "json", NULL, "JSON instead of text for people", &ctl->json},
        {OPTION_FLAG, 0, "help", NULL, "this help", &r->help},
        {OPTION_FLAG, 0, "version", NULL, "the version", &r->version},
        OPTIONS_END,
    };
    memcpy(r->global, global, sizeof global);
}

static void print_rows(const struct option_row *row)
{
    for (; row->kind != OPTION_END; row++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", row->letter ? "-" : "  ", row->letter ? row->letter : ' ',
                 row->letter ? ", " : " ", row->name, row->value ? " " : "", row->value ? row->value : "");
        printf("  %-26s  %s\n", left, row->help);
    }
}

static void print_commands(void)
{
    for (unsigned i = 0; i < n_commands; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].arguments);
        if (strlen(left) > COMMAND_COLUMNS)
            printf("  %s\n  %*s  %s\n", left, COMMAND_COLUMNS, "", commands[i].help);
        else
            printf("  %-*s  %s\n", COMMAND_COLUMNS, left, commands[i].help);
    }
}

static void print_help(const struct reading *r)
{
    const struct command *c = r->ctl->command;
    if (c) {
        printf("usage: lifecertctl %s%s%s [OPTION...]\n\nTo %s.\n", c->name, *c->arguments ? " " : "", c->arguments,
               c->help);
        if (c->more)
            printf("%s\n", c->more);
        printf("\n");
        print_rows(r->own);
    } else {
        printf("usage: lifecertctl [OPTION...] COMMAND\n\nThe operator's tool of lifecertd.\n\n");
        print_commands();
        printf("\nlifecertctl COMMAND --help tells more of each. Options of every command:\n");
    }
    print_rows(r->global);
    if (!c)
        printf("\nExit status: 0 done, 1 the answer is no, 2 wrong usage, 3 cannot reach or read.\n");
}

static const char *command_name(const struct ctl *ctl)
{
    return ctl->command ? ctl->command->name : "";
}

static int misuse(const struct ctl *ctl, const char *what, const char *name)
{
    const char *space = ctl->command ? " " : "";
    return fail(EXIT_MISUSE, "%s%s; see lifecertctl%s%s --help", what, name, space, command_name(ctl));
}

/* n: bytes of the name in a --name=value; letter: of a one-letter option, else 0. */
static const struct option_row *find_row(const struct reading *r, const char *name, size_t n, char letter)
{
    const struct option_row *lists[] = {r->own, r->global};
    for (unsigned i = 0; i < 2; i++) {
        for (const struct option_row *row = lists[i]; row->kind != OPTION_END; row++) {
            if (letter ? row->letter == letter : strlen(row->name) == n && memcmp(row->name, name, n) == 0)
                return row;
        }
    }
    return NULL;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno || *end || text[0] < '0' || text[0] > '9')
        return false;
    *out = v;
    return true;
}

static int add_text(struct option_texts *to, const char *name, const char *value)
{
    if (to->n == OPTION_TEXTS_MAX)
        return fail(EXIT_MISUSE, "--%s is given more than %d times", name, OPTION_TEXTS_MAX);
    to->v[to->n++] = value;
    return OPTIONS_READ;
}

static int set_value(struct reading *r, const struct option_row *row, const char *value)
{
    switch (row->kind) {
    case OPTION_FLAG: *(bool *)row->to = true; return OPTIONS_READ;
    case OPTION_TEXT: *(const char **)row->to = value; return OPTIONS_READ;
    case OPTION_TEXTS: return add_text(row->to, row->name, value);
    case OPTION_NUMBER:
        if (read_number(value, row->to))
            return OPTIONS_READ;
        say("--%s \"%s\": expected a whole number", row->name, value);
        return EXIT_MISUSE;
    default: return misuse(r->ctl, "unknown option ", row->name);
    }
}

/* The option at r->at, with its value; moves r->at to its last argument. */
static int read_option(struct reading *r)
{
    const char *arg = r->argv[r->at], *value;
    bool is_long = arg[1] == '-';
    const char *name = arg + 1 + is_long;
    size_t n = strcspn(name, "=");
    const struct option_row *row = find_row(r, name, n, is_long ? 0 : *name);
    if (!row)
        return misuse(r->ctl, "unknown option ", arg);
    value = is_long ? (name[n] ? name + n + 1 : NULL) : name[1] ? name + 1 : NULL;
    if (row->kind == OPTION_FLAG)
        return value ? misuse(r->ctl, "no value is taken by --", row->name) : set_value(r, row, NULL);
    if (!value && r->at + 1 == r->argc)
        return misuse(r->ctl, "a value is missing for --", row->name);
    return set_value(r, row, value ? value : r->argv[++r->at]);
}

/* Answers --help and --version, at whatever place they stood. */
static int answer_global(const struct reading *r)
{
    if (r->help)
        print_help(r);
    else if (r->version)
        printf("lifecertctl %s\n", PACKAGE_VERSION);
    else
        return OPTIONS_READ;
    return EXIT_DONE;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1];
}

static void list_rows(struct option_list *list, const struct option_row *row)
{
    for (; row->kind != OPTION_END && list->n < OPTION_LIST_MAX; row++) {
        list->v[list->n] = *row;
        list->v[list->n++].to = NULL;
    }
}

void options_list_global(struct option_list *list)
{
    struct ctl none = {0};
    struct reading r;
    reading_init(&r, &none, NULL, 0, NULL);
    list_rows(list, r.global);
}

int options_read_global(struct ctl *ctl, int argc, char **argv, int *first)
{
    struct reading r;
    reading_init(&r, ctl, NULL, argc, argv);
    for (r.at = 1; r.at < argc && is_option(argv[r.at]); r.at++) {
        int status = read_option(&r);
        if (status != OPTIONS_READ)
            return status;
    }
    *first = r.at;
    return answer_global(&r);
}

int options_read(struct ctl *ctl, const struct option_row *own, int *argc, char **argv, int min, int max)
{
    struct reading r;
    int words = 0;
    bool only_words = false;
    reading_init(&r, ctl, own, *argc, argv);
    if (ctl->list) {
        list_rows(ctl->list, r.own);
        return EXIT_DONE;
    }
    for (r.at = 0; r.at < *argc; r.at++) {
        if (only_words || !is_option(argv[r.at])) {
            argv[words++] = argv[r.at];
        } else if (strcmp(argv[r.at], "--") == 0) {
            only_words = true;
        } else {
            int status = read_option(&r);
            if (status != OPTIONS_READ)
                return status;
        }
    }
    *argc = words;
    if (r.help || r.version)
        return answer_global(&r);
    if (words < min)
        return misuse(ctl, "missing: ", ctl->command ? ctl->command->arguments : "an argument");
    if (max >= 0 && words > max)
        return misuse(ctl, "one argument too many: ", argv[max]);
    return OPTIONS_READ;
}

bool option_date(const char *name, const char *text, lc_date *out)
{
    if (date_parse(text, strlen(text), out))
        return true;
    say("--%s \"%s\": expected a date such as 2026-06-16", name, text);
    return false;
}

bool option_instant(const char *name, const char *text, const struct tz *tz, bool last_second, lc_instant *out)
{
    lc_date day;
    int32_t offset;
    if (instant_parse(text, strlen(text), out, &offset))
        return true;
    if (date_parse(text, strlen(text), &day)) {
        *out = last_second ? tz_instant(tz, day + 1, 0) - 1 : tz_instant(tz, day, 0);
        return true;
    }
    say("--%s \"%s\": expected a date such as 2026-06-16, or a time such as 2026-06-16T09:00:00+08:00", name, text);
    return false;
}
