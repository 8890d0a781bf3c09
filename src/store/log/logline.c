#include "store/log/logline.h"

static const char digits[] = "0123456789abcdef";

void hex_add(struct buf *b, const unsigned char *p, size_t n)
{
    char *out = buf_room(b, 2 * n);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    b->n += 2 * n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool hex_parse(const char *p, unsigned char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(p[2 * i]), low = hex_digit(p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

void log_header_add(struct buf *b, const struct log_header *h)
{
    buf_printf(b, "{\"lifecertd\":\"log\",\"version\":%d,\"first\":", LOG_VERSION);
    buf_add_u64(b, h->first);
    BUF_LIT(b, ",\"previous\":\"");
    hex_add(b, h->previous, SEAL_HASH);
    BUF_LIT(b, "\"}\n");
}

void log_seal_add(struct buf *b, const struct seal *s)
{
    BUF_LIT(b, "{\"seal\":");
    buf_add_u64(b, s->seq);
    BUF_LIT(b, ",\"sha256\":\"");
    hex_add(b, s->hash, SEAL_HASH);
    BUF_LIT(b, "\"}\n");
}

/* Takes text off the front of *s. */
static bool take(struct str *s, const char *text)
{
    size_t n = strlen(text);
    if (s->n < n || memcmp(s->p, text, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

/* A number as we write it: at most 19 digits, no leading zero. */
static bool take_number(struct str *s, uint64_t *out)
{
    uint64_t v = 0;
    size_t n = 0;
    while (n < s->n && n < 19 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    if (n == 0 || (n > 1 && s->p[0] == '0'))
        return false;
    s->p += n;
    s->n -= n;
    *out = v;
    return true;
}

static bool take_hash(struct str *s, unsigned char out[SEAL_HASH])
{
    if (s->n < 2 * SEAL_HASH || !hex_parse(s->p, out, SEAL_HASH))
        return false;
    s->p += 2 * SEAL_HASH;
    s->n -= 2 * SEAL_HASH;
    return true;
}

enum err log_header_parse(struct str line, struct log_header *out)
{
    struct log_header h;
    uint64_t version;
    if (!take(&line, "{\"lifecertd\":\"log\",\"version\":") || !take_number(&line, &version))
        return ERR_DAMAGED;
    if (version > LOG_VERSION)
        return ERR_VERSION;
    if (version != LOG_VERSION || !take(&line, ",\"first\":") || !take_number(&line, &h.first) ||
        !take(&line, ",\"previous\":\"") || !take_hash(&line, h.previous) || !take(&line, "\"}") || line.n)
        return ERR_DAMAGED;
    *out = h;
    return ERR_OK;
}

bool log_seal_parse(struct str line, struct seal *out)
{
    struct seal s;
    if (!take(&line, "{\"seal\":") || !take_number(&line, &s.seq) || !take(&line, ",\"sha256\":\"") ||
        !take_hash(&line, s.hash) || !take(&line, "\"}") || line.n)
        return false;
    *out = s;
    return true;
}
