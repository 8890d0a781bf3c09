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
#define ANSWER_SECONDS 120 /* for all but inputs, which may wait for the daemon's clock, and lists of any length */
#define HURRY_SECONDS 1
#define ANSWER_MAX ((size_t)64 << 20)
#define TOKEN_MAX 4096

struct client {
    CURL *curl;
    struct config *config; /* NULL with --url */
    const char *socket;    /* the Unix socket's path, in config; NULL with --url */
    char *base;            /* "http://localhost", without a slash at the end */
    char *authorization;   /* the header's line, or NULL */
    const struct ctl *ctl;
    char error[CURL_ERROR_SIZE];
    /* the request at hand */
    struct answer *answer;
    client_data_fn *data; /* takes the body of a 200 as it comes; NULL: it goes into the answer */
    void *data_arg;
    bool enough; /* data() wants no more */
    bool quiet;
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
    c->ctl = ctl;
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

void client_be_quiet(struct client *c, bool quiet)
{
    c->quiet = quiet;
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
    if (c->data && status == 200) {
        c->enough = !c->data(c->data_arg, p, n);
        return c->enough ? 0 : n;
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
    if (c->ctl->ca_file)
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ctl->ca_file);
    if (c->ctl->client_cert)
        curl_easy_setopt(c->curl, CURLOPT_SSLCERT, c->ctl->client_cert); /* PEM, and its key in the same file */
}

static void set_body(struct client *c, struct str body)
{
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
}

/* What to do where nobody answers on the Unix socket; libcurl's own words speak of a port. */
static int unreachable_socket(const struct client *c)
{
    const char *file = c->config->file;
    long number = 0;
    curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &number);
    int status = fail(EXIT_UNREADABLE, "cannot reach the daemon on %s: %s", c->socket,
                      number ? strerror((int)number) : "it cannot be connected to");
    if (number == EACCES || number == EPERM)
        say("run it as root or as the user that the daemon runs as, or over TCP with --url and --token-file");
    else if (number == ENOENT || number == ECONNREFUSED)
        say("is lifecertd running? systemctl start lifecertd, or lifecertd -c %s; the socket is the first unix: "
            "listener of that file, and -c names another",
            file);
    return status;
}

static int unreachable(const struct client *c, CURLcode code)
{
    const char *where = c->socket ? c->socket : c->base, *why = c->error[0] ? c->error : curl_easy_strerror(code);
    if (c->quiet)
        return EXIT_UNREADABLE;
    if (code == CURLE_COULDNT_CONNECT && c->socket)
        return unreachable_socket(c);
    int status = code == CURLE_COULDNT_CONNECT
                     ? fail(EXIT_UNREADABLE, "cannot reach the daemon on %s: %s", where, why)
                     : fail(EXIT_UNREADABLE, "no answer from the daemon on %s: %s", where, why);
    if (code == CURLE_COULDNT_CONNECT)
        say("is lifecertd running, and is this address in its configuration's `listen`?");
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        say("--ca-file names the authority that signed the daemon's certificate");
    return status;
}

static void take_position(const struct client *c, struct answer *a)
{
    struct curl_header *h;
    CURLHcode there = curl_easy_header(c->curl, "Lifecertd-Position", 0, CURLH_HEADER, -1, &h);
    snprintf(a->position, sizeof a->position, "%s", there == CURLHE_OK ? h->value : "");
}

static int perform(struct client *c, struct curl_slist *headers, struct answer *a)
{
    c->answer = a;
    c->error[0] = '\0';
    c->enough = false;
    buf_clear(&a->body);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(c->curl);
    curl_slist_free_all(headers);
    buf_addc(&a->body, '\0');
    a->body.n--;
    if (code != CURLE_OK && !c->enough)
        return unreachable(c, code);
    curl_off_t after = 0;
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &a->status);
    curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &after);
    a->retry_after = (long)after;
    take_position(c, a);
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
    c->data = NULL;
    set_target(c, method, path);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, c->ctl->hurry ? (long)HURRY_SECONDS : (long)ANSWER_SECONDS);
    if (body.p)
        set_body(c, body);
    return perform(c, common_headers(c, body.p ? "Content-Type: application/json" : NULL), a);
}

int client_get(struct client *c, const char *path, struct answer *a)
{
    int status = client_call(c, "GET", path, STR_NONE, a);
    if (status == EXIT_DONE && a->status != 200)
        status = client_problem(c, a, path);
    return status;
}

int client_get_stream(struct client *c, const char *path, client_data_fn *data, void *arg, struct answer *a)
{
    c->data = data;
    c->data_arg = arg;
    set_target(c, "GET", path);
    curl_easy_setopt(c->curl, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(c->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    int status = perform(c, common_headers(c, NULL), a);
    if (status == EXIT_DONE && a->status != 200)
        status = client_problem(c, a, path);
    return status;
}

/* In which language the daemon explains rejections; NULL: in its own. */
static const char *language_header(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"}; /* the first that is set counts */
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables && !(locale && *locale); i++)
        locale = getenv(variables[i]);
    if (!locale || strcspn(locale, "_.@") != 2)
        return NULL;
    if (strncmp(locale, "zh", 2) == 0)
        return "Accept-Language: zh";
    return strncmp(locale, "en", 2) == 0 ? "Accept-Language: en" : NULL;
}

int client_post_inputs(struct client *c, const struct inputs_post *post, struct answer *a)
{
    char stream[128];
    snprintf(stream, sizeof stream, "Lifecertd-Stream: %s", post->stream);
    c->data = post->data;
    c->data_arg = post->arg;
    set_target(c, "POST", "/v1/inputs");
    set_body(c, post->body);
    curl_easy_setopt(c->curl, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    curl_easy_setopt(c->curl, CURLOPT_BUFFERSIZE, 256L << 10);
    /* No limit on the time: the daemon reads no faster than it decides. A machine that is gone is noticed. */
    curl_easy_setopt(c->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    struct curl_slist *h = common_headers(c, "Content-Type: application/x-ndjson");
    h = curl_slist_append(h, stream);
    const char *language = language_header();
    if (language)
        h = curl_slist_append(h, language);
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

/* What to do where the daemon knows who asks, or does not, and will not have it. */
static void tell_not_allowed(const struct client *c, const struct answer *a)
{
    const char *file = c->ctl->token_file;
    if (c->socket)
        say("only root and the user that the daemon runs as may do this here: sudo, or --url with --token-file");
    else if (!file)
        say("a token is needed: --token-file FILE, which lifecertctl token new makes");
    else if (a->status == 401)
        say("the daemon does not know the token in %s: its sha256 belongs into a `token` of the configuration", file);
    else
        say("the token in %s has not got the role that this needs: see its `roles` in the configuration", file);
}

int client_problem(const struct client *c, const struct answer *a, const char *what)
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
        tell_not_allowed(c, a);
    else if (a->status == 429 || a->status == 503)
        say("try again in %ld s", a->retry_after > 0 ? a->retry_after : 1);
    return a->status >= 400 && a->status < 500 && a->status != 429 && !not_allowed ? EXIT_NO : EXIT_UNREADABLE;
}

int client_ask(struct ctl *ctl, int argc, char **argv, const char *path,
               void (*print)(const struct ctl *ctl, const char *json))
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
    if (status == EXIT_DONE)
        print(ctl, a.body.p);
    buf_done(&a.body);
    client_close(c);
    return status;
}
