/* Messages to people (lifecertd-rules(7), "Messages to people"): which events bring one, whether it is still to the
 * point at the moment of sending, and what it says. Pure. */
#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include "adapter/adapter.h"
#include "config/endpoint.h"
#include "core/event.h"
#include "core/record.h"

/* What is known of whom the message is for, at the moment of sending. */
struct recipient {
    const struct record *record; /* NULL: a unit */
    const struct policy *policy;
    struct dates dates;
    lc_date today;
    struct str id;               /* beneficiary's, or the unit's code */
    struct contact contact;      /* name and phone, each may be STR_NONE */
};

/* Why a message is not sent: counted, and kept with the delivery. */
enum skip {
    SKIP_NOT,         /* send it */
    SKIP_NO_MESSAGE,  /* events of this kind bring none: not counted */
    SKIP_CERTIFIED,   /* certified meanwhile */
    SKIP_TERMINATED,
    SKIP_SUPERSEDED,  /* a newer message of the same person says more */
    SKIP_CHANGED,     /* what it would say is not so any more */
    SKIP_ERASED,
    SKIP_NO_PHONE,
    SKIP_N
};

const char *skip_text(enum skip s); /* "certified" */

/* Does an event of that type bring a message at all (some need a look at the event: message_skip())? */
bool message_type(enum event_type t);

/* Is the event's message still to the point? */
enum skip message_skip(const struct event *e, const struct recipient *r);

/* The texts of one configuration, checked and prepared. */
struct message_texts;

/* Every fault (unknown variable or event, a link without allow_links, too long for an endpoint of its language, a
 * template id whose variables are not there) is a sentence appended as a line to faults:
 * "FILE:LINE: message \"NAME\": ..." The built-in texts (Chinese for every message, language "zh", and English, "en")
 * stand in where the configuration has none. e must outlive the texts. */
enum err message_texts_new(const struct endpoints *e, struct message_texts **out, struct buf *faults) ERR_MUSTCHECK;
void message_texts_free(struct message_texts *t);

/* Renders the event's message: the text of the endpoint's language for the person's policy, else for every policy.
 * out's strings are appended to arena and point into it; the arena must not grow while they are used. ERR_ABSENT: there
 * is no text in that language; ERR_INVALID: too long for the endpoint, msg says how long. */
enum err message_render(const struct message_texts *t, const struct endpoint *endpoint, const struct event *e,
                        const struct recipient *r, struct buf *arena, struct sms *out,
                        struct errmsg *msg) ERR_MUSTCHECK;

/* UCS-2 units of UTF-8 text, and segments of so many: 70 in one, else 67 each. */
size_t ucs2_length(struct str text);
unsigned sms_segments(size_t units);

#endif
