#include "redis/fault.h"

#include <stdio.h>

static const struct {
    const char *word;
    enum redis_fault fault;
} words[] = {
    {"TRYAGAIN", REDIS_LATER},      {"LOADING", REDIS_LATER},      {"CLUSTERDOWN", REDIS_LATER},
    {"MASTERDOWN", REDIS_LATER},    {"BUSY", REDIS_LATER},         {"READONLY", REDIS_NO_MASTER},
    {"UNBLOCKED", REDIS_NO_MASTER}, {"NOSCRIPT", REDIS_NO_SCRIPT}, {"OOM", REDIS_FULL},
    {"MISCONF", REDIS_FULL},        {"NOREPLICAS", REDIS_LATER},   {"FENCED", REDIS_FENCED},
};

/* "MOVED 3999 127.0.0.1:6381", an address without brackets when it is one of IPv6; ":6381": the same host. */
static bool read_redirect(struct str text, const char *form, struct redis_redirect *to)
{
    char line[320], place[300];
    if (text.n >= sizeof line)
        return false;
    memcpy(line, text.p, text.n);
    line[text.n] = '\0';
    unsigned slot, port;
    if (sscanf(line, form, &slot, place) != 2)
        return false;
    char *colon = strrchr(place, ':');
    if (!colon || sscanf(colon + 1, "%5u", &port) != 1 || port == 0 || port > 65535 ||
        (size_t)(colon - place) >= sizeof to->host.name)
        return false;
    *colon = '\0';
    to->slot = slot;
    to->host.port = (uint16_t)port;
    memcpy(to->host.name, place, (size_t)(colon - place) + 1);
    return true;
}

enum redis_fault redis_fault_read(struct str text, struct redis_redirect *to)
{
    if (read_redirect(text, "MOVED %5u %299s", to))
        return REDIS_MOVED;
    if (read_redirect(text, "ASK %5u %299s", to))
        return REDIS_ASK;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if (text.n >= n && memcmp(text.p, words[i].word, n) == 0 && (text.n == n || text.p[n] == ' '))
            return words[i].fault;
    }
    return REDIS_REFUSED;
}
