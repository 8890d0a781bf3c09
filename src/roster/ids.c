#include "roster/ids.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "roster/pages.h"

#define BLOCK_GROUPS (IDS_BLOCK / IDS_GROUP)
#define AHEAD 12 /* ids fetched ahead of the one in hand: about as many misses as a core keeps in flight */

struct ids_block {
    uint32_t starts[BLOCK_GROUPS + 1]; /* of each group, with its stride; the next one's start is its end so far */
    uint8_t bytes[(IDS_BLOCK + 1) * ID_STORED_MAX]; /* form_of() may read one further */
};

/* A group's start, 27 bits, and above it its stride: the size that all its ids have in common, so that nothing need be
 * walked or even fetched to find one; 0 when they have none, or a larger one. */
#define START_BITS 27u
#define START_MASK ((1u << START_BITS) - 1)
#define STRIDE_MAX 31u
_Static_assert((IDS_BLOCK + 1) * ID_STORED_MAX <= START_MASK, "a start reaches everywhere in a block");

/* The alphabet of packed ids: a character's place in it plus one, 0 for all others. */
static const uint8_t symbols[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['-'] = 11, ['X'] = 12, ['.'] = 13, ['/'] = 14, ['_'] = 15, [':'] = 16,
};
static const char alphabet[] = "0123456789-X./_:";

static size_t form_chars(uint8_t header)
{
    return (header & 0x3fu) + 1;
}

/* Bytes of a canonical form, its header included. */
static size_t form_size(uint8_t header)
{
    return 1 + (header < ID_PACKED ? form_chars(header) : (form_chars(header) + 1) / 2);
}

/* Bytes of a stored id, its header included; first_size: those of its group's first. */
static size_t stored_size(uint8_t header, size_t first_size)
{
    return header < ID_ALIKE ? form_size(header) : first_size - (header - ID_ALIKE + 1u);
}

/* Where number n is stored, and the first of its group. */
static const uint8_t *locate(const struct ids *ids, uint32_t n, const uint8_t **first)
{
    const struct ids_block *b = ids->blocks[n / IDS_BLOCK];
    uint32_t start = b->starts[n % IDS_BLOCK / IDS_GROUP], stride = start >> START_BITS;
    const uint8_t *p = b->bytes + (start & START_MASK);
    *first = p;
    if (stride)
        return p + n % IDS_GROUP * stride;
    size_t first_size = form_size(*p);
    for (uint32_t left = n % IDS_GROUP; left; left--)
        p += stored_size(*p, first_size);
    return p;
}

/* Rebuilds the canonical form of a stored id; returns its bytes. Copies at fixed sizes, which the compiler does in
 * place: a call of memcpy() for these few bytes took longer than all the rest. So it reads ID_STORED_MAX bytes. */
static size_t form_of(const uint8_t *p, const uint8_t *first, uint8_t form[ID_STORED_MAX])
{
    if (*p < ID_ALIKE) {
        memcpy(form, p, ID_STORED_MAX);
        return form_size(*p);
    }
    size_t shared = 1 + (*p - ID_ALIKE + 1u);
    memcpy(form, first, 1 + ID_CHARS_MAX / 2);
    memcpy(form + shared, p + 1, ID_CHARS_MAX / 2);
    return form_size(*first);
}

static uint64_t hash_form(const struct ids *ids, const uint8_t *form, size_t n)
{
    return XXH3_64bits_withSeed(form, n, ids->seed);
}

static bool pack(struct str id, uint8_t *out)
{
    const uint8_t *p = (const uint8_t *)id.p;
    unsigned foreign = 0;
    for (size_t i = 0; i + 1 < id.n; i += 2) {
        unsigned high = symbols[p[i]] - 1u, low = symbols[p[i + 1]] - 1u;
        foreign |= high | low;
        *out++ = (uint8_t)(high << 4 | (low & 15));
    }
    if (id.n % 2) {
        unsigned high = symbols[p[id.n - 1]] - 1u;
        foreign |= high;
        *out = (uint8_t)(high << 4);
    }
    return foreign < 16;
}

