/* What the parser reads in its child, as items in a pipe: both ends are one program, on one machine. */
#ifndef CONFIG_ITEM_H
#define CONFIG_ITEM_H

#include "base/buf.h"

enum item_kind {
    ITEM_SECTION = 'S', /* a section begins */
    ITEM_VALUE = 'V',   /* index 1: the first of an assignment, above: one more of it; 0: an empty list */
    ITEM_CALL = 'C',    /* key(value, ...) */
    ITEM_FAULT = 'F',   /* the last but ITEM_END: the key is the fault's text */
    ITEM_END = 'E',     /* the child is done: without it, items are missing */
};

#define ITEM_VALUES_MAX 16

/* One item, written or read; the strings of one that was read lie in the buffer that they were read from. */
struct item {
    enum item_kind kind;
    unsigned line, index;
    const char *section, *title, *key;
    const char *values[ITEM_VALUES_MAX];
    unsigned n_values;
};

void item_add(struct buf *b, const struct item *it);

/* Takes the first item off *rest; false at its end, or where it is not whole. */
bool item_next(struct str *rest, struct item *out);

#endif
