/* Backups of a real daemon under load, some of them killed; and a restore: copied back, everything that was answered up
 * to the backup's end is there, phones are as of then, and endpoints wait for a person. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define PEOPLE 300
#define LINES 20 /* of a body */
#define BACKUPS 6
#define KILLS 6
#define CALLED CANARY_NAME /* what everybody's name begins with */

static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))
#define check_str(...) (failed |= !is_str(__VA_ARGS__))

/* --- the load --- */

enum deed { ENROL, CERTIFY, PHONE, DEATH, ERASE };

/* An answered input that was applied. */
struct done {
    enum deed deed;
    unsigned person, phone;
    uint64_t seq; /* the last event of it */
};

struct load {
    const char *socket;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint bodies;
    struct rng rng;
    struct done *done;
    size_t n_done;
    unsigned phones, erased;
    bool dead[PEOPLE + 1], gone[PEOPLE + 1]; /* reported; erased */
    bool broken;                             /* an answer was not as it should be */
};

static void add_phone(struct buf *b, unsigned phone)
{
    buf_printf(b, "\"phone\":\"+86" CANARY_PHONE "%05u\"", phone);
}

static void write_deed(struct buf *b, const struct done *d, const char *day)
{
    static const char *const ops[] = {"enrol", "certify", "amend", "report-death", "erase"};
    buf_printf(b, "{\"op\":\"%s\",\"id\":\"P-%06u\"", ops[d->deed], d->person);
    if (d->deed == ENROL)
        buf_printf(b,
                   ",\"policy\":\"a\",\"approved_on\":\"2010-01-01\",\"last_certified_on\":\"%s\",\"name\":\"" CALLED
                   "%06u.\",",
                   day, d->person);
    if (d->deed == CERTIFY)
        buf_printf(b, ",\"channel\":\"face\",\"ref\":\"%u-%u\",\"certified_on\":\"%s\"", d->person, d->phone, day);
    if (d->deed == PHONE)
        buf_addc(b, ',');
    if (d->deed == ENROL || d->deed == PHONE)
        add_phone(b, d->phone);
    if (d->deed == DEATH)
        buf_printf(b, ",\"died_on\":\"%s\"", day);
    BUF_LIT(b, "}\n");
}

static struct done draw(struct load *l)
{
    struct done d = {CERTIFY, 1 + (unsigned)rng_below(&l->rng, PEOPLE), ++l->phones, 0};
    uint64_t lot = rng_below(&l->rng, 20);
    if (l->dead[d.person]) {
        d.deed = ERASE;
    } else if (lot == 0 && l->erased < PEOPLE / 2) {
        d.deed = DEATH;
        l->erased++;
        l->dead[d.person] = true;
    } else if (lot < 12) {
        d.deed = PHONE;
    }
    return d;
}

/* The last number of "seq":[...] of an answer that says "applied"; 0: it says something else. */
static uint64_t seq_of(const char *line)
{
    const char *list = strstr(line, "\"seq\":[");
    if (!strstr(line, "\"applied\"") || !list)
        return 0;
    const char *end = strchr(list, ']'), *last = list + 7;
    for (const char *p = last; p < end; p++)
        if (*p == ',')
            last = p + 1;
    return strtoull(last, NULL, 10);
}

static void send_deeds(struct load *l, struct client *c, struct reply *r, struct done *deeds, unsigned n)
{
    struct buf body = BUF_INIT;
    char day[11];
    date_format(DATE_UNIX_EPOCH + (lc_date)(time(NULL) / 86400) - 3, day);
    day[10] = '\0';
    for (unsigned i = 0; i < n; i++)
        write_deed(&body, &deeds[i], day);
    client_request(c, "POST", "/v1/inputs", "Content-Type: application/x-ndjson\r\n", buf_str(&body), r);
    buf_done(&body);
    l->broken = l->broken || r->status != 200;
    for (unsigned i = 0; i < n && !l->broken; i++) {
        const char *line = reply_line(r, i);
        deeds[i].seq = line ? seq_of(line) : 0;
        if (!deeds[i].seq)
            continue;
        l->done = mem_resize(l->done, l->n_done + 1, sizeof *l->done);
        l->done[l->n_done++] = deeds[i];
        if (deeds[i].deed == ERASE)
            l->gone[deeds[i].person] = true;
    }
}

