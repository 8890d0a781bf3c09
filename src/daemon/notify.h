/* What the service manager is told (sd_notify(3)): nothing at all where $NOTIFY_SOCKET is not set. From any thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* So many seconds more for what is under way. */
void notify_extend(unsigned seconds);
/* Within so many milliseconds it must hear notify_alive(), again and again; 0: it does not ask for that. */
int64_t notify_watchdog_ms(void);
void notify_alive(void);
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
