/* A text in pieces, so that nothing is searched for when it is rendered. In a text {{due}} stands for a value, and a
 * part in [[ ]] is left out when a variable in it has no value. */
#ifndef MESSAGE_PIECES_H
#define MESSAGE_PIECES_H

#include "message/faults.h"
#include "message/variables.h"

enum piece_kind { PIECE_TEXT, PIECE_VARIABLE, PIECE_PART };

struct piece {
    enum piece_kind kind;
    struct str text;                 /* PIECE_TEXT: borrowed from what was parsed */
    const struct variable *variable; /* PIECE_VARIABLE */
    unsigned end;                    /* PIECE_PART: the piece behind the part's last one */
};

struct pieces {
    struct piece *v; /* owned */
    unsigned n, cap;
};

/* Parses a text for messages on that event; says what is wrong with it. out has been zeroed. */
void pieces_parse(struct pieces *out, struct str text, enum event_type on, struct faults *f);
void pieces_done(struct pieces *p);

void pieces_render(const struct pieces *p, const struct forms *f, const struct event *e, const struct recipient *r,
                   struct buf *out);
/* With the longest value in each variable's place, and nothing left out. */
void pieces_longest(const struct pieces *p, const struct forms *f, struct buf *out);

#endif
