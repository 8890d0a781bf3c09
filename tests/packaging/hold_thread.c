/* hold_thread PID NAME: stops that thread of the process alone, says "held", and ends when the process does. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/held_thread.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: hold_thread PID NAME\n");
        return 2;
    }
    pid_t thread = held_thread_stop((pid_t)atoi(argv[1]), argv[2]);
    if (thread < 0) {
        perror("hold_thread");
        return 1;
    }
    puts("held");
    fflush(stdout);
    held_thread_await_end(thread);
    return 0;
}
