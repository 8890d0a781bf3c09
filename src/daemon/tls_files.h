/* The files that tls_cert, tls_key and tls_client_ca name. */
#ifndef DAEMON_TLS_FILES_H
#define DAEMON_TLS_FILES_H

#include "config/config.h"
#include "http/server/tls.h"

/* Reads them and checks that they belong together. *out is the caller's reference; NULL when the configuration names
 * none. A relative name is looked up in $CREDENTIALS_DIRECTORY. Refused is a key that others may read or write,
 * among others. Faults are lines "FILE:LINE: ..." appended. */
enum err tls_files_load(const struct config *c, struct tls **out, struct buf *faults) ERR_MUSTCHECK;

#endif
