/* Listening on a Unix socket: which addresses, over what is left behind, and not over the living. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listen.h"
#include "tests/lib/tap.h"

#define TEN "1234567890"

static struct errmsg msg;

static void addresses(void)
{
    static const struct {
        const char *address;
        enum err err;
        const char *says;
    } cases[] = {
        {"unix:/run/lifecertd/api.sock", ERR_OK, ""},
        {"127.0.0.1:8600", ERR_INVALID, "Unix sockets only"},
        {"[::1]:8600", ERR_INVALID, "Unix sockets only"},
        {"", ERR_INVALID, "Unix sockets only"},
        {"unix:", ERR_INVALID, "absolute path"},
        {"unix:api.sock", ERR_INVALID, "absolute path"},
        {"unix:/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "1234567", ERR_INVALID, "longer than the 107 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        msg.text[0] = '\0';
        enum err e = listen_check(cases[i].address, &msg);
        ok(e == cases[i].err && strstr(msg.text, cases[i].says), "\"%.40s\" is %s: %s", cases[i].address,
           e == ERR_OK ? "an address" : "none", msg.text);
    }
}

static bool can_connect(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool good = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return good;
}

static void life(void)
{
    char address[128], *path = address + 5;
    struct stat st;
    int fd = -1, second = -1;
    snprintf(address, sizeof address, "unix:%s/s", tap_tmpdir());
    mode_t before = umask(0077);
    is_int(listen_open(address, &fd, &msg), ERR_OK, "a socket is made");
    umask(before);
    ok(stat(path, &st) == 0 && S_ISSOCK(st.st_mode), "its file is there");
    is_int(st.st_mode & 0777, 0660, "open to its owner and group, whatever the umask");
    ok(can_connect(path), "one can connect to it");
    is_int(listen_open(address, &second, &msg), ERR_LOCKED, "a second one in its place is refused");
    ok(strstr(msg.text, "another process answers") && strstr(msg.text, path), "with words: %s", msg.text);
    ok(can_connect(path), "and the first one is none the worse");
    close(fd); /* as a crash leaves it: nobody listens, but the file is there */
    ok(stat(path, &st) == 0 && !can_connect(path), "a dead socket's file stays");
    is_int(listen_open(address, &fd, &msg), ERR_OK, "and is replaced");
    listen_close(address, fd);
    ok(stat(path, &st) != 0, "closing removes the file");
}

static void obstacles(void)
{
    char address[128];
    int fd = -1;
    struct stat st;
    snprintf(address, sizeof address, "unix:%s/file", tap_tmpdir());
    close(open(address + 5, O_CREAT | O_WRONLY, 0600));
    is_int(listen_open(address, &fd, &msg), ERR_EXISTS, "a file that is no socket is left alone: %s", msg.text);
    ok(stat(address + 5, &st) == 0, "it is still there");
    snprintf(address, sizeof address, "unix:%s/no/such/folder/s", tap_tmpdir());
    is_int(listen_open(address, &fd, &msg), ERR_IO, "a folder that is not there is named: %s", msg.text);
}

int main(void)
{
    plan(7 + 10 + 3);
    addresses();
    life();
    obstacles();
    return tap_end();
}
