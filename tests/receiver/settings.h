/* How the receiver behaves: words of the form "fail=30 slow_ms=10", from the command line and, in mid-run, from
 * /control.
 *
 *   fail hang reset reset_after close drip big garbage redirect gone
 *                        how many requests in a hundred meet that fate (0.5: one in two hundred); at most 100 together
 *   status=N             what fail answers; 500
 *   retry_after=N        seconds, sent with what fail answers; 0: not sent
 *   slow=P slow_ms=N     so many in a hundred (100) are answered after so many milliseconds (0)
 *   drip_ms=N            between two bytes of a dripped answer; 1
 *   only=PREFIX          all of the above for paths that begin so; else for all
 *   mode=full|fast       fast: of a webhook only the framing is looked at, and it is counted; full
 *   tolerance=N          seconds by which webhook-timestamp may differ from the clock; 300; 0: by any
 *   consent=*|ORIGIN|none  the answer to a CloudEvents handshake; *
 *   allowed_rate=N|*     the rate granted with it; else none is spoken of
 *   code=WORD            what fail answers at aliyun and tencent, with status 200; else they answer like all others
 *   receipts=off|order|shuffled  whether Kannel's dlr-url is called, and whether "accepted" may come behind "delivered"
 *   receipt_ms=N         how long after the message; 0
 *   receipt_copies=N     how often each is sent; 1
 *   receipt_tries=N      how often one that finds no ear is tried; 1
 *   final=N              the last receipt: 1 delivered, 2 failed, 16 rejected; 1
 *   receipt_to=ADDRESS   "unix:PATH" or "HOST:PORT": where all of them go; else where their dlr-url says
 *
 * and orders, which act once: defaults (all settings as they were at first), forget (all counts and all that was seen),
 * down_ms=N (every connection is closed, and nobody listens for so long: a restart that keeps the counts). */
#ifndef RECEIVER_SETTINGS_H
#define RECEIVER_SETTINGS_H

#include "base/err.h"
#include "base/str.h"
#include "tests/lib/tap.h"

enum fate {
    FATE_FAIL,
    FATE_HANG,        /* never answered, the connection stays */
    FATE_RESET,       /* the connection is reset, and nothing was taken in */
    FATE_RESET_AFTER, /* the same, after the request was taken in like an accepted one */
    FATE_CLOSE,       /* closed without an answer */
    FATE_DRIP,        /* accepted; the answer comes byte by byte */
    FATE_BIG,         /* accepted; the answer has a body of a megabyte */
    FATE_GARBAGE,     /* the answer is not HTTP */
    FATE_REDIRECT,    /* 302 to where nobody may ever come */
    FATE_GONE,        /* 410 */
    FATE_N,
    FATE_ACCEPT = FATE_N
};

enum mode { MODE_FULL, MODE_FAST };
enum receipt_order { RECEIPTS_OFF, RECEIPTS_ORDER, RECEIPTS_SHUFFLED };

#define SETTING_TEXT 256
#define PERCENT 100 /* odds are in hundredths of a percent */

struct settings {
    int64_t odds[FATE_N];
    int64_t status, retry_after, slow, slow_ms, drip_ms, mode, tolerance;
    int64_t receipts, receipt_ms, receipt_copies, receipt_tries, final;
    char only[SETTING_TEXT], consent[SETTING_TEXT], allowed_rate[SETTING_TEXT], code[SETTING_TEXT];
    char receipt_to[SETTING_TEXT]; /* texts: "" when not given */
    bool forget;                   /* orders: whoever obeys clears them */
    int64_t down_ms;
};

void settings_init(struct settings *s);
/* Words between white space. ERR_INVALID: nothing has changed. */
enum err settings_apply(struct settings *s, struct str words, struct errmsg *msg) ERR_MUSTCHECK;
/* What becomes of one request to path. */
enum fate settings_draw(const struct settings *s, struct str path, struct rng *rng);
/* How many milliseconds its answer waits. */
int64_t settings_delay_ms(const struct settings *s, struct str path, struct rng *rng);

#endif
