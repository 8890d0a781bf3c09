/* The set of shards in a real Redis: made, read, refused, and gone on with when its making was cut short. */
#include "shards/set.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shards/office_help.h"

static void test_uris(void)
{
    char place[SHARD_URI_MAX];
    ok(shard_set_is("redis://h:1/p") && shard_set_is("redis-cluster://h:1/p") &&
           shard_set_is("redis-sentinel://h:1/m/p"),
       "a URI of Redis is a set's");
    ok(!shard_set_is("redis://h:1/p#3") && !shard_set_is("dir:/redis:") && !shard_set_is("memory:"),
       "one shard's is not, nor is another kind of store");
    shard_uri("redis://h:1/p", 17, place);
    is_str(place, "redis://h:1/p#17", "a shard's URI");
}

static bool is_shard(const char *uri, unsigned shard, const struct shard_set *set)
{
    char place[SHARD_URI_MAX];
    struct store *s;
    struct store_info info;
    struct errmsg msg = {""};
    shard_uri(uri, shard, place);
    if (store_open(place, STORE_READ, NULL, &s, NULL, &msg) != ERR_OK) {
        diag("%s", msg.text);
        return false;
    }
    store_info(s, &info);
    store_close(s);
    return strcmp(info.incarnation, set->incarnation) == 0 && info.simulated == set->simulated;
}

static unsigned shards_there(const char *uri, const struct shard_set *set)
{
    unsigned n = 0;
    for (unsigned i = 0; i < set->n; i++)
        n += is_shard(uri, i, set);
    return n;
}

static void test_making(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct shard_set made = {.n = 0}, read = {.n = 0};
    const struct store_options simulated = {.simulated = true};
    office_uri("made", uri);
    is_int(shard_set_read(uri, NULL, &read, &msg), ERR_ABSENT, "there is none at first: %s", msg.text);
    ok(strncmp(msg.text, uri, strlen(uri)) == 0, "and where is said");
    is_int(shard_set_make(uri, &simulated, 0, &made, &msg), ERR_INVALID, "a set has shards: %s", msg.text);
    is_int(shard_set_make(uri, &simulated, SHARDS_MAX + 1, &made, &msg), ERR_INVALID, "and a bounded number of them");
    is_int(shard_set_make(uri, &simulated, 4, &made, &msg), ERR_OK, "one is made");
    is_int(shard_set_read(uri, NULL, &read, &msg), ERR_OK, "and read");
    ok(read.n == 4 && read.simulated && memcmp(&read, &made, sizeof read) == 0, "as it was made");
    is_int(strlen(made.incarnation), 32, "with an incarnation");
    is_int(shards_there(uri, &made), 4, "every shard is there, of that incarnation");
    is_int(shard_set_make(uri, &simulated, 4, &made, &msg), ERR_EXISTS, "it is made once: %s", msg.text);
    ok(strncmp(msg.text, uri, strlen(uri)) == 0, "which says where, too");
    freeReplyObject(by_hand("HSET {made/system}:set version 2"));
    is_int(shard_set_read(uri, NULL, &read, &msg), ERR_VERSION, "a later version is refused: %s", msg.text);
    freeReplyObject(by_hand("HSET {made/system}:set version 1 shards 5000"));
    is_int(shard_set_read(uri, NULL, &read, &msg), ERR_DAMAGED, "and so is what was not written: %s", msg.text);
}

static void test_cut_short(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct shard_set made, again, read;
    office_uri("short", uri);
    is_int(shard_set_make(uri, NULL, 3, &made, &msg), ERR_OK, "a set is made");
    freeReplyObject(by_hand("HSET {short/system}:set making 1"));
    freeReplyObject(by_hand("DEL {short/2}:state"));
    is_int(shard_set_read(uri, NULL, &read, &msg), ERR_ABSENT, "what is not whole is none: %s", msg.text);
    is_int(shard_set_make(uri, NULL, 5, &again, &msg), ERR_EXISTS, "nor is another number taken: %s", msg.text);
    is_int(shard_set_make(uri, NULL, 3, &again, &msg), ERR_OK, "with the same number it is gone on with");
    ok(memcmp(&again, &made, sizeof made) == 0 && shards_there(uri, &made) == 3, "and is the same set, whole");
}

/* Killed anywhere. */
static void test_kills(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct shard_set made, read;
    unsigned kills = 0, killed_within = 0, whole = 0;
    for (unsigned round = 0; round < 8; round++, kills++) {
        int status;
        char prefix[32];
        snprintf(prefix, sizeof prefix, "kill-%u", round);
        office_uri(prefix, uri);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            enum err e = shard_set_make(uri, NULL, 8, &made, &msg);
            _exit(e != ERR_OK);
        }
        usleep(round * 1500);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        killed_within += shard_set_read(uri, NULL, &read, &msg) == ERR_ABSENT;
        enum err e = shard_set_make(uri, NULL, 8, &made, &msg);
        whole += (e == ERR_OK || e == ERR_EXISTS) && shard_set_read(uri, NULL, &read, &msg) == ERR_OK &&
                 shards_there(uri, &read) == 8;
    }
    ok(killed_within > 0, "some are killed before the set is whole");
    is_int(whole, kills, "and each time it is made to its end");
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    test_uris();
    test_making();
    test_cut_short();
    test_kills();
    redis_server_kill(&server);
    return tap_end();
}
