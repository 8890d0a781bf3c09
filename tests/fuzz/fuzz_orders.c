/* What operators send: small objects of strings, two levels of them. */
#include "codec/json_fields.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct json_field fields[] = {
        {.name = "hold", .required = true, .max = 64}, {.name = "scope", .nullable = true},
        {.name = "scope.policy", .max = 64},           {.name = "scope.unit", .max = 64},
        {.name = "until", .required = true, .max = 10}, {.name = "why", .required = true, .max = 256},
        {.name = "by", .required = true, .max = 128},
    };
    const size_t n_fields = sizeof fields / sizeof *fields;
    struct buf text = BUF_INIT;
    struct input_fault fault;
    if (json_fields_read((struct str){(const char *)data, n}, fields, n_fields, &text, &fault) == ERR_OK) {
        for (size_t i = 0; i < n_fields; i++) {
            MUST(fields[i].value.n <= fields[i].max);
            MUST(!fields[i].required || fields[i].value.p);
        }
    } else {
        MUST(fault.text[0]);
    }
    buf_done(&text);
    return 0;
}
