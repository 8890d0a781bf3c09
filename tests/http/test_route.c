/* Which route a method and a path take. */
#include "http/route.h"
#include "tests/lib/tap.h"

static const struct route routes[] = {
    {METHOD_GET, "/", WHO_ANYONE, NULL, NULL},
    {METHOD_POST, "/v1/inputs", WHO_INTAKE, NULL, NULL},
    {METHOD_GET, "/v1/people/:id", WHO_READ, NULL, NULL},
    {METHOD_GET, "/v1/people/:id/events", WHO_READ, NULL, NULL},
    {METHOD_GET, "/v1/holds", WHO_READ, NULL, NULL},
    {METHOD_POST, "/v1/holds", WHO_OPERATE, NULL, NULL},
    {METHOD_DELETE, "/v1/holds/:name", WHO_OPERATE, NULL, NULL},
    {METHOD_POST, "/v1/receipts/:endpoint/:secret", WHO_ANYONE, NULL, NULL},
};
#define N_ROUTES (sizeof routes / sizeof *routes)

static const struct {
    const char *method, *path;
    enum route_found found;
    int row;
    const char *first, *second;
} cases[] = {
    {"GET", "/", ROUTE_FOUND, 0, NULL, NULL},
    {"HEAD", "/", ROUTE_FOUND, 0, NULL, NULL},
    {"POST", "/v1/inputs", ROUTE_FOUND, 1, NULL, NULL},
    {"GET", "/v1/people/330902-0000001", ROUTE_FOUND, 2, "330902-0000001", NULL},
    {"GET", "/v1/people/a%2Fb", ROUTE_FOUND, 2, "a/b", NULL},
    {"GET", "/v1/people/a%20b/events", ROUTE_FOUND, 3, "a b", NULL},
    {"GET", "/v1/people/events", ROUTE_FOUND, 2, "events", NULL},
    {"GET", "/v1/people/events/events", ROUTE_FOUND, 3, "events", NULL},
    {"POST", "/v1/holds", ROUTE_FOUND, 5, NULL, NULL},
    {"DELETE", "/v1/holds/moratorium:unit:x", ROUTE_FOUND, 6, "moratorium:unit:x", NULL},
    {"POST", "/v1/receipts/a%2D/b", ROUTE_FOUND, 7, "a-", "b"},
    {"GET", "", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "*", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "v1/holds", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "//", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/holds/", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1//holds", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/people/", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/people//events", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/people/a/b", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/people/a/events/b", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/Holds", ROUTE_NO_PATH, 0, NULL, NULL},
    {"GET", "/v1/inputs", ROUTE_NO_METHOD, 0, NULL, NULL},
    {"get", "/v1/holds", ROUTE_NO_METHOD, 0, NULL, NULL},
    {"HEAD", "/v1/inputs", ROUTE_NO_METHOD, 0, NULL, NULL},
    {"PUT", "/v1/people/a", ROUTE_NO_METHOD, 0, NULL, NULL},
    {"GET", "/v1/people/%zz", ROUTE_BAD_PATH, 0, NULL, NULL},
    {"GET", "/v1/people/%", ROUTE_BAD_PATH, 0, NULL, NULL},
};
#define N (sizeof cases / sizeof *cases)

static void check(size_t i)
{
    struct route_match m = {0};
    enum route_found found = route_find(routes, N_ROUTES, str_of(cases[i].method), str_of(cases[i].path), &m);
    bool good = found == cases[i].found;
    if (good && found == ROUTE_FOUND) {
        good = m.route == &routes[cases[i].row] && m.n_captures == (unsigned)(!!cases[i].first + !!cases[i].second);
        good = good && (!cases[i].first || str_is(m.captures[0], cases[i].first));
        good = good && (!cases[i].second || str_is(m.captures[1], cases[i].second));
    }
    ok(good, "%s %s", cases[i].method, cases[i].path);
    route_match_done(&m);
}

static void allow(const char *path, const char *want)
{
    struct buf b = BUF_INIT;
    route_allow(routes, N_ROUTES, str_of(path), &b);
    buf_addc(&b, '\0');
    is_str(b.p, want, "what %s allows", path);
    buf_done(&b);
}

int main(void)
{
    plan(N + 3);
    for (size_t i = 0; i < N; i++)
        check(i);
    allow("/v1/holds", "GET, HEAD, POST");
    allow("/v1/holds/x", "DELETE");
    allow("/v1/inputs", "POST");
    return tap_end();
}
