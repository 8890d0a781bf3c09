#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CONNECT_SECONDS 10
#define ANSWER_SECONDS 120 /* for all but inputs, which may wait for the daemon's clock */
#define ANSWER_MAX ((size_t)64 << 20)
#define TOKEN_MAX 4096

struct client {
    CURL *curl;
    struct config *config; /* NULL with --url */
    const char *socket;    /* the Unix socket's path, in config; NULL with --url */
    char *base;            /* "http://localhost", without a slash at the end */
    char *authorization;   /* the header's line, or NULL */
    char error[CURL_ERROR_SIZE];
    /* the request at hand */
    struct answer *answer;
    const struct inputs_post *post;
};

/* --- opening --- */

static const char *unix_listener(const struct config *c)
{
    for (unsigned i = 0; i < c->n_listen; i++) {
        if (strncmp(c->listen[i], "unix:", 5) == 0)
            return c->listen[i] + 5;
    }
    return NULL;
}

static int open_socket(const struct ctl *ctl, struct client *c)
{
    int status = ctl_config(ctl, &c->config);
    if (status)
        return status;
    c->socket = unix_listener(c->config);
    if (!c->socket)
        return fail(EXIT_UNREADABLE, "%s has no unix: listener; name the daemon's address with --url and --token-file",
                    c->config->file);
    c->base = mem_strdup("http://localhost");
    return EXIT_DONE;
}

static bool only_printable(const char *s)
{
    for (; *s; s++) {
        if (*s <= ' ' || *s > '~')
            return false;
    }
    return true;
}

static int use_token(struct client *c, const char *file, FILE *f)
{
    char token[TOKEN_MAX] = "";
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || (st.st_mode & S_IRWXO))
        return fail(EXIT_UNREADABLE, "%s may be read by others: chmod o= %s", file, file);
    if (!fgets(token, sizeof token, f))
        token[0] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    if (!*token || !only_printable(token))
        return fail(EXIT_UNREADABLE, "%s: expected a token on its first line, in printable ASCII without spaces", file);
    struct buf line = BUF_INIT;
    buf_printf(&line, "Authorization: Bearer %s", token);
    buf_addc(&line, '\0');
    c->authorization = line.p;
    return EXIT_DONE;
}

static int open_url(const struct ctl *ctl, struct client *c)
{
    c->base = mem_strdup(ctl->url);
    for (size_t n = strlen(c->base); n && c->base[n - 1] == '/'; n--)
        c->base[n - 1] = '\0';
    if (!ctl->token_file)
        return EXIT_DONE;
    FILE *f = fopen(ctl->token_file, "re");
    if (!f)
        return fail(EXIT_UNREADABLE, "%s: %s", ctl->token_file, strerror(errno));
    int status = use_token(c, ctl->token_file, f);
    fclose(f);
    return status;
}

int client_open(const struct ctl *ctl, struct client **out)
{
    if (ctl->token_file && !ctl->url)
        return fail(EXIT_MISUSE, "--token-file is for --url; on the Unix socket your uid is what counts");
    struct client *c = mem_zalloc(1, sizeof *c);
    int status = ctl->url ? open_url(ctl, c) : open_socket(ctl, c);
    if (status == EXIT_DONE) {
        c->curl = curl_easy_init();
        if (!c->curl)
            status = fail(EXIT_UNREADABLE, "libcurl cannot be set up");
    }
    if (status)
        client_close(c);
    else
        *out = c;
    return status;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    config_free(c->config);
    free(c->base);
    free(c->authorization);
    free(c);
}

const struct config *client_config(const struct client *c)
{
    return c->config;
}

/* --- one request --- */

static size_t take_body(char *p, size_t one, size_t n, void *arg)
{
    struct client *c = arg;
    long status = 0;
    (void)one; /* always 1 */
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (c->post && status == 200) {
        c->post->data(c->post->arg, p, n);
        return n;
    }
    if (c->answer->body.n + n > ANSWER_MAX)
        return 0;
    buf_add(&c->answer->body, p, n);
    return n;
}

static void set_target(struct client *c, const char *method, const char *path)
{
    struct buf url = BUF_INIT;
    buf_printf(&url, "%s%s", c->base, path);
    buf_addc(&url, '\0');
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, url.p);
    buf_done(&url);
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    if (c->socket) {
        curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
        curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*"); /* no proxy knows our socket */
    }
}

static void set_body(struct client *c, struct str body)
{
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
}

/* On a Unix socket libcurl's own words speak of a port. */
static const char *connect_error(const struct client *c)
{
    long number = 0;
    curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &number);
    return number ? strerror((int)number) : "it cannot be connected to";
}

