#include "tests/sim/fibers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#define FIBERS_MAX 24
#define STACK_BYTES ((size_t)1 << 20)
#define SETTLE_MAX 1000000

struct fiber {
    bool used, ended;
    void *(*run)(void *arg);
    void *arg, *result;
    const void *waits; /* for that condition; NULL: it can go on */
    ucontext_t context;
    char *stack; /* kept for the next one */
};

static struct {
    struct fiber v[FIBERS_MAX];
    struct fiber *current; /* NULL: the program itself */
    ucontext_t program;
    const void *waits; /* the program's */
    const void *program_stack;
    size_t program_bytes;
    struct rng *dice;
    unsigned slow;
    uint64_t switched;
} all;

void fibers_dice(struct rng *dice)
{
    all.dice = dice;
}

void fibers_slow(unsigned slow)
{
    all.slow = slow;
}

bool fibers_inside(void)
{
    return all.current != NULL;
}

uint64_t fibers_switched(void)
{
    return all.switched;
}

unsigned fibers_alive(void)
{
    unsigned n = 0;
    for (int i = 0; i < FIBERS_MAX; i++)
        n += all.v[i].used && !all.v[i].ended;
    return n;
}

/* --- switching --- */

static void leave_note(void **fake, const void *bottom, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fake, bottom, bytes);
#else
    (void)fake, (void)bottom, (void)bytes;
#endif
}

static void arrive_note(void *fake, const void **bottom, size_t *bytes)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, bottom, bytes);
#else
    (void)fake, (void)bottom, (void)bytes;
#endif
}

static void enter(struct fiber *f)
{
    void *fake = NULL;
    all.current = f;
    leave_note(&fake, f->stack, STACK_BYTES);
    swapcontext(&all.program, &f->context);
    arrive_note(fake, NULL, NULL);
    all.current = NULL;
}

static void let_go(struct fiber *f)
{
    void *fake = NULL;
    leave_note(f->ended ? NULL : &fake, all.program_stack, all.program_bytes);
    swapcontext(&f->context, &all.program);
    arrive_note(fake, &all.program_stack, &all.program_bytes);
}

static void begin(void)
{
    struct fiber *f = all.current;
    arrive_note(NULL, &all.program_stack, &all.program_bytes);
    f->result = f->run(f->arg);
    f->ended = true;
    let_go(f);
}

static struct fiber *draw(void)
{
    struct fiber *ready[FIBERS_MAX];
    unsigned n = 0;
    for (int i = 0; i < FIBERS_MAX; i++)
        if (all.v[i].used && !all.v[i].ended && !all.v[i].waits)
            ready[n++] = &all.v[i];
    return n ? ready[all.dice && n > 1 ? rng_below(all.dice, n) : 0] : NULL;
}

unsigned fibers_turn(unsigned n)
{
    unsigned ran = 0;
    for (struct fiber *f; ran < n && (f = draw()); ran++)
        enter(f);
    return ran;
}

void fibers_settle(void)
{
    if (fibers_turn(SETTLE_MAX) == SETTLE_MAX)
        bail_out("a thread never comes to rest");
}

void fibers_pause(void)
{
    if (!all.slow || !all.dice || rng_below(all.dice, 64) >= all.slow)
        return;
    all.switched++;
    if (all.current)
        let_go(all.current);
    else
        fibers_turn(1);
}

/* Whoever cannot go on lets the others. */
static void give_way(void)
{
    if (all.current)
        let_go(all.current);
    else if (!fibers_turn(1))
        bail_out("all threads wait for each other");
}

static void prepare(struct fiber *f)
{
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK_BYTES;
    f->context.uc_link = NULL;
    makecontext(&f->context, begin, 0);
}

/* --- the C library's --- */

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg)
{
    (void)attr;
    int i = 0;
    while (i < FIBERS_MAX && all.v[i].used)
        i++;
    if (i == FIBERS_MAX)
        return EAGAIN;
    struct fiber *f = &all.v[i];
    char *stack = f->stack;
    if (!stack)
        stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED)
        return EAGAIN;
    *f = (struct fiber){.used = true, .run = run, .arg = arg, .stack = stack};
    prepare(f);
    *out = (pthread_t)(i + 1);
    return 0;
}

int pthread_join(pthread_t thread, void **result)
{
    struct fiber *f = &all.v[thread - 1];
    while (!f->ended)
        give_way();
    if (result)
        *result = f->result;
    f->used = false;
    return 0;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
    int e;
    while ((e = pthread_mutex_trylock(m)) == EBUSY)
        give_way();
    return e;
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    const void **waits = all.current ? &all.current->waits : &all.waits;
    pthread_mutex_unlock(m);
    *waits = c;
    while (*waits)
        give_way();
    return pthread_mutex_lock(m);
}

static void wake(const void *c)
{
    for (int i = 0; i < FIBERS_MAX; i++)
        if (all.v[i].waits == c)
            all.v[i].waits = NULL;
    if (all.waits == c)
        all.waits = NULL;
}

int pthread_cond_signal(pthread_cond_t *c)
{
    wake(c);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
    wake(c);
    return 0;
}
