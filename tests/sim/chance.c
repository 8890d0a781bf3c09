#include "tests/sim/chance.h"

#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/engine/fake_clock.h"

static struct rng *dice;

void chance_dice(struct rng *r)
{
    dice = r;
}

void chance_fill(void *to, size_t n)
{
    unsigned char *p = to;
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(dice ? rng_next(dice) >> 32 : i);
}

struct rng chance_stream(uint64_t seed, uint64_t which)
{
    struct rng r = rng_seed(seed * UINT64_C(0x9e3779b97f4a7c15) + which * UINT64_C(0xd1342543de82ef95) + 1);
    for (int i = 0; i < 8; i++)
        rng_next(&r);
    return r;
}

ssize_t getrandom(void *to, size_t n, unsigned flags)
{
    if (!dice)
        return syscall(SYS_getrandom, to, n, flags);
    chance_fill(to, n);
    return (ssize_t)n;
}

time_t time(time_t *out)
{
    time_t now = (time_t)fake_wall_now();
    if (out)
        *out = now;
    return now;
}

/* The compressing thread would step back, and all of the program with it. */
int sched_setscheduler(pid_t process, int policy, const struct sched_param *p)
{
    (void)process, (void)policy, (void)p;
    return 0;
}