static int unreachable(const struct client *c, CURLcode code)
{
    const char *where = c->socket ? c->socket : c->base, *why = c->error[0] ? c->error : curl_easy_strerror(code);
    if (code != CURLE_COULDNT_CONNECT)
        return fail(EXIT_UNREADABLE, "no answer from the daemon on %s: %s", where, why);
    if (!c->socket)
        return fail(EXIT_UNREADABLE, "cannot reach the daemon: %s", why);
    return fail(EXIT_UNREADABLE, "cannot reach the daemon on %s: %s; is lifecertd running, with %s?", where,
                connect_error(c), c->config->file);
}

static int perform(struct client *c, struct curl_slist *headers, struct answer *a)
{
    c->answer = a;
    c->error[0] = '\0';
    buf_clear(&a->body);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(c->curl);
    curl_slist_free_all(headers);
    buf_addc(&a->body, '\0');
    a->body.n--;
    if (code != CURLE_OK)
        return unreachable(c, code);
    curl_off_t after = 0;
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &a->status);
    curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &after);
    a->retry_after = (long)after;
    return EXIT_DONE;
}

static struct curl_slist *common_headers(const struct client *c, const char *content_type)
{
    /* An empty Expect: the body goes out at once, not after a question that costs a round trip. */
    struct curl_slist *h = curl_slist_append(NULL, "Expect:");
    if (content_type)
        h = curl_slist_append(h, content_type);
    return c->authorization ? curl_slist_append(h, c->authorization) : h;
}

int client_call(struct client *c, const char *method, const char *path, struct str body, struct answer *a)
{
    c->post = NULL;
    set_target(c, method, path);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)ANSWER_SECONDS);
    if (body.p)
        set_body(c, body);
    return perform(c, common_headers(c, body.p ? "Content-Type: application/json" : NULL), a);
}

int client_get(struct client *c, const char *path, struct answer *a)
{
    int status = client_call(c, "GET", path, STR_NONE, a);
    if (status == EXIT_DONE && a->status != 200)
        status = client_problem(a, path);
    return status;
}

int client_post_inputs(struct client *c, const struct inputs_post *post, struct answer *a)
{
    char stream[128];
    snprintf(stream, sizeof stream, "Lifecertd-Stream: %s", post->stream);
    c->post = post;
    set_target(c, "POST", "/v1/inputs");
    set_body(c, post->body);
    curl_easy_setopt(c->curl, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    curl_easy_setopt(c->curl, CURLOPT_BUFFERSIZE, 256L << 10);
    /* No limit on the time: the daemon reads no faster than it decides. A machine that is gone is noticed. */
    curl_easy_setopt(c->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    struct curl_slist *h = common_headers(c, "Content-Type: application/x-ndjson");
    h = curl_slist_append(h, stream);
    if (post->last)
        h = curl_slist_append(h, "Lifecertd-Stream-End: yes");
    return perform(c, h, a);
}

/* --- answers --- */

void client_print(const struct answer *a)
{
    bool ended = a->body.n && a->body.p[a->body.n - 1] == '\n';
    printf("%s%s", a->body.p, ended ? "" : "\n");
}

int client_problem(const struct answer *a, const char *what)
{
    struct json *j = json_parse(a->body.p);
    const char *detail = json_text(j, "detail"), *member = json_text(j, "member");
    struct buf b = BUF_INIT;
    if (!detail)
        detail = json_text(j, "title");
    if (member) {
        text_add_safe(&b, member);
        BUF_LIT(&b, ": ");
    }
    text_add_safe(&b, detail ? detail : "refused without saying why");
    say("%s: %.*s (HTTP %ld)", what, (int)b.n, b.p, a->status);
    buf_done(&b);
    json_free(j);
    bool not_allowed = a->status == 401 || a->status == 403;
    if (not_allowed)
        say("give a token with the role that this needs (--token-file), or run it as root or the daemon's own user");
    return a->status >= 400 && a->status < 500 && !not_allowed ? EXIT_NO : EXIT_UNREADABLE;
}

void path_add(struct buf *path, const char *s)
{
    char *encoded = curl_easy_escape(NULL, s, (int)strlen(s));
    if (encoded)
        buf_adds(path, encoded);
    curl_free(encoded);
}

int client_ask(struct ctl *ctl, int argc, char **argv, const char *path, void (*print)(const char *json))
{
    struct client *c;
    struct answer a = {0};
    int status = options_read(ctl, NULL, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    status = client_open(ctl, &c);
    if (status)
        return status;
    status = client_get(c, path, &a);
    if (status == EXIT_DONE && ctl->json)
        client_print(&a);
    else if (status == EXIT_DONE)
        print(a.body.p);
    buf_done(&a.body);
    client_close(c);
    return status;
}
