/* docs/write_api openapi|asyncapi: prints the document that is kept beside this file. */
#include <stdio.h>

#include "docs/asyncapi.h"
#include "http/openapi/openapi.h"

static const struct {
    const char *name;
    void (*write)(struct buf *out);
} documents[] = {
    {"openapi", openapi_write},
    {"asyncapi", asyncapi_write},
};

int main(int argc, char **argv)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; argc == 2 && i < sizeof documents / sizeof *documents; i++)
        if (strcmp(argv[1], documents[i].name) == 0)
            documents[i].write(&text);
    if (!text.n) {
        fprintf(stderr, "usage: write_api openapi|asyncapi\n");
        return 2;
    }
    size_t written = fwrite(text.p, 1, text.n, stdout);
    int closed = fclose(stdout);
    int status = written == text.n && closed == 0 ? 0 : 1;
    buf_done(&text);
    return status;
}