static void *run_load(void *arg)
{
    struct load *l = arg;
    struct reply r = {0};
    struct client *c = client_new(l->socket);
    static struct done deeds[PEOPLE];
    sigset_t ended; /* that of a program of the other thread's shall interrupt no read of this one */
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &ended, NULL);
    while (c && !l->broken && !atomic_load(&l->stop)) {
        for (unsigned i = 0; i < LINES; i++)
            deeds[i] = draw(l);
        send_deeds(l, c, &r, deeds, LINES);
        atomic_fetch_add(&l->bodies, 1);
    }
    client_free(c);
    reply_done(&r);
    return NULL;
}

static void load_begin(struct load *l, const char *socket)
{
    struct reply r = {0};
    static struct done deeds[PEOPLE];
    *l = (struct load){.socket = socket, .rng = rng_seed(5)};
    for (unsigned i = 0; i < PEOPLE; i++)
        deeds[i] = (struct done){ENROL, i + 1, ++l->phones, 0};
    struct client *c = client_new(socket);
    send_deeds(l, c, &r, deeds, PEOPLE);
    client_free(c);
    reply_done(&r);
    if (l->broken || l->n_done != PEOPLE || pthread_create(&l->thread, NULL, run_load, l) != 0)
        bail_out("nobody can be enrolled");
}

static void load_end(struct load *l)
{
    atomic_store(&l->stop, true);
    pthread_join(l->thread, NULL);
}

/* Until some more has been answered. */
static bool has_gone_on(void *arg)
{
    struct load *l = arg;
    static unsigned last;
    unsigned now = atomic_load(&l->bodies);
    if (now < last + 3 && !l->broken)
        return false;
    last = now;
    return true;
}

/* --- what must be in a copy --- */

/* As of that event; 0: erased. */
static unsigned phone_as_of(const struct load *l, unsigned person, uint64_t seq)
{
    unsigned phone = 0;
    for (size_t i = 0; i < l->n_done; i++) {
        const struct done *d = &l->done[i];
        if (d->person == person && d->seq <= seq && (d->deed == ENROL || d->deed == PHONE))
            phone = d->phone;
        else if (d->person == person && d->seq <= seq && d->deed == ERASE)
            phone = 0;
    }
    return phone;
}

static bool phone_is(struct store *s, unsigned person, unsigned phone)
{
    char id[16], want[24] = "";
    struct buf b = BUF_INIT;
    struct contact c = {STR_NONE, STR_NONE, STR_NONE};
    struct errmsg msg = {""};
    snprintf(id, sizeof id, "P-%06u", person);
    if (phone)
        snprintf(want, sizeof want, "+86" CANARY_PHONE "%05u", phone);
    enum err e = store_contact(s, person - 1, str_of(id), &b, &c, &msg);
    bool good = phone ? e == ERR_OK && str_is(c.phone, want) : e == ERR_ABSENT;
    if (!good)
        diag("%s has not \"%s\": %s", id, want, msg.text);
    buf_done(&b);
    return good;
}

static void copy_tree(const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    if (system(command) != 0)
        bail_out("%s", command);
}

