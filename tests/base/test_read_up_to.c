/* Reading in as many calls as it takes. */
#include "base/read_up_to.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/tap.h"

int main(void)
{
    char text[16] = "";
    int ends[2];
    plan(0);
    if (pipe(ends) != 0 || write(ends[1], "abcdef", 6) != 6)
        bail_out("no pipe");
    is_int(read_up_to(ends[0], text, 4), 4, "no more than there is room for is read");
    close(ends[1]);
    is_int(read_up_to(ends[0], text + 4, sizeof text - 5), 2, "nor than there is");
    is_str(text, "abcdef", "each byte once, in order");
    is_int(read_up_to(ends[0], text, sizeof text), 0, "at the end there is nothing");
    close(ends[0]);
    errno = 0;
    ok(read_up_to(ends[0], text, sizeof text) == -1 && errno == EBADF, "what fails says why");
    return tap_end();
}
