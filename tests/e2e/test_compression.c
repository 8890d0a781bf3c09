/* A daemon over a log of many segments compresses them while it works: the same events come out of it before and
 * afterwards, over HTTP and out of the store's folder, after a kill too; a reload turns it on; damage is named. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/process.h"
#include "tests/engine/rig.h"
#include "tests/lib/node.h"

#define PEOPLE 800
#define LATE "2026-02-03T12:00:00+08:00"

/* Noon of a day on which nothing falls due. */
static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "clock = \"" LATE " x1\"\n"
                             "brake_limit = \"off\"\n"
                             "channel \"face\" { }\n"
                             "policy \"national\" { }\n";
static const char off[] = "compress_log = false\n";

static struct node *node;
static struct reply r;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))

static void configure(bool compress)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s", compress ? "" : off, config);
    node_configure(node, text);
}

/* A log of segments of 64 KiB, made by an engine in this process. */
static void make_store(void)
{
    struct rig made = {.options.segment_bytes = 65536};
    char uri[128], text[1024], json[256];
    snprintf(uri, sizeof uri, "dir:%s/store", node->dir);
    snprintf(text, sizeof text, "%s%s", off, config);
    rig_open(&made, uri, text, INSTANT_NONE);
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"national\",\"approved_on\":\"2024-02-%02u\"}", i,
                 1 + i % 28);
        rig_input(&made, json);
    }
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(json, sizeof json,
                 "{\"op\":\"certify\",\"id\":\"P-%u\",\"channel\":\"face\",\"ref\":\"%u\",\"certified_on\":"
                 "\"2026-01-05\"}",
                 i, i);
        rig_input(&made, json);
    }
    rig_close(&made);
}

/* How many of the log's files end so. */
static unsigned count_files(const char *suffix)
{
    char path[128];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/store/log", node->dir);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name), end = strlen(suffix);
        n += length > end && strcmp(e->d_name + length - end, suffix) == 0;
    }
    if (d)
        closedir(d);
    return n;
}

static double metric(const char *name)
{
    char line[128];
    request_once(node->socket, "GET", "/metrics", NULL, STR_NONE, &r);
    snprintf(line, sizeof line, "\n%s ", name);
    const char *p = r.status == 200 ? strstr(r.body.p, line) : NULL;
    return p ? strtod(p + strlen(line), NULL) : -1;
}

static bool all_compressed(void *arg)
{
    (void)arg;
    double segments = metric("lifecertd_log_segments");
    return segments > 5 && metric("lifecertd_log_compressed_segments") == segments - 1;
}

/* The whole log out of the store's folder, by lifecertctl. */
static void events(struct buf *out)
{
    const char *const argv[] = {"lifecertctl", "events", "-c", node->config, "--since", "2020-01-01", NULL};
    buf_clear(out);
    if (run_program(argv, out) != 0)
        bail_out("lifecertctl events: %s", out->p);
}

/* The same, and what some people's pages show, by the daemon. */
static void answers(struct buf *out)
{
    buf_clear(out);
    for (unsigned i = 0; i < PEOPLE; i += 40) {
        char target[64];
        snprintf(target, sizeof target, "/v1/beneficiaries/P-%u/events", i);
        request_once(node->socket, "GET", target, NULL, STR_NONE, &r);
        buf_printf(out, "%d ", r.status);
        buf_add(out, r.body.p, r.body.n);
    }
}

static bool begins(const struct buf *longer, const struct buf *shorter)
{
    return longer->n >= shorter->n && shorter->n > 100000 && memcmp(longer->p, shorter->p, shorter->n) == 0;
}

static void test_compression(void)
{
    struct buf plain = BUF_INIT, packed = BUF_INIT, asked = BUF_INIT, again = BUF_INIT;
    events(&plain);
    plain.n = strlen(plain.p);
    configure(false);
    node_must_start(node);
    answers(&asked);
    check(metric("lifecertd_log_compressed_segments") == 0 && count_files(".zst") + count_files(".new") == 0,
          "a daemon that may not compress the log leaves it as it is");
    check(metric("lifecertd_log_disk_bytes") == metric("lifecertd_log_bytes"), "which takes what it has");
    configure(true);
    node_signal(node, SIGHUP);
    check(await(all_compressed, NULL), "one that is told to compresses all closed segments");
    check(count_files(".ndjson") == 1 && count_files(".new") == 0, "of which no plain one is left");
    check(metric("lifecertd_log_disk_bytes") < metric("lifecertd_log_bytes") / 2, "and the log takes less room");
    events(&packed);
    packed.n = strlen(packed.p);
    check(begins(&packed, &plain), "the folder gives the same events as before, while the daemon runs");
    answers(&again);
    check(str_eq(buf_str(&asked), buf_str(&again)), "and the daemon the same histories");
    node_kill(node);
    node_must_start(node);
    answers(&again);
    check(str_eq(buf_str(&asked), buf_str(&again)), "after a kill too");
    check(all_compressed(NULL), "when it knows what is compressed");
    check(node_stop(node) == 0, "it stops");
    events(&packed);
    packed.n = strlen(packed.p);
    check(begins(&packed, &plain), "and the folder has the same events without it");
    buf_done(&plain);
    buf_done(&packed);
    buf_done(&asked);
    buf_done(&again);
}

static void test_damage(void)
{
    char path[160];
    int code;
    snprintf(path, sizeof path, "%s/store/log/00000000000000000001.ndjson.zst", node->dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    char c;
    if (pread(fd, &c, 1, 1000) != 1 || (c ^= 4, pwrite(fd, &c, 1, 1000)) != 1)
        bail_out("cannot damage %s", path);
    close(fd);
    check(!node_start(node, &code) && code != 0, "a daemon does not start over a damaged compressed segment");
    check(node_logged(node, "00000000000000000001.ndjson.zst: bytes 0 to "), "and says where it is damaged");
}

int main(void)
{
    plan(0);
    node = node_new(config);
    make_store();
    test_compression();
    test_damage();
    reply_done(&r);
    node_free(node, failed);
    return tap_end();
}
