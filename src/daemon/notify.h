/* What the service manager is told (sd_notify(3)): nothing at all where $NOTIFY_SOCKET is not set. From any thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* So many seconds more for what is under way. */
void notify_extend(unsigned seconds);
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
