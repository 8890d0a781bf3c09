/* One input as JSON, as channels send them: what is accepted is written, and read again as the same. */
#include "codec/input_json.h"
#include "tests/fuzz/fuzz.h"

static void check(struct input_parser *p, const struct input *in)
{
    struct buf first = BUF_INIT, second = BUF_INIT;
    struct input again;
    struct input_fault fault;
    size_t used;
    input_write(&first, in, UINT32_MAX, 8 * 3600);
    char *arena = mem_alloc(2 * first.n + 64);
    MUST(input_parse(p, first.p, first.n, &again, arena, &used, &fault) == ERR_OK);
    input_write(&second, &again, UINT32_MAX, 8 * 3600);
    MUST(str_eq(buf_str(&first), buf_str(&second)));
    free(arena);
    buf_done(&first);
    buf_done(&second);
}

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct input_options options = {.country_code = "+86", .allow_at = true};
    struct input_parser *p = input_parser_new(&options);
    struct input in;
    struct input_fault fault;
    size_t used, room = 2 * n + 64;
    char *arena = mem_alloc(room);
    if (input_parse(p, (const char *)data, n, &in, arena, &used, &fault) == ERR_OK) {
        MUST(used <= room);
        check(p, &in);
    } else {
        MUST(fault.text[0] && memchr(fault.text, '\0', sizeof fault.text) &&
             memchr(fault.member, '\0', sizeof fault.member));
    }
    free(arena);
    input_parser_free(p);
    return 0;
}
