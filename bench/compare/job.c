#include "bench/compare/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define YEAR_DAYS 400 /* what the first list covers, from job_start() on */
#define SINGLES_MAX 50000

lc_instant job_midnight(lc_date local)
{
    return (local - DATE_UNIX_EPOCH) * JOB_DAY - JOB_OFFSET;
}

lc_instant job_start(void)
{
    return job_midnight(date_make(2026, 5, 20)) + 10 * 3600;
}

lc_instant job_swept_to(void)
{
    return job_midnight(date_make(2027, 1, 31)) + 20 * 3600;
}

/* Neighbours get nothing alike. */
static uint32_t mixed(uint32_t i)
{
    uint64_t x = (i + UINT64_C(0x9e3779b9)) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)((x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53) >> 32);
}

lc_date job_approved(uint32_t i)
{
    uint32_t r = mixed(i);
    return date_make(2025, 8 + (int)(r % 4), 1 + (int)(r / 4 % 28));
}

lc_date job_certified(uint32_t i)
{
    uint32_t r = mixed(i) / 112;
    return date_addm(date_make(2025, 12, 1 + (int)(r / 6 % 20)), (int)(r % 6));
}

lc_date job_due(lc_date base)
{
    return date_eom(date_addm(date_bom(base), 12));
}

lc_instant job_deadline(lc_date due, unsigned kind)
{
    switch (kind) {
    case JOB_GRACE: return job_midnight(due + 1);
    case JOB_SUSPENSION: return job_midnight(due + 16);
    case JOB_NOTHING: return INSTANT_NONE;
    default: return job_midnight(date_addm(date_bom(due), (int)kind - JOB_LAST_REMINDER)) + 9 * 3600;
    }
}

const char *job_channel(uint32_t i)
{
    return i % 3 ? "face" : "data-match";
}

int job_ref(uint32_t i, char out[24])
{
    return snprintf(out, 24, "R%010" PRIu32, i);
}

uint32_t job_singles(uint32_t people)
{
    return people / 4 < SINGLES_MAX ? people / 4 : SINGLES_MAX;
}

struct job_days job_days(void)
{
    return (struct job_days){date_make(2027, 2, 1), date_make(2027, 3, 31), date_make(2027, 3, 1)};
}

void job_ids_add(struct job_ids *ids, const char *id, size_t n)
{
    uint32_t h = UINT32_C(2166136261);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)id[i]) * UINT32_C(16777619);
    ids->count++;
    ids->sum += h;
}

void job_ids_text(const struct job_ids *ids, char out[32])
{
    snprintf(out, 32, "%" PRIu32 "-%08" PRIx32, ids->count, ids->sum);
}

void job_counts_add(struct job_counts *c, lc_date day, uint64_t count)
{
    char text[10];
    if (count == 0)
        return;
    date_format(day, text);
    int n = snprintf(c->text + c->n, sizeof c->text - c->n, "%s%.10s=%" PRIu64, c->n ? " " : "", text, count);
    c->n += (size_t)n < sizeof c->text - c->n ? (size_t)n : 0;
}

static lc_date day_of(lc_instant at)
{
    return (lc_date)((at + JOB_OFFSET) / JOB_DAY) + DATE_UNIX_EPOCH;
}

/* Counts of some days in a row. */
struct tally {
    lc_date from;
    uint64_t counts[YEAR_DAYS];
};

static void tally_add(struct tally *t, lc_instant at)
{
    lc_date day = at == INSTANT_NONE ? DATE_NONE : day_of(at);
    if (day >= t->from && day < t->from + YEAR_DAYS)
        t->counts[day - t->from]++;
}

static void tally_write(const struct tally *t, lc_date to, struct job_counts *out)
{
    for (lc_date day = t->from; day <= to && day < t->from + YEAR_DAYS; day++)
        job_counts_add(out, day, t->counts[day - t->from]);
}

void job_answers(uint32_t people, struct job_answers *out)
{
    struct job_days days = job_days();
    struct tally before = {.from = day_of(job_start())}, after = {.from = days.from};
    *out = (struct job_answers){.swept = 0};
    for (uint32_t i = 0; i < people; i++) {
        char id[BENCH_ID_BYTES];
        lc_date due = job_due(job_certified(i));
        unsigned kind = JOB_FIRST;
        tally_add(&before, job_deadline(due, kind));
        while (job_deadline(due, kind) <= job_swept_to())
            kind++;
        tally_add(&after, job_deadline(due, kind));
        if (kind != JOB_NOTHING && day_of(job_deadline(due, kind)) == days.listed)
            job_ids_add(&out->ids, id, (size_t)bench_id(i, id));
        out->swept += kind - JOB_FIRST;
        *(kind == JOB_NOTHING ? &out->suspended : kind == JOB_SUSPENSION ? &out->grace : &out->active) += 1;
    }
    tally_write(&before, INT32_MAX, &out->before);
    tally_write(&after, days.to, &out->after);
}