/* How many people's phones in a copy of the copy are not as of its end, which is *end. */
static unsigned wrong_phones(const struct rig *r, const struct load *l, const char *folder, uint64_t *end)
{
    char uri[256];
    struct store *s;
    struct store_info info;
    struct errmsg msg;
    const char *trial = rig_path(r, "trial");
    unsigned wrong = 0;
    copy_tree(folder, trial);
    snprintf(uri, sizeof uri, "dir:%s", trial);
    if (store_open(uri, STORE_WRITE, NULL, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    store_info(s, &info);
    *end = info.durable;
    for (unsigned person = 1; person <= PEOPLE && wrong < 5; person++)
        wrong += !phone_is(s, person, phone_as_of(l, person, info.durable));
    store_close(s);
    return wrong;
}

/* --- the backups --- */

static void wait_us(long us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* Ends a backup at a moment drawn by lot; true: it had not come to its end. */
static bool kill_backup(const struct rig *r, const char *folder, struct rng *g)
{
    char program[300];
    const char *build = getenv("top_builddir");
    const char *const argv[] = {program, "-c", r->node->config, "backup", folder, NULL};
    snprintf(program, sizeof program, "%s/lifecertctl", build ? build : ".");
    pid_t pid = process_start(argv, NULL, rig_path(r, "killed.log"));
    wait_us((long)rng_below(g, 30000));
    return process_stop(&pid, SIGKILL) == -SIGKILL;
}

/* A copy of what the i-th backup has left; those from BACKUPS on are of killed ones. */
static const char *kept(const struct rig *r, int i)
{
    char name[32];
    snprintf(name, sizeof name, "kept-%d", i);
    return rig_path(r, name);
}

static void back_up_under_load(struct rig *r, struct load *l, const char *folder)
{
    struct rng g = rng_seed(9);
    unsigned bad = 0, killed = 0;
    for (int i = 0; i < BACKUPS; i++) {
        await(has_gone_on, l);
        bad += rig_ctl(r, "backup %s", folder) != 0;
        if (bad)
            diag("%s", r->text.p);
        copy_tree(folder, kept(r, i));
    }
    check_int(bad, 0, "%d backups while people certify, change their phones and are erased", BACKUPS);
    for (int i = 0; i < KILLS; i++) {
        await(has_gone_on, l);
        killed += kill_backup(r, folder, &g);
        copy_tree(folder, kept(r, BACKUPS + i));
    }
    diag("%u of %d were killed before their end", killed, KILLS);
    check_int(rig_ctl(r, "backup --json %s", folder), 0, "after %d that were killed, the next one goes on", KILLS);
}

/* text: what the last backup has told, as JSON. */
static void check_words(struct rig *r, const char *folder, const char *text)
{
    char seal[128] = "";
    const char *at = strstr(text, "\"seal\":\"");
    if (at)
        sscanf(at + 8, "%120[0-9a-f:]", seal);
    check_int(rig_ctl(r, "verify --store dir:%s --expect-seal %s", folder, seal), 0, "its seal is what verify expects");
    check_int(rig_ctl(r, "backup %s/store", r->node->dir), 1, "a backup into the store itself is refused");
    check(strstr(r->text.p, "is the store itself"), "with a sentence");
    check_int(rig_ctl(r, "backup"), 2, "a folder must be named");
}

static void check_copies(struct rig *r, const struct load *l)
{
    unsigned wrong = 0, not_verified = 0, back = 0;
    uint64_t end = 0, before = 0;
    for (int i = 0; i < BACKUPS + KILLS; i++) {
        bool whole = i < BACKUPS;
        if (whole && rig_ctl(r, "verify --store dir:%s", kept(r, i)) != 0) {
            not_verified++;
            diag("%s", r->text.p);
        }
        wrong += wrong_phones(r, l, kept(r, i), &end);
        back += end < before || (whole && end == before);
        before = end;
    }
    check_int(not_verified, 0, "each verifies");
    check_int(wrong, 0, "each has everybody's phone as of its own end, and so have those that were killed");
    check_int(back, 0, "and ends behind the one before");
}

/* --- the restore --- */

static size_t lines_of(struct rig *r, struct buf *out)
{
    size_t n = 0;
    if (rig_ctl(r, "events") != 0)
        bail_out("%s", r->text.p);
    buf_clear(out);
    buf_addstr(out, buf_str(&r->text));
    for (size_t i = 0; i < out->n; i++)
        n += out->p[i] == '\n';
    return n;
}

static uint64_t number_behind(const char *text, const char *member)
{
    const char *at = strstr(text, member);
    return at ? strtoull(at + strlen(member), NULL, 10) : 0;
}

static bool has_text(const char *folder, const char *text)
{
    char command[512];
    snprintf(command, sizeof command, "grep -rqa '%s' '%s'", text, folder);
    return system(command) == 0;
}

/* Who was erased at or before the copy's end; how many of their names are in it. */
static unsigned names_of_erased(const struct load *l, const char *folder, uint64_t end, unsigned *erased)
{
    unsigned found = 0;
    *erased = 0;
    for (size_t i = 0; i < l->n_done; i++) {
        char name[32];
        if (l->done[i].deed != ERASE || l->done[i].seq > end)
            continue;
        ++*erased;
        snprintf(name, sizeof name, CALLED "%06u[.]", l->done[i].person);
        found += has_text(folder, name);
    }
    return found;
}

static void test_restored(struct rig *r, const struct load *l, const char *folder, struct peer *p)
{
    struct buf whole = BUF_INIT, restored = BUF_INIT;
    uint64_t end = number_behind(r->text.p, "\"events\":");
    char lost[200];
    unsigned erased, found = names_of_erased(l, folder, end, &erased);
    check(erased > 5 && found == 0, "none of the %u who were erased before it has his name in the last backup", erased);
    lines_of(r, &whole);
    check_int(node_stop(r->node), 0, "the daemon ends");
    const char *store = rig_path(r, "store");
    snprintf(lost, sizeof lost, "%s/lost", r->node->dir);
    if (rename(store, lost) < 0)
        bail_out("the store cannot be moved");
    copy_tree(folder, store);
    node_must_start(r->node);
    size_t n = lines_of(r, &restored);
    check(n >= end && restored.n <= whole.n + 1000, "the restored daemon has %zu events, %" PRIu64 " of the backup", n,
          end);
    size_t prefix = 0;
    for (uint64_t line = 0; line < end && prefix < restored.n; prefix++)
        line += restored.p[prefix] == '\n';
    check(prefix <= whole.n && memcmp(whole.p, restored.p, prefix) == 0, "these are, byte by byte, what they were");
    check(endpoint_says(r->node, "hook", "\"restored\""), "its endpoint is paused, and says why");
    uint64_t came = peer_counts(p).accepted;
    rig_amend(r, 1, 1);
    check_int(peer_counts(p).accepted, came, "nothing is sent");
    check_int(rig_ctl(r, "endpoint resume hook --by Li --why looked-at"), 0, "until a person resumes it");
    check(endpoint_await(r->node, "hook", "\"lag\":0"), "then all is sent");
    check(peer_counts(p).accepted > came, "that has come since");
    check_int(rig_ctl(r, "backup %s", folder), 0, "the restored store goes on with the backup that it is from");
    buf_done(&whole);
    buf_done(&restored);
}

int main(void)
{
    struct rig r;
    struct load load;
    plan(0);
    rig_init(&r);
    struct peer *p = rig_peer(&r, "hook", "");
    rig_say(&r, "brake_limit = \"off\"\n");
    rig_hook(&r, "hook", p, "events = { \"*\" }");
    rig_start(&r);
    char folder[160];
    snprintf(folder, sizeof folder, "%s/backup", r.node->dir);
    load_begin(&load, r.node->socket);
    back_up_under_load(&r, &load, folder);
    struct buf last = BUF_INIT;
    buf_addstr(&last, buf_str(&r.text));
    buf_addc(&last, '\0');
    load_end(&load);
    check(!load.broken, "the daemon has answered all the while");
    check_copies(&r, &load);
    check_words(&r, folder, last.p);
    buf_clear(&r.text);
    buf_add(&r.text, last.p, last.n);
    test_restored(&r, &load, folder, p);
    check_int(node_stop(r.node), 0, "the daemon stops");
    buf_done(&last);
    free(load.done);
    peer_free(p);
    rig_done(&r, failed);
    return tap_end();
}
