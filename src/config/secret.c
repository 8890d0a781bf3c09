#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read_up_to.h"

enum err secret_path(const char *name, char **out, struct errmsg *msg)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (name[0] == '/') {
        *out = mem_strdup(name);
        return ERR_OK;
    }
    if (!folder || folder[0] != '/')
        return err_set(msg, ERR_ABSENT,
                       "there is no folder $CREDENTIALS_DIRECTORY: expected an absolute path, or the "
                       "name of a credential that the service manager passes");
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s/%s", folder, name);
    buf_addc(&b, '\0');
    *out = b.p;
    return ERR_OK;
}

static enum err check_open(int fd, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(msg, ERR_INVALID, "%s: expected a regular file", S_ISDIR(st.st_mode) ? "a folder" : "no file");
    if (st.st_mode & (S_IROTH | S_IWOTH))
        return err_set(msg, ERR_INVALID, "mode %04o: expected a file that others can neither read nor write (chmod o=)",
                       (unsigned)st.st_mode & 07777);
    return ERR_OK;
}

enum err secret_open(const char *path, int *fd, struct errmsg *msg)
{
    int got = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not keep us waiting */
    if (got < 0)
        return err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    enum err e = check_open(got, msg);
    if (e == ERR_OK)
        *fd = got;
    else
        close(got);
    return e;
}

static struct str trim(struct str s)
{
    static const char blanks[] = " \t\r\n\v\f";
    while (s.n && memchr(blanks, s.p[0], sizeof blanks - 1))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && memchr(blanks, s.p[s.n - 1], sizeof blanks - 1))
        s.n--;
    return s;
}

/* whole: room for one byte more than a secret may have. */
static enum err read_secret(int fd, char whole[SECRET_BYTES_MAX + 1], struct secret *out, struct errmsg *msg)
{
    ssize_t n = read_up_to(fd, whole, SECRET_BYTES_MAX + 1);
    if (n < 0)
        return err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    if (n > SECRET_BYTES_MAX)
        return err_set(msg, ERR_INVALID, "too long: expected at most %d bytes", SECRET_BYTES_MAX);
    struct str text = trim((struct str){whole, (size_t)n});
    if (text.n == 0)
        return err_set(msg, ERR_INVALID, "empty: expected a secret");
    if (memchr(text.p, '\0', text.n))
        return err_set(msg, ERR_INVALID, "a NUL byte in it: expected text");
    *out = (struct secret){mem_strndup(text.p, text.n), text.n};
    return ERR_OK;
}

enum err secret_load(const char *name, struct secret *out, struct errmsg *msg)
{
    char *path, whole[SECRET_BYTES_MAX + 1];
    int fd;
    enum err e = secret_path(name, &path, msg);
    if (e != ERR_OK)
        return e;
    e = secret_open(path, &fd, msg);
    free(path);
    if (e != ERR_OK)
        return e;
    e = read_secret(fd, whole, out, msg);
    explicit_bzero(whole, sizeof whole);
    close(fd);
    return e;
}

void secret_done(struct secret *s)
{
    if (s->p)
        explicit_bzero(s->p, s->n);
    free(s->p);
    *s = (struct secret){0};
}
