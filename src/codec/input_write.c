#include "codec/input_write.h"

#include "base/tz.h"
#include "codec/input_json.h"
#include "codec/input_table.h"
#include "codec/json_out.h"
#include "core/text.h"

static char *put_instant(char *p, lc_instant at, int32_t offset)
{
    if (at == INSTANT_NONE)
        return put_null(p);
    p[0] = p[26] = '"';
    instant_format(at, offset, p + 1);
    return p + 27;
}

static char *put_member(char *p, const struct member_row *row, const struct input *in, int32_t at_offset)
{
    const void *field = (const char *)in + row->offset;
    switch (row->type) {
    case MEMBER_OP: return put_word(p, op_texts.v[in->op]);
    case MEMBER_TOKEN:
    case MEMBER_TEXT:
    case MEMBER_PHONE: return put_str(p, *(const struct str *)field);
    case MEMBER_DATE: return put_date(p, *(const lc_date *)field);
    case MEMBER_MONTH: return put_month(p, *(const lc_month *)field);
    case MEMBER_AMOUNT: return put_count(p, *(const int64_t *)field);
    case MEMBER_INSTANT: return put_instant(p, *(const lc_instant *)field, at_offset);
    case MEMBER_TYPE_N: break;
    }
    return put_null(p);
}

static bool is_string(const struct member_row *row)
{
    return row->type == MEMBER_TOKEN || row->type == MEMBER_TEXT || row->type == MEMBER_PHONE;
}

size_t input_room(const struct input *in, uint32_t only)
{
    size_t room = 2;
    for (const struct member_row *row = member_rows; row < member_rows + MEMBERS; row++) {
        if (!(in->given & only & row->bit))
            continue;
        room += row->name.n + 4 + JSON_VALUE_MAX;
        if (is_string(row))
            room += JSON_STR_MAX(((const struct str *)((const char *)in + row->offset))->n);
    }
    return room;
}

char *input_put(char *p, const struct input *in, uint32_t only, int32_t at_offset)
{
    char separator = '{';
    for (const struct member_row *row = member_rows; row < member_rows + MEMBERS; row++) {
        if (!(in->given & only & row->bit))
            continue;
        *p++ = separator;
        p = put_word(p, row->name);
        *p++ = ':';
        p = put_member(p, row, in, at_offset);
        separator = ',';
    }
    if (separator == '{')
        *p++ = '{';
    *p++ = '}';
    return p;
}

void input_write(struct buf *b, const struct input *in, uint32_t only, int32_t at_offset)
{
    char *start = buf_room(b, input_room(in, only));
    b->n += (size_t)(input_put(start, in, only, at_offset) - start);
}
