#include "http/server/handshake.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "base/buf.h"

struct handshake {
    struct handshakes *all;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct watch *readable; /* while it is suspended; else NULL */
    bool heard, said;       /* the client's Finished, and ours */
    TAILQ_ENTRY(handshake) links;
};

struct handshakes {
    struct loop *loop;
    void (*woken)(void *arg);
    void *arg;
    TAILQ_HEAD(, handshake) awake, resting;
};

struct handshakes *handshakes_new(struct loop *l, void (*woken)(void *arg), void *arg)
{
    struct handshakes *all = mem_alloc(sizeof *all);
    *all = (struct handshakes){.loop = l, .woken = woken, .arg = arg};
    TAILQ_INIT(&all->awake);
    TAILQ_INIT(&all->resting);
    return all;
}

void handshakes_free(struct handshakes *all)
{
    free(all);
}

static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    struct handshake *h = gnutls_db_get_ptr(session);
    (void)type, (void)when, (void)message;
    if (h && incoming)
        h->heard = true;
    else if (h)
        h->said = true;
    return 0;
}

void handshake_begin(struct handshakes *all, struct MHD_Connection *connection, struct peer *p)
{
    struct handshake *h = mem_alloc(sizeof *h);
    *h = (struct handshake){.all = all, .connection = connection, .peer = p};
    TAILQ_INSERT_TAIL(&all->awake, h, links);
    p->handshake = h;
    gnutls_db_set_ptr(p->tls, h); /* sessions are not kept, so that this pointer is free */
    gnutls_handshake_set_hook_function(p->tls, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
}

/* The session may be gone already. */
void handshake_end(struct peer *p)
{
    struct handshake *h = p->handshake;
    if (!h)
        return;
    if (h->readable)
        TAILQ_REMOVE(&h->all->resting, h, links);
    else
        TAILQ_REMOVE(&h->all->awake, h, links);
    watch_free(h->readable);
    p->handshake = NULL;
    free(h);
}

static void wake(struct handshake *h)
{
    TAILQ_REMOVE(&h->all->resting, h, links);
    TAILQ_INSERT_TAIL(&h->all->awake, h, links);
    watch_free(h->readable);
    h->readable = NULL;
    MHD_resume_connection(h->connection);
}

static void on_readable(void *arg)
{
    struct handshake *h = arg;
    struct handshakes *all = h->all;
    wake(h);
    all->woken(all->arg);
}

static void rest(struct handshake *h)
{
    MHD_suspend_connection(h->connection);
    TAILQ_REMOVE(&h->all->awake, h, links);
    TAILQ_INSERT_TAIL(&h->all->resting, h, links);
    h->readable = watch_readable(h->all->loop, h->peer->fd, on_readable, h);
}

void handshakes_rest(struct handshakes *all)
{
    for (struct handshake *h = TAILQ_FIRST(&all->awake), *next; h; h = next) {
        next = TAILQ_NEXT(h, links);
        if (!h->heard || !h->said) {
            rest(h);
            continue;
        }
        gnutls_db_set_ptr(h->peer->tls, NULL);
        handshake_end(h->peer);
    }
}

void handshakes_wake(struct handshakes *all)
{
    for (struct handshake *h; (h = TAILQ_FIRST(&all->resting));)
        wake(h);
}
