/* What a call can come to. A function that may fail returns one of these; where a person has to
 * be told more, it fills a struct errmsg as well. err_text() has a word for each. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_MORE,     /* nothing wrong: not finished yet, ask again */
    ERR_END,      /* nothing wrong: there is no more */
    ERR_ABSENT,   /* no such thing */
    ERR_EXISTS,   /* there is one already */
    ERR_INVALID,  /* what was given is malformed or out of range */
    ERR_DAMAGED,  /* what is stored is not what was written */
    ERR_VERSION,  /* written by a later version */
    ERR_LOCKED,   /* another process holds it */
    ERR_FULL,     /* a bound was reached */
    ERR_ARCHIVED, /* it was moved to an archive: the message says which events, and where to */
    ERR_IO,       /* the system refused: errno was set */
    ERR_N
};

/* A whole sentence for a person: names the file, line or member, and what was expected. */
struct errmsg {
    char text[1024];
};

#define ERR_MUSTCHECK __attribute__((warn_unused_result))

const char *err_text(enum err e);

/* Fills m (which may be NULL) and returns e, so that a failure is one statement. */
enum err err_set(struct errmsg *m, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
