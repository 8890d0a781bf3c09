/* The receiver as an SMS gateway: what it takes, what it answers, and the receipts that it sends. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/receiver/address.h"
#include "tests/receiver/peer.h"

#define PATIENCE_MS 60000
#define CALLERS 16

static struct buf out;

static const char *body(void)
{
    const char *blank = strstr(out.p, "\r\n\r\n");
    return blank ? blank + 4 : "";
}

/* --- where receipts arrive --- */

struct ear {
    int fd;
    char address[ADDRESS_TEXT];
    int callers[CALLERS];
    unsigned n;
};

static void ear_open(struct ear *e, const char *address)
{
    struct address a;
    *e = (struct ear){.fd = -1};
    if (address_parse(address, &a))
        e->fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (e->fd < 0 || bind(e->fd, (struct sockaddr *)&a.sa, a.n) != 0 || listen(e->fd, CALLERS) != 0)
        bail_out("cannot listen on %s", address);
    address_of(e->fd, e->address);
}

static void ear_close(struct ear *e)
{
    for (unsigned i = 0; i < e->n; i++)
        close(e->callers[i]);
    close(e->fd);
}

/* One request and its answer; false: the caller has gone. */
static bool answer_one(int fd, int status, char *target, size_t size)
{
    char text[2048], answer[128];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, "\r\n\r\n"))
            break;
    }
    snprintf(target, size, "%.*s", (int)strcspn(text, "\r"), text);
    int length = snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok", status);
    send(fd, answer, (size_t)length, MSG_NOSIGNAL);
    return true;
}

/* The next receipt's request line, which gets that answer; "" when none came in time. */
static const char *next_receipt(struct ear *e, int status, int patience_ms)
{
    static char line[1024];
    for (;;) {
        struct pollfd fds[CALLERS + 1] = {{.fd = e->fd, .events = POLLIN}};
        for (unsigned i = 0; i < e->n; i++)
            fds[i + 1] = (struct pollfd){.fd = e->callers[i], .events = POLLIN};
        line[0] = '\0';
        if (poll(fds, e->n + 1, patience_ms) <= 0)
            return line;
        unsigned n = e->n;
        if (fds[0].revents && e->n < CALLERS)
            e->callers[e->n++] = accept(e->fd, NULL, NULL);
        for (unsigned i = 0; i < n; i++) {
            if (!fds[i + 1].revents)
                continue;
            if (answer_one(e->callers[i], status, line, sizeof line))
                return line;
            close(e->callers[i]);
            e->callers[i] = e->callers[--e->n];
            break;
        }
    }
}

/* --- Kannel --- */

/* "张三 A+B" in UTF-8, percent-encoded. */
static const char encoded_text[] = "text=%E5%BC%A0%E4%B8%89+A%2BB&coding=2&charset=UTF-8";

static int send_sms(struct peer *p, const char *host, const char *id)
{
    char target[512];
    snprintf(target, sizeof target,
             "/sms/kannel/cgi-bin/sendsms?username=u&password=p&from=106&to=%%2B8613800000000&%s"
             "&dlr-mask=31&dlr-url=http%%3A%%2F%%2F%s%%2Freceipts%%2Fsms%%2Fword%%3Fid%%3D%s%%26type%%3D%%25d",
             encoded_text, host, id);
    return peer_request(p, "GET", target, NULL, STR_NONE, &out);
}

static void test_kannel(void)
{
    char path[300], line[512] = "";
    snprintf(path, sizeof path, "%s/messages", tap_tmpdir());
    struct peer *p = peer_start((const char *[]){"--record", path, NULL});
    is_int(send_sms(p, "127.0.0.1:9", "1_1_7"), 202, "Kannel accepts with 202");
    is_str(body(), "0: Accepted for delivery", "and says so in its words");
    struct counts c = peer_counts(p);
    is_int(c.sms, 1, "a message is counted");
    is_int(c.receipts_sent + c.receipts_failed, 0, "and by default there are no receipts");
    FILE *f = fopen(path, "r");
    ok(f && fgets(line, sizeof line, f), "it is recorded");
    const char *tab = strchr(line, '\t');
    is_str(tab ? tab + 1 : NULL, "message\t1_1_7\t-\t-\t-\t1\t202\t+8613800000000\t张三 A+B\n",
           "with its id, number and text, decoded");
    if (f)
        fclose(f);
    peer_free(p);
}

