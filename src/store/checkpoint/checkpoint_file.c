#include "store/checkpoint/checkpoint_file.h"

#include "store/crc32c.h"
#include "store/log/logline.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void checkpoint_name(uint64_t seq, char out[CHECKPOINT_NAME])
{
    snprintf(out, CHECKPOINT_NAME, "%020" PRIu64 ".ckpt", seq);
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x > y ? -1 : x < y;
}

size_t checkpoint_list(int folder, uint64_t **out)
{
    size_t n = 0, cap = 0;
    *out = NULL;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint64_t seq;
        int end = 0;
        if (sscanf(entry->d_name, "%20" SCNu64 ".ckpt%n", &seq, &end) != 1 || end != 25 || entry->d_name[end])
            continue;
        if (n == cap)
            *out = mem_resize(*out, cap = cap ? 2 * cap : 8, sizeof **out);
        (*out)[n++] = seq;
    }
    closedir(dir);
    if (n)
        qsort(*out, n, sizeof **out, newest_first);
    return n;
}

/* The header's checksum covers what stands before it in the line. */
void checkpoint_header_put(char out[CHECKPOINT_HEADER], const struct checkpoint_header *h)
{
    char room[CHECKPOINT_HEADER];
    struct buf b = {room, 0, sizeof room};
    buf_printf(&b,
               "{\"lifecertd\":\"checkpoint\",\"version\":%d,\"slices\":%" PRIu64 ",\"bytes\":%" PRIu64
               ",\"seal\":%" PRIu64 ",\"sha256\":\"",
               CHECKPOINT_VERSION, h->slices, h->bytes, h->seal.seq);
    hex_add(&b, h->seal.hash, SEAL_HASH);
    buf_printf(&b, "\",\"crc32c\":\"%08" PRIx32 "\"}", crc32c(0, b.p, b.n));
    memset(out, ' ', CHECKPOINT_HEADER);
    memcpy(out, b.p, b.n);
    out[CHECKPOINT_HEADER - 1] = '\n';
}

enum err checkpoint_header_get(const char in[CHECKPOINT_HEADER], struct checkpoint_header *out)
{
    char line[CHECKPOINT_HEADER + 1], again[CHECKPOINT_HEADER], hex[2 * SEAL_HASH + 1];
    struct checkpoint_header h;
    unsigned version = 0;
    memcpy(line, in, CHECKPOINT_HEADER);
    line[CHECKPOINT_HEADER] = '\0';
    int got = sscanf(line,
                     "{\"lifecertd\":\"checkpoint\",\"version\":%u,\"slices\":%" SCNu64 ",\"bytes\":%" SCNu64
                     ",\"seal\":%" SCNu64 ",\"sha256\":\"%64[0-9a-f]\"",
                     &version, &h.slices, &h.bytes, &h.seal.seq, hex);
    if (got >= 1 && version > CHECKPOINT_VERSION)
        return ERR_VERSION;
    if (got != 5 || strlen(hex) != 2 * SEAL_HASH || !hex_parse(hex, h.seal.hash, SEAL_HASH))
        return ERR_DAMAGED;
    checkpoint_header_put(again, &h);
    if (memcmp(in, again, CHECKPOINT_HEADER) != 0) /* its checksum, or anything else in it */
        return ERR_DAMAGED;
    *out = h;
    return ERR_OK;
}

void frame_put(char out[SLICE_FRAME], uint64_t bytes, uint32_t crc)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(bytes >> 8 * i);
    for (int i = 0; i < 4; i++)
        out[8 + i] = (char)(crc >> 8 * i);
}

void frame_get(const char in[SLICE_FRAME], uint64_t *bytes, uint32_t *crc)
{
    const unsigned char *u = (const unsigned char *)in;
    *bytes = 0;
    *crc = 0;
    for (int i = 0; i < 8; i++)
        *bytes |= (uint64_t)u[i] << 8 * i;
    for (int i = 0; i < 4; i++)
        *crc |= (uint32_t)u[8 + i] << 8 * i;
}
