#include "ctl/path.h"

#include <curl/curl.h>

void path_add(struct buf *path, const char *s)
{
    char *encoded = curl_easy_escape(NULL, s, (int)strlen(s));
    if (encoded)
        buf_adds(path, encoded);
    curl_free(encoded);
}

void path_add_query(struct buf *path, const char *name, const char *value)
{
    if (!value)
        return;
    buf_addc(path, memchr(path->p, '?', path->n) ? '&' : '?');
    buf_printf(path, "%s=", name);
    path_add(path, value);
}
