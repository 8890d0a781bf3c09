/* The log's lines: what is written is read back, and nothing that is not just that is taken for it. */
#include "store/log/logline.h"
#include "tests/lib/tap.h"

static void fill(unsigned char hash[SEAL_HASH])
{
    for (int i = 0; i < SEAL_HASH; i++)
        hash[i] = (unsigned char)(i * 37 + 5);
}

/* The text without its newline. */
static struct str line_of(const struct buf *b)
{
    return (struct str){b->p, b->n - 1};
}

static void headers(void)
{
    struct log_header h = {.first = UINT64_C(1234567890123456789)}, back;
    struct buf b = BUF_INIT, changed = BUF_INIT;
    unsigned taken = 0, refused = 0;
    fill(h.previous);
    log_header_add(&b, &h);
    is_int(log_header_parse(line_of(&b), &back), ERR_OK, "a header is read back");
    ok(back.first == h.first && memcmp(back.previous, h.previous, SEAL_HASH) == 0, "as it was written");
    for (size_t n = 0; n < b.n - 1; n++)
        taken += log_header_parse((struct str){b.p, n}, &back) == ERR_OK;
    is_int(taken, 0, "no part of one is one");
    is_int(log_header_parse((struct str){b.p, b.n}, &back), ERR_DAMAGED, "nor one with something behind it");
    for (size_t i = 0; i < b.n - 1; i++) {
        buf_clear(&changed);
        buf_add(&changed, b.p, b.n - 1);
        changed.p[i] = '/';
        refused += log_header_parse(buf_str(&changed), &back) == ERR_DAMAGED;
    }
    is_int(refused, (int64_t)b.n - 1, "a stroke at any place of it is damage");
    buf_done(&b);
    buf_done(&changed);
}

static enum err version(const char *number)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    buf_printf(&b, "{\"lifecertd\":\"log\",\"version\":%s,\"first\":1,\"previous\":\"%064d\"}", number, 0);
    enum err e = log_header_parse(buf_str(&b), &h);
    buf_done(&b);
    return e;
}

static void versions(void)
{
    is_int(version("1"), ERR_OK, "version 1 is ours");
    is_int(version("2"), ERR_VERSION, "a later one is refused as such");
    is_int(version("9223372036854775807"), ERR_VERSION, "whatever it is");
    is_int(version("18446744073709551617"), ERR_VERSION, "however long");
    is_int(version("0"), ERR_DAMAGED, "there was none before");
    is_int(version("01"), ERR_DAMAGED, "a number has no leading zero");
    is_int(version(""), ERR_DAMAGED, "nor is it empty");
    is_int(version(":"), ERR_DAMAGED, "nor anything but digits");
}

static void seals(void)
{
    struct seal s = {.seq = 42}, back;
    struct buf b = BUF_INIT, changed = BUF_INIT;
    unsigned taken = 0;
    fill(s.hash);
    log_seal_add(&b, &s);
    ok(log_seal_parse(line_of(&b), &back) && back.seq == 42 && memcmp(back.hash, s.hash, SEAL_HASH) == 0,
       "a seal is read back");
    for (size_t n = 0; n < b.n - 1; n++)
        taken += log_seal_parse((struct str){b.p, n}, &back);
    for (size_t i = 0; i < b.n - 1; i++) {
        static const char others[] = "/:`gG";
        for (size_t k = 0; k < sizeof others - 1; k++) {
            buf_clear(&changed);
            buf_add(&changed, b.p, b.n - 1);
            changed.p[i] = others[k];
            taken += others[k] != b.p[i] && log_seal_parse(buf_str(&changed), &back);
        }
    }
    is_int(taken, 0, "no part of one, and none that has another character, is one");
    ok(!log_seal_parse(buf_str(&b), &back), "nor one with its newline");
    buf_done(&b);
    buf_done(&changed);
}

static uint64_t number(const char *line)
{
    return log_event_number(line, strlen(line));
}

static void event_numbers(void)
{
    is_int(number("{\"seq\":7,\"x\":1}"), 7, "an event's number stands at its front");
    is_int(number("{\"seq\":7}"), 7, "also when nothing follows it");
    is_int(number("{\"seq\":9223372036854775807,"), INT64_MAX, "with up to 19 digits");
    static const char *const none[] = {"",
                                       "{\"seq\":7",
                                       "{\"seq\":,}",
                                       "{\"seq\":0,}",
                                       "{\"seq\":7 ,",
                                       "{\"seq\":7:",
                                       "{\"seq\":12345678901234567890,",
                                       "{\"seq\":12",
                                       "{\"seal\":7,\"sha256\":\"00\"}",
                                       " {\"seq\":7,"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_int(number(none[i]), 0, "%s is no event", *none[i] ? none[i] : "nothing");
}

int main(void)
{
    plan(0);
    headers();
    versions();
    seals();
    event_numbers();
    return tap_end();
}
