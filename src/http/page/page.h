/* The files of the operators' page, as they are embedded (page/embed.sh writes them at build time). */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include <stddef.h>

struct page_file {
    const char *name; /* "app.js" */
    const char *etag; /* with its quotes; another one whenever the bytes are others */
    const unsigned char *bytes; /* and a terminator behind them */
    size_t n;
};

extern const struct page_file page_files[];
extern const size_t page_files_n;

#endif
