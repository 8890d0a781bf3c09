#include "roster/ids.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

#define MODEL 40000

struct model {
    char text[MODEL][ID_CHARS_MAX];
    uint8_t n[MODEL];
};

static struct str model_id(const struct model *m, uint32_t n)
{
    return (struct str){m->text[n], m->n[n]};
}

static void append(struct ids *ids, struct model *m, struct str id)
{
    struct id_key key;
    memcpy(m->text[ids->count], id.p, id.n);
    m->n[ids->count] = (uint8_t)id.n;
    ids_key(ids, id, &key);
    ids_append(ids, &key);
}

/* Whether number n reads back as the model has it, and is told from a neighbour. */
static bool reads_back(const struct ids *ids, const struct model *m, uint32_t n)
{
    char text[ID_CHARS_MAX];
    struct id_key key, other;
    struct str want = model_id(m, n);
    if (!str_eq((struct str){text, ids_text(ids, n, text)}, want))
        return false;
    ids_key(ids, want, &key);
    uint32_t neighbour = n ? n - 1 : ids->count - 1;
    ids_key(ids, model_id(m, neighbour), &other);
    bool same = str_eq(want, model_id(m, neighbour));
    return ids_equal(ids, n, &key) && ids_hash(ids, n) == key.hash && ids_equal(ids, n, &other) == same;
}

static int wrong_ids(const struct ids *ids, const struct model *m)
{
    int wrong = 0;
    for (uint32_t n = 0; n < ids->count; n++)
        wrong += !reads_back(ids, m, n);
    return wrong;
}

/* Parses the stored bytes of everything from `first` on. */
static int wrong_stored(const struct ids *ids, const struct model *m, uint32_t first, uint32_t count)
{
    size_t n;
    const uint8_t *p = ids_stored(ids, first, count, &n), *end = p + n;
    struct id_key group, key, want;
    int wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t used = ids_parse(ids, p, (size_t)(end - p), i % IDS_GROUP ? &group : NULL, &key);
        if (!used)
            return -1;
        p += used;
        if (i % IDS_GROUP == 0)
            group = key;
        ids_key(ids, model_id(m, first + i), &want);
        wrong += key.hash != want.hash || key.n != want.n || memcmp(key.form, want.form, key.n) != 0;
    }
    return p == end ? wrong : -1;
}

typedef struct str maker(struct rng *g, uint32_t n, char out[ID_CHARS_MAX]);

static struct str counting(struct rng *g, uint32_t n, char out[ID_CHARS_MAX])
{
    (void)g;
    char text[32];
    int length = snprintf(text, sizeof text, "330902-%07u", n);
    memcpy(out, text, (size_t)length);
    return (struct str){out, (size_t)length};
}

static struct str digits(struct rng *g, uint32_t n, char out[ID_CHARS_MAX])
{
    (void)n;
    for (int i = 0; i < 18; i++)
        out[i] = (char)('0' + rng_below(g, 10));
    if (rng_below(g, 10) == 0)
        out[17] = 'X';
    return (struct str){out, 18};
}

static struct str any(struct rng *g, uint32_t n, char out[ID_CHARS_MAX])
{
    static const char packed[] = "0123456789-X./_:";
    (void)n;
    size_t length = 1 + rng_below(g, ID_CHARS_MAX);
    bool plain = rng_below(g, 2);
    for (size_t i = 0; i < length; i++)
        out[i] = plain ? packed[rng_below(g, 16)] : (char)(0x21 + rng_below(g, 0x7e - 0x20));
    return (struct str){out, length};
}

/* Long runs of the same characters: ids of one length that share more or less with the first of their group. */
static struct str similar(struct rng *g, uint32_t n, char out[ID_CHARS_MAX])
{
    size_t length = n / 64 % ID_CHARS_MAX + 1;
    memset(out, '7', ID_CHARS_MAX);
    if (rng_below(g, 4))
        out[rng_below(g, length)] = '8';
    return (struct str){out, length};
}

