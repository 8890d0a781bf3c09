/* Values as JSON, for the answers. */
#include "engine/internal.h"

void json_date(struct buf *out, lc_date d)
{
    if (d == DATE_NONE) {
        BUF_LIT(out, "null");
        return;
    }
    buf_addc(out, '"');
    date_format(d, buf_room(out, 10));
    out->n += 10;
    buf_addc(out, '"');
}

void json_month(struct buf *out, lc_month m)
{
    if (m == MONTH_NONE) {
        BUF_LIT(out, "null");
        return;
    }
    buf_addc(out, '"');
    month_format(m, buf_room(out, 7));
    out->n += 7;
    buf_addc(out, '"');
}

void json_instant(const struct tz *tz, struct buf *out, lc_instant at)
{
    buf_addc(out, '"');
    instant_format(at, tz_offset(tz, at), buf_room(out, 25));
    out->n += 25;
    buf_addc(out, '"');
}
