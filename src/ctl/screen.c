#include "ctl/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

unsigned screen_width(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
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
