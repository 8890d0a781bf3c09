/* Requests as a receiver may get them: genuine ones, and everything that may be wrong with one. */
#ifndef TESTS_DOCS_WEBHOOKS_H
#define TESTS_DOCS_WEBHOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define WEBHOOKS_MAX 400

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define NEW_SECRET "whsec_b2xkIGFuZCBuZXcgc2lkZSBieSBzaWRlLCBmb3Igbm93"
#define OTHER_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define PRIVATE_KEY "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="

/* What came, or might have come, at `now` (seconds since 1970), to who has the secret; and whether it is genuine. */
struct webhook {
    char *name, *secret, *id, *timestamp, *signatures;
    struct buf body;
    int64_t now;
    bool good;
};

struct webhooks {
    struct webhook v[WEBHOOKS_MAX];
    unsigned n;
};

/* One more, like another or empty (NULL); by its name it is told when it fails. It stays where it is. */
struct webhook *webhooks_add(struct webhooks *all, const struct webhook *like, bool good, const char *name);
void webhooks_done(struct webhooks *all);
/* Gives a member a copy of the text. */
void webhook_set(char **member, const char *text);
int64_t real_now(void);

/* From a genuine one: another body, id, time, secret; another now; headers that are malformed. */
void add_alterations(struct webhooks *all, const struct webhook *like);
void add_times(struct webhooks *all, const struct webhook *like);
void add_headers(struct webhooks *all, const struct webhook *like);
/* From one that was signed with NEW_SECRET, SECRET and PRIVATE_KEY, in this order. */
void add_rotation(struct webhooks *all, const struct webhook *like);

/* Signed by the test itself: secrets well-formed and not, any bytes, a long body, the manual's vector. */
void add_signed_here(struct webhooks *all);

/* A copy under the name "LIKE'S NAME: WHAT". */
struct webhook *webhooks_alter(struct webhooks *all, const struct webhook *like, bool good, const char *what);

#endif
