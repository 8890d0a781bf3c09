/* The forms that values take: each parser reads one value into the section's struct (config/schema.h). */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/schema.h"

value_parser value_int;          /* int, min to max */
value_parser value_uint32;       /* uint32_t, min to max */
value_parser value_uint64;       /* uint64_t, min to max */
value_parser value_choice;       /* an enum, one of words */
value_parser value_duration;     /* int64_t, seconds; min to max when there is a max */
value_parser value_time_of_day;  /* int, second of the day */
value_parser value_cycle;        /* the section is a struct policy */
value_parser value_channel_name; /* the same; one of the configuration's channels */
value_parser value_timezone;     /* these, of struct config */
value_parser value_store;
value_parser value_listen;
value_parser value_clock;
value_parser value_brake;
value_parser value_country_code;
value_parser value_sms_daily_cap; /* of its endpoints */
value_parser value_delivery_log;
value_parser value_name;     /* char *, of letters, digits, dots, dashes and underscores */
value_parser value_folder;   /* char *, absolute */
value_parser value_replicas; /* unsigned, up to max; REPLICAS_AUTO */
value_parser value_lease;    /* int64_t, milliseconds; min to max are seconds */

#define REPLICAS_AUTO 99u /* until the store is known */
bool name_valid(const char *value);
#define NAME_EXPECTED "1 to 64 letters, digits, dots, dashes and underscores"

/* Of endpoints and messages (value_endpoint.c). A text becomes an owned string, of a list one more in a struct
 * text_list; it is not empty and has no control characters. */
value_parser value_text;        /* char *, up to max bytes */
value_parser value_lines;       /* the same, with ends of lines and tabs */
value_parser value_bool;        /* bool: true or false */
value_parser value_word;        /* char *, one of words */
value_parser value_texts;       /* struct text_list; so are the following ones */
value_parser value_event_globs; /* each fits a type of event */
value_parser value_policies;    /* the configuration's */
value_parser value_files;       /* absolute, or a credential's name */
value_parser value_headers;     /* "Name: value" */
value_parser value_file;        /* char *, like value_files */
value_parser value_url;         /* char *, for any adapter */
value_parser value_http_url;    /* char *, without a query */
value_parser value_proxy;       /* char * */
value_parser value_signature;   /* char *, without brackets */
value_parser value_language;    /* char * */
value_parser value_event_type;  /* char * */
value_parser value_rate;        /* struct rate */
value_parser value_quiet_hours; /* struct quiet_hours */
value_parser value_retry;       /* the section is a struct endpoint; so for the following ones */
value_parser value_from;
value_parser value_kind;

value_parser value_token_role; /* of a struct token (schema_token.c): one of its roles */

/* Where the value goes. */
static inline void *value_member(const struct key *k, void *section)
{
    return (char *)section + k->offset;
}

/* The number that text begins with, min to max and without a sign; what follows it, or NULL when there is none.
 * max is at most VALUE_NUMBER_MAX. */
#define VALUE_NUMBER_MAX INT64_C(900000000000000000)
const char *value_number(const char *text, int64_t min, int64_t max, int64_t *out);

/* "HH:MM" at the beginning of text, as a second of the day; what follows it, or NULL. */
const char *value_minute(const char *text, int *out);

#endif