void ids_key(const struct ids *ids, struct str id, struct id_key *out)
{
    assert(id.n >= 1 && id.n <= ID_CHARS_MAX);
    uint8_t chars = (uint8_t)(id.n - 1);
    if (pack(id, out->form + 1)) {
        out->form[0] = ID_PACKED | chars;
    } else {
        out->form[0] = ID_RAW | chars;
        memcpy(out->form + 1, id.p, id.n);
    }
    out->n = (uint8_t)form_size(out->form[0]);
    out->hash = hash_form(ids, out->form, out->n);
}

uint64_t ids_hash(const struct ids *ids, uint32_t n)
{
    uint8_t form[ID_STORED_MAX];
    const uint8_t *first, *p = locate(ids, n, &first);
    return hash_form(ids, form, form_of(p, first, form));
}

void ids_init(struct ids *ids, uint64_t seed)
{
    *ids = (struct ids){.seed = seed};
}

void ids_done(struct ids *ids)
{
    for (uint32_t i = 0; i < IDS_BLOCKS && ids->blocks[i]; i++)
        pages_unmap(ids->blocks[i], sizeof *ids->blocks[i]);
}

/* How many bytes after the header two forms have in common: 0 unless both are packed and equally long. */
static size_t alike(const uint8_t *first, const struct id_key *key)
{
    if (first[0] != key->form[0] || first[0] < ID_PACKED)
        return 0;
    size_t k = 0;
    while (k < key->n - 1u && first[1 + k] == key->form[1 + k])
        k++;
    return k;
}

void ids_append(struct ids *ids, const struct id_key *key)
{
    uint32_t n = ids->count++, group = n % IDS_BLOCK / IDS_GROUP;
    if (n % IDS_BLOCK == 0)
        ids->blocks[n / IDS_BLOCK] = pages_map(sizeof *ids->blocks[0], false);
    struct ids_block *b = ids->blocks[n / IDS_BLOCK];
    bool begins = n % IDS_GROUP == 0;
    uint32_t end = b->starts[group + !begins];
    uint8_t *p = b->bytes + end;
    size_t k = begins ? 0 : alike(b->bytes + (b->starts[group] & START_MASK), key), size = key->n - k;
    *p = k ? (uint8_t)(ID_ALIKE + k - 1) : key->form[0];
    memcpy(p + 1, key->form + 1 + k, size - 1);
    if (begins)
        b->starts[group] |= size <= STRIDE_MAX ? (uint32_t)size << START_BITS : 0;
    else if (b->starts[group] >> START_BITS != size)
        b->starts[group] &= START_MASK;
    b->starts[group + 1] = end + (uint32_t)size;
}

bool ids_equal(const struct ids *ids, uint32_t n, const struct id_key *key)
{
    const uint8_t *first, *p = locate(ids, n, &first);
    if (*p < ID_ALIKE)
        return *p == key->form[0] && memcmp(p + 1, key->form + 1, key->n - 1u) == 0;
    size_t shared = 1 + (*p - ID_ALIKE + 1u);
    return *first == key->form[0] && memcmp(first, key->form, shared) == 0 &&
           memcmp(p + 1, key->form + shared, key->n - shared) == 0;
}

size_t ids_text(const struct ids *ids, uint32_t n, char out[ID_CHARS_MAX])
{
    uint8_t form[ID_STORED_MAX];
    const uint8_t *first, *p = locate(ids, n, &first);
    form_of(p, first, form);
    size_t chars = form_chars(form[0]);
    if (form[0] < ID_PACKED) {
        memcpy(out, form + 1, chars);
        return chars;
    }
    for (size_t i = 0; i < chars; i++)
        out[i] = alphabet[i % 2 ? form[1 + i / 2] & 15 : form[1 + i / 2] >> 4];
    return chars;
}

