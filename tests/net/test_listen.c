/* Listening sockets: which addresses, over what is left behind, and not over the living. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
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
        {"127.0.0.1:8600", ERR_OK, ""},
        {"0.0.0.0:0", ERR_OK, ""},
        {"[::1]:65535", ERR_OK, ""},
        {"[::ffff:127.0.0.1]:1", ERR_OK, ""},
        {"localhost:8600", ERR_OK, ""},
        {"tls:0.0.0.0:8443", ERR_OK, ""},
        {"tls:[::]:8443", ERR_OK, ""},
        {"tls:", ERR_INVALID, "expected"},
        {"tls:8443", ERR_INVALID, "expected"},
        {"tls:unix:/run/api.sock", ERR_INVALID, "expected"},
        {"", ERR_INVALID, "expected \"unix:/PATH\", or an address and a port"},
        {"8600", ERR_INVALID, "expected"},
        {":8600", ERR_INVALID, "expected"},
        {"127.0.0.1", ERR_INVALID, "expected"},
        {"127.0.0.1:", ERR_INVALID, "expected"},
        {"127.0.0.1:65536", ERR_INVALID, "expected"},
        {"127.0.0.1:4294967297", ERR_INVALID, "expected"},
        {"127.0.0.1:+1", ERR_INVALID, "expected"},
        {"127.1:8600", ERR_INVALID, "expected"},
        {"127.0.0.256:8600", ERR_INVALID, "expected"},
        {"::1:8600", ERR_INVALID, "expected"},
        {"[::1]", ERR_INVALID, "expected"},
        {"[]:8600", ERR_INVALID, "expected"},
        {"[127.0.0.1]:8600", ERR_INVALID, "expected"},
        {"[" TEN TEN TEN TEN TEN "]:1", ERR_INVALID, "expected"},
        {"lifecertd.example:8600", ERR_INVALID, "no names are looked up"},
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

static void words(void)
{
    int fd = -1;
    ok(listen_is_tls("tls:[::]:8443") && !listen_is_tls("127.0.0.1:8443"), "TLS is told by the word before the address");
    ok(!listen_is_tls("unix:/tls:") && !listen_is_tls("tls"), "and by nothing else");
    static const struct {
        const char *address;
        bool local;
    } cases[] = {{"127.0.0.1:0", true}, {"tls:127.0.0.1:0", true}, {"0.0.0.0:0", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (listen_open(cases[i].address, &fd, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        is_int(listen_is_local(fd), cases[i].local, "%s is %s machine's own", cases[i].address,
               cases[i].local ? "this" : "not this");
        listen_close(cases[i].address, fd);
    }
    char address[128];
    snprintf(address, sizeof address, "unix:%s/local", tap_tmpdir());
    if (listen_open(address, &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(listen_is_local(fd), "so is a Unix socket");
    listen_close(address, fd);
}

static bool connects(int family, const void *address, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, address, length) == 0;
    close(fd);
    return good;
}

static bool can_connect(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return connects(AF_UNIX, &a, sizeof a);
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

/* --- TCP --- */

static int port_of(int fd)
{
    char text[LISTEN_TEXT];
    int port = 0;
    listen_text(fd, text);
    if (sscanf(strrchr(text, ':'), ":%d", &port) != 1)
        bail_out("\"%s\" has no port", text);
    return port;
}

static bool has_flag(int fd, int level, int option)
{
    int on = 0;
    socklen_t size = sizeof on;
    return getsockopt(fd, level, option, &on, &size) == 0 && on;
}

