#include "tests/lib/canary.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "tests/lib/tap.h"

#define NEEDLE_BYTES 80
#define UNPACK_BYTES ((size_t)1 << 20)
#define NEEDLES_MAX 48
#define PHONE_REST 5 /* digits of a number behind what all have */
#define AROUND 160   /* bytes that are shown */
#define WIDE_MAX 32  /* characters of what is looked for */

const char *canary_name(unsigned n, char out[CANARY_TEXT])
{
    snprintf(out, CANARY_TEXT, CANARY_NAME "%u", n);
    return out;
}

const char *canary_phone(unsigned n, char out[CANARY_TEXT])
{
    snprintf(out, CANARY_TEXT, CANARY_PHONE "%05u", n % 100000);
    return out;
}

/* --- forms --- */

struct needle {
    const char *form;
    char bytes[NEEDLE_BYTES];
    size_t n;
};

struct needles {
    struct needle v[NEEDLES_MAX];
    unsigned n;
};

static void add(struct needles *all, const char *form, const void *bytes, size_t n)
{
    if (all->n == NEEDLES_MAX || n > NEEDLE_BYTES)
        bail_out("too much to look for");
    struct needle *one = &all->v[all->n++];
    *one = (struct needle){.form = form, .n = n};
    memcpy(one->bytes, bytes, n);
}

static void add_text(struct needles *all, const char *form, const char *text)
{
    add(all, form, text, strlen(text));
}

/* Of at most three bytes a character: all that is looked for. */
static unsigned characters(const char *utf8, unsigned out[WIDE_MAX])
{
    unsigned n = 0;
    for (const unsigned char *p = (const unsigned char *)utf8; *p && n < WIDE_MAX; n++)
        if (*p < 0x80) {
            out[n] = p[0];
            p += 1;
        } else {
            out[n] = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
            p += 3;
        }
    return n;
}

static size_t wide(const char *utf8, bool big, unsigned char out[2 * WIDE_MAX])
{
    unsigned c[WIDE_MAX], n = characters(utf8, c);
    for (unsigned i = 0; i < n; i++) {
        out[2 * i + !big] = (unsigned char)(c[i] >> 8);
        out[2 * i + big] = (unsigned char)c[i];
    }
    return 2 * n;
}

/* Each byte by a format, in both cases of its letters: "%%%02X" and "%02X". */
static void add_digits(struct needles *all, const char *form, const char *format, const unsigned char *bytes, size_t n)
{
    char text[NEEDLE_BYTES + 8];
    size_t at = 0;
    for (size_t i = 0; i < n && at < NEEDLE_BYTES; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, format, bytes[i]);
    add_text(all, form, text);
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    add_text(all, form, text);
}

/* \u91D1: characters beyond ASCII only. */
static void add_escapes(struct needles *all, const char *utf8)
{
    unsigned c[WIDE_MAX], n = characters(utf8, c);
    char upper[NEEDLE_BYTES] = "", lower[NEEDLE_BYTES] = "";
    for (unsigned i = 0; i < n; i++) {
        snprintf(upper + 6 * i, sizeof upper - 6 * i, "\\u%04X", c[i]);
        snprintf(lower + 6 * i, sizeof lower - 6 * i, "\\u%04x", c[i]);
    }
    add_text(all, "JSON's escapes", upper);
    add_text(all, "JSON's escapes", lower);
}

/* Wherever it begins among three bytes: the letters that depend on it alone. */
static void add_base64(struct needles *all, const char *form, const unsigned char *bytes, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t shift = 0; shift < 3; shift++) {
        char text[NEEDLE_BYTES];
        size_t length = 0, first = (8 * shift + 5) / 6, end = 8 * (shift + n) / 6;
        for (size_t i = first; i < end && length < sizeof text; i++) {
            unsigned value = 0;
            for (size_t bit = 6 * i - 8 * shift; bit < 6 * i - 8 * shift + 6; bit++)
                value = value << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1u);
            text[length++] = letters[value];
        }
        add(all, form, text, length);
    }
}

static void add_forms(struct needles *all, const char *utf8)
{
    unsigned char w[2 * WIDE_MAX];
    size_t n = wide(utf8, true, w);
    add(all, "UTF-16BE", w, n);
    add_digits(all, "UTF-16BE in hexadecimal", "%02X", w, n);
    add_base64(all, "UTF-16BE in base64", w, n);
    add(all, "UTF-16LE", w, wide(utf8, false, w));
    add_base64(all, "base64", (const unsigned char *)utf8, strlen(utf8));
}

static void add_all(struct needles *all)
{
    static const unsigned char name[] = CANARY_NAME;
    add_text(all, "plain text", CANARY_NAME);
    add_escapes(all, CANARY_NAME);
    add_digits(all, "percent-encoding", "%%%02X", name, sizeof name - 1);
    add_digits(all, "hexadecimal", "%02X", name, sizeof name - 1);
    add_forms(all, CANARY_NAME);
    add_forms(all, CANARY_PHONE);
}

static const struct needles *all_forms(void)
{
    static struct needles all;
    if (!all.n)
        add_all(&all);
    return &all;
}

