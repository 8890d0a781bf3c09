/* bare_curl URL AMOUNT CONNECTIONS BYTES [--variant NAME]: what libcurl's multi interface can post when nothing else is
 * to be done. AMOUNT is a number of requests, or seconds: "5s". It says each variant's requests a second, and the best:
 * the yardstick for delivery, which must read, choose, render, sign and note besides. It uses nothing of ours.
 *
 * textbook  libevent, events made, changed and freed as libcurl says; a URL that is parsed again for each request
 * armed     libevent, a connection's event stays until it closes; the URL is parsed once, in this and those below
 * epoll     the same with an epoll set of its own, and a batch of sockets between two looks at what is finished
 * poll      curl_multi_poll() and curl_multi_perform(): no sockets to tell of, but nobody else can use the loop */
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define DESCRIPTORS_MAX 8192
#define BATCH 256

struct amount {
    long requests; /* 0: */
    int64_t ns;
};

struct bare {
    CURLM *multi;
    CURL *easy[CONNECTIONS_MAX];
    unsigned n_easy;
    struct curl_slist *headers;
    const char *body;
    size_t body_bytes;
    struct amount amount;
    int64_t started;
    long done, failed;
    bool over;
    long timer_ms; /* as libcurl wants it; -1: not at all */
    struct event_base *base;
    struct event *timer;
    struct event *events[DESCRIPTORS_MAX]; /* libevent's, by descriptor */
    int epoll;
    uint8_t armed[DESCRIPTORS_MAX]; /* CURL_POLL_IN and _OUT, by descriptor */
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "bare_curl: %s\n", what);
    exit(1);
}

static size_t drop_body(char *p, size_t size, size_t n, void *arg)
{
    (void)p, (void)arg;
    return size * n;
}

/* --- requests --- */

/* What changes from one request to the next: headers and body. */
static void start(struct bare *b, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, b->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, b->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)b->body_bytes);
    curl_multi_add_handle(b->multi, easy);
}

static void count(struct bare *b, CURLcode code)
{
    if (code == CURLE_OK)
        b->done++;
    else if (++b->failed >= 1000)
        give_up(curl_easy_strerror(code));
    if (b->amount.requests)
        b->over = b->done >= b->amount.requests;
    else if (b->done % 64 == 0)
        b->over = now_ns() - b->started >= b->amount.ns;
}

/* Everything that is finished starts anew. How many did. */
static unsigned collect(struct bare *b)
{
    unsigned n = 0;
    const CURLMsg *m;
    int left;
    while (!b->over && (m = curl_multi_info_read(b->multi, &left))) {
        CURL *easy = m->easy_handle;
        count(b, m->data.result);
        curl_multi_remove_handle(b->multi, easy);
        start(b, easy);
        n++;
    }
    return n;
}

static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
    struct bare *b = arg;
    (void)multi;
    b->timer_ms = ms;
    if (b->timer) {
        struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
        if (ms < 0)
            evtimer_del(b->timer);
        else
            evtimer_add(b->timer, &after);
    }
    return 0;
}

static void act(struct bare *b, curl_socket_t fd, int what)
{
    int still;
    curl_multi_socket_action(b->multi, fd, what, &still);
}

/* --- libevent --- */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct bare *b = arg;
    act(b, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
    collect(b);
    if (b->over)
        event_base_loopbreak(b->base);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct bare *b = arg;
    (void)fd, (void)what;
    act(b, CURL_SOCKET_TIMEOUT, 0);
    collect(b);
    if (b->over)
        event_base_loopbreak(b->base);
}

static void forget_event(struct bare *b, curl_socket_t fd)
{
    if (b->events[fd])
        event_free(b->events[fd]);
    b->events[fd] = NULL;
    b->armed[fd] = 0;
}

static void make_event(struct bare *b, curl_socket_t fd, int what)
{
    short kinds = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
    forget_event(b, fd);
    b->events[fd] = event_new(b->base, fd, kinds, on_event, b);
    if (!b->events[fd] || event_add(b->events[fd], NULL) != 0)
        give_up("libevent cannot watch a socket");
    b->armed[fd] = (uint8_t)what;
}

