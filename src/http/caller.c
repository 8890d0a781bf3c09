#include "http/caller.h"

#include <stdio.h>
#include <unistd.h>

void caller_of_peer(const struct peer *p, struct caller *out)
{
    *out = (struct caller){.name = "anyone"};
    if (!p->known)
        return;
    snprintf(out->name, sizeof out->name, "uid:%u", (unsigned)p->uid);
    out->read = out->operate = out->bring_all = p->uid == 0 || p->uid == geteuid();
}

void caller_of_token(const struct token *t, struct caller *out)
{
    *out = (struct caller){.read = t->read,
                           .operate = t->operate,
                           .bring_all = t->intake_all,
                           .bring = t->channels.n > 0,
                           .token = t};
    snprintf(out->name, sizeof out->name, "token:%s", t->name);
}

bool caller_may(const struct caller *c, enum who least)
{
    switch (least) {
    case WHO_ANYONE: return true;
    case WHO_READ: return c->read || c->operate;
    case WHO_INTAKE: return c->bring || c->bring_all;
    case WHO_OPERATE: return c->operate;
    }
    return false;
}

bool caller_may_bring(const struct caller *c, const struct input *in)
{
    const char *why;
    return c->bring_all || (c->bring && !channels_forbid(&c->token->channels, in, &why));
}

const char *role_text(enum who least)
{
    static const char *const texts[] = {
        [WHO_ANYONE] = "none",
        [WHO_READ] = "read",
        [WHO_INTAKE] = "intake:CHANNEL or intake:*",
        [WHO_OPERATE] = "operate",
    };
    return texts[least];
}
