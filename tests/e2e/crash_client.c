#include "tests/e2e/crash_client.h"

#include <stdio.h>

#include "store/store.h"

void crash_client_init(struct crash_client *c, struct node *n)
{
    *c = (struct crash_client){.node = n};
    book_init(&c->book);
}

void crash_client_done(struct crash_client *c)
{
    book_done(&c->book);
    reply_done(&c->reply);
    buf_done(&c->text);
}

unsigned crash_pick_again(struct crash_client *c, uint32_t *picked, unsigned max)
{
    struct book *b = &c->book;
    unsigned n = 0;
    while (c->first_open < b->n_deeds && b->deeds[c->first_open].answered)
        c->first_open++;
    for (uint32_t i = c->first_open; i < b->n_deeds && n < max; i++)
        if (!b->deeds[i].answered)
            picked[n++] = i;
    b->again += n;
    return n;
}

/* Whole lines of the answer, each to its input; an answer that breaks off has as many as came. */
static void take_answers(struct crash_client *c, const uint32_t *picked, unsigned n)
{
    struct str body = {c->reply.body.p, c->reply.body.n};
    for (unsigned i = 0; i < n; i++) {
        const char *newline = body.n ? memchr(body.p, '\n', body.n) : NULL;
        if (!newline)
            return;
        size_t length = (size_t)(newline - body.p);
        book_answer(&c->book, picked[i], (struct str){body.p, length});
        body.p += length + 1;
        body.n -= length + 1;
    }
}

bool crash_send(struct crash_client *c, struct client *connection, const uint32_t *picked, unsigned n)
{
    const char *type = n == 1 ? "Content-Type: application/json\r\n" : "Content-Type: application/x-ndjson\r\n";
    buf_clear(&c->text);
    for (unsigned i = 0; i < n; i++)
        book_write(&c->book, picked[i], &c->text);
    client_request(connection, "POST", "/v1/inputs", type, buf_str(&c->text), &c->reply);
    if (c->reply.status != 503) /* too much is queued, or it is stopping: nothing was taken */
        take_answers(c, picked, n);
    return c->reply.status != 0;
}

void crash_send_open(struct crash_client *c)
{
    uint32_t picked[BODY_MAX];
    struct client *connection = client_new(c->node->socket);
    if (!connection)
        bail_out("nobody listens on %s", c->node->socket);
    for (unsigned n; (n = crash_pick_again(c, picked, BODY_MAX)) > 0;)
        if (!crash_send(c, connection, picked, n) || (c->reply.status != 200 && c->reply.status != 422))
            bail_out("the daemon answers %d", c->reply.status);
    client_free(connection);
}

bool crash_check(struct crash_client *c)
{
    char after[24];
    const char *const argv[] = {"lifecertctl", "-c", c->node->config, "events", "--after", after, NULL};
    snprintf(after, sizeof after, "%" PRIu64, c->book.n_log);
    if (run_program(argv, &c->text) != 0) {
        snprintf(c->book.fault, sizeof c->book.fault, "%.500s", c->text.p);
        return false;
    }
    return book_read_log(&c->book, buf_str(&c->text)) && book_check_answers(&c->book);
}

static bool is_text(struct str s, const char *text)
{
    return text[0] ? str_is(s, text) : !s.p || s.n == 0;
}

static bool contact_is_right(struct crash_client *c, struct store *store, uint32_t person)
{
    struct contact contact;
    struct errmsg msg = {""};
    char id[16], name[32], phone[32], by[32];
    book_id(person, id);
    book_contact(&c->book, person, name, phone, by);
    buf_clear(&c->text);
    if (store_contact(store, c->book.humans[person].number, str_of(id), &c->text, &contact, &msg) == ERR_OK &&
        is_text(contact.name, name) && is_text(contact.phone, phone) && is_text(contact.by, by))
        return true;
    diag("%s should have %s, %s, %s: %s", id, name, phone, by, msg.text);
    return false;
}

unsigned crash_wrong_contacts(struct crash_client *c, bool simulated)
{
    char uri[128];
    struct errmsg msg;
    struct store *store;
    struct store_options o = {.simulated = simulated};
    struct store_opened opened;
    unsigned wrong = 0;
    snprintf(uri, sizeof uri, "dir:%s/store", c->node->dir);
    if (store_open(uri, STORE_WRITE, &o, &store, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (uint32_t i = 0; i < c->book.n_humans && wrong < 10; i++)
        wrong += c->book.humans[i].enrolled && !contact_is_right(c, store, i);
    store_close(store);
    return wrong;
}