static int textbook_interest(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy, (void)socket_arg;
    if (what == CURL_POLL_REMOVE)
        forget_event(arg, fd);
    else
        make_event(arg, fd, what);
    return 0;
}

static int armed_interest(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct bare *b = arg;
    (void)easy, (void)socket_arg;
    if (what != CURL_POLL_REMOVE && what != b->armed[fd])
        make_event(b, fd, what);
    return 0;
}

static int armed_close(void *arg, curl_socket_t fd)
{
    forget_event(arg, fd);
    return close(fd);
}

static void run_libevent(struct bare *b)
{
    act(b, CURL_SOCKET_TIMEOUT, 0);
    event_base_dispatch(b->base);
}

/* --- an epoll set --- */

static int epoll_interest(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct bare *b = arg;
    (void)easy, (void)socket_arg;
    if (what == CURL_POLL_REMOVE || what == b->armed[fd])
        return 0;
    struct epoll_event e = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0),
                            .data.fd = fd};
    if (epoll_ctl(b->epoll, b->armed[fd] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) != 0)
        give_up(strerror(errno));
    b->armed[fd] = (uint8_t)what;
    return 0;
}

static int epoll_close(void *arg, curl_socket_t fd)
{
    struct bare *b = arg;
    b->armed[fd] = 0;
    return close(fd);
}

static void run_epoll(struct bare *b)
{
    struct epoll_event events[BATCH];
    act(b, CURL_SOCKET_TIMEOUT, 0);
    while (!b->over) {
        int n = epoll_wait(b->epoll, events, BATCH, b->timer_ms < 0 ? 1000 : (int)b->timer_ms);
        for (int i = 0; i < n; i++)
            act(b, events[i].data.fd,
                (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
        if (collect(b) || n == 0)
            act(b, CURL_SOCKET_TIMEOUT, 0);
    }
}

/* --- libcurl's own --- */

static void run_poll(struct bare *b)
{
    while (!b->over) {
        int still;
        curl_multi_perform(b->multi, &still);
        if (!collect(b))
            curl_multi_poll(b->multi, NULL, 0, 1000, NULL);
    }
}

/* --- variants --- */

static const struct variant {
    const char *name;
    void (*run)(struct bare *b);
    curl_socket_callback interest; /* NULL: libcurl keeps its sockets to itself */
    curl_closesocket_callback closing;
    bool libevent, url_parsed;
} variants[] = {
    {"textbook", run_libevent, textbook_interest, NULL, true, false},
    {"armed", run_libevent, armed_interest, armed_close, true, true},
    {"epoll", run_epoll, epoll_interest, epoll_close, false, true},
    {"poll", run_poll, NULL, NULL, false, true},
};

#define N_VARIANTS (sizeof variants / sizeof *variants)

struct order {
    const char *url;
    CURLU *parsed;
    struct amount amount;
    unsigned connections;
    size_t bytes;
    const char *variant; /* NULL: all */
};

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        give_up("no event base");
    return base;
}

static CURL *new_easy(struct bare *b, const struct variant *v, const struct order *o)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        give_up("no easy handle");
    if (v->url_parsed)
        curl_easy_setopt(easy, CURLOPT_CURLU, o->parsed);
    else
        curl_easy_setopt(easy, CURLOPT_URL, o->url);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
    if (v->closing) {
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, v->closing);
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, b);
    }
    return easy;
}

