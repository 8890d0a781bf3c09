#include "tests/config/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/tap.h"

const char *in_tmpdir(const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", tap_tmpdir(), name);
    return path;
}

void write_file(const char *name, const char *text, size_t n)
{
    char path[256];
    FILE *f = fopen(in_tmpdir(name, path), "wb");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

char *without_folder(const char *text)
{
    struct buf out = BUF_INIT;
    size_t n = strlen(tap_tmpdir()) + 1;
    for (const char *p = text, *hit; *p; p = hit) {
        hit = strstr(p, tap_tmpdir());
        buf_add(&out, p, hit ? (size_t)(hit - p) : strlen(p));
        hit = hit ? hit + n : p + strlen(p);
    }
    buf_addc(&out, '\0');
    return out.p;
}

char *faults_of(const char *name)
{
    char path[256], *told = NULL;
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    enum err e = config_load(in_tmpdir(name, path), &c, &faults);
    buf_addc(&faults, '\0');
    if (e == ERR_OK || c)
        config_free(c);
    else
        told = without_folder(faults.p);
    buf_done(&faults);
    return told;
}

void is_fault(const char *text, size_t n, const char *want, const char *what)
{
    write_file("main.conf", text, n);
    char *got = faults_of("main.conf");
    is_str(got, want, "%s is told", what);
    free(got);
}

struct config *load_path(const char *path)
{
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    if (config_load(path, &c, &faults) != ERR_OK)
        bail_out("%.*s", (int)faults.n, faults.p);
    buf_done(&faults);
    return c;
}

struct config *load_text(const char *text)
{
    char path[256];
    write_file("good.conf", text, strlen(text));
    return load_path(in_tmpdir("good.conf", path));
}
