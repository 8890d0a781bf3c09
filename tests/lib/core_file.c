#include "tests/lib/core_file.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/tap.h"

#define NAMES 2 /* of the file, as the kernel may call it */

static void read_setting(const char *path, char out[256])
{
    FILE *f = fopen(path, "r");
    if (!f || !fgets(out, 256, f))
        out[0] = '\0';
    if (f)
        fclose(f);
    out[strcspn(out, "\n")] = '\0';
}

const char *core_unavailable(void)
{
    static char why[400];
    char pattern[256];
    struct rlimit l;
    read_setting("/proc/sys/kernel/core_pattern", pattern);
    if (strcmp(pattern, "core") != 0) {
        snprintf(why, sizeof why, "cores go elsewhere here: kernel.core_pattern is \"%s\"", pattern);
        return why;
    }
    if (getrlimit(RLIMIT_CORE, &l) != 0 || l.rlim_max != RLIM_INFINITY)
        return "a core may not be large here (ulimit -H -c)";
    return NULL;
}

void core_allow(const char *folder)
{
    struct rlimit l = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_CORE, &l) != 0 || chdir(folder) != 0)
        _exit(127);
}

static void name_of(const char *folder, pid_t pid, unsigned which, char out[300])
{
    if (which == 0)
        snprintf(out, 300, "%s/core", folder);
    else
        snprintf(out, 300, "%s/core.%d", folder, (int)pid);
}

static bool read_whole(int fd, struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    buf_clear(out);
    char *p = buf_room(out, (size_t)st.st_size);
    for (ssize_t got; out->n < (size_t)st.st_size; out->n += (size_t)got)
        if ((got = read(fd, p + out->n, (size_t)st.st_size - out->n)) <= 0)
            return false;
    return true;
}

bool core_take(const char *folder, pid_t pid, struct buf *out)
{
    char name[300];
    for (unsigned i = 0; i < NAMES; i++) {
        name_of(folder, pid, i, name);
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        bool whole = read_whole(fd, out);
        close(fd);
        unlink(name);
        return whole;
    }
    return false;
}

static bool has_registers(const char *notes, size_t n)
{
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= n;) {
        const Elf64_Nhdr *note = (const Elf64_Nhdr *)(notes + at);
        if (note->n_type == NT_PRSTATUS)
            return true;
        at += sizeof *note + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u);
    }
    return false;
}

bool core_is_real(const struct buf *core)
{
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)core->p;
    if (core->n < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_type != ET_CORE ||
        head->e_phoff + head->e_phnum * sizeof(Elf64_Phdr) > core->n)
        return false;
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(core->p + head->e_phoff);
    bool registers = false;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        if (parts[i].p_offset + parts[i].p_filesz > core->n)
            return false;
        registers |= parts[i].p_type == PT_NOTE && has_registers(core->p + parts[i].p_offset, parts[i].p_filesz);
    }
    return registers;
}
