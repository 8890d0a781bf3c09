/* Random inputs and events, with every awkward string and every edge of a range; damage; and yajl's tree as a second
 * opinion. */
#ifndef TESTS_CODEC_SAMPLES_H
#define TESTS_CODEC_SAMPLES_H

#include <yajl/yajl_tree.h>

#include "base/buf.h"
#include "core/event.h"
#include "tests/lib/tap.h"

struct samples {
    struct rng rng;
    char text[1 << 16]; /* of the last sample's strings */
    size_t used;
    struct period_pay pays[64];
    struct channel_setting channels[CHANNEL_MAX];
    struct str names[CHANNEL_MAX];
    struct policy policy;
    struct input input;
};

struct samples *samples_new(uint64_t seed);
void samples_free(struct samples *s);

/* Parts of samples: one in so many times true; low..high with both more often; n bytes copied to s->text. */
bool chance(struct samples *s, unsigned one_in);
int64_t between(struct samples *s, int64_t low, int64_t high);
struct str random_text(struct samples *s, size_t max, bool controls);
struct str random_token(struct samples *s);

/* Both borrow from s until the next sample. An input is one that input_parse() accepts. */
void random_input(struct samples *s, struct input *in);
void random_event(struct samples *s, enum event_type type, struct event *e);

/* The same values in every member of the log; a given input counts by its JSON. */
bool same_event(const struct event *a, const struct event *b);
bool same_input(const struct input *a, const struct input *b);

/* Damages a line of *n bytes at one to three places; out has room for 2 * *n + 64. */
void damage(struct samples *s, const char *line, size_t n, char *out, size_t *out_n);

/* yajl's tree of a text, NULL when it is not JSON; freed with yajl_tree_free(). */
yajl_val tree_of(const char *text, size_t n);
/* The tree as JSON without spaces, written as buf_add_json() does. */
void tree_write(struct buf *b, yajl_val v);

#endif
