#include "daemon/delivery_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tz.h"

#define FLUSH_BYTES (64 * 1024)

void delivery_log_init(struct delivery_log *l, bool sharded, unsigned shard)
{
    *l = (struct delivery_log){.fd = -1, .sharded = sharded, .shard = shard};
}

enum err delivery_log_open(struct delivery_log *l, const char *file, struct errmsg *msg)
{
    int fd = -1;
    if (file && (fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)) < 0)
        return err_set(msg, ERR_IO, "%s: the delivery log cannot be opened: %m", file);
    delivery_log_flush(l);
    if (l->fd >= 0)
        close(l->fd);
    l->fd = fd;
    return ERR_OK;
}

void delivery_log_done(struct delivery_log *l)
{
    delivery_log_flush(l);
    if (l->fd >= 0)
        close(l->fd);
    buf_done(&l->lines);
}

void delivery_log_flush(struct delivery_log *l)
{
    for (size_t at = 0; at < l->lines.n && l->fd >= 0;) {
        ssize_t n = write(l->fd, l->lines.p + at, l->lines.n - at);
        if (n < 0) {
            log_line(LOG_LEVEL_WARNING, "delivery-log", "error=\"%m\" lost_bytes=%zu", l->lines.n - at);
            break; /* what became of deliveries is in the state: a full disk stops no message */
        }
        at += (size_t)n;
    }
    buf_clear(&l->lines);
}

static void write_pairs(const struct delivery_log *l, struct buf *b, const struct deliver_said *s)
{
    char quoted[700];
    if (l->sharded)
        buf_printf(b, "shard=%u ", l->shard);
    buf_printf(b, "endpoint=%s", s->endpoint);
    if (s->seq)
        buf_printf(b, " seq=%" PRIu64 " type=%.*s attempt=%" PRIu32, s->seq, (int)s->type.n, s->type.p, s->attempts);
    if (s->replay)
        BUF_LIT(b, " replay=true");
    if (s->status)
        buf_printf(b, " status=%d", s->status);
    if (s->milliseconds >= 0)
        buf_printf(b, " ms=%" PRId64, s->milliseconds);
    if (s->phone[0])
        buf_printf(b, " phone=%s", s->phone);
    if (s->why[0])
        buf_printf(b, " why=%s", log_quote(s->why, quoted, sizeof quoted));
}

static void write_time(struct buf *b, const char *key, int64_t ms)
{
    char text[25];
    instant_format(ms / 1000, 0, text);
    buf_printf(b, "%s=%.19s.%03dZ ", key, text, (int)(ms % 1000));
}

/* What operators should know of without looking for it. */
static int level_of(enum deliver_word w)
{
    switch (w) {
    case SAID_DEAD:
    case SAID_UNKNOWN:
    case SAID_OPENED:
    case SAID_PAUSED:
    case SAID_REFUSED:
        return LOG_LEVEL_WARNING;
    case SAID_RESUMED:
    case SAID_CLOSED:
        return LOG_LEVEL_NOTICE;
    default:
        return LOG_LEVEL_DEBUG;
    }
}

static void tell(const struct delivery_log *l, const struct deliver_said *s)
{
    struct buf pairs = BUF_INIT;
    char event[32];
    write_pairs(l, &pairs, s);
    snprintf(event, sizeof event, "delivery-%s", deliver_word_text(s->word));
    log_line(level_of(s->word), event, "%.*s", (int)pairs.n, pairs.p);
    buf_done(&pairs);
}

void delivery_log_say(struct delivery_log *l, const struct deliver_said *s, int64_t now_ms)
{
    if (level_of(s->word) < LOG_LEVEL_DEBUG)
        tell(l, s);
    if (l->fd < 0)
        return;
    write_time(&l->lines, "time", now_ms);
    buf_printf(&l->lines, "event=%s ", deliver_word_text(s->word));
    if (s->word == SAID_RETRY || s->word == SAID_DEFERRED)
        write_time(&l->lines, "next", s->next_at);
    write_pairs(l, &l->lines, s);
    buf_addc(&l->lines, '\n');
    if (l->lines.n >= FLUSH_BYTES)
        delivery_log_flush(l);
}
