/* Problem details. */
#include "http/problem.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

static void check(unsigned status, const char *member, const char *detail, const char *want)
{
    struct buf b = BUF_INIT;
    problem_write(&b, status, member, detail);
    see_json(&b);
    buf_addc(&b, '\0');
    is_str(b.p, want, "status %u, member %s", status, member ? member : "none");
    buf_done(&b);
}

int main(void)
{
    plan(6);
    check(404, NULL, "not enrolled",
          "{'type':'about:blank','title':'Not Found','status':404,'detail':'not enrolled'}\n");
    check(400, "", "no", "{'type':'about:blank','title':'Bad Request','status':400,'detail':'no'}\n");
    check(400, "id", "no \"id\"\n",
          "{'type':'about:blank','title':'Bad Request','status':400,'member':'id','detail':'no \\'id\\'\\n'}\n");
    is_str(status_phrase(401), "Unauthorized", "a status has a phrase");
    is_str(status_phrase(503), "Service Unavailable", "a status's phrase");
    is_str(status_phrase(299), "Error", "a status that is not in the table has a phrase, too");
    return tap_end();
}
