/* Reading what a descriptor has, in as many calls as it takes. */
#ifndef BASE_READ_UP_TO_H
#define BASE_READ_UP_TO_H

#include <sys/types.h>

/* Until the end of the file or of the room. How much that was; -1: errno says why not. */
ssize_t read_up_to(int fd, void *p, size_t room);

#endif
