#include "store/folder.h"

#include "store/crc32c.h"
#include "store/file.h"
#include "store/log/logline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum err make_parts(int folder, const char *path, struct errmsg *msg)
{
    static const char *const parts[] = {"log", "checkpoint"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (mkdirat(folder, parts[i], 0700) < 0 && errno != EEXIST)
            return file_error(msg, "cannot make a folder in", path);
    int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return errno == EACCES ? ERR_OK : file_error(msg, "cannot open the folder above", path);
    enum err e = file_sync_folder(parent, path, msg);
    close(parent);
    return e;
}

enum err folder_open(const char *path, bool make, int *out, struct errmsg *msg)
{
    if (!*path)
        return err_set(msg, ERR_INVALID, "store \"dir:\" names no folder");
    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return file_error(msg, "cannot make the folder", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(msg, ERR_ABSENT, "there is no store in %s: make one with lifecertctl init", path);
    if (fd < 0)
        return file_error(msg, "cannot open the folder", path);
    enum err e = make ? make_parts(fd, path, msg) : ERR_OK;
    if (e)
        close(fd);
    else
        *out = fd;
    return e;
}

enum err meta_write(int folder, const struct meta *m, struct errmsg *msg)
{
    char created[32];
    struct buf b = BUF_INIT;
    time_t now = time(NULL); /* for people only: nothing is decided by it */
    struct tm tm;
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    buf_printf(&b,
               "{\"lifecertd\":\"store\",\"version\":%d,\"incarnation\":\"%s\",\"simulated\":%s,\"copy\":%s,"
               "\"taken\":%" PRIu64 ",\"created\":\"%s\"}\n",
               META_VERSION, m->incarnation, m->simulated ? "true" : "false", m->copy ? "true" : "false", m->taken,
               created);
    enum err e = file_replace(folder, META_NAME, buf_str(&b), msg);
    buf_done(&b);
    return e;
}

static enum err choose_incarnation(const char *given, char out[33], struct errmsg *msg)
{
    unsigned char random[16];
    struct buf hex = {out, 0, 33};
    if (given && (strlen(given) != 32 || !hex_parse(given, random, sizeof random)))
        return err_set(msg, ERR_INVALID, "an incarnation is 32 hex digits");
    if (!given && getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return file_error(msg, "cannot get random bytes for", META_NAME);
    hex_add(&hex, random, sizeof random);
    out[32] = '\0';
    return ERR_OK;
}

enum err meta_make(int folder, const char *incarnation, struct meta *m, struct errmsg *msg)
{
    struct meta made = {.simulated = m->simulated, .taken = m->taken};
    enum err e = choose_incarnation(incarnation, made.incarnation, msg);
    if (!e)
        e = meta_write(folder, &made, msg);
    if (!e)
        *m = made;
    return e;
}

static bool parse_bool(const char *word, bool *out)
{
    *out = strcmp(word, "true") == 0;
    return *out || strcmp(word, "false") == 0;
}

static enum err meta_parse(const char *text, const char *path, struct meta *out, struct errmsg *msg)
{
    struct meta m = {.simulated = false};
    char simulated[8], copy[8];
    unsigned version;
    int n;
    if (sscanf(text, "{\"lifecertd\":\"store\",\"version\":%u,", &version) != 1)
        return err_set(msg, ERR_DAMAGED, "%s/%s is not the description of a store", path, META_NAME);
    if (version > META_VERSION)
        return err_set(msg, ERR_VERSION, "%s/%s has version %u: this program knows up to %d", path, META_NAME, version,
                       META_VERSION);
    n = sscanf(text,
               "{\"lifecertd\":\"store\",\"version\":%u,\"incarnation\":\"%32[0-9a-f]\",\"simulated\":%7[a-z],"
               "\"copy\":%7[a-z],\"taken\":%" SCNu64 ",",
               &version, m.incarnation, simulated, copy, &m.taken);
    if (n < (int)(version + 2 < 5 ? version + 2 : 5) || strlen(m.incarnation) != 32)
        return err_set(msg, ERR_DAMAGED, "%s/%s: expected incarnation, simulated, copy and taken", path, META_NAME);
    if (!parse_bool(simulated, &m.simulated) || (version > 1 && !parse_bool(copy, &m.copy)))
        return err_set(msg, ERR_DAMAGED, "%s/%s: simulated and copy are true or false", path, META_NAME);
    *out = m;
    return ERR_OK;
}

enum err meta_load(int folder, const char *path, struct meta *out, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    enum err e = file_load(folder, META_NAME, 4096, &b, msg);
    if (e == ERR_ABSENT)
        err_set(msg, e, "there is no store in %s: make one with lifecertctl init", path);
    if (!e) {
        buf_addc(&b, '\0');
        e = meta_parse(b.p, path, out, msg);
    }
    buf_done(&b);
    return e;
}

static enum err held(int fd, const char *path, struct errmsg *msg)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    if (n <= 0)
        return err_set(msg, ERR_LOCKED, "the store in %s is in use by another process", path);
    pid[strcspn(pid, "\n")] = '\0';
    return err_set(msg, ERR_LOCKED, "the store in %s is in use by process %s", path, pid);
}

static enum err note_holder(int fd, const char *path, struct errmsg *msg)
{
    char pid[32], name[sizeof msg->text];
    struct iovec part = {pid, (size_t)snprintf(pid, sizeof pid, "%ld\n", (long)getpid())};
    snprintf(name, sizeof name, "the lock of %s", path);
    if (ftruncate(fd, 0) < 0)
        return file_error(msg, "cannot empty", name);
    return file_write(fd, name, &part, 1, 0, msg);
}

enum err lock_take(int folder, const char *path, int *out, struct errmsg *msg)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = file_open(folder, "lock", O_RDWR | O_CREAT);
    if (fd < 0)
        return file_error(msg, "cannot open the lock of", path);
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        enum err e = errno == EAGAIN || errno == EACCES ? held(fd, path, msg) : file_error(msg, "cannot lock", path);
        close(fd);
        return e;
    }
    enum err e = note_holder(fd, path, msg);
    if (e)
        close(fd);
    else
        *out = fd;
    return e;
}

