#include "ctl/commands.h"

#include <locale.h>
#include <signal.h>

#include "base/crash.h"

int main(int argc, char **argv)
{
    crash_prepare(); /* an import has names and phone numbers in it */
    /* Widths of Chinese characters; a system without that locale shows tables a little askew. */
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return ctl_run(argc, argv);
}
