/* Commands as they go over the wire. */
#include "redis/command.h"

#include "tests/lib/tap.h"

int main(void)
{
    struct redis_command c = {.n = 0};
    struct buf b = BUF_INIT;
    plan(0);
    redis_command_set(&c, "HGET", "key", "field", NULL);
    redis_command_write(&c, &b);
    ok(str_is(buf_str(&b), "*3\r\n$4\r\nHGET\r\n$3\r\nkey\r\n$5\r\nfield\r\n"), "an array of bulk strings");
    buf_clear(&b);
    redis_command_begin(&c, "SET");
    redis_command_add(&c, (struct str){"a\0\r\n", 4});
    redis_command_add(&c, STR_NONE);
    redis_command_add_u64(&c, UINT64_MAX);
    redis_command_write(&c, &b);
    ok(str_eq(buf_str(&b), STR_LIT("*4\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n$20\r\n18446744073709551615\r\n")),
       "bytes stay as they are, nothing is an empty string, and begun again it is another command");
    buf_done(&b);
    redis_command_done(&c);
    return tap_end();
}