bool lock_is_held(int folder)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int fd = file_open(folder, "lock", O_RDONLY);
    if (fd < 0)
        return false;
    bool is = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(fd);
    return is;
}

static const char synced_magic[8] = {'L', 'C', 'S', 'Y', 'N', 'C', 'D', '1'};

static enum err synced_prepare(int fd, bool write, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return file_error(msg, "cannot look at", "synced");
    if ((size_t)st.st_size >= sizeof(struct synced))
        return ERR_OK;
    if (!write)
        return err_set(msg, ERR_ABSENT, "synced is empty");
    struct synced fresh = {.seq = 0};
    memcpy(fresh.magic, synced_magic, sizeof synced_magic);
    struct iovec part = {&fresh, sizeof fresh};
    return file_write(fd, "synced", &part, 1, 0, msg);
}

enum err synced_map(int folder, bool write, struct synced **out, struct errmsg *msg)
{
    int fd = file_open(folder, "synced", write ? O_RDWR | O_CREAT : O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return err_set(msg, ERR_ABSENT, "there is no file synced");
    if (fd < 0)
        return file_error(msg, "cannot open", "synced");
    enum err e = synced_prepare(fd, write, msg);
    void *p = MAP_FAILED;
    if (!e &&
        (p = mmap(NULL, sizeof **out, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
        e = file_error(msg, "cannot map", "synced");
    close(fd);
    if (e)
        return e;
    if (memcmp(p, synced_magic, sizeof synced_magic) != 0) {
        munmap(p, sizeof **out);
        return err_set(msg, ERR_DAMAGED, "the file synced is not what was written");
    }
    *out = p;
    return ERR_OK;
}

void synced_unmap(struct synced *s, bool write)
{
    if (!s)
        return;
    if (write)
        msync(s, sizeof *s, MS_SYNC); /* only a witness: what it says is in the log already */
    munmap(s, sizeof *s);
}

enum err stamp_write(int folder, uint64_t durable, struct str bytes, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "{\"lifecertd\":\"stamp\",\"version\":1,\"durable\":%" PRIu64 ",\"crc32c\":\"%08" PRIx32 "\"}\n",
               durable, crc32c((uint32_t)durable, bytes.p, bytes.n));
    buf_addstr(&b, bytes);
    enum err e = file_replace(folder, "stamp", buf_str(&b), msg);
    buf_done(&b);
    return e;
}

enum err stamp_load(int folder, uint64_t *durable, struct buf *out, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    unsigned version = 0;
    uint32_t crc;
    int at = 0;
    uint64_t seq;
    enum err e = file_load(folder, "stamp", (size_t)1 << 20, &b, msg);
    if (e) {
        buf_done(&b);
        return e;
    }
    buf_addc(&b, '\0');
    int got =
        sscanf(b.p, "{\"lifecertd\":\"stamp\",\"version\":%u,\"durable\":%" SCNu64 ",\"crc32c\":\"%8" SCNx32 "\"}%n",
               &version, &seq, &crc, &at);
    if (got >= 1 && version > 1)
        e = err_set(msg, ERR_VERSION, "the file stamp has version %u: this program knows version 1", version);
    else if (got != 3 || at == 0 || b.p[at] != '\n' ||
             crc32c((uint32_t)seq, b.p + at + 1, b.n - 1 - (size_t)at - 1) != crc)
        e = err_set(msg, ERR_DAMAGED, "the file stamp is not what was written");
    if (!e) {
        *durable = seq;
        if (out)
            buf_add(out, b.p + at + 1, b.n - 1 - (size_t)at - 1);
    }
    buf_done(&b);
    return e;
}
