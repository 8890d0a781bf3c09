/* The address of a Redis server: what is one, and what it says. */
#include <stdio.h>

#include "net/redis.h"
#include "net/redis_url.h"
#include "tests/lib/tap.h"

static void forms(void)
{
    static const struct {
        const char *url;
        enum err err;
        const char *says;
    } rows[] = {
        {"redis://127.0.0.1:6379", ERR_OK, ""},
        {"redis://[::1]:6379/0", ERR_OK, ""},
        {"redis://app@redis.example:65535/15", ERR_OK, ""},
        {"redis://redis.example:1/", ERR_OK, ""},
        {"redis://redis.example", ERR_INVALID, "no port"},
        {"redis://[::1]", ERR_INVALID, "no port"},
        {"redis://[::1]6379", ERR_INVALID, "no port"},
        {"redis://redis.example:0", ERR_INVALID, "1 to 65535"},
        {"redis://redis.example:65536", ERR_INVALID, "1 to 65535"},
        {"redis://redis.example:99999999999999999999", ERR_INVALID, "1 to 65535"},
        {"redis://redis.example:63x", ERR_INVALID, "1 to 65535"},
        {"redis://::1:6379", ERR_INVALID, "host"},
        {"redis://:6379", ERR_INVALID, "host"},
        {"redis://a b:6379", ERR_INVALID, "host"},
        {"redis://@h:6379", ERR_INVALID, "user"},
        {"redis://h:6379/x", ERR_INVALID, "database"},
        {"redis://h:6379/1000000", ERR_INVALID, "database"},
        {"redis://app:hush@h:6379", ERR_INVALID, "password"},
        {"rediss://h:6379", ERR_INVALID, "TLS"},
        {"http://h:6379", ERR_INVALID, "scheme"},
        {"", ERR_INVALID, "scheme"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct errmsg msg = {""};
        enum err e = redis_url_check(rows[i].url, &msg);
        ok(e == rows[i].err && strstr(msg.text, rows[i].says) && !strstr(msg.text, "hush"), "\"%s\": %s", rows[i].url,
           msg.text);
    }
}

static void parts(void)
{
    static const struct {
        const char *url;
        struct redis_target want;
    } rows[] = {
        {"redis://127.0.0.1:6379", {.host = {"127.0.0.1", 6379}}},
        {"redis://[::1]:1", {.host = {"::1", 1}}},
        {"redis://app@redis.example:65535/15", {.host = {"redis.example", 65535}, .user = "app", .db = 15}},
        {"redis://redis.example:7/", {.host = {"redis.example", 7}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_target got;
        struct errmsg msg;
        const struct redis_target *want = &rows[i].want;
        bool good = redis_url_parse(rows[i].url, &got, &msg) == ERR_OK;
        ok(good && strcmp(got.host.name, want->host.name) == 0 && strcmp(got.user, want->user) == 0 && got.host.port == want->host.port &&
               got.db == want->db,
           "%s has its parts", rows[i].url);
    }
}

/* NAME is as long as it may be, or one byte more. */
static void lengths(void)
{
    static const struct {
        const char *form;
        int most;
    } rows[] = {{"redis://%s:6379", 255}, {"redis://%s@h:6379", 128}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[300], url[400];
        struct errmsg msg;
        memset(name, 'x', sizeof name);
        name[rows[i].most] = '\0';
        snprintf(url, sizeof url, rows[i].form, name);
        enum err fits = redis_url_check(url, &msg);
        name[rows[i].most] = 'x';
        name[rows[i].most + 1] = '\0';
        snprintf(url, sizeof url, rows[i].form, name);
        ok(fits == ERR_OK && redis_url_check(url, &msg) == ERR_INVALID, "%s takes %d bytes and no more", rows[i].form,
           rows[i].most);
    }
}

int main(void)
{
    plan(21 + 4 + 2);
    forms();
    parts();
    lengths();
    return tap_end();
}
