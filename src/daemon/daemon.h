/* The daemon's life: start, serve, reload, stop. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/* Runs until SIGTERM or SIGINT; returns the process's exit code. Says all that it has to say in the log. */
int daemon_run(const char *config_file);

/* Reports every fault of a configuration on stderr; returns the exit code. */
int daemon_check(const char *config_file);

#endif
