/* Who belongs to which shard, against vectors: CRC-16/XMODEM of "123456789" is 0x31c3, and what CLUSTER KEYSLOT of a real
 * Redis says of the others without braces. */
#include "shards/set.h"
#include "tests/lib/tap.h"

static const struct {
    struct str id;
    unsigned n, shard;
} vectors[] = {
    {STR_LIT("123456789"), 16384, 0x31c3},
    {STR_LIT("foo"), 16384, 12182},
    {STR_LIT("110101195003070011"), 16384, 1560},
    {STR_LIT("110101195003070011"), 64, 1560 % 64},
    {STR_LIT("A"), 16384, 6373},
    {STR_LIT("A"), 64, 6373 % 64},
};

int main(void)
{
    plan(0);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        is_int(shard_of(vectors[i].id, vectors[i].n), vectors[i].shard, "%.*s of %u", (int)vectors[i].id.n,
               vectors[i].id.p, vectors[i].n);
    ok(shard_of(STR_LIT("a{foo}b"), 16384) != shard_of(STR_LIT("foo"), 16384), "braces are bytes like others");
    is_int(shard_of(STR_LIT("whoever"), 1), 0, "one shard has everybody");
    return tap_end();
}
