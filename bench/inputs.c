/* Writes NDJSON inputs for bench/daemon.sh: N enrolments with names and phones, or N certifications in random order.
 *
 *   bench/inputs enrol N | certify N DAYS-AGO */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/date.h"
#include "bench/people.h"

static void write_out(struct buf *b)
{
    if (fwrite(b->p, 1, b->n, stdout) != b->n) {
        perror("bench/inputs");
        exit(1);
    }
    buf_clear(b);
}

static void put_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void enrolment(struct buf *b, uint32_t i, lc_date today)
{
    char id[BENCH_ID_BYTES];
    bench_id(i, id);
    buf_printf(b, "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\"", id);
    put_date(b, "approved_on", today - 400 - (lc_date)(i % 3000));
    put_date(b, "last_certified_on", today - 310);
    buf_printf(b, ",\"category\":\"resident-pension\",\"amount\":350000,\"name\":\"陈桂%u\",\"phone\":\"120%08u\"}\n", i % 1000, i % 100000000);
}

static void certification(struct buf *b, uint32_t i, lc_date day)
{
    char id[BENCH_ID_BYTES];
    bench_id(i, id);
    buf_printf(b, "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"F%u-%d\"", id, i, day);
    put_date(b, "certified_on", day);
    buf_adds(b, "}\n");
}

int main(int argc, char **argv)
{
    struct buf b = BUF_INIT;
    lc_date today = (lc_date)(time(NULL) / 86400) + DATE_UNIX_EPOCH;
    bool enrol = argc == 3 && strcmp(argv[1], "enrol") == 0, certify = argc == 4 && strcmp(argv[1], "certify") == 0;
    if (!enrol && !certify) {
        fputs("usage: bench/inputs enrol N | certify N DAYS-AGO\n", stderr);
        return 2;
    }
    uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
    for (uint32_t i = 0; i < n; i++) {
        if (enrol)
            enrolment(&b, i, today);
        else
            certification(&b, bench_shuffled(i, n), today - atoi(argv[3]));
        if (b.n > 1 << 16)
            write_out(&b);
    }
    write_out(&b);
    buf_done(&b);
    return 0;
}
