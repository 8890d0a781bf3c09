/* The keys for a store in Redis: what they take, what stands where they do not, and what a store is opened with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/config/files.h"
#include "tests/lib/tap.h"

#define REDIS A_POLICY "store = \"redis://127.0.0.1:6379/lc\"\n"
#define NAME "expected 1 to 64 letters, digits, dots, dashes and underscores\n"
#define LEASE "expected \"2s\" to \"60s\"\n"
#define REPLICAS "expected \"auto\" or 0 to 8\n"
#define REVISION "expected 0 to 999999999999999\n"
#define UNUSED ": a store that is not in Redis does not use it: expected it with a store in Redis\n"
#define LETTERS_64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *what, *text, *faults;
} rows[] = {
    {"an empty name", REDIS "name = \"\"\n", "main.conf:3: name = \"\": " NAME},
    {"a name of 65 bytes", REDIS "name = \"" LETTERS_64 "4\"\n", "main.conf:3: name = \"" LETTERS_64 "...\": " NAME},
    {"a name with a space", REDIS "name = \"a b\"\n", "main.conf:3: name = \"a b\": " NAME},
    {"a name with a colon", REDIS "name = \"a:b\"\n", "main.conf:3: name = \"a:b\": " NAME},
    {"nine replicas", REDIS "replicas = 9\n", "main.conf:3: replicas = 9: " REPLICAS},
    {"fewer than no replicas", REDIS "replicas = -1\n", "main.conf:3: replicas = -1: " REPLICAS},
    {"replicas in words", REDIS "replicas = \"all\"\n", "main.conf:3: replicas = \"all\": " REPLICAS},
    {"a lease of a second", REDIS "lease = \"1s\"\n", "main.conf:3: lease = \"1s\": " LEASE},
    {"a lease of 61 seconds", REDIS "lease = \"61s\"\n", "main.conf:3: lease = \"61s\": " LEASE},
    {"a lease without a unit", REDIS "lease = 6\n", "main.conf:3: lease = 6: " LEASE},
    {"an archive of a relative name", REDIS "archive = \"old\"\n",
     "main.conf:3: archive = \"old\": expected \"/FOLDER\"\n"},
    {"a revision beyond all", REDIS "revision = 1000000000000000\n",
     "main.conf:3: revision = 1000000000000000: " REVISION},
    {"a password in a relative path", REDIS "redis_password_file = \"a/b\"\n",
     "main.conf:3: redis_password_file = \"a/b\": expected \"/PATH\", or a credential's name\n"},
    {"a lossy maybe", REDIS "allow_lossy = maybe\n", "main.conf:3: allow_lossy = \"maybe\": expected true or false\n"},
    {"keys for Redis beside a folder",
     A_POLICY "store = \"dir:/x\"\nname = a\nreplicas = 1\nlease = \"6s\"\narchive = \"/a\"\nallow_lossy = false\n"
              "redis_password_file = \"/p\"\nrevision = 0\n",
     "main.conf:3: name" UNUSED "main.conf:4: replicas" UNUSED "main.conf:5: lease" UNUSED "main.conf:6: archive" UNUSED
     "main.conf:7: allow_lossy" UNUSED "main.conf:8: redis_password_file" UNUSED "main.conf:9: revision" UNUSED},
    {"one of them beside the default store", A_POLICY "lease = \"6s\"\n", "main.conf:2: lease" UNUSED},
    {"one of them beside a store that is none", A_POLICY "store = \"x\"\nlease = \"6s\"\n",
     "main.conf:2: store = \"x\": expected \"dir:FOLDER\", \"memory:\", \"redis://HOST:PORT/PREFIX\", "
     "\"redis-sentinel://...\" or \"redis-cluster://...\"\n"},
};

static void test_faults(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        is_fault(rows[i].text, strlen(rows[i].text), rows[i].faults, rows[i].what);
}

static unsigned replicas_of(const char *store)
{
    char text[256];
    snprintf(text, sizeof text, A_POLICY "store = \"%s\"\n", store);
    struct config *c = load_text(text);
    unsigned replicas = c->replicas;
    config_free(c);
    return replicas;
}

static void test_defaults(void)
{
    char host[65] = "";
    struct config *c = load_text(REDIS);
    gethostname(host, sizeof host - 1);
    is_str(c->name, host, "a daemon's name is the host's");
    is_int(c->lease_ms, 6000, "a lease lasts six seconds");
    ok(!c->archive && !c->redis_password_file && !c->redis_password, "there is neither archive nor password");
    ok(!c->allow_lossy && c->revision == 0, "nothing may be lost, and no configuration is newer");
    ok(config_in_redis(c), "the store is in Redis");
    config_free(c);
    is_int(replicas_of("redis://h:1/p"), 0, "one server has no replica to wait for");
    is_int(replicas_of("redis-sentinel://h:1/m/p"), 1, "where sentinels watch there is one");
    is_int(replicas_of("redis-cluster://h:1/p"), 1, "and in a cluster");
    is_int(replicas_of("dir:/x"), 0, "a folder has none");
    c = load_text(A_POLICY);
    ok(!config_in_redis(c) && c->name, "a store in a folder is not in Redis");
    config_free(c);
}

static void test_values(void)
{
    struct config *c = load_text(A_POLICY "store = \"redis-cluster://u@h:1,h:2/p\"\nname = \"A-b_9.x\"\nreplicas = 0\n"
                                          "lease = \"1m\"\narchive = \"/a b\"\nallow_lossy = true\n"
                                          "revision = 999999999999999\n");
    struct store_options o = {.simulated = true, .segment_bytes = 5, .archive = "kept"};
    is_str(c->name, "A-b_9.x", "a name");
    ok(c->revision == UINT64_C(999999999999999), "a revision");
    config_store_options(c, &o);
    is_int(o.replicas, 0, "no replica, where that is said");
    is_int(o.lease_ms, 60000, "a lease of a minute");
    is_str(o.moved, "/a b", "the folder that the log is moved to");
    ok(o.allow_lossy && !o.password, "leave to lose, and no password");
    ok(o.simulated && o.segment_bytes == 5 && strcmp(o.archive, "kept") == 0, "other options are left alone");
    config_free(c);
    c = load_text(REDIS "name = \"" LETTERS_64 "\"\nlease = \"2s\"\nreplicas = 8\n");
    ok(strlen(c->name) == 64 && c->lease_ms == 2000 && c->replicas == 8, "the bounds");
    config_free(c);
}

static void write_secret(const char *name, const char *text, mode_t mode)
{
    char path[256];
    write_file(name, text, strlen(text));
    if (chmod(in_tmpdir(name, path), mode) != 0)
        bail_out("cannot change the mode of %s", path);
}

static struct config *with_password(const char *file)
{
    char text[600];
    snprintf(text, sizeof text, REDIS "redis_password_file = \"%s\"\n", file);
    return load_text(text);
}

static void is_password(struct config *c, enum err want, const char *password, const char *fault)
{
    struct buf faults = BUF_INIT;
    is_int(config_load_password(c, &faults), want, "reading it comes to \"%s\"", err_text(want));
    buf_addc(&faults, '\0');
    char *text = without_folder(faults.p);
    is_str(text, fault, "with these faults");
    free(text);
    ok(password ? c->redis_password && strcmp(c->redis_password, password) == 0 : !c->redis_password,
       "and the password is there, or is not");
    buf_done(&faults);
    config_free(c);
}

static void test_password(void)
{
    char path[256];
    struct store_options o = {.password = NULL};
    struct buf faults = BUF_INIT;
    is_password(load_text(REDIS), ERR_OK, NULL, "");
    write_secret("good", "s3cret\n", 0600);
    is_password(with_password(in_tmpdir("good", path)), ERR_OK, "s3cret", "");
    write_secret("open", "s3cret\n", 0644);
    is_password(with_password(in_tmpdir("open", path)), ERR_INVALID, NULL,
                "good.conf:3: redis_password_file = \"open\": mode 0644: expected a file that others can neither read nor"
                " write (chmod o=)\n");
    is_password(with_password(in_tmpdir("none", path)), ERR_INVALID, NULL,
                "good.conf:3: redis_password_file = \"none\": No such file or directory: expected a file that can be"
                " read\n");
    unsetenv("CREDENTIALS_DIRECTORY");
    is_password(with_password("good"), ERR_INVALID, NULL,
                "good.conf:3: redis_password_file = \"good\": there is no folder $CREDENTIALS_DIRECTORY: expected an"
                " absolute path, or the name of a credential that the service manager passes\n");
    setenv("CREDENTIALS_DIRECTORY", tap_tmpdir(), 1);
    is_password(with_password("good"), ERR_OK, "s3cret", "");
    struct config *c = with_password("good");
    if (config_load_password(c, &faults) != ERR_OK || config_load_password(c, &faults) != ERR_OK)
        bail_out("%.*s", (int)faults.n, faults.p);
    config_store_options(c, &o);
    is_str(o.password, "s3cret", "a store is opened with it; reading it twice is fine");
    config_free(c);
    buf_done(&faults);
}

int main(void)
{
    plan(0);
    test_faults();
    test_defaults();
    test_values();
    test_password();
    return tap_end();
}