static void tcp(void)
{
    char address[64], text[LISTEN_TEXT];
    int fd = -1, second = -1;
    is_int(listen_open("127.0.0.1:0", &fd, &msg), ERR_OK, "a free port is found");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(fd))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of(fd));
    ok(port_of(fd) > 0 && strcmp(listen_text(fd, text), address) == 0, "and told");
    ok(connects(AF_INET, &a, sizeof a), "one can connect to it");
    ok((fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "it blocks nobody, and no child has it");
    is_int(listen_open(address, &second, &msg), ERR_LOCKED, "a second one in its place is refused");
    ok(strstr(msg.text, "another process listens") && strstr(msg.text, address), "with words: %s", msg.text);

    /* A connection that this side ends lingers on the port. */
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted = -1;
    bool linked = connect(client, (struct sockaddr *)&a, sizeof a) == 0;
    for (int i = 0; i < 2 && linked; i++) { /* the one from above comes first */
        accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        close(accepted);
    }
    listen_close(address, fd);
    ok(accepted >= 0 && listen_open(address, &fd, &msg) == ERR_OK, "a restart has its port at once");
    close(client);
    listen_close(address, fd);
    ok(!connects(AF_INET, &a, sizeof a), "closed, nobody answers");
    is_int(listen_open("203.0.113.1:0", &fd, &msg), ERR_IO, "an address that is not ours is refused: %s", msg.text);
    is_int(listen_open("localhost:0", &fd, &msg), ERR_OK, "localhost is known");
    ok(strncmp(listen_text(fd, text), "127.0.0.1:", 10) == 0, "as 127.0.0.1");
    listen_close("localhost:0", fd);
}

/* Somebody else may have the port over IPv4: then another one is tried. */
static bool leaves_v4_alone(void)
{
    char address[64];
    int v6 = -1, v4 = -1;
    bool good = false;
    for (int i = 0; i < 20 && !good; i++) {
        if (listen_open("[::]:0", &v6, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        snprintf(address, sizeof address, "0.0.0.0:%d", port_of(v6));
        good = listen_open(address, &v4, &msg) == ERR_OK;
        listen_close("[::]:0", v6);
    }
    if (good)
        listen_close(address, v4);
    return good;
}

static void tcp_v6(void)
{
    char text[LISTEN_TEXT];
    int fd = -1;
    if (listen_open("[::1]:0", &fd, &msg) != ERR_OK) {
        skip(3, "there is no IPv6 here");
        return;
    }
    struct sockaddr_in6 a = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port_of(fd)), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    ok(strncmp(listen_text(fd, text), "[::1]:", 6) == 0 && connects(AF_INET6, &a, sizeof a), "IPv6: %s", text);
    ok(has_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY), "and nothing else");
    listen_close(text, fd);
    ok(leaves_v4_alone(), "so that IPv4 can have the same port");
}

static void names(void)
{
    char address[128], text[LISTEN_TEXT];
    int fd = -1;
    snprintf(address, sizeof address, "unix:%s/named", tap_tmpdir());
    if (listen_open(address, &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_str(listen_text(fd, text), address, "a Unix socket tells its path");
    ok(listen_is_at(fd, address) && !listen_is_at(fd, "unix:/named"), "and is found by it, by no other");
    listen_close(address, fd);
}

static void places(void)
{
    char at[32], named[48], other[32];
    int fd = -1;
    if (listen_open("127.0.0.1:0", &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    snprintf(at, sizeof at, "127.0.0.1:%d", port_of(fd));
    snprintf(named, sizeof named, "tls:localhost:%d", port_of(fd));
    snprintf(other, sizeof other, "0.0.0.0:%d", port_of(fd));
    ok(listen_is_at(fd, at) && listen_is_at(fd, named), "a TCP socket is found by its address, however it is written");
    ok(!listen_is_at(fd, other), "by that of another interface it is not");
    ok(!listen_is_at(fd, "127.0.0.1:0") && !listen_is_at(fd, "nowhere"), "nor by port 0, nor by nonsense");
    close(fd);
    ok(!listen_is_at(fd, at), "a socket that is closed is nowhere");
}

int main(void)
{
    plan(30 + 6 + 10 + 3 + 11 + 3 + 2 + 4);
    addresses();
    words();
    life();
    obstacles();
    tcp();
    tcp_v6();
    names();
    places();
    return tap_end();
}
