/* closed_log FOLDER: makes a store there, under the system's clock, whose log has closed segments of 64 KiB: what a
 * daemon that is started on it begins to compress. */
#include <stdio.h>
#include <time.h>

#include "tests/engine/rig.h"

#define PEOPLE 600
#define SEGMENT_BYTES 65536

static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "compress_log = false\n"
                             "policy \"national\" { }\n";

int main(int argc, char **argv)
{
    struct rig r = {.options.segment_bytes = SEGMENT_BYTES};
    char uri[300], json[160], approved_on[16];
    time_t month_ago = time(NULL) - 30 * 86400;
    if (argc != 2) {
        fprintf(stderr, "usage: closed_log FOLDER\n");
        return 2;
    }
    strftime(approved_on, sizeof approved_on, "%Y-%m-%d", gmtime(&month_ago));
    snprintf(uri, sizeof uri, "dir:%s", argv[1]);
    rig_open(&r, uri, config, INSTANT_NONE);
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(json, sizeof json, "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"%s\"}",
                 i, approved_on);
        rig_input(&r, json);
    }
    rig_close(&r);
    return 0;
}
