/* What looks for names and numbers finds them in every form, and nothing else. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

static const struct {
    const char *text, *form; /* NULL: it is none */
} cases[] = {
    {"{\"name\":\"金丝鸟12\"}", "plain text"},
    {"{\"name\":\"\\u91d1\\u4e1d\\u9e1f12\"}", "JSON's escapes"},
    {"{\"name\":\"\\u91D1\\u4E1D\\u9E1F12\"}", "JSON's escapes"},
    {"GET /?text=%E9%87%91%E4%B8%9D%E9%B8%9F12", "percent-encoding"},
    {"GET /?text=%e9%87%91%e4%b8%9d%e9%b8%9f12", "percent-encoding"},
    {"E98791E4B89DE9B89F", "hexadecimal"},
    {"&text=91D14E1D9E1F", "UTF-16BE in hexadecimal"},
    {"&text=91d14e1d9e1f", "UTF-16BE in hexadecimal"},
    {"6YeR5Lid6bifMTI=", "base64"},     /* of the name alone */
    {"eOmHkeS4nem4nzEy", "base64"},     /* behind one other byte */
    {"eHjph5HkuJ3puJ8xMg==", "base64"}, /* behind two */
    {"\"13973912345\"", "digits"},
    {"to=%2B8613973912345&x", "digits"},
    {"0086-139-7391-2345", "digits"},
    {"tel +86 139 7391 2345.", "digits"},
    {"(139)7391-2345", "digits"},
    {"139%207391%202345", "digits"},
    {"00310033003900370033003900310032003300340035", "UTF-16BE in hexadecimal"},
    {"\"139739123456\"", NULL}, /* a longer number */
    {"\"213973912345\"", NULL},
    {"a13973912345f", NULL}, /* of a hash */
    {"\"1397391234\"", NULL},
    {"+86139****2345", NULL},
    {"金丝猴", NULL},
};
#define N_CASES (sizeof cases / sizeof *cases)

static void test_forms(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        const char *form = NULL;
        canary_find(cases[i].text, strlen(cases[i].text), &form);
        is_str(form ? form : "", cases[i].form ? cases[i].form : "", "%s: %s", cases[i].text,
               cases[i].form ? cases[i].form : "none");
    }
    ok(canary_find("\x91\xd1\x4e\x1d\x9e\x1f", 6, NULL), "UTF-16BE as it is");
    ok(canary_find("\xd1\x91\x1d\x4e\x1f\x9e", 6, NULL), "UTF-16LE as it is");
    ok(!canary_find(NULL, 0, NULL), "nothing is in nothing");
}

static void write_file(const char *name, const void *bytes, size_t n, char path[256])
{
    snprintf(path, 256, "%s/%s", tap_tmpdir(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        bail_out("cannot write %s", path);
    close(fd);
}

static void test_files(void)
{
    static const char *const skip[] = {"contacts.db", NULL};
    char path[256], packed[4096], line[4096];
    struct rng rng = rng_seed(1);
    size_t n = 0;
    while (n < 3000) /* of few kinds, or zstd would leave the name as it is */
        line[n++] = "0123456789abcdef"[rng_below(&rng, 16)];
    n += (size_t)snprintf(line + n, sizeof line - n, " \"金丝鸟1\"");
    write_file("contacts.db", line, n, path);
    ok(canary_find_in_file(path), "a file that holds a name is found");
    ok(!canary_find_in_folder(tap_tmpdir(), skip), "one that is left out is not");
    size_t size = ZSTD_compress(packed, sizeof packed, line, n, 3);
    write_file("1.ndjson.zst", packed, size, path);
    const char *found = canary_find_in_folder(tap_tmpdir(), skip);
    ok(found && strstr(found, "1.ndjson.zst holds a name or a number at byte 3002, in plain text"),
       "a compressed one is: %s", found ? found : "");
}

int main(void)
{
    plan(N_CASES + 6);
    test_forms();
    test_files();
    return tap_end();
}
