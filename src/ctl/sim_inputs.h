/* The inputs of a simulation: a file's lines in the order of their instants. */
#ifndef CTL_SIM_INPUTS_H
#define CTL_SIM_INPUTS_H

#include "base/buf.h"
#include "codec/input_json.h"

struct sim_line {
    lc_instant at; /* INSTANT_NONE: the line is no input */
    uint64_t offset;
    uint32_t n;      /* bytes */
    uint32_t order;  /* among the file's lines that are not blank */
    uint64_t number; /* in the file, from 1 */
};

struct sim_inputs {
    const char *file;
    const char *text;
    size_t n;
    bool mapped;
    struct buf read; /* what could not be mapped */
    struct input_parser *parser;
    char *arena;            /* for one line of any length */
    struct sim_line *lines; /* sim_inputs_sort() puts those that are inputs first, by instant */
    uint32_t n_lines, n_inputs;
};

/* Maps (or, from a pipe, reads) the file and finds its lines; each is parsed once, for its instant. fault is called for
 * those that are no input. Close it whatever this returns. */
enum err sim_inputs_open(struct sim_inputs *s, const char *file, const char *country_code,
                         void (*fault)(void *arg, const struct sim_line *l, const struct input_fault *f), void *arg,
                         struct errmsg *msg) ERR_MUSTCHECK;
void sim_inputs_close(struct sim_inputs *s);

/* By instant; inputs of one instant keep the order of the file. */
void sim_inputs_sort(struct sim_inputs *s);
/* And back into the order of the file. */
void sim_inputs_unsort(struct sim_inputs *s);

/* Bytes of arena that parsing a line takes at most. */
static inline size_t sim_line_room(const struct sim_line *l)
{
    return 2 * (size_t)l->n + 64;
}

/* Parses one line. A missing `at` is a fault. */
enum err sim_inputs_parse(struct sim_inputs *s, const struct sim_line *l, struct input *in, char *arena, size_t *used,
                          struct input_fault *fault) ERR_MUSTCHECK;

#endif
