#include "tests/faults/faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/tap.h"

static const char *const names[] = {
#define X(kind, name) name,
    FAULTS_KINDS(X)
#undef X
};

static void control_path(const char *folder, char out[FAULTS_PATH_MAX])
{
    snprintf(out, FAULTS_PATH_MAX, "%s/faults", folder);
}

struct faults *faults_new(const char *folder)
{
    char path[FAULTS_PATH_MAX];
    control_path(folder, path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct faults)) != 0)
        bail_out("cannot make %s", path);
    void *p = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        bail_out("cannot map %s", path);
    return p;
}

void faults_order(struct faults *f, const struct faults_order *o)
{
    int64_t clock = f->wall_ns;
    memset(f, 0, sizeof *f);
    f->wall_ns = clock;
    f->kinds = o->kinds;
    f->action = o->action;
    f->error = o->error;
    f->forever = o->forever;
    f->at = o->at;
}

void faults_calm(struct faults *f)
{
    __atomic_store_n(&f->at, 0, __ATOMIC_RELAXED);
}

void faults_begin(const char *folder)
{
    char path[FAULTS_PATH_MAX], library[FAULTS_PATH_MAX];
    const char *build = getenv("top_builddir");
    control_path(folder, path);
    snprintf(library, sizeof library, "%s/tests/faults/preload.so", build ? build : ".");
    if (access(library, R_OK) != 0)
        bail_out("there is no %s", library);
    setenv(FAULTS_CONTROL, path, 1);
    setenv("LD_PRELOAD", library, 1);
}

void faults_end(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv(FAULTS_CONTROL);
}

const char *faults_kind_name(enum faults_kind kind)
{
    return names[kind];
}

int faults_kind_of(const char *name)
{
    for (int i = 0; i < FAULTS_KINDS_N; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
