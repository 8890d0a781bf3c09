#include "net/transfer_inside.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/guard.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unversioned"
#endif

#define READ_BYTES 8192L            /* libcurl's buffer, one an easy handle: answers are short */
#define KEPT_BODY ((size_t)8 << 10) /* more room than this is given back after the answer */

/* libcurl's own list, so that it need not be copied: the call's headers stand behind these. An empty value takes a
 * header out: no answer is waited for between head and body. */
#define EXPECT_BYTES ((size_t)512 << 10) /* libcurl asks first from a megabyte on */

static char user_agent[] = "User-Agent: lifecertd/" PACKAGE_VERSION;
static char no_type[] = "Content-Type:";
static char no_expect[] = "Expect:";

/* --- what all requests of a line share --- */

/* Just before a request is written; also before it is made anew, when a kept connection turned out to be dead. */
static int on_request(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct slot *s = arg;
    (void)to, (void)from, (void)to_port, (void)from_port;
    if (s->transfer->first_byte_ns)
        s->repeated = true;
    else
        s->transfer->first_byte_ns = clock_monotonic_ns();
    return CURL_PREREQFUNC_OK;
}

static void set_connection(CURL *easy, const struct transfer_line *l)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)l->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a name that is not found in time must not hold the loop */
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    /* Without one: the empty string, or the environment would be asked. */
    curl_easy_setopt(easy, CURLOPT_PROXY, l->proxy ? l->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_tls(CURL *easy, const struct transfer_line *l)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (l->ca_file) { /* in place of the system's, not beside them */
        curl_easy_setopt(easy, CURLOPT_CAINFO, l->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (l->client_cert) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, l->client_cert);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, l->client_cert);
    }
}

static void set_request(CURL *easy, struct slot *s)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, s);
    curl_easy_setopt(easy, CURLOPT_CURLU, s->url);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, s);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->error);
}

struct slot *slot_new(struct transfer_line *l)
{
    struct slot *s = mem_zalloc(1, sizeof *s);
    s->line = l;
    s->easy = curl_easy_init();
    s->url = curl_url();
    if (!s->easy || !s->url)
        mem_none("cannot make a request");
    set_connection(s->easy, l);
    set_tls(s->easy, l);
    set_request(s->easy, s);
    slot_tie_sockets(s);
    slot_tie_answer(s);
    return s;
}

void slot_free(struct slot *s)
{
    curl_easy_cleanup(s->easy);
    curl_url_cleanup(s->url);
    free(s->url_text);
    free(s->headers);
    buf_done(&s->body);
    buf_done(&s->allowed_origin);
    buf_done(&s->allowed_rate);
    free(s);
}

void slot_clear(struct slot *s)
{
    if (s->body.cap > KEPT_BODY)
        buf_done(&s->body);
}

/* --- the URL --- */

/* Does it name this host without asking anybody? */
static bool is_localhost(const char *host)
{
    size_t n = strlen(host), m = strlen("localhost");
    return n >= m && strcasecmp(host + n - m, "localhost") == 0 && (n == m || host[n - m - 1] == '.');
}

/* An address as text, in any of the ways in which one can be written, and not a public one? */
static bool is_private_literal(const char *host)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    bool private = !guard_is_public(found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return private;
}

/* Behind a proxy the guard sees no address, so at least what stands in the URL is looked at, as libcurl reads it. */
static bool check_literal(struct slot *s, char *host)
{
    host += *host == '[';
    for (size_t n = strlen(host); n && strchr("].", host[n - 1]); n--)
        host[n - 1] = '\0';
    if (*host && !is_localhost(host) && !is_private_literal(host))
        return true;
    snprintf(s->not_allowed, sizeof s->not_allowed, "%s", host);
    return false;
}

/* A name in other letters than ASCII's means what the process's locale says: one that is written as "xn--..." means the
 * same everywhere. */
static bool check_host(struct slot *s)
{
    char *host;
    if (curl_url_get(s->url, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        snprintf(s->error, sizeof s->error, "the URL cannot be read: it has no host");
        return false;
    }
    bool ascii = true, literal_allowed = true;
    for (const char *c = host; *c; c++)
        ascii &= (unsigned char)*c < 0x80;
    if (!ascii)
        snprintf(s->error, sizeof s->error, "the URL's host is not in ASCII: expected its xn-- form");
    else if (s->line->proxy && !s->line->allow_private)
        literal_allowed = check_literal(s, host);
    curl_free(host);
    return ascii && literal_allowed;
}

static bool set_url(struct slot *s, const char *url)
{
    if (s->url_text && strcmp(s->url_text, url) == 0)
        return true;
    free(s->url_text);
    s->url_text = NULL;
    CURLUcode code = curl_url_set(s->url, CURLUPART_URL, url, 0);
    if (code != CURLUE_OK) {
        snprintf(s->error, sizeof s->error, "the URL cannot be read: %s", curl_url_strerror(code));
        return false;
    }
    if (!check_host(s))
        return false;
    s->url_text = mem_strdup(url);
    return true;
}

/* --- the rest of a request --- */

static void set_method(struct slot *s, const char *method, bool with_body)
{
    if (s->method && strcmp(s->method, method) == 0 && s->with_body == with_body)
        return;
    s->method = method;
    s->with_body = with_body;
    curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L); /* undoes what the one before was */
    if (with_body)
        curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
    else if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(s->easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_body(struct slot *s, const struct buf *body)
{
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, body->n ? body->p : "");
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
}

static void set_once(struct slot *s, bool once)
{
    if (s->once == once)
        return;
    s->once = once;
    curl_easy_setopt(s->easy, CURLOPT_FRESH_CONNECT, once ? 1L : 0L);
    curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, once ? 1L : 0L);
}

/* libcurl formats headers byte by byte, what is set by options twice, and goes through the list for each of its own: so
 * there are no more than are needed. A body of nothing has no type, or it would say that it is a form; a long one would
 * wait for leave to be sent. */
static void set_headers(struct slot *s, const struct call *c)
{
    unsigned n = 0, most = c->n_headers + 3;
    if (s->n_headers < most) {
        s->headers = mem_resize(s->headers, most, sizeof *s->headers);
        s->n_headers = most;
    }
    char *at = c->headers.p;
    for (; n < c->n_headers; at += strlen(at) + 1)
        s->headers[n++].data = at;
    s->headers[n++].data = user_agent;
    if (!c->body.n)
        s->headers[n++].data = no_type;
    if (c->body.n >= EXPECT_BYTES)
        s->headers[n++].data = no_expect;
    for (unsigned i = 0; i < n; i++)
        s->headers[i].next = i + 1 < n ? &s->headers[i + 1] : NULL;
    curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
}

bool slot_fill(struct slot *s, struct transfer *t)
{
    const struct call *c = t->call;
    if (!set_url(s, c->url.p))
        return false;
    bool with_body = c->body.n > 0 || strcmp(c->method, "POST") == 0 || strcmp(c->method, "PUT") == 0;
    set_method(s, c->method, with_body);
    if (with_body)
        set_body(s, &c->body);
    set_once(s, c->once);
    set_headers(s, c);
    return true;
}
