/* Phone numbers as people write them. */
#include <string.h>

#include "codec/input_json.h"
#include "tests/lib/tap.h"

struct phone {
    const char *written, *kept; /* NULL: it is none */
};

static const struct phone phones[] = {
    {"13800138000", "+8613800138000"},
    {"138-0013-8000", "+8613800138000"},
    {" 138 0013 8000 ", "+8613800138000"},
    {"+86 138 0013 8000", "+8613800138000"},
    {"(+86)13800138000", "+8613800138000"},
    {"0086 13800138000", "+8613800138000"},
    {"0580-2088888", "+865802088888"},
    {"(0580) 2088888", "+865802088888"},
    {"[0580]2088888", "+865802088888"},
    {"+1 650 253 0000", "+16502530000"},
    {"+123456789012345", "+123456789012345"},
    {"+1234567890123456", NULL},
    {"12345", "+8612345"},
    {"1234", NULL},
    {"+1234567", "+1234567"},
    {"+123456", NULL},
    {"12345678901234", NULL},
    {"1234567890123", "+861234567890123"},
    {"+01234567", NULL},
    {"000123456789", NULL},
    {"", NULL},
    {" ", NULL},
    {"+", NULL},
    {"0", NULL},
    {"00", NULL},
    {"138+0013+8000", NULL},
    {"++8613800138000", NULL},
    {"1380013800x", NULL},
    {"138.0013.8000", NULL},
    {"tel:13800138000", NULL},
    {"\xef\xbc\x91\xef\xbc\x93\xef\xbc\x98", NULL},
};

int main(void)
{
    plan(sizeof phones / sizeof phones[0] + 2);
    for (size_t i = 0; i < sizeof phones / sizeof phones[0]; i++) {
        char out[17] = "untouched";
        size_t n = 9;
        bool taken = phone_normalise(str_of(phones[i].written), "+86", out, &n);
        const char *want = phones[i].kept ? phones[i].kept : "untouched";
        ok(taken == (phones[i].kept != NULL) && strcmp(out, want) == 0 && n == strlen(want), "\"%s\" is %s",
           phones[i].written, phones[i].kept ? phones[i].kept : "no phone number");
    }
    char out[17];
    size_t n;
    ok(phone_normalise(STR_LIT("020 7946 0018"), "+44", out, &n) && strcmp(out, "+442079460018") == 0,
       "the country code is the agency's");
    ok(!phone_normalise(((struct str){"13800\0138000", 12}), "+86", out, &n), "a NUL is not passed over");
    return tap_end();
}
