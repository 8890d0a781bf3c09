#include "ctl/commands.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
    /* Widths of Chinese characters; a system without that locale shows tables a little askew. */
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return ctl_run(argc, argv);
}
