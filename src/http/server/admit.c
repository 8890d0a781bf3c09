#include "http/server/admit.h"

#include <stdio.h>

#include "base/clock.h"
#include "http/tokens.h"

static bool refuse_unknown(struct exchange *x, const char *why)
{
    exchange_problem(x, 401, NULL, "%s", why);
    exchange_add_header(x, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    return false;
}

static bool refuse_frequent(struct exchange *x, unsigned seconds)
{
    char text[16];
    const struct rate *r = &x->caller.token->rate;
    snprintf(text, sizeof text, "%u", seconds);
    exchange_problem(x, 429, NULL, "this token may make %u requests in %u s; try again in %s s", r->n, r->seconds,
                     text);
    exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, text);
    return false;
}

static bool refuse_role(struct exchange *x, enum who least)
{
    if (x->caller.token)
        exchange_problem(x, 403, NULL, "this needs a token with the role %s", role_text(least));
    else
        exchange_problem(x, 403, NULL,
                         "only root and the user that the daemon runs as may do this, or who brings a token with the "
                         "role %s",
                         role_text(least));
    return false;
}

/* Whoever brings a token is judged by it, even root. */
static bool identify(struct exchange *x)
{
    struct token_gate *g = x->http->gate;
    const struct peer *peer = site_peer(x->connection);
    const char *authorization = exchange_header(x, MHD_HTTP_HEADER_AUTHORIZATION);
    if (!authorization && peer->local)
        return true;
    if (!authorization)
        return refuse_unknown(x, "over TCP a token is needed: send it as \"Authorization: Bearer TOKEN\", or use the "
                                 "Unix socket");
    const struct token *t = token_gate_find(g, str_of(authorization));
    if (!t)
        return refuse_unknown(x, "this token is not known here");
    x->tokens = tokens_ref(token_gate_tokens(g));
    caller_of_token(t, &x->caller);
    unsigned seconds = token_gate_count(g, t, clock_monotonic_ns());
    return seconds == 0 || refuse_frequent(x, seconds);
}

bool admit(struct exchange *x, enum route_found found)
{
    enum who least = found == ROUTE_FOUND ? x->match.route->who : WHO_READ;
    caller_of_peer(site_peer(x->connection), &x->caller);
    if (least == WHO_ANYONE)
        return true;
    if (!identify(x))
        return false;
    /* What is not there is told to everybody known. */
    return found != ROUTE_FOUND || caller_may(&x->caller, least) || refuse_role(x, least);
}
