/* The log's three kinds of lines, as they stand on the disk:
 *
 *   {"lifecertd":"log","version":1,"first":N,"previous":"HEX"}   the first line of a segment: the number of its first
 *                                                                event and the hash of the last seal before it
 *   {"seq":N,...}                                                an event
 *   {"seal":N,"sha256":"HEX"}                                    the end of a commit: the number of its last event
 *
 * A seal's hash is SHA-256 over the 32 bytes of the seal before (zeros for the first) and every byte since that
 * seal's line, header lines included. No event has a member "sha256": a trace of one tells recovery of a seal.
 * To bump LOG_VERSION: write the new one, read every older one, refuse later ones. */
#ifndef STORE_LOGLINE_H
#define STORE_LOGLINE_H

#include "store/store.h"

#define LOG_VERSION 1
#define LOG_HEADER_MAX 160
#define LOG_SEAL_MAX 112

struct log_header {
    uint64_t first;
    unsigned char previous[SEAL_HASH];
};

/* Each appends a whole line with its newline. */
void log_header_add(struct buf *b, const struct log_header *h);
void log_seal_add(struct buf *b, const struct seal *s);

/* A line without its newline. ERR_VERSION: a later version's header; ERR_DAMAGED: not a header at all. */
enum err log_header_parse(struct str line, struct log_header *out);
/* Exactly a seal's line and nothing else. */
bool log_seal_parse(struct str line, struct seal *out);

/* The number of an event's line; 0: this is no event. */
static inline uint64_t log_event_number(const char *p, size_t n)
{
    static const char head[7] = {'{', '"', 's', 'e', 'q', '"', ':'};
    if (n < sizeof head + 2 || memcmp(p, head, sizeof head) != 0)
        return 0;
    uint64_t v = 0;
    size_t i = sizeof head;
    for (; i < n && i < sizeof head + 19 && p[i] >= '0' && p[i] <= '9'; i++)
        v = v * 10 + (uint64_t)(p[i] - '0');
    return i < n && (p[i] == ',' || p[i] == '}') ? v : 0;
}

/* The end of the line that starts at p: its newline; NULL when there is none before end. */
static inline const char *log_line_end(const char *p, const char *end)
{
    return memchr(p, '\n', (size_t)(end - p));
}

void hex_add(struct buf *b, const unsigned char *p, size_t n);
/* n bytes from 2n lower-case digits. */
bool hex_parse(const char *p, unsigned char *out, size_t n);

#endif
