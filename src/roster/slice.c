/* Slices: what roster_save() appends and roster_load() reads.
 *
 *   4 bytes  "LCRS"
 *   4 bytes  SLICE_VERSION
 *   4 bytes  how many people, 1 or more
 *   4 bytes  how many the roster held in all when it was saved: a hint for laying it out
 *   4 bytes  how many bytes of ids
 *   their ids, as roster/ids.h stores them: sixteen to a group
 *   their records, PACKED_BYTES each, as roster/packed.h lays them out
 *
 * Numbers are little-endian. A version that is not ours is refused: SLICE_VERSION counts up whenever one of the two
 * layouts, or this one, changes. */
#include <assert.h>
#include <endian.h>

#include "roster/inside.h"

#define SLICE_VERSION 2u
#define SLICE_PEOPLE_MAX (1u << 20) /* more is not what roster_save() is called for */

static const char magic[4] = {'L', 'C', 'R', 'S'};

struct slice_header {
    char magic[4];
    uint32_t version, people, whole, id_bytes;
};

/* The part of a slice that lies in one block of the roster: ids are contiguous there. */
static uint32_t run_in_block(uint32_t from, uint32_t count)
{
    uint32_t room = ROSTER_BLOCK - from % ROSTER_BLOCK;
    return count < room ? count : room;
}

static void save_ids(const struct roster *r, uint32_t from, uint32_t count, struct buf *out)
{
    for (uint32_t run; count; from += run, count -= run) {
        run = run_in_block(from, count);
        size_t n;
        const uint8_t *p = ids_stored(&r->ids, from, run, &n);
        buf_add(out, p, n);
    }
}

void roster_save(const struct roster *r, uint32_t from, uint32_t count, struct buf *out)
{
    assert(from % ROSTER_SLICE == 0 && count && count <= SLICE_PEOPLE_MAX && count <= r->ids.count - from);
    struct slice_header h = {
        .version = htole32(SLICE_VERSION), .people = htole32(count), .whole = htole32(r->ids.count)};
    memcpy(h.magic, magic, sizeof magic);
    size_t start = out->n;
    buf_add(out, &h, sizeof h);
    save_ids(r, from, count, out);
    h.id_bytes = htole32((uint32_t)(out->n - start - sizeof h));
    memcpy(out->p + start, &h, sizeof h);
    uint8_t *p = (uint8_t *)buf_room(out, (size_t)count * PACKED_BYTES);
    for (uint32_t i = 0; i < count; i++, p += PACKED_BYTES)
        packed_write(roster_packed(r, from + i), p);
    out->n += (size_t)count * PACKED_BYTES;
}

static enum err read_header(const void *p, size_t n, struct slice_header *h, struct errmsg *msg)
{
    if (n < sizeof *h)
        return err_set(msg, ERR_DAMAGED, "a slice of the roster ends within its header");
    memcpy(h, p, sizeof *h);
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return err_set(msg, ERR_DAMAGED, "this is not a slice of the roster");
    h->version = le32toh(h->version);
    h->people = le32toh(h->people);
    h->whole = le32toh(h->whole);
    h->id_bytes = le32toh(h->id_bytes);
    if (h->version == 0)
        return err_set(msg, ERR_DAMAGED, "a slice of the roster has version 0, which never was");
    if (h->version != SLICE_VERSION)
        return err_set(msg, ERR_VERSION, "a slice of the roster has version %u; this program reads %u alone", h->version,
                       SLICE_VERSION);
    if (!h->people || h->people > SLICE_PEOPLE_MAX || h->people > h->whole ||
        n - sizeof *h != (uint64_t)h->id_bytes + (uint64_t)h->people * PACKED_BYTES)
        return err_set(msg, ERR_DAMAGED, "a slice of the roster does not have the length that its header says");
    return ERR_OK;
}

/* Reads the next group's ids (up to sixteen) and has the index fetched for them. Returns the bytes read, or 0. */
static size_t parse_group(const struct roster *r, const uint8_t *p, size_t n, uint32_t count, struct id_key *keys)
{
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t used = ids_parse(&r->ids, p + at, n - at, i ? &keys[0] : NULL, &keys[i]);
        if (!used)
            return 0;
        at += used;
        hash_index_prefetch(&r->index, keys[i].hash);
    }
    return at;
}

static enum err load_group(struct roster *r, const struct id_key *keys, const uint8_t *records, uint32_t count,
                           struct errmsg *msg)
{
    for (uint32_t i = 0; i < count; i++) {
        struct packed p;
        enum err e = packed_read(&p, records + (size_t)i * PACKED_BYTES, msg);
        if (e)
            return e;
        if (roster_find_key(r, &keys[i]) != ROSTER_NONE)
            return err_set(msg, ERR_DAMAGED, "an id stands in the roster twice");
        roster_add_packed(r, &keys[i], &p);
    }
    return ERR_OK;
}

enum err roster_load(struct roster *r, const void *p, size_t n, struct errmsg *msg)
{
    struct slice_header h;
    enum err e = read_header(p, n, &h, msg);
    if (e)
        return e;
    if (h.people > ROSTER_NONE - r->ids.count)
        return err_set(msg, ERR_DAMAGED, "the roster's slices hold more people than there are numbers");
    if (!r->ids.count)
        hash_index_reserve(&r->index, h.whole);
    const uint8_t *ids = (const uint8_t *)p + sizeof h, *records = ids + h.id_bytes;
    struct id_key keys[IDS_GROUP];
    for (uint32_t at = 0, count; at < h.people; at += count) {
        count = h.people - at < IDS_GROUP ? h.people - at : IDS_GROUP;
        size_t used = parse_group(r, ids, h.id_bytes, count, keys);
        if (!used)
            return err_set(msg, ERR_DAMAGED, "an id in a slice of the roster is not well-formed");
        ids += used;
        h.id_bytes -= (uint32_t)used;
        if ((e = load_group(r, keys, records + (size_t)at * PACKED_BYTES, count, msg)))
            return e;
    }
    return h.id_bytes ? err_set(msg, ERR_DAMAGED, "a slice of the roster holds more ids than people") : ERR_OK;
}
