/* One durable certification at a time over the daemon's socket, one client, against one write and fdatasync of as many
 * bytes beside the store, in turn.
 *
 *   bench/single SOCKET FOLDER PEOPLE DAYS-AGO      (people and dates as bench/inputs wrote them) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "bench/connect.h"
#include "bench/people.h"

#define ROUNDS 1000
#define LINE_BYTES 370 /* an accepted certification and its seal in the log */

/* Sends one input and reads its answer, which is short and comes whole. */
static void certify(int fd, unsigned i, const char *day)
{
    char id[BENCH_ID_BYTES], body[256], text[512], answer[4096];
    bench_id(i, id);
    int n = snprintf(body, sizeof body,
                     "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"S%u\",\"certified_on\":\"%s\"}", id, i, day);
    n = snprintf(text, sizeof text,
                 "POST /v1/inputs HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
                 body);
    if (write(fd, text, (size_t)n) != n)
        die("write");
    ssize_t got = read(fd, answer, sizeof answer - 1);
    if (got <= 0)
        die("read");
    answer[got] = '\0';
    if (!strstr(answer, "\"applied\"")) {
        fprintf(stderr, "bench/single: %s\n", answer);
        exit(1);
    }
}

static void sync_bytes(int fd)
{
    static const char bytes[LINE_BYTES];
    if (write(fd, bytes, sizeof bytes) != sizeof bytes || fdatasync(fd) != 0)
        die("fdatasync");
}

static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static double median_us(int64_t *ns)
{
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    return (double)ns[ROUNDS / 2] / 1000;
}

int main(int argc, char **argv)
{
    static int64_t over_socket[ROUNDS], bare[ROUNDS];
    char path[512], day[11] = "";
    if (argc != 5) {
        fputs("usage: bench/single SOCKET FOLDER PEOPLE DAYS-AGO\n", stderr);
        return 2;
    }
    unsigned people = (unsigned)strtoul(argv[3], NULL, 10);
    date_format((lc_date)(time(NULL) / 86400) + DATE_UNIX_EPOCH - atoi(argv[4]), day);
    snprintf(path, sizeof path, "%s/bare", argv[2]);
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), server = connect_to(argv[1]);
    if (file < 0)
        die(path);
    for (unsigned i = 0; i < ROUNDS; i++) {
        int64_t t = clock_monotonic_ns();
        certify(server, bench_shuffled(i, people), day);
        over_socket[i] = clock_monotonic_ns() - t;
        t = clock_monotonic_ns();
        sync_bytes(file);
        bare[i] = clock_monotonic_ns() - t;
    }
    unlink(path);
    double a = median_us(over_socket), b = median_us(bare);
    printf("%-46s %12.0f us\n%-46s %12.0f us\n%-46s %12.2f x (at most 2)\n", "one certify over the socket, durable, median", a,
           "one fdatasync of as many bytes, median", b, "ratio", a / b);
    return 0;
}
