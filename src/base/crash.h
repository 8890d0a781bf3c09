/* What a process leaves behind when it dies of a fault: a line in the log for each of its threads, with where it was,
 * and a core that holds nobody's name or number, wherever the process runs and whatever its limits are. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include <signal.h>

/* To be called once, at the start of main(). From then on a core has no memory in it (heap, stacks and mapped files
 * hold names), only what says where the program was, and the command line. Who dies of a signal that leaves a core (SIGSEGV, SIGABRT...) first
 * writes to stderr
 *
 *     event=crash signal=SIGSEGV address=0x0 thread=TID stack="PROGRAM+0xADDRESS libc.so.6+0xADDRESS ..."
 *     event=crash-thread thread=TID stack="..."
 *
 * which addr2line(1) makes lines of source of. A handler that is there already, a sanitizer's, stays. */
void crash_prepare(void);

/* The signals for a new thread to block, so that they come to another: all but those of a crash, which stops threads by
 * them. */
void crash_block_others(sigset_t *out);

#endif
