#include "roster/vocab.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "roster/index.h"

#define ARENA_BYTES ((size_t)64 << 10)
#define FULL UINT32_MAX

/* A run of memory for texts, which stay where they are. */
struct arena {
    struct arena *before;
    size_t used, size;
    char bytes[];
};

struct vocab {
    uint32_t max, count;
    struct str *texts; /* texts[i] is number i + 1 */
    uint32_t cap;
    struct arena *arena;
    struct hash_index index; /* from a text's hash to its number less one */
};

static uint64_t hash_text(struct str s)
{
    return XXH3_64bits(s.p, s.n);
}

static void hashes_of(const void *vocab, const uint32_t *n, size_t count, uint64_t *hash)
{
    const struct vocab *v = vocab;
    for (size_t i = 0; i < count; i++)
        hash[i] = hash_text(v->texts[n[i]]);
}

static bool match(const void *vocab, uint32_t n, const void *sought)
{
    const struct vocab *v = vocab;
    return str_eq(v->texts[n], *(const struct str *)sought);
}

struct vocab *vocab_new(uint32_t max)
{
    assert(max < FULL);
    struct vocab *v = mem_zalloc(1, sizeof *v);
    v->max = max;
    hash_index_init(&v->index, hashes_of, v);
    return v;
}

void vocab_free(struct vocab *v)
{
    if (!v)
        return;
    hash_index_done(&v->index);
    for (struct arena *a = v->arena, *before; a; a = before) {
        before = a->before;
        free(a);
    }
    free(v->texts);
    free(v);
}

static char *keep(struct vocab *v, struct str s)
{
    struct arena *a = v->arena;
    if (!a || a->size - a->used < s.n) {
        size_t size = s.n > ARENA_BYTES ? s.n : ARENA_BYTES;
        a = mem_alloc(sizeof *a + size);
        *a = (struct arena){v->arena, 0, size};
        v->arena = a;
    }
    char *p = a->bytes + a->used;
    memcpy(p, s.p, s.n);
    a->used += s.n;
    return p;
}

static uint32_t add(struct vocab *v, struct str s, uint64_t hash)
{
    if (v->count == v->max)
        return FULL;
    if (v->count == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 16;
        v->texts = mem_resize(v->texts, v->cap, sizeof v->texts[0]);
    }
    v->texts[v->count] = (struct str){keep(v, s), s.n};
    hash_index_add(&v->index, hash, v->count);
    return ++v->count;
}

uint32_t vocab_find(const struct vocab *v, struct str s)
{
    uint32_t n = s.p ? hash_index_find(&v->index, hash_text(s), match, &s) : INDEX_NONE;
    return n == INDEX_NONE ? 0 : n + 1;
}

uint32_t vocab_intern(struct vocab *v, struct str s)
{
    if (!s.p)
        return 0;
    uint32_t number = vocab_find(v, s);
    return number ? number : add(v, s, hash_text(s));
}

struct str vocab_text(const struct vocab *v, uint32_t number)
{
    assert(number <= v->count);
    return number ? v->texts[number - 1] : STR_NONE;
}

uint32_t vocab_count(const struct vocab *v)
{
    return v->count;
}

/* The byte form: "LCRV", its version, how many texts; then each with its length before it. Numbers have four bytes,
 * little-endian. */
#define VOCAB_VERSION 1u

static const char magic[4] = {'L', 'C', 'R', 'V'};

static void add_u32(struct buf *out, uint32_t n)
{
    n = htole32(n);
    buf_add(out, &n, sizeof n);
}

void vocab_save(const struct vocab *v, struct buf *out)
{
    buf_add(out, magic, sizeof magic);
    add_u32(out, VOCAB_VERSION);
    add_u32(out, v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        add_u32(out, (uint32_t)v->texts[i].n);
        buf_addstr(out, v->texts[i]);
    }
}

/* Takes n bytes off the front of rest; NULL when there are fewer. */
static const char *take(struct str *rest, size_t n)
{
    if (rest->n < n)
        return NULL;
    const char *p = rest->p;
    rest->p += n;
    rest->n -= n;
    return p;
}

static bool take_u32(struct str *rest, uint32_t *out)
{
    const char *p = take(rest, sizeof *out);
    if (p) {
        memcpy(out, p, sizeof *out);
        *out = le32toh(*out);
    }
    return p;
}

static enum err load_text(struct vocab *v, struct str *rest, struct errmsg *msg)
{
    uint32_t n;
    if (!take_u32(rest, &n))
        return err_set(msg, ERR_DAMAGED, "a vocabulary ends within a length");
    struct str s = {take(rest, n), n};
    if (!s.p)
        return err_set(msg, ERR_DAMAGED, "a vocabulary ends within a text");
    uint32_t before = v->count;
    if (vocab_intern(v, s) != before + 1)
        return err_set(msg, ERR_DAMAGED, "a vocabulary holds a text twice or too many texts");
    return ERR_OK;
}

enum err vocab_load(struct vocab *v, const void *p, size_t n, struct errmsg *msg)
{
    assert(!v->count);
    struct str rest = {p, n};
    const char *found = take(&rest, sizeof magic);
    uint32_t version, count;
    if (!found || memcmp(found, magic, sizeof magic) != 0 || !take_u32(&rest, &version) || !take_u32(&rest, &count))
        return err_set(msg, ERR_DAMAGED, "this is not a vocabulary");
    if (version > VOCAB_VERSION)
        return err_set(msg, ERR_VERSION, "a vocabulary has version %u; this program knows %u", version, VOCAB_VERSION);
    if (version < VOCAB_VERSION)
        return err_set(msg, ERR_DAMAGED, "a vocabulary has version %u, which never was", version);
    for (uint32_t i = 0; i < count; i++) {
        enum err e = load_text(v, &rest, msg);
        if (e)
            return e;
    }
    return rest.n ? err_set(msg, ERR_DAMAGED, "a vocabulary goes on after its last text") : ERR_OK;
}