static void expect(struct ear *e, int status, const char *id, int type)
{
    char want[256];
    snprintf(want, sizeof want, "GET /receipts/sms/word?id=%s&type=%d HTTP/1.1", id, type);
    is_str(next_receipt(e, status, PATIENCE_MS), want, "receipt %d of %s arrives", type, id);
}

static void test_receipts(struct peer *p, struct ear *e)
{
    peer_set(p, "defaults forget receipts=order");
    send_sms(p, e->address, "a_1");
    expect(e, 200, "a_1", 8);
    expect(e, 200, "a_1", 1);
    peer_set(p, "final=2 receipt_copies=2");
    send_sms(p, e->address, "a_2");
    int types[9] = {0};
    for (int i = 0; i < 4; i++) {
        const char *type = strstr(next_receipt(e, 204, PATIENCE_MS), "a_2&type=");
        types[type ? (unsigned)(type[9] - '0') % 9 : 0]++;
    }
    ok(types[8] == 2 && types[2] == 2, "doubled, each type comes twice; and the last may say that it failed");
    ok(peer_await(p, receipts_sent, 6), "receipts are counted");
    is_int(peer_counts(p).receipts_failed, 0, "and none is lost");
}

/* Of many messages at least one has its receipts the other way round. */
static void test_shuffled(struct peer *p, struct ear *e)
{
    enum { MESSAGES = 20 };
    unsigned early = 0, came = 0;
    bool accepted[MESSAGES] = {false};
    peer_set(p, "defaults forget receipts=shuffled");
    for (int i = 0; i < MESSAGES; i++) {
        char id[16];
        snprintf(id, sizeof id, "s_%d", i);
        send_sms(p, e->address, id);
    }
    for (int i = 0; i < 2 * MESSAGES; i++) {
        unsigned number = MESSAGES, type = 0;
        sscanf(next_receipt(e, 200, PATIENCE_MS), "GET /receipts/sms/word?id=s_%u&type=%u", &number, &type);
        came += number < MESSAGES && (type == 8 || type == 1);
        if (number < MESSAGES && type == 8)
            accepted[number] = true;
        early += number < MESSAGES && type == 1 && !accepted[number];
    }
    is_int(came, 2 * MESSAGES, "shuffled, all receipts come");
    ok(early > 0 && early < MESSAGES, "some of them \"delivered\" before \"accepted\"");
}

static void test_lost_receipts(struct peer *p, struct ear *e)
{
    char words[300];
    peer_set(p, "defaults forget receipts=order receipt_tries=2");
    send_sms(p, e->address, "b_1");
    expect(e, 500, "b_1", 8);
    expect(e, 200, "b_1", 8);
    expect(e, 503, "b_1", 1);
    expect(e, 503, "b_1", 1);
    ok(peer_await(p, receipts_failed, 1), "a receipt that finds no ear is given up after so many tries");
    is_int(peer_counts(p).receipts_sent, 1, "the other one arrived");
    struct ear local;
    snprintf(words, sizeof words, "unix:%s/ear", tap_tmpdir());
    ear_open(&local, words);
    snprintf(words, sizeof words, "defaults forget receipts=order reset_after=100 receipt_to=unix:%s/ear",
             tap_tmpdir());
    peer_set(p, words);
    is_int(send_sms(p, "gateway.example", "b_2"), 0, "a message taken in whose answer is lost");
    expect(&local, 200, "b_2", 8);
    expect(&local, 200, "b_2", 1);
    ear_close(&local);
    peer_set(p, "receipt_tries=1 reset_after=0");
    send_sms(p, "gateway.example", "b_3");
    ok(peer_await(p, receipts_failed, 2), "where nobody listens both receipts are lost, and nothing waits");
}

