#include "tests/chaos/hand.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "shards/set.h"

#define TIMEOUT_MS 3000
#define GIVES_UP 20 /* one in so many failures is not repeated */

void hand_init(struct hand *w, struct load *l, unsigned number)
{
    *w = (struct hand){.load = l, .number = number, .rng = rng_seed(l->seed + 1000 * (number + 1))};
    w->curl = curl_easy_init();
    if (!w->curl)
        bail_out("no libcurl");
}

void hand_done(struct hand *w)
{
    curl_easy_cleanup(w->curl);
    buf_done(&w->answer);
    buf_done(&w->body);
}

unsigned hand_below(struct hand *w, unsigned n)
{
    return (unsigned)rng_below(&w->rng, n);
}

void hand_wait(unsigned ms)
{
    poll(NULL, 0, (int)ms);
}

/* --- HTTP --- */

static size_t take(char *p, size_t size, size_t n, void *arg)
{
    struct hand *w = arg;
    buf_add(&w->answer, p, size * n);
    return size * n;
}

static long perform(struct hand *w, unsigned daemon, const char *target, struct curl_slist *headers, unsigned ms)
{
    char url[256];
    long status = 0;
    snprintf(url, sizeof url, "http://d%u%s", daemon, target);
    buf_clear(&w->answer);
    curl_easy_setopt(w->curl, CURLOPT_URL, url);
    curl_easy_setopt(w->curl, CURLOPT_UNIX_SOCKET_PATH, w->load->stage->daemons[daemon]->socket);
    curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(w->curl, CURLOPT_TIMEOUT_MS, (long)ms);
    curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(w->curl, CURLOPT_WRITEDATA, w);
    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, headers);
    if (curl_easy_perform(w->curl) == CURLE_OK)
        curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
    *buf_room(&w->answer, 1) = '\0';
    return status;
}

long hand_get(struct hand *w, unsigned daemon, const char *target)
{
    curl_easy_setopt(w->curl, CURLOPT_HTTPGET, 1L);
    return perform(w, daemon, target, NULL, TIMEOUT_MS);
}

/* --- bodies --- */

void body_begin(struct hand *w)
{
    buf_clear(&w->body);
    w->n_lines = 0;
    w->n_bodies++;
}

void body_add(struct hand *w, const char *op, const char *id, const char *members, const char *mark)
{
    bool unit = strcmp(op, "unit") == 0;
    char key[KEY_MAX];
    size_t at = w->body.n;
    snprintf(key, sizeof key, "%s %s%s%s", id, op, *mark ? " " : "", mark);
    buf_printf(&w->body, "{\"op\":\"%s\",\"%s\":\"%s\"%s}", op, unit ? "unit" : "id", id, members);
    struct str line = {w->body.p + at, w->body.n - at};
    w->places[w->n_lines++] = book_add(&w->load->book, shard_of(str_of(id), SHARDS), line, key);
    buf_addc(&w->body, '\n');
}

/* An answer that breaks off has as many lines as came: the rest is asked for again. */
static bool take_answers(struct hand *w)
{
    char *p = w->answer.p;
    bool all = true, stranger;
    for (unsigned i = 0; i < w->n_lines; i++) {
        char *newline = strchr(p, '\n');
        if (!newline)
            return false;
        *newline = '\0';
        all &= book_answer(&w->load->book, w->places[i], p, &stranger);
        if (stranger && atomic_fetch_add(&w->load->strange, 1) < 5)
            diag("an answer that should not be: %.300s", p);
        p = newline + 1;
    }
    return all;
}

bool body_send(struct hand *w, unsigned daemon, unsigned timeout_ms)
{
    char key[64];
    snprintf(key, sizeof key, "Idempotency-Key: %u-%" PRIu64, w->number, w->n_bodies);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
    headers = curl_slist_append(headers, key);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(w->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, w->body.p);
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDSIZE, (long)w->body.n);
    long status = perform(w, daemon, "/v1/inputs", headers, timeout_ms);
    curl_slist_free_all(headers);
    if (status != 200 && status != 503 && status != 0 && atomic_fetch_add(&w->load->strange, 1) < 5)
        diag("a status that should not be: %ld: %.300s", status, w->answer.p);
    return status == 200 && take_answers(w);
}

void body_deliver(struct hand *w, bool may_give_up)
{
    while (!body_send(w, hand_below(w, DAEMONS), TIMEOUT_MS)) {
        if (may_give_up && hand_below(w, GIVES_UP) == 0) {
            atomic_fetch_add(&w->load->given_up, 1);
            return;
        }
        atomic_fetch_add(&w->load->repeated, 1);
        hand_wait(20 + hand_below(w, 200));
    }
}
