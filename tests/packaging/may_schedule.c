/* may_schedule: says how whoever runs it may be scheduled, "idle yes|no, real time yes|no". A real-time policy with a
 * priority that there is not is refused by the kernel as invalid, whoever asks; only a filter before the kernel says
 * that it is not permitted. So no privilege is needed to tell. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>

static const char *word(int result)
{
    return result == 0 || errno != EPERM ? "yes" : "no";
}

int main(void)
{
    const struct sched_param none = {0};
    const char *idle = word(sched_setscheduler(0, SCHED_IDLE, &none));
    printf("idle %s, real time %s\n", idle, word(sched_setscheduler(0, SCHED_FIFO, &none)));
    return 0;
}