static void test_duplicates(struct peer *p)
{
    peer_set(p, "defaults forget fail=100 status=503");
    is_int(send_sms(p, "127.0.0.1:9", "d_1"), 503, "a message that is refused");
    peer_set(p, "defaults");
    send_sms(p, "127.0.0.1:9", "d_1");
    is_int(peer_counts(p).sms_duplicates, 0, "may be sent again");
    send_sms(p, "127.0.0.1:9", "d_1");
    is_int(peer_counts(p).sms_duplicates, 1, "but not one that was accepted");
    static const char *const unknown[] = {"reset", "reset_after", "close", "garbage"};
    for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char words[64], id[16];
        snprintf(words, sizeof words, "defaults %s=100", unknown[i]);
        snprintf(id, sizeof id, "u_%u", i);
        peer_set(p, words);
        send_sms(p, "127.0.0.1:9", id);
        peer_set(p, "defaults");
        send_sms(p, "127.0.0.1:9", id);
        is_int(peer_counts(p).sms_duplicates, i + 2, "nor one whose sender cannot know, after %s", unknown[i]);
    }
    struct counts c = peer_counts(p);
    is_int(c.sms_distinct, 5, "different messages taken");
    is_int(c.sms, 7, "of all that were taken");
}

/* --- the others --- */

#define TENCENT \
    "{\"PhoneNumberSet\":[\"+8613800000000\"],\"SessionContext\":\"%s\",\"TemplateParamSet\":[\"张三\",\"7\"]}"

static void test_clouds(struct peer *p)
{
    char json[256];
    peer_set(p, "defaults forget");
    snprintf(json, sizeof json, TENCENT, "t_1");
    is_int(peer_request(p, "POST", "/sms/tencent", NULL, str_of(json), &out), 200, "Tencent answers with 200");
    ok(strstr(body(), "\"PhoneNumber\":\"+8613800000000\"") && strstr(body(), "\"SessionContext\":\"t_1\"") &&
           strstr(body(), "\"Code\":\"Ok\""),
       "a status for the number, with the context given");
    is_int(peer_request(p, "POST", "/sms/aliyun/?PhoneNumbers=13800000000&OutId=a_1&TemplateParam=%7B%7D", NULL,
                        STR_NONE, &out),
           200, "Aliyun answers with 200");
    ok(strstr(body(), "\"Code\":\"OK\"") && strstr(body(), "\"BizId\":"), "Code OK, and a number of its own");
    is_int(peer_request(p, "POST", "/sms/aliyun", NULL, STR_LIT("PhoneNumbers=13800000000&OutId=a_1"), &out), 200,
           "arguments in a form will do");
    is_int(peer_request(p, "POST", "/sms/form", NULL, STR_LIT("to=1&id=f_1&text=x"), &out), 200,
           "so do they elsewhere");
    is_str(body(), "{\"status\":\"sent\",\"number\":4}", "where the answer is a plain one");
    is_int(peer_counts(p).sms, 4, "all of them are messages");
    peer_set(p, "fail=100 code=isv.BUSINESS_LIMIT_CONTROL");
    is_int(peer_request(p, "POST", "/sms/aliyun?OutId=a_2", NULL, STR_NONE, &out), 200, "they fail with 200");
    ok(strstr(body(), "\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\"") != NULL, "and a code");
    peer_request(p, "POST", "/sms/tencent", NULL, str_of(json), &out);
    ok(strstr(body(), "\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\"") != NULL, "both of them");
    struct counts c = peer_counts(p);
    is_int(c.failed, 2, "which is counted as failed");
    is_int(c.sms, 4, "and not as sent");
    is_int(peer_request(p, "POST", "/sms/tencent", NULL, STR_LIT("{"), &out), 200, "nonsense is a message too");
}

int main(void)
{
    struct ear e;
    plan(46);
    test_kannel();
    struct peer *p = peer_start(NULL);
    ear_open(&e, "127.0.0.1:0");
    test_receipts(p, &e);
    test_shuffled(p, &e);
    test_lost_receipts(p, &e);
    test_duplicates(p);
    test_clouds(p);
    peer_free(p);
    ear_close(&e);
    buf_done(&out);
    return tap_end();
}
