#include "shards/words.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"

#define WORDS_MAX 256 /* an engine has some dozen */
#define WORD_BYTES 256

struct words {
    pthread_mutex_t lock;
    char *v[WORDS_MAX];
    unsigned n;
};

struct words *words_new(void)
{
    struct words *w = mem_zalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void words_free(struct words *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < w->n; i++)
        free(w->v[i]);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static const char *find(const struct words *w, struct str text)
{
    for (unsigned i = 0; i < w->n; i++)
        if (str_is(text, w->v[i]))
            return w->v[i];
    return NULL;
}

const char *words_keep(struct words *w, struct str text)
{
    if (!text.p)
        return NULL;
    pthread_mutex_lock(&w->lock);
    const char *word = find(w, text);
    if (!word && w->n < WORDS_MAX && text.n <= WORD_BYTES)
        word = w->v[w->n++] = mem_strndup(text.p, text.n);
    pthread_mutex_unlock(&w->lock);
    return word ? word : "refused by the shard's owner";
}
