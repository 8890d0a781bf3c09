#include "http/server/headers.h"

const struct header every_answer[EVERY_ANSWER_N] = {
    {"X-Content-Type-Options", "nosniff"}, /* what is sent as JSON is no page, whatever it looks like */
    {"Referrer-Policy", "no-referrer"},    /* ids stand in addresses */
};