static void open_bare(struct bare *b, const struct variant *v, const struct order *o)
{
    b->multi = curl_multi_init();
    b->timer_ms = -1;
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(b->multi, CURLMOPT_MAXCONNECTS, (long)o->connections);
    if (v->libevent) {
        b->base = new_base();
        b->timer = evtimer_new(b->base, on_timer, b);
    }
    if (v->interest) {
        curl_multi_setopt(b->multi, CURLMOPT_SOCKETFUNCTION, v->interest);
        curl_multi_setopt(b->multi, CURLMOPT_SOCKETDATA, b);
        curl_multi_setopt(b->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
        curl_multi_setopt(b->multi, CURLMOPT_TIMERDATA, b);
    }
    for (b->n_easy = 0; b->n_easy < o->connections; b->n_easy++)
        b->easy[b->n_easy] = new_easy(b, v, o);
}

static void close_bare(struct bare *b)
{
    for (unsigned i = 0; i < b->n_easy; i++) {
        curl_multi_remove_handle(b->multi, b->easy[i]);
        curl_easy_cleanup(b->easy[i]);
    }
    curl_multi_cleanup(b->multi);
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        forget_event(b, fd);
    if (b->timer)
        event_free(b->timer);
    if (b->base)
        event_base_free(b->base);
    close(b->epoll);
}

/* As long as those of a signed webhook. */
static const char *const header_lines[] = {
    "Content-Type: application/json",
    "webhook-id: 0123456789abcdef_000_000000001234567",
    "webhook-timestamp: 1614265330",
    "webhook-signature: v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "Expect:",
};

/* Requests a second. */
static double measure(const struct variant *v, const struct order *o)
{
    struct bare *b = calloc(1, sizeof *b);
    char *body = malloc(o->bytes + 1);
    if (!b || !body)
        give_up("no memory");
    memset(body, 'x', o->bytes);
    b->body = body;
    b->body_bytes = o->bytes;
    b->amount = o->amount;
    for (size_t i = 0; i < sizeof header_lines / sizeof *header_lines; i++)
        b->headers = curl_slist_append(b->headers, header_lines[i]);
    open_bare(b, v, o);
    b->started = now_ns();
    for (unsigned i = 0; i < b->n_easy; i++)
        start(b, b->easy[i]);
    v->run(b);
    double rate = (double)b->done * 1e9 / (double)(now_ns() - b->started);
    printf("%-9s %9.0f requests/s", v->name, rate);
    printf(b->failed ? ", %ld failed\n" : "\n", b->failed);
    fflush(stdout);
    close_bare(b);
    curl_slist_free_all(b->headers);
    free(body);
    free(b);
    return rate;
}

/* --- arguments --- */

static bool parse_amount(const char *s, struct amount *out)
{
    char *end;
    double n = strtod(s, &end);
    bool seconds = strcmp(end, "s") == 0;
    if (end == s || n <= 0 || n > 1e9 || (*end && !seconds))
        return false;
    *out = seconds ? (struct amount){.ns = (int64_t)(n * 1e9)} : (struct amount){.requests = (long)n};
    return true;
}

static bool parse(int argc, char **argv, struct order *o)
{
    bool named = argc == 7 && strcmp(argv[5], "--variant") == 0;
    if (argc != 5 && !named)
        return false;
    long connections = atol(argv[3]), bytes = atol(argv[4]);
    if (connections < 1 || connections > CONNECTIONS_MAX || bytes < 1 || bytes > 1 << 20)
        return false;
    o->url = argv[1];
    o->connections = (unsigned)connections;
    o->bytes = (size_t)bytes;
    o->variant = named ? argv[6] : NULL;
    return parse_amount(argv[2], &o->amount);
}

int main(int argc, char **argv)
{
    struct order o = {0};
    const char *best = NULL;
    double most = 0;
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: bare_curl URL AMOUNT CONNECTIONS BYTES [--variant NAME]\n");
        return 2;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        give_up("libcurl cannot be set up");
    o.parsed = curl_url();
    if (curl_url_set(o.parsed, CURLUPART_URL, o.url, 0) != CURLUE_OK)
        give_up("the URL cannot be read");
    for (size_t i = 0; i < N_VARIANTS; i++) {
        if (o.variant && strcmp(o.variant, variants[i].name) != 0)
            continue;
        double rate = measure(&variants[i], &o);
        if (!best || rate > most) {
            best = variants[i].name;
            most = rate;
        }
    }
    if (!best)
        give_up("there is no such variant");
    printf("best      %9.0f requests/s, %s\n", most, best);
    curl_url_cleanup(o.parsed);
    curl_global_cleanup();
    return 0;
}
