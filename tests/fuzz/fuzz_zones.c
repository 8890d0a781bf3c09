/* A time zone's file. Whatever is taken for one gives every instant an offset that can be, and every day a beginning that
 * is in it or, where that is skipped, just behind. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/tz.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"

const unsigned fuzz_runs = 20000;

static void write_zone(const uint8_t *data, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/zone", tap_tmpdir());
    FILE *f = fopen(path, "wb");
    MUST(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
    MUST(setenv("TZDIR", tap_tmpdir(), 1) == 0);
}

static void look(const struct tz *tz)
{
    static const int years[] = {1, 1800, 1901, 1970, 2026, 2038, 2299, 9999};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        lc_date day = date_make(years[i], 3, 31);
        lc_instant midnight = tz_instant(tz, day, 0);
        int32_t offset = tz_offset(tz, midnight);
        MUST(offset > -27 * 3600 && offset < 27 * 3600);
        MUST(tz_instant(tz, day, 86399) >= midnight);
        (void)tz_date(tz, midnight);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tz *tz;
    struct errmsg msg = {""};
    write_zone(data, n);
    if (tz_load("zone", &tz, &msg) != ERR_OK) {
        MUST(msg.text[0]);
        return 0;
    }
    struct tz *same = tz_copy(tz);
    look(tz);
    MUST(tz_offset(same, 1800000000) == tz_offset(tz, 1800000000));
    tz_free(same);
    tz_free(tz);
    return 0;
}
