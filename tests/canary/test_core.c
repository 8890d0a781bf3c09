/* A core of the daemon, and of lifecertctl, really taken in the midst of work: it has the registers of all threads, and
 * none of the names and numbers of which memory is full. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/canary.h"
#include "tests/lib/core_file.h"
#include "tests/lib/tap.h"

#define PEOPLE 3000
#define CHECKS 19
#define WIDE_OPEN "0x33" /* what the kernel has by itself: all anonymous memory */
#define NDJSON "Content-Type: application/x-ndjson\r\n"

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))

/* --- a daemon that is full of names --- */

static void add_person(struct buf *out, unsigned i)
{
    char name[CANARY_TEXT], phone[CANARY_TEXT];
    buf_printf(out,
               "{\"op\":\"enrol\",\"id\":\"P-%06u\",\"policy\":\"a\",\"approved_on\":\"2010-01-01\","
               "\"last_certified_on\":\"2020-01-01\",\"name\":\"%s\",\"phone\":\"%s\"}\n",
               i, canary_name(i, name), canary_phone(i, phone));
}

static void enrol(unsigned first, unsigned n)
{
    buf_clear(&rig.text);
    for (unsigned i = 0; i < n; i++)
        add_person(&rig.text, first + i);
    request_once(rig.node->socket, "POST", "/v1/inputs", NDJSON, buf_str(&rig.text), &rig.reply);
    if (rig.reply.status != 200)
        bail_out("people are answered %d", rig.reply.status);
}

/* A body of which the end never comes. */
static struct client *send_half(unsigned first)
{
    struct client *c = client_new(rig.node->socket);
    buf_clear(&rig.text);
    buf_printf(&rig.text, "POST /v1/inputs HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n" NDJSON "\r\n");
    for (unsigned i = 0; i < 200; i++)
        add_person(&rig.text, first + i);
    if (!c || !client_send(c, rig.text.p, rig.text.n))
        bail_out("half a request cannot be sent");
    return c;
}

static bool has_messages_under_way(void *arg)
{
    (void)arg;
    return endpoint_number(rig.node, "sms", "in_flight") > 0;
}

/* Who is suspended gets a message, and the gateway hangs. */
static struct client *fill(unsigned first)
{
    enrol(first, PEOPLE);
    check(await(has_messages_under_way, NULL), "messages are on their way");
    return send_half(first + PEOPLE);
}

static void widen_filter(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/coredump_filter", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, WIDE_OPEN, sizeof WIDE_OPEN - 1) < 0)
        bail_out("cannot write %s", path);
    close(fd);
}

/* --- its cores --- */

static void crash(int number, struct buf *core)
{
    pid_t pid = rig.node->pid;
    node_signal(rig.node, number);
    check(node_wait(rig.node) == -number, "the daemon dies of signal %d", number);
    bool taken = core_take(rig.node->dir, pid, core);
    check(taken && core_is_real(core), "and leaves a core: %zu bytes", core->n);
}

static void holds_none(const struct buf *core)
{
    const char *form = "";
    check(!canary_find(core->p, core->n, &form), "with no name and no number in it %s", form);
}

static void test_daemon(int number, unsigned first)
{
    struct buf core = BUF_INIT;
    node_must_start(rig.node);
    struct client *half = fill(first);
    crash(number, &core);
    holds_none(&core);
    client_free(half);
    buf_done(&core);
}

static void test_control(unsigned first)
{
    struct buf core = BUF_INIT;
    node_must_start(rig.node);
    widen_filter(rig.node->pid);
    struct client *half = fill(first);
    crash(SIGSEGV, &core);
    check(canary_find(core.p, core.n, NULL), "control: without its filter they are there");
    client_free(half);
    buf_done(&core);
}

static void test_log(void)
{
    check(node_logged(rig.node, "event=crash signal=SIGSEGV thread=") &&
              node_logged(rig.node, "event=crash-thread thread="),
          "the log says where the threads were");
    check(!canary_find_in_file(rig.node->log), "and names nobody");
}

/* --- lifecertctl --- */

static pid_t start_import(int *to)
{
    int fds[2];
    char program[512];
    if (pipe2(fds, O_CLOEXEC) != 0)
        bail_out("no pipe to be had");
    snprintf(program, sizeof program, "%s/lifecertctl", getenv("top_builddir"));
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[0], STDIN_FILENO);
        execl(program, "lifecertctl", "-c", rig.node->config, "import", "-", (char *)NULL);
        _exit(127);
    }
    close(fds[0]);
    *to = fds[1];
    return pid;
}

static bool is_read(void *arg)
{
    int left = 0;
    return ioctl(*(int *)arg, FIONREAD, &left) == 0 && left == 0;
}

/* In the midst of an import, whose next line never comes. */
static void crash_import(bool wide, struct buf *core)
{
    int to, status;
    pid_t pid = start_import(&to);
    buf_clear(&rig.text);
    for (unsigned i = 0; i < 300; i++)
        add_person(&rig.text, 50000 + i);
    if (write(to, rig.text.p, rig.text.n) != (ssize_t)rig.text.n || !await(is_read, &to))
        bail_out("the import does not read");
    if (wide)
        widen_filter(pid);
    kill(pid, SIGABRT);
    waitpid(pid, &status, 0);
    close(to);
    bool taken = core_take(rig.node->dir, pid, core);
    check(WIFSIGNALED(status) && taken && core_is_real(core), "an import leaves a core: %zu bytes", core->n);
}

static void test_import(void)
{
    struct buf core = BUF_INIT;
    node_must_start(rig.node);
    crash_import(false, &core);
    holds_none(&core);
    crash_import(true, &core);
    check(canary_find(core.p, core.n, NULL), "control: without its filter they are there");
    check(node_stop(rig.node) == 0, "the daemon goes on, and stops in peace");
    buf_done(&core);
}

/* --- all of it --- */

/* Programs are found from wherever the test stands. */
static void stand_in_node(void)
{
    const char *given = getenv("top_builddir");
    char *build = realpath(given ? given : ".", NULL);
    if (!build || setenv("top_builddir", build, 1) != 0)
        bail_out("where is the build?");
    free(build);
    core_allow(rig.node->dir);
}

static struct peer *set_up(void)
{
    rig_init(&rig);
    write_private(rig_path(&rig, "receipts.secret"), STR_LIT("of-the-gateway\n"));
    struct peer *gateway = rig_peer(&rig, "gateway", "hang=100");
    rig_say(&rig,
            "brake_limit = \"off\"\nendpoint \"sms\" {\n  adapter = \"kannel\"\n  url = \"http://%s/sms/kannel\"\n"
            "  secret_file = \"%s\"\n  username = \"u\"\n  signature = \"S\"\n  max_in_flight = 8\n"
            "  quiet_hours = \"none\"\n  timeout = \"30s\"\n  receipt_url = \"http://127.0.0.1:1\"\n"
            "  receipt_secret_file = \"%s\"\n  allow_private = true\n}\n",
            peer_address(gateway), rig_path(&rig, SECRET_ONE), rig_path(&rig, "receipts.secret"));
    rig_write(&rig);
    stand_in_node();
    return gateway;
}

int main(void)
{
    plan(CHECKS);
    const char *why = core_unavailable();
    if (why) {
        skip(CHECKS, "%s", why);
        return tap_end();
    }
    struct peer *gateway = set_up();
    test_daemon(SIGSEGV, 0);
    test_daemon(SIGABRT, 10000);
    test_control(20000);
    test_log();
    test_import();
    peer_free(gateway);
    rig_done(&rig, failed);
    return tap_end();
}
