/* What a client prefers to read. */
#include "http/server/accept.h"
#include "tests/lib/tap.h"

static const struct {
    const char *accept;
    bool stream;
    const char *why;
} rows[] = {
    {NULL, false, "nothing is said"},
    {"", false, "nothing stands in it"},
    {"*/*", false, "all is the same"},
    {"text/event-stream", true, "only that is wanted, as browsers ask for it"},
    {"TEXT/Event-Stream", true, "the letters' case does not matter"},
    {"text/event-stream;q=0", false, "it is not wanted"},
    {"text/event-stream;q=0.001", true, "little is more than nothing"},
    {"text/*", true, "it is a text"},
    {"text/*;q=0.5, */*;q=0.6", false, "the rest is wanted more than texts"},
    {"text/event-stream, */*", true, "it is named, the other is not"},
    {"*/*, text/event-stream", true, "in whatever order"},
    {"application/x-ndjson, text/event-stream", false, "both are as good"},
    {"application/x-ndjson;q=0.9, text/event-stream", true, "the other is wanted less"},
    {"application/x-ndjson, text/event-stream;q=0.9", false, "the other is wanted more"},
    {"text/event-stream;q=0, text/*", false, "what is named counts before its kind"},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false, "a browser looks at a page"},
    {"text/html", false, "neither is wanted"},
    {"text/event-stream ; charset=utf-8 ; q=0.7 , application/x-ndjson ; q=0.6", true, "blanks and parameters"},
    {"text/event-stream;note=\"a,b;q=0\";q=1", true, "separators within quotes part nothing"},
    {"text/event-stream;note=\"a\\\",text/html\";q=0", false, "nor an escaped quote"},
    {"text/event-stream;q=nonsense", false, "a quality that is none is taken for 0"},
    {"text/event-stream;q=1.5", true, "one above 1 for 1"},
    {"text/event-stream-2", false, "another type that begins so"},
    {"text/event", false, "another type that ends sooner"},
    {",,text/event-stream,,", true, "empty elements"},
    {";q=0,text/event-stream", true, "an element without a name"},
    {"text/event-stream;", true, "an empty parameter"},
    {"\"", false, "a quote without an end"},
};

int main(void)
{
    plan(sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(accept_prefers(rows[i].accept, "text/event-stream", "application/x-ndjson") == rows[i].stream, "%s, and %s",
           rows[i].why, rows[i].stream ? "a stream is" : "lines are");
    return tap_end();
}
