/* May a hold be placed or lifted as an operator asks for it? The same for one engine and for all shards of a scheme. */
#ifndef ENGINE_HOLD_CHECK_H
#define ENGINE_HOLD_CHECK_H

#include "base/err.h"
#include "core/event.h"

struct hold_wish {
    struct scope scope; /* placed: a moratorium */
    lc_date until;      /* the same */
    struct str name;    /* lifted */
    struct str why, by;
};

/* Who asks, and why: for placing and lifting alike. ERR_INVALID names the member. */
enum err hold_check_asker(const struct hold_wish *w, struct errmsg *msg) ERR_MUSTCHECK;
/* Placing one, where so many holds are in force. ERR_INVALID; ERR_FULL. */
enum err hold_check_place(const struct hold_wish *w, lc_date today, unsigned n_holds, struct errmsg *msg) ERR_MUSTCHECK;

#endif
