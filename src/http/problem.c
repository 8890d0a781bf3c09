#include "http/problem.h"

static const struct {
    unsigned status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *status_phrase(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

void problem_write(struct buf *b, unsigned status, const char *member, const char *detail)
{
    /* about:blank says that the title is the status's own phrase: what happened stands in detail. */
    BUF_LIT(b, "{\"type\":\"about:blank\",\"title\":");
    buf_add_json(b, str_of(status_phrase(status)));
    BUF_LIT(b, ",\"status\":");
    buf_add_u64(b, status);
    if (member && member[0]) {
        BUF_LIT(b, ",\"member\":");
        buf_add_json(b, str_of(member));
    }
    BUF_LIT(b, ",\"detail\":");
    buf_add_json(b, str_of(detail));
    BUF_LIT(b, "}\n");
}
