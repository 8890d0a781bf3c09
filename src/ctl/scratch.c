#include "ctl/scratch.h"

#include "ctl/text.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDERS_OPEN 16 /* while it is removed */

static enum err check_room(const char *below, uint64_t bytes, struct errmsg *msg)
{
    struct statvfs fs;
    char needed[TEXT_COUNT], there[TEXT_COUNT];
    if (statvfs(below, &fs) != 0)
        return err_set(msg, ERR_IO, "%s: %s", below, strerror(errno));
    uint64_t available = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (available >= bytes)
        return ERR_OK;
    return err_set(msg, ERR_FULL, "%s has room for %s, but %s are needed; --scratch FOLDER names another place", below,
                   text_bytes(available, there), text_bytes(bytes, needed));
}

enum err scratch_make(struct scratch *s, const char *below, uint64_t bytes, struct errmsg *msg)
{
    const char *tmpdir = getenv("TMPDIR");
    if (!below)
        below = tmpdir && *tmpdir ? tmpdir : "/var/tmp";
    s->path[0] = '\0';
    enum err err = check_room(below, bytes, msg);
    if (err != ERR_OK)
        return err;
    int n = snprintf(s->path, sizeof s->path, "%s/lifecertctl-XXXXXX", below);
    if (n >= 0 && (size_t)n < sizeof s->path && mkdtemp(s->path))
        return ERR_OK;
    s->path[0] = '\0';
    return err_set(msg, ERR_IO, "%s: cannot make a folder there: %s", below, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    (void)!remove(path); /* what stays is told by the folder that is not empty */
    return 0;
}

void scratch_remove(struct scratch *s)
{
    if (s->path[0])
        nftw(s->path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    s->path[0] = '\0';
}

/* --- signals --- */

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define ENDING (sizeof ending / sizeof *ending)

/* What was ignored from the beginning (nohup, a shell's background) goes on being so. */
static bool ends(int sig)
{
    struct sigaction now;
    return sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_IGN;
}

static void set_mask(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ENDING; i++)
        if (ends(ending[i]))
            sigaddset(&set, ending[i]);
    sigprocmask(how, &set, NULL);
}

void scratch_hold_signals(void)
{
    set_mask(SIG_BLOCK);
}

bool scratch_interrupted(void)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < ENDING; i++)
        if (sigismember(&pending, ending[i]) && ends(ending[i]))
            return true;
    return false;
}

void scratch_let_go(void)
{
    set_mask(SIG_UNBLOCK);
}