/* --- looking --- */

/* Between two digits of a number, as people write it and as a URL has that: how many bytes. */
static size_t separator(const char *p, const char *end)
{
    if (p < end && strchr(" -.()+", *p) && *p)
        return 1;
    return end - p >= 3 && p[0] == '%' && p[1] == '2' && isxdigit((unsigned char)p[2]) ? 3 : 0; /* %20, %2D, %28 */
}

/* The rest of a number whose first digits are at from, the separators passed over: where it ends; NULL: it is none. */
static const char *number_end(const char *from, const char *end)
{
    static const char prefix[] = CANARY_PHONE;
    const char *p = from;
    for (size_t i = 0; i < sizeof prefix - 1 + PHONE_REST; i++, p++) {
        for (size_t skip; i && (skip = separator(p, end)) != 0;)
            p += skip;
        if (p == end || !isdigit((unsigned char)*p) || (i < sizeof prefix - 1 && *p != prefix[i]))
            return NULL;
    }
    return p;
}

/* In a longer number, or among the digits of a hash, they say nothing; a country's code, +86 or 0086, may stand before,
 * and what a URL has for a sign. */
static bool is_apart(const char *from, const char *end, const char *at, const char *behind)
{
    if (behind < end && isalnum((unsigned char)*behind))
        return false;
    if (at == from || !isalnum((unsigned char)at[-1]))
        return true;
    bool has_code = at - from >= 2 && at[-1] == '6' && at[-2] == '8';
    return has_code || (at - from >= 3 && at[-3] == '%');
}

static const char *find_number(const char *from, const char *end)
{
    const char *at = from;
    while ((at = memmem(at, (size_t)(end - at), CANARY_PHONE, 3)) != NULL) {
        const char *behind = number_end(at, end);
        if (behind && is_apart(from, end, at, behind))
            return at;
        at++;
    }
    return NULL;
}

const char *canary_find(const void *bytes, size_t n, const char **form)
{
    const struct needles *all = all_forms();
    const char *at = n ? find_number(bytes, (const char *)bytes + n) : NULL, *how = "digits";
    for (unsigned i = 0; n && !at && i < all->n; i++) {
        at = memmem(bytes, n, all->v[i].bytes, all->v[i].n);
        how = all->v[i].form;
    }
    if (at && form)
        *form = how;
    return at;
}

/* --- files --- */

static char sentence[700];

/* Some bytes before and behind, what cannot be printed as dots. */
static void excerpt(const char *bytes, size_t n, size_t at, char out[AROUND + 1])
{
    size_t from = at > AROUND / 2 ? at - AROUND / 2 : 0, length = n - from < AROUND ? n - from : AROUND;
    for (size_t i = 0; i < length; i++)
        out[i] = bytes[from + i] < ' ' && bytes[from + i] >= 0 ? '.' : bytes[from + i];
    out[length] = '\0';
}

static const char *look(const char *path, const void *bytes, size_t n)
{
    const char *form, *at = canary_find(bytes, n, &form);
    if (!at)
        return NULL;
    char around[AROUND + 1];
    excerpt(bytes, n, (size_t)(at - (const char *)bytes), around);
    snprintf(sentence, sizeof sentence, "%s holds a name or a number at byte %td, in %s: %s", path,
             at - (const char *)bytes, form, around);
    return sentence;
}

/* What zstd has compressed, frame by frame; of half a file that half. */
static void unpack(const void *bytes, size_t n, struct buf *text)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {bytes, n, 0};
    size_t left = 0;
    while (in.pos < in.size && !ZSTD_isError(left)) {
        ZSTD_outBuffer out = {buf_room(text, UNPACK_BYTES), UNPACK_BYTES, 0};
        left = ZSTD_decompressStream(stream, &out, &in);
        text->n += out.pos;
    }
    ZSTD_freeDStream(stream);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* As it is, and unpacked. */
static const char *look_at_open(int fd, const char *path)
{
    struct stat st;
    struct buf text = BUF_INIT;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return NULL;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        bail_out("cannot look into %s", path);
    const char *found = look(path, bytes, (size_t)st.st_size);
    if (!found && ends_with(path, ".zst")) {
        unpack(bytes, (size_t)st.st_size, &text);
        found = look(path, text.p, text.n);
    }
    munmap(bytes, (size_t)st.st_size);
    buf_done(&text);
    return found;
}

const char *canary_find_in_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    const char *found = look_at_open(fd, path);
    close(fd);
    return found;
}

static bool is_left_out(const char *name, const char *const skip[])
{
    for (; skip && *skip; skip++)
        if (strcmp(name, *skip) == 0)
            return true;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const char *canary_find_in_folder(const char *folder, const char *const skip[])
{
    const char *found = NULL;
    char path[512];
    DIR *d = opendir(folder);
    for (struct dirent *e; d && !found && (e = readdir(d)) != NULL;) {
        if (is_left_out(e->d_name, skip))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        found = e->d_type == DT_DIR ? canary_find_in_folder(path, skip) : canary_find_in_file(path);
    }
    if (d)
        closedir(d);
    return found;
}
