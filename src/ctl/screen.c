#include "ctl/screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 10000

unsigned screen_width(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
    const char *columns = getenv("COLUMNS");
    unsigned long given = columns ? strtoul(columns, NULL, 10) : 0;
    if (given > 0 && given <= COLUMNS_MAX)
        return (unsigned)given;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void screen_bar(struct buf *b, uint64_t part, uint64_t whole, unsigned width, bool pad)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double share = whole ? (double)part / (double)whole : 0;
    unsigned filled = share < 1 ? (unsigned)(share * width * 8 + 0.5) : width * 8;
    if (part && !filled)
        filled = 1; /* something is never shown as nothing */
    unsigned columns = filled / 8 + (filled % 8 != 0);
    for (unsigned i = 0; i < filled / 8; i++)
        buf_adds(b, "█");
    buf_adds(b, eighths[filled % 8]);
    for (; pad && columns < width; columns++)
        buf_addc(b, ' ');
}
