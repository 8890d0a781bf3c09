/* URLs of the configuration: plain ones, in which nothing can hide. */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include <stdbool.h>

#include "base/err.h"

/* Is it SCHEME://HOST[:PORT][/...], of one of the schemes (NULL at the end)? Refused are user and password, a fragment,
 * and bytes that do not belong into a URL; braces are let through, for a template's variables, but not in the host.
 * user: "USER@" before the host is fine. why: what is wrong, without any of the URL. */
enum err url_check(const char *url, const char *const *schemes, bool user, struct errmsg *why) ERR_MUSTCHECK;

/* Does it begin with SCHEME://? */
bool url_has_scheme(const char *url, const char *scheme);

#endif
