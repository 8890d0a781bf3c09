/* The endpoints of the configuration and the texts of messages: immutable, counted, and shared between the
 * configuration, which the engine's thread owns, and delivery, which runs on the loop's. */
#ifndef CONFIG_ENDPOINT_H
#define CONFIG_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define ENDPOINTS_MAX 64
#define ENDPOINT_NAME_BYTES 64
#define SECRETS_MAX 4 /* of one endpoint: the current one and those it replaces */
#define MESSAGE_TEXTS_MAX 256

enum adapter_kind {
    ADAPTER_STANDARD_WEBHOOKS,
    ADAPTER_CLOUDEVENTS,
    ADAPTER_KANNEL,
    ADAPTER_ALIYUN_SMS,
    ADAPTER_TENCENT_SMS,
    ADAPTER_REDIS_STREAM,
    ADAPTER_TEMPLATE,
    ADAPTER_KIND_N
};

enum cloudevents_mode { CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BINARY, CLOUDEVENTS_BATCH };

/* Owned strings, terminated. */
struct text_list {
    char **v;
    unsigned n;
};

void text_list_add(struct text_list *l, const char *text); /* a copy of it */
void text_list_done(struct text_list *l);

/* The content of a secret's file, without white space at its ends. Overwritten when freed. */
struct secret {
    char *p; /* owned, terminated; NULL: not loaded */
    size_t n;
};

/* At most n in so many seconds; n 0: no limit. */
struct rate {
    uint32_t n, seconds;
};

/* From second of the day to second of the day, local time, over midnight when to < from; equal: none. */
struct quiet_hours {
    int from, to;
};

/* Strings are NULL when not given. */
struct endpoint {
    char name[ENDPOINT_NAME_BYTES + 1]; /* the first member */
    char *place;                        /* "FILE:LINE" of its section, for faults found later */
    enum adapter_kind adapter;
    char *url; /* always given */
    struct text_list secret_files; /* the first signs first, the others beside it during a rotation */
    struct secret secrets[SECRETS_MAX];
    unsigned n_secrets; /* loaded by endpoints_load_secrets() */

    /* which events */
    struct text_list events; /* globs over event types; empty: all, or for messages all that have a text */
    struct text_list policies, categories, units; /* empty: everybody */
    uint64_t from;       /* a new endpoint starts at this number; */
    bool from_given;     /* not given: at the log's end */

    /* how fast, how long, how often */
    uint32_t max_in_flight;
    struct rate rate;
    int64_t timeout;  /* seconds, for one request */
    int64_t *retry;   /* seconds to the next attempt after each failed one; owned */
    unsigned n_retry;
    uint32_t max_parked;  /* events waiting for a retry, or behind one: with more the endpoint stops reading */
    uint32_t max_unnoted; /* events sent whose outcome is not durable yet: what may come twice after a crash */
    struct quiet_hours quiet;

    /* the connection */
    char *proxy, *ca_file, *client_cert; /* client_cert: PEM, certificate and key */
    bool allow_private;

    /* cloudevents */
    enum cloudevents_mode mode;
    char *source; /* URI reference */
    bool handshake;

    /* redis-stream */
    char *stream;
    uint64_t max_length; /* about so many entries are kept; 0: all */

    /* messages: kannel, aliyun-sms, tencent-sms, and template unless it says events */
    bool messages;
    char *signature; /* of the agency, without the brackets */
    char *language;  /* which texts */
    uint32_t max_segments;
    char *receipt_url;         /* where a gateway reaches this daemon: "http://10.0.0.5:8600" */
    char *receipt_secret_file; /* the SECRET in /v1/receipts/ENDPOINT/SECRET */
    struct secret receipt_secret;
    int64_t receipt_within; /* seconds after which an unknown outcome becomes a dead letter */
    char *username;         /* kannel: user; aliyun, tencent: the access key's id */
    char *sender;           /* kannel: `from` */
    char *smsc;             /* kannel */
    char *app_id, *region;  /* tencent */

    /* template */
    char *method;
    struct text_list headers;
    char *body;
    struct text_list sent_when, retry_when, failed_when;
};

/* section message "NAME" { on = "reminder.due" text = "..." }: a text of the operator's own. */
struct message_text {
    char name[ENDPOINT_NAME_BYTES + 1]; /* the first member */
    char *place;    /* "FILE:LINE" of its section */
    char *on;       /* event type */
    char *text;     /* NULL: the built-in one, for template_id's sake */
    struct text_list policies; /* empty: every one */
    char *language;            /* default "zh" */
    char *template_id;         /* of the cloud gateway; NULL: none */
    struct text_list variables; /* "name", or "theirs=name": what the gateway's template takes, in order */
    bool allow_links;
};

struct endpoints {
    _Atomic unsigned refs;
    struct endpoint v[ENDPOINTS_MAX];
    unsigned n;
    struct message_text texts[MESSAGE_TEXTS_MAX];
    unsigned n_texts;
    uint32_t sms_daily_cap; /* messages to one number a day */
    char *delivery_log;     /* file; NULL: none */
};

struct endpoints *endpoints_new(void); /* empty, one reference */
struct endpoints *endpoints_ref(struct endpoints *e);
void endpoints_unref(struct endpoints *e); /* NULL is fine */
/* NULL when there is none of the name. */
const struct endpoint *endpoints_find(const struct endpoints *e, struct str name);

/* Reads every endpoint's secrets: the daemon alone needs them, so config_load() does not. A relative name is looked up
 * in $CREDENTIALS_DIRECTORY, and so are ca_file and client_cert, whose names become absolute. Refused: a file that
 * others may read or write (a client_cert too), one that is empty or longer than 4 KiB, and a missing secret where the
 * adapter needs one. Each fault is a line "FILE:LINE: endpoint "NAME": ..." appended to faults. */
enum err endpoints_load_secrets(struct endpoints *e, struct buf *faults) ERR_MUSTCHECK;

const char *adapter_kind_text(enum adapter_kind k); /* "standard-webhooks" */

#endif