void ids_prefetch_start(const struct ids *ids, uint32_t n)
{
    __builtin_prefetch(&ids->blocks[n / IDS_BLOCK]->starts[n % IDS_BLOCK / IDS_GROUP]);
}

void ids_prefetch(const struct ids *ids, uint32_t n)
{
    const struct ids_block *b = ids->blocks[n / IDS_BLOCK];
    uint32_t start = b->starts[n % IDS_BLOCK / IDS_GROUP], stride = start >> START_BITS;
    const uint8_t *p = b->bytes + (start & START_MASK) + n % IDS_GROUP * stride;
    __builtin_prefetch(p);
    __builtin_prefetch(p + (stride ? stride - 1 : 63));
}

void ids_hashes(const struct ids *ids, const uint32_t *n, size_t count, uint64_t *out)
{
    for (size_t i = 0; i < count + 2 * AHEAD; i++) {
        if (i < count)
            ids_prefetch_start(ids, n[i]);
        if (i >= AHEAD && i - AHEAD < count)
            ids_prefetch(ids, n[i - AHEAD]);
        if (i >= 2 * AHEAD)
            out[i - 2 * AHEAD] = ids_hash(ids, n[i - 2 * AHEAD]);
    }
}

const uint8_t *ids_stored(const struct ids *ids, uint32_t first, uint32_t count, size_t *n)
{
    assert(first % IDS_GROUP == 0 && count && first % IDS_BLOCK + count <= IDS_BLOCK);
    const struct ids_block *b = ids->blocks[first / IDS_BLOCK];
    const uint8_t *p = b->bytes + (b->starts[first % IDS_BLOCK / IDS_GROUP] & START_MASK);
    uint32_t last = first + count - 1;
    const uint8_t *last_first, *end = locate(ids, last, &last_first);
    end += stored_size(*end, form_size(*last_first));
    *n = (size_t)(end - p);
    return p;
}

/* Whether the form is what ids_key() makes of some id. */
static bool form_is_canonical(const uint8_t *form)
{
    size_t chars = form_chars(form[0]);
    if (form[0] >= ID_PACKED)
        return chars % 2 == 0 || (form[chars / 2 + 1] & 15) == 0;
    bool foreign = false;
    for (size_t i = 1; i <= chars; i++) {
        if (form[i] < 0x21 || form[i] > 0x7e)
            return false;
        foreign |= !symbols[form[i]];
    }
    return foreign;
}

size_t ids_parse(const struct ids *ids, const uint8_t *p, size_t n, const struct id_key *first, struct id_key *out)
{
    if (n < 1 || *p >= ID_HEADER_END)
        return 0;
    if (*p >= ID_ALIKE && (!first || first->form[0] < ID_PACKED || *p - ID_ALIKE + 1u > first->n - 1u))
        return 0;
    size_t size = stored_size(*p, first ? first->n : 0);
    if (size > n)
        return 0;
    uint8_t padded[ID_STORED_MAX] = {0};
    if (n < ID_STORED_MAX)
        p = memcpy(padded, p, n);
    out->n = (uint8_t)form_of(p, first ? first->form : NULL, out->form);
    if (!form_is_canonical(out->form))
        return 0;
    out->hash = hash_form(ids, out->form, out->n);
    return size;
}

size_t ids_bytes(const struct ids *ids)
{
    size_t bytes = 0;
    for (uint32_t at = 0; at < ids->count; at += IDS_BLOCK) {
        uint32_t count = ids->count - at < IDS_BLOCK ? ids->count - at : IDS_BLOCK;
        const struct ids_block *b = ids->blocks[at / IDS_BLOCK];
        uint32_t groups = (count + IDS_GROUP - 1) / IDS_GROUP;
        bytes += (groups + 1) * sizeof b->starts[0] + b->starts[groups];
    }
    return bytes;
}
