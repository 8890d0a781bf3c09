/* What a client keeps of its inputs and their answers, and what the log must then hold, whatever has been killed in
 * between: nothing answered is lost, nothing is applied twice, no number is missing. */
#ifndef TESTS_E2E_CRASH_BOOK_H
#define TESTS_E2E_CRASH_BOOK_H

#include "codec/event_json.h"
#include "tests/lib/tap.h"

/* One input, known by its place in the book: refs and phones are made from it, so that each is its own. */
struct deed {
    enum op op; /* OP_ENROL, OP_CERTIFY, OP_REPORT_DEATH */
    uint32_t person;
    lc_date on;
    bool sent, answered;
    enum result result;
    uint64_t first; /* of the answer's events */
    uint32_t n;
    uint64_t accepted; /* the event in the log that accepted it */
};

/* In grace when the policy changed: in grace still, or active. */
#define BOOK_STATUS_UNSURE STATUS_N

struct human {
    uint32_t enrolment;       /* deed */
    uint64_t enrolled, last;  /* events in the log */
    uint32_t number;          /* in order of enrolment */
    uint32_t phone_by, by_by; /* the deeds that the contact's members are from */
    bool has_by;
    uint64_t amended; /* the last event that changed the policy */
    unsigned status;  /* enum status, or BOOK_STATUS_UNSURE */
};

struct noted {
    uint32_t person; /* UINT32_MAX: of the system */
    enum event_type type;
};

struct book {
    struct deed *deeds;
    uint32_t n_deeds, cap_deeds;
    struct human *humans; /* by person */
    uint32_t n_humans, cap_humans;
    struct noted *log; /* by number; 0 is not used */
    uint64_t n_log, cap_log;
    uint32_t enrolled;   /* so many in the log */
    uint64_t adopted;    /* the last event that changed the national policy */
    lc_instant time;     /* of the last event */
    uint64_t hash;       /* of all lines so far */
    uint32_t *unchecked; /* answered deeds that were not held against the log yet */
    uint32_t n_unchecked, cap_unchecked;
    uint64_t answered, again; /* how many; how many were sent more than once */
    char fault[512];          /* the first one; "": none */
    struct event_arena arena;
};

void book_init(struct book *b);
void book_done(struct book *b);

/* A new input on that day: of a new person, or of one who is there. Its place. */
uint32_t book_enrol(struct book *b, lc_date approved_on);
uint32_t book_certify(struct book *b, uint32_t person, lc_date on);
uint32_t book_report_death(struct book *b, uint32_t person, lc_date on);
/* Its JSON, with a newline. */
void book_write(const struct book *b, uint32_t deed, struct buf *out);
/* The answer to it: a whole result line. */
void book_answer(struct book *b, uint32_t deed, struct str line);

/* Takes in what has been added to the log. false: b->fault says what is wrong with it. */
bool book_read_log(struct book *b, struct str lines);
/* Holds the answers since the last time against the log so far. */
bool book_check_answers(struct book *b);
/* The contact that a person must have by the log so far; texts of at least 32 bytes, by "" for none. */
void book_contact(const struct book *b, uint32_t person, char *name, char *phone, char *by);
void book_id(uint32_t person, char out[16]);
bool book_is_national(uint32_t person);

/* FNV-1a, 64 bits. */
uint64_t book_hash(uint64_t h, struct str text);

#endif
