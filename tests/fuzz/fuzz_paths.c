/* Paths of requests: found or not, what is captured is what was encoded. */
#include "http/routes.h"
#include "http/uri.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE", "PUT"};
    struct str path = {(const char *)data, n};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct route_match match = {.route = NULL};
        if (route_find(http_routes, http_routes_n, str_of(methods[i]), path, &match) == ROUTE_FOUND)
            for (unsigned k = 0; k < match.n_captures; k++)
                MUST(match.captures[k].n > 0 && match.captures[k].n <= n);
        route_match_done(&match);
    }
    route_allow(http_routes, http_routes_n, path, &text);
    buf_clear(&text);
    MUST(uri_decode(path, &text) ? text.n <= n : text.n == 0);
    buf_done(&text);
    return 0;
}
