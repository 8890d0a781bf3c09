/* Lists of everybody in progress. */
#ifndef HTTP_PEOPLE_H
#define HTTP_PEOPLE_H

struct http;

/* Of requests that the engine has dropped. */
void people_free_all(struct http *h);

#endif
