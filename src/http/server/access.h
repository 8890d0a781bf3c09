/* The way in: a request's header is checked, its route and what its caller may do are found, its body is handed to the
 * route's handler, its answer queued. */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include <microhttpd.h>

/* The library's callbacks; arg is the struct http, *state the exchange. */
enum MHD_Result access_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *data, size_t *size, void **state);
void access_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how);

#endif
