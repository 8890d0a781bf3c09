/* Looking up a host: addresses at once, names on a thread, and nobody told who does not wait any more. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/lookup.h"
#include "tests/lib/tap.h"

#define WATCHDOG_MS 60000

static struct loop *l;
static struct lookup *k;
static struct addresses found;
static const char *error;
static unsigned times;

static void on_watchdog(void *arg)
{
    (void)arg;
    bail_out("a look-up does not end");
}

static void on_done(void *arg, const struct addresses *a, const char *e)
{
    times++;
    found = *a;
    error = e;
    if (arg)
        lookup_free(k); /* from within */
    loop_stop(l);
}

static void run(void)
{
    struct errmsg msg;
    struct watch *watchdog = watch_timer(l, on_watchdog, NULL);
    watch_timer_set(watchdog, WATCHDOG_MS);
    if (loop_run(l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    watch_free(watchdog);
}

/* Looks it up; false: an error. */
static bool look_up(const char *host, uint16_t port)
{
    k = lookup_new(l, host, port, on_done, NULL);
    run();
    lookup_free(k);
    return !error;
}

/* Is the first address that one? */
static bool is_address(int family, const char *text, uint16_t port)
{
    char got[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&found.v[0].a;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&found.v[0].a;
    if (found.n == 0 || found.v[0].a.ss_family != family)
        return false;
    inet_ntop(family, family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr, got, sizeof got);
    return strcmp(got, text) == 0 && ntohs(family == AF_INET ? v4->sin_port : v6->sin6_port) == port;
}

static bool all_loopback(void)
{
    unsigned good = 0;
    for (unsigned i = 0; i < found.n; i++) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&found.v[i].a;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&found.v[i].a;
        good += v4->sin_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
                                          : (bool)IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return found.n > 0 && good == found.n;
}

int main(void)
{
    struct errmsg msg;
    plan(7);
    if (loop_new(&l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(look_up("192.0.2.7", 6379) && found.n == 1 && is_address(AF_INET, "192.0.2.7", 6379), "an address is itself");
    ok(look_up("2001:db8::7", 65535) && found.n == 1 && is_address(AF_INET6, "2001:db8::7", 65535), "of either kind");
    ok(look_up("localhost", 80) && all_loopback(), "a name has addresses");
    ok(!look_up("no such host", 80) && error[0] && found.n == 0, "what is no name has none: %s", error);

    times = 0;
    k = lookup_new(l, "192.0.2.7", 1, on_done, NULL);
    is_int(times, 0, "nobody is called from within");
    lookup_free(k);
    lookup_free(lookup_new(l, "localhost", 1, on_done, NULL)); /* its thread ends by itself */
    lookup_free(NULL);
    k = lookup_new(l, "192.0.2.8", 1, on_done, &k);
    run();
    ok(times == 1 && is_address(AF_INET, "192.0.2.8", 1), "who does not wait any more is not called");
    k = lookup_new(l, "localhost", 1, on_done, &k);
    run();
    is_int(times, 2, "a look-up may be freed when it is done");
    loop_free(l);
    return tap_end();
}
