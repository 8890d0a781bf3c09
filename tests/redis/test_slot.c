/* Slots, against vectors: CRC-16/XMODEM of "123456789" is 0x31c3, and what a real cluster said of the others. */
#include "redis/slot.h"

#include "tests/lib/tap.h"

static const struct {
    struct str key;
    unsigned slot;
    const char *what;
} vectors[] = {
    {STR_LIT("123456789"), 0x31c3 % REDIS_SLOTS, "the check value of the CRC"},
    {STR_LIT(""), 0, "an empty key"},
    {STR_LIT("foo"), 12182, "a word"},
    {STR_LIT("{foo}bar"), 12182, "a hash tag stands for the whole"},
    {STR_LIT("a{foo}{bar}"), 12182, "the first one"},
    {STR_LIT("foo{}"), 5542, "an empty one is none"},
    {STR_LIT("foo{bar"), 15278, "nor is one that does not end"},
    {STR_LIT("{lifecertd/0}:log"), 5620, "a shard's key"},
    {STR_LIT("{lifecertd/0}:state"), 5620, "and another of the same shard"},
};

int main(void)
{
    plan(0);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        is_int(redis_slot(vectors[i].key), vectors[i].slot, "%s", vectors[i].what);
    ok(redis_slot((struct str){"a\0b", 3}) != redis_slot(STR_LIT("a")), "keys are bytes");
    return tap_end();
}
