/* Writes the job's inputs, and the answers that are right.
 *
 *   bench/compare/inputs enrol|certify N      NDJSON for lifecertctl import: all enrolments; certifications in batches
 *   bench/compare/inputs list-enrol N         for other programs, a line each: ID DUE NEXT
 *   bench/compare/inputs list-batched|list-single N         ID DUE NEXT CERTIFIED CHANNEL REF
 *   bench/compare/inputs answers N            as bench/compare/client.h has them
 *
 * DUE and CERTIFIED are dates, NEXT is the next deadline in Unix seconds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare/client.h"

struct words {
    char id[BENCH_ID_BYTES], ref[24], approved[11], certified[11], due[11];
    const char *channel;
    int64_t next;
};

static void date_text(lc_date d, char out[11])
{
    date_format(d, out);
    out[10] = '\0';
}

/* certified: the due date is that of the certification. */
static struct words words_of(uint32_t i, bool certified)
{
    struct words w = {.channel = job_channel(i)};
    lc_date due = job_due(certified ? job_certified(i) : job_approved(i));
    bench_id(i, w.id);
    job_ref(i, w.ref);
    date_text(job_approved(i), w.approved);
    date_text(job_certified(i), w.certified);
    date_text(due, w.due);
    w.next = job_deadline(due, JOB_FIRST);
    return w;
}

static void enrol(const struct client *c)
{
    for (uint32_t i = 0; i < c->people; i++) {
        struct words w = words_of(i, false);
        printf("{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"%s\",\"amount\":350000,"
               "\"name\":\"陈桂%" PRIu32 "\",\"phone\":\"120%08" PRIu32 "\"}\n",
               w.id, w.approved, i % 1000, i % 100000000);
    }
}

static void certify(const struct client *c)
{
    for (uint32_t k = 0; k < client_batched(c); k++) {
        struct words w = words_of(client_certifier(c, k), true);
        printf("{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"%s\",\"ref\":\"%s\",\"certified_on\":\"%s\"}\n", w.id,
               w.channel, w.ref, w.certified);
    }
}

static void list_enrol(const struct client *c)
{
    for (uint32_t i = 0; i < c->people; i++) {
        struct words w = words_of(i, false);
        printf("%s %s %" PRId64 "\n", w.id, w.due, w.next);
    }
}

static void list_certifiers(const struct client *c, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++) {
        struct words w = words_of(client_certifier(c, k), true);
        printf("%s %s %" PRId64 " %s %s %s\n", w.id, w.due, w.next, w.certified, w.channel, w.ref);
    }
}

static void list_batched(const struct client *c)
{
    list_certifiers(c, 0, client_batched(c));
}

static void list_single(const struct client *c)
{
    list_certifiers(c, client_batched(c), c->people);
}

static void answers(const struct client *c)
{
    struct job_answers a;
    char swept[24];
    job_answers(c->people, &a);
    client_counts("before", &a.before);
    client_counts("after", &a.after);
    client_ids(&a.ids);
    client_statuses(a.active, a.grace, a.suspended);
    snprintf(swept, sizeof swept, "%" PRIu64, a.swept);
    client_answer("swept", swept);
}

int main(int argc, char **argv)
{
    static const struct client_phase phases[] = {{"enrol", enrol},
                                                 {"certify", certify},
                                                 {"list-enrol", list_enrol},
                                                 {"list-batched", list_batched},
                                                 {"list-single", list_single},
                                                 {"answers", answers},
                                                 {NULL, NULL}};
    char *with_folder[] = {argv[0], argc > 1 ? argv[1] : NULL, NULL, argc > 2 ? argv[2] : NULL, NULL};
    return client_main(argc == 3 ? 4 : 0, with_folder, phases);
}
