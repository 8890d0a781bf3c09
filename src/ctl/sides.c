#include "ctl/sides.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/scratch.h"
#include "shards/move/fill.h"
#include "store/delivery/delivery.h"

#define DIR_SCHEME "dir:"
#define MARK "migrating" /* in a folder that is being filled */

void side_uri(const struct side *s, unsigned shard, char out[SHARD_URI_MAX])
{
    if (s->set)
        shard_uri(s->uri, shard, out);
    else
        snprintf(out, SHARD_URI_MAX, "%s", s->place);
}

/* --- what is emptied --- */

/* Every hold that was ordered for all shards is in every log. */
static enum err check_ordered(const struct side *s, uint64_t ordered, struct errmsg *msg)
{
    struct buf stamp = BUF_INIT;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < s->n && !e; i++) {
        unsigned long long done = 0;
        buf_clear(&stamp);
        e = store_stamp(s->stores[i], &stamp, msg);
        buf_addc(&stamp, '\0');
        const char *line = e ? NULL : strstr(stamp.p, "ordered ");
        if (line)
            sscanf(line, "ordered %llu", &done);
        e = e == ERR_ABSENT ? ERR_OK : e;
        if (!e && done < ordered)
            e = err_set(msg, ERR_INVALID,
                        "shard %u has not carried out all holds yet: let the daemons run until it has", i);
    }
    buf_done(&stamp);
    return e;
}

static enum err look_at_folder(struct side *s, struct errmsg *msg)
{
    struct store *store;
    struct store_info info;
    snprintf(s->place, sizeof s->place, "%s", s->uri);
    enum err e = store_open(s->uri, STORE_READ, &s->options, &store, NULL, msg);
    if (e)
        return e;
    store_info(store, &info);
    store_close(store);
    s->about = (struct shard_set){.n = 1, .simulated = info.simulated};
    memcpy(s->about.incarnation, info.incarnation, sizeof s->about.incarnation);
    return ERR_OK;
}

static enum err check_kind(const char *uri, struct errmsg *msg)
{
    if (shard_set_is(uri) || (strncmp(uri, DIR_SCHEME, strlen(DIR_SCHEME)) == 0 && strlen(uri) < SHARD_URI_MAX - 16))
        return ERR_OK;
    return err_set(msg, ERR_INVALID, "expected \"dir:\" and a folder, or a Redis without a \"#\"");
}

enum err side_look(struct side *s, const char *uri, const struct store_options *options, struct errmsg *msg)
{
    *s = (struct side){.uri = uri, .options = *options, .set = shard_set_is(uri)};
    enum err e = check_kind(uri, msg);
    if (e)
        return e;
    e = s->set ? shard_set_read(uri, options, &s->about, msg) : look_at_folder(s, msg);
    s->n = s->about.n;
    return e;
}

static enum err hold_all(struct side *s, struct errmsg *msg)
{
    struct store_options o = s->options;
    enum err e = ERR_OK;
    o.simulated = s->about.simulated;
    s->stores = mem_zalloc(s->n, sizeof(struct store *));
    for (unsigned i = 0; i < s->n && !e; i++) {
        char uri[SHARD_URI_MAX];
        side_uri(s, i, uri);
        e = store_open(uri, STORE_WRITE, &o, &s->stores[i], NULL, msg);
    }
    return e;
}

/* A folder's key for phone numbers becomes the set's: what is noted under them still counts. */
static enum err take_key(struct side *s, struct errmsg *msg)
{
    struct delivery_store *d;
    enum err e = delivery_open(s->stores[0], &d, msg);
    if (e)
        return e;
    memcpy(s->about.key, delivery_key(d), sizeof s->about.key);
    delivery_close(d);
    return ERR_OK;
}

