/* Options of a command line, as rows of a table: read by them, and explained by them. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "ctl/commands.h"

enum option_kind {
    OPTION_END,
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char * */
    OPTION_TEXTS,  /* struct option_texts: one more each time that it is given */
    OPTION_NUMBER, /* uint64_t */
};

#define OPTION_TEXTS_MAX 64

struct option_texts {
    const char *v[OPTION_TEXTS_MAX];
    unsigned n;
};

struct option_row {
    enum option_kind kind;
    char letter;       /* 0: none */
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls its value, "FILE"; NULL for a flag */
    const char *help;
    void *to; /* where it goes; left alone when the option is not given */
};

#define OPTION_LIST_MAX 32

/* Rows for whoever only wants to know what there is: without the places that values go to. */
struct option_list {
    struct option_row v[OPTION_LIST_MAX];
    unsigned n;
};

#define OPTIONS_END                           \
    {                                         \
        OPTION_END, 0, NULL, NULL, NULL, NULL \
    }
#define OPTIONS_READ (-1)

/* Reads a command's arguments: own rows (up to OPTIONS_END; NULL: none) and those of every command, in any order and
 * mixed with words. The words are moved to the front of argv, *argc counts them, and there must be min to max of them
 * (max -1: any number). OPTIONS_READ: go on; else the status to end with, for --help was answered or a mistake told. */
int options_read(struct ctl *ctl, const struct option_row *own, int *argc, char **argv, int min, int max);

/* Adds the options of every command. */
void options_list_global(struct option_list *list);

/* Reads the options before the command; *first is the index of the first word. */
int options_read_global(struct ctl *ctl, int argc, char **argv, int *first);

/* A date, or an instant in RFC 3339; of a date, the day's first or last second in the zone. A mistake is told. */
bool option_instant(const char *name, const char *text, const struct tz *tz, bool last_second, lc_instant *out);
bool option_date(const char *name, const char *text, lc_date *out);

#endif