static void test_maker(const char *what, maker *make)
{
    static struct model m;
    struct ids *ids = mem_zalloc(1, sizeof *ids);
    struct rng g = rng_seed(11);
    ids_init(ids, 42);
    char text[ID_CHARS_MAX];
    for (uint32_t n = 0; n < MODEL; n++)
        append(ids, &m, make(&g, n, text));
    is_int(wrong_ids(ids, &m), 0, "%s ids read back and are told apart", what);
    is_int(wrong_stored(ids, &m, 0, MODEL), 0, "%s ids are parsed from what is stored", what);
    is_int(wrong_stored(ids, &m, 1024, 1000), 0, "a part of the %s ids is as well", what);
    uint32_t *n = mem_alloc(MODEL * sizeof *n);
    uint64_t *hash = mem_alloc(MODEL * sizeof *hash);
    for (uint32_t i = 0; i < MODEL; i++)
        n[i] = (uint32_t)rng_below(&g, MODEL);
    ids_hashes(ids, n, MODEL, hash);
    int wrong = 0;
    for (uint32_t i = 0; i < MODEL; i++)
        wrong += hash[i] != ids_hash(ids, n[i]);
    is_int(wrong, 0, "the %s ids' hashes come many at a time", what);
    diag("%s: %.2f bytes an id", what, (double)ids_bytes(ids) / MODEL);
    free(n);
    free(hash);
    ids_done(ids);
    free(ids);
}

static void test_blocks(void)
{
    struct ids *ids = mem_zalloc(1, sizeof *ids);
    struct rng g = rng_seed(3);
    ids_init(ids, 1);
    char text[ID_CHARS_MAX];
    struct id_key key;
    for (uint32_t n = 0; n < IDS_BLOCK + 100; n++) {
        ids_key(ids, counting(&g, n, text), &key);
        ids_append(ids, &key);
    }
    int wrong = 0;
    for (uint32_t n = IDS_BLOCK - 100; n < IDS_BLOCK + 100; n++) {
        ids_key(ids, counting(&g, n, text), &key);
        wrong += !ids_equal(ids, n, &key);
    }
    is_int(wrong, 0, "ids go on in a second block");
    ids_done(ids);
    free(ids);
}

struct bad {
    const char *what;
    uint8_t n, bytes[8];
    bool follows; /* the group's first id is "123456" */
};

static const struct bad bads[] = {
    {"nothing", 0, {0}, false},
    {"a header without its characters", 1, {ID_PACKED | 5}, false},
    {"a packed id cut short", 3, {ID_PACKED | 5, 0x12, 0x34}, false},
    {"a raw id cut short", 2, {ID_RAW | 1, 'a'}, false},
    {"a raw id that belongs packed", 3, {ID_RAW | 1, '1', '2'}, false},
    {"a raw id with a space", 3, {ID_RAW | 1, 'a', ' '}, false},
    {"a raw id with a control character", 3, {ID_RAW | 1, 'a', '\n'}, false},
    {"a raw id with DEL", 3, {ID_RAW | 1, 'a', 0x7f}, false},
    {"a raw id beyond ASCII", 3, {ID_RAW | 1, 'a', 0xe5}, false},
    {"an odd packed id with something in its last half", 2, {ID_PACKED, 0x11}, false},
    {"a header that means nothing", 2, {ID_HEADER_END, 0}, false},
    {"an id like the first one where it is the first", 3, {ID_ALIKE, 0x34, 0x57}, false},
    {"an id alike in more bytes than there are", 3, {ID_ALIKE | 3, 0, 0}, true},
    {"an alike id cut short", 2, {ID_ALIKE, 0x34}, true},
};
#define BADS (sizeof bads / sizeof bads[0])

static void test_bad(void)
{
    struct ids *ids = mem_zalloc(1, sizeof *ids);
    ids_init(ids, 1);
    struct id_key first, out;
    ids_key(ids, STR_LIT("123456"), &first);
    for (unsigned i = 0; i < BADS; i++)
        is_int(ids_parse(ids, bads[i].bytes, bads[i].n, bads[i].follows ? &first : NULL, &out), 0, "%s is refused",
               bads[i].what);
    const uint8_t alike[] = {ID_ALIKE, 0x34, 0x57};
    is_int(ids_parse(ids, alike, sizeof alike, &first, &out), 3, "an id like the first one is read");
    struct id_key want;
    ids_key(ids, STR_LIT("123457"), &want);
    is_int(out.hash, want.hash, "and is what it was");
    ids_done(ids);
    free(ids);
}

int main(void)
{
    plan(4 * 4 + 1 + BADS + 2);
    test_maker("counting", counting);
    test_maker("digit", digits);
    test_maker("random", any);
    test_maker("similar", similar);
    test_blocks();
    test_bad();
    return tap_end();
}