enum err side_hold(struct side *s, struct errmsg *msg)
{
    uint64_t ordered = 0;
    enum err e = hold_all(s, msg);
    if (!e && s->set)
        e = shard_set_waiting(s->uri, &s->options, &s->about, &ordered, msg);
    if (!e && s->set)
        e = check_ordered(s, ordered, msg);
    return e || s->set ? e : take_key(s, msg);
}

/* --- what is filled --- */

/* The mark is the first that is in the folder, and the last that goes. */
static enum err mark_folder(const char *path, struct errmsg *msg)
{
    char mark[4096];
    struct stat st;
    if ((size_t)snprintf(mark, sizeof mark, "%s/" MARK, path) >= sizeof mark)
        return err_set(msg, ERR_INVALID, "the path %s is too long", path);
    if (stat(path, &st) == 0) {
        struct scratch left;
        if (stat(mark, &st) != 0)
            return err_set(msg, ERR_EXISTS, "%s is there, and not what a migrate that was cut short has left", path);
        snprintf(left.path, sizeof left.path, "%s", path);
        scratch_remove(&left);
    }
    int fd = mkdir(path, 0700) == 0 ? open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return err_set(msg, ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
    close(fd);
    return ERR_OK;
}

/* A folder in which nothing is may be there: the new one takes its place. */
static enum err check_free(const char *path, struct errmsg *msg)
{
    DIR *d = opendir(path);
    struct dirent *e;
    unsigned n = 0;
    if (!d)
        return errno == ENOENT ? ERR_OK : err_set(msg, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    while ((e = readdir(d)))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n ? err_set(msg, ERR_EXISTS, "%s is there already, and not empty", path) : ERR_OK;
}

static enum err make_folder(struct side *s, struct errmsg *msg)
{
    struct store *store;
    struct store_options o = s->options;
    enum err e = check_free(s->uri + strlen(DIR_SCHEME), msg);
    if (e)
        return e;
    snprintf(s->place, sizeof s->place, "%s.new", s->uri);
    e = mark_folder(s->place + strlen(DIR_SCHEME), msg);
    if (e)
        return e;
    o.simulated = s->about.simulated;
    o.incarnation = s->about.incarnation;
    e = store_open(s->place, STORE_INIT, &o, &store, NULL, msg);
    if (!e)
        store_close(store);
    return e;
}

enum err side_make(struct side *s, const char *uri, const struct store_options *options, const struct side *from,
                   unsigned n, struct errmsg *msg)
{
    *s = (struct side){.uri = uri, .options = *options, .set = shard_set_is(uri), .n = n, .about = from->about};
    s->about.n = n;
    enum err e = check_kind(uri, msg);
    if (!e)
        e = s->set ? shard_set_fill(uri, options, &s->about, msg) : make_folder(s, msg);
    return e ? e : hold_all(s, msg);
}

void side_let_go(struct side *s)
{
    for (unsigned i = 0; s->stores && i < s->n; i++)
        store_close(s->stores[i]);
    free(s->stores);
    s->stores = NULL;
}

static enum err sync_above(const char *path, struct errmsg *msg)
{
    char above[4096];
    const char *slash = strrchr(path, '/');
    snprintf(above, sizeof above, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good ? ERR_OK : err_set(msg, ERR_IO, "cannot sync %s: %s", above, strerror(errno));
}

static enum err name_folder(const struct side *s, struct errmsg *msg)
{
    char mark[4096 + 16];
    const char *from = s->place + strlen(DIR_SCHEME), *to = s->uri + strlen(DIR_SCHEME);
    snprintf(mark, sizeof mark, "%s/" MARK, from);
    if (rename(from, to) != 0)
        return err_set(msg, ERR_IO, "cannot rename %s to %s: %s", from, to, strerror(errno));
    snprintf(mark, sizeof mark, "%s/" MARK, to);
    unlink(mark);
    return sync_above(to, msg);
}

enum err side_finish(struct side *s, struct errmsg *msg)
{
    side_let_go(s);
    return s->set ? shard_set_filled(s->uri, &s->options, msg) : name_folder(s, msg);
}
