/* The commands of lifecertctl: one row each, and what they are given. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "config/config.h"

/* What lifecertctl ends with. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_NO = 1,         /* the answer is no: rejected inputs, no such person, a verification that fails */
    EXIT_MISUSE = 2,     /* the command line is wrong */
    EXIT_UNREADABLE = 3, /* the daemon, the store or a file cannot be reached or read */
};

struct command;
struct option_list;

/* The options that every command takes, before it or behind it. */
struct ctl {
    const char *config_file; /* NULL: the default */
    const char *url;         /* NULL: over the configuration's Unix socket */
    const char *token_file;
    const char *ca_file, *client_cert; /* for a URL with https */
    bool json;
    bool hurry; /* nobody waits for long: a shell that completes a name */
    struct option_list *list; /* options_read() adds a command's options here instead of reading them; NULL: it reads */
    const struct command *command; /* the one that runs; NULL before it is known */
};

struct command {
    const char *name;      /* one word or two: "hold lift" */
    const char *arguments; /* as the help shows them */
    const char *help;      /* one line */
    const char *more;      /* what else its own help says, or NULL */
    /* argv: what stands behind the command's words. Returns an enum exit_status. */
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

extern const struct command commands[];
extern const unsigned n_commands;

/* The command that argv begins with, *words of them; NULL: there is none such. */
const struct command *command_find(int argc, char **argv, int *words);

/* The whole program, given its arguments; an enum exit_status. */
int ctl_run(int argc, char **argv);

int cmd_init(struct ctl *ctl, int argc, char **argv);
int cmd_import(struct ctl *ctl, int argc, char **argv);
int cmd_show(struct ctl *ctl, int argc, char **argv);
int cmd_people(struct ctl *ctl, int argc, char **argv);
int cmd_period(struct ctl *ctl, int argc, char **argv);
int cmd_due(struct ctl *ctl, int argc, char **argv);
int cmd_events(struct ctl *ctl, int argc, char **argv);
int cmd_simulate(struct ctl *ctl, int argc, char **argv);
int cmd_status(struct ctl *ctl, int argc, char **argv);
int cmd_holds(struct ctl *ctl, int argc, char **argv);
int cmd_hold_place(struct ctl *ctl, int argc, char **argv);
int cmd_hold_lift(struct ctl *ctl, int argc, char **argv);
int cmd_endpoints(struct ctl *ctl, int argc, char **argv);
int cmd_endpoint_test(struct ctl *ctl, int argc, char **argv);
int cmd_endpoint_pause(struct ctl *ctl, int argc, char **argv);
int cmd_endpoint_resume(struct ctl *ctl, int argc, char **argv);
int cmd_deliveries(struct ctl *ctl, int argc, char **argv);
int cmd_delivery_retry(struct ctl *ctl, int argc, char **argv);
int cmd_delivery_drop(struct ctl *ctl, int argc, char **argv);
int cmd_redeliver(struct ctl *ctl, int argc, char **argv);
int cmd_backup(struct ctl *ctl, int argc, char **argv);
int cmd_archive(struct ctl *ctl, int argc, char **argv);
int cmd_migrate(struct ctl *ctl, int argc, char **argv);
int cmd_reshard(struct ctl *ctl, int argc, char **argv);
int cmd_verify(struct ctl *ctl, int argc, char **argv);
int cmd_replay(struct ctl *ctl, int argc, char **argv);
int cmd_token_new(struct ctl *ctl, int argc, char **argv);
int cmd_completion(struct ctl *ctl, int argc, char **argv);
int cmd_demo_city(struct ctl *ctl, int argc, char **argv);

/* One line on stderr, "lifecertctl: ...". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and returns status, so that a failure is one statement. */
int fail(enum exit_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Output that was buffered and could not be written is a failure too. */
int finish_output(int status);

/* The configuration, the caller's to free. Not EXIT_DONE: its faults were told. */
int ctl_config(const struct ctl *ctl, struct config **out);

#endif
