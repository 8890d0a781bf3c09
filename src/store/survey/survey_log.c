/* The indexes beside closed segments. */
#include "store/survey/survey_inside.h"

#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD 32 /* enough of a line to see its number */

/* At every place stands the event that the index says. */
static enum err check_places(int log_folder, const struct segment *s, const char *name, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct buf head = BUF_INIT;
    enum err e = segment_file_open(&f, log_folder, s->index.first, msg);
    for (size_t i = 0; !e && i < s->index.n; i++) {
        uint64_t wanted = s->index.first + (uint64_t)i * INDEX_STEP;
        buf_clear(&head);
        e = segment_file_read(&f, &head, HEAD, s->index.place[i], msg);
        if (!e && log_event_number(head.p, head.n) != wanted)
            e = err_set(msg, ERR_DAMAGED, "log/%s: event %" PRIu64 " is not where it says", name, wanted);
    }
    buf_done(&head);
    segment_file_close(&f);
    return e == ERR_ABSENT ? ERR_OK : e; /* it was archived just now */
}

enum err survey_indexes(struct survey *s, index_fn *each, void *arg, struct errmsg *msg)
{
    struct segment *list;
    size_t n = 0;
    if (s->redis)
        return ERR_OK;
    int log_folder = openat(s->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log_folder < 0)
        return err_set(msg, ERR_DAMAGED, "the folder log is missing");
    enum err e = list_segments(log_folder, &list, &n, msg);
    bool listed = !e;
    for (size_t i = 0; !e && i < n; i++) {
        char name[SEGMENT_NAME];
        if (!index_load(log_folder, &list[i]))
            continue;
        segment_name(list[i].index.first, "idx", name);
        e = check_places(log_folder, &list[i], name, msg);
        if (!e && !each(arg, name, &list[i].end))
            e = ERR_END;
    }
    for (size_t i = 0; i < n; i++)
        index_done(&list[i].index);
    if (listed)
        free(list);
    close(log_folder);
    return e;
}
