/* lifecertctl import: files of inputs to the daemon, body by body, in order. */
#include "ctl/answers.h"
#include "ctl/client.h"
#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/lines.h"
#include "ctl/text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define RETRY_SECONDS_MAX 60
#define RESULTS_BUFFER ((size_t)1 << 20)

struct import {
    struct ctl *ctl;
    struct client *client;
    struct bodies *bodies;
    struct answers answers;
    struct answer answer; /* what came back when it was no list of results */
    struct progress progress;
    char stream[40];
    bool begun;     /* the daemon knows of the stream */
    uint64_t bytes; /* of the files, answered */
    const char *results;
};

static void name_stream(char out[40])
{
    uint64_t r[2] = {0, 0};
    /* Short reads do not happen below 256 bytes; without a random number the name is only less certain to be new. */
    if (getrandom(r, sizeof r, 0) < 0)
        r[0] = (uint64_t)time(NULL);
    snprintf(out, 40, "i%016llx%016llx", (unsigned long long)r[0], (unsigned long long)r[1]);
}

static bool take_answer(void *arg, const char *p, size_t n)
{
    answers_feed(arg, p, n);
    return true;
}

static int send_once(struct import *im, const struct body *body)
{
    const struct inputs_post post = {
        /* An empty body would be no body at all: an empty line counts for nothing. */
        .body = body->n_lines ? buf_str(&body->text) : STR_LIT("\n"),
        .stream = im->stream,
        .last = body->last,
        .data = take_answer,
        .arg = &im->answers,
    };
    answers_begin(&im->answers, body);
    im->begun = true;
    return client_post_inputs(im->client, &post, &im->answer);
}

static void wait_for_daemon(struct import *im)
{
    long s = im->answer.retry_after;
    struct timespec pause = {.tv_sec = s < 1 ? 1 : s > RETRY_SECONDS_MAX ? RETRY_SECONDS_MAX : s};
    nanosleep(&pause, NULL);
}

/* Where to go on after something stopped the import. */
static void tell_resume(struct import *im)
{
    char n[TEXT_COUNT];
    progress_clear(&im->progress);
    say("%s lines were answered before that; run the same import again: what was applied stays applied, and is "
        "answered \"unchanged\"",
        text_count(tally_all(&im->answers.tally), n));
}

static int explain_refusal(struct import *im)
{
    int status = client_problem(im->client, &im->answer, "import");
    if (im->answer.status == 413)
        say("give --lines N: the daemon takes fewer lines at a time than this");
    return status;
}

/* Too much is queued there, or this token has asked too often. */
static bool is_busy(const struct import *im)
{
    return im->answer.status == 503 || im->answer.status == 429;
}

static int send_body(struct import *im, const struct body *body)
{
    int status;
    do {
        status = send_once(im, body);
        if (status == EXIT_DONE && is_busy(im))
            wait_for_daemon(im);
    } while (status == EXIT_DONE && is_busy(im));
    if (status == EXIT_DONE && im->answer.status != 200)
        return explain_refusal(im);
    if (status == EXIT_DONE && !answers_end(&im->answers))
        status = fail(EXIT_UNREADABLE, "the daemon's answer ended early");
    if (status)
        tell_resume(im);
    return status;
}

/* A file cannot be read on. The stream is ended all the same, or a daemon with a clock of its own would wait for
 * more. */
static int stop_reading(struct import *im, const struct body *failed)
{
    struct body empty = {.file = failed->file, .last = true};
    progress_clear(&im->progress);
    say("%s", failed->msg.text);
    int status = im->begun ? send_once(im, &empty) : EXIT_DONE;
    return status ? status : failed->err == ERR_INVALID ? EXIT_NO : EXIT_UNREADABLE;
}

static int send_all(struct import *im)
{
    for (;;) {
        const struct body *body = bodies_next(im->bodies);
        bool wanted = body->n_lines || body->n_faults || (body->last && im->begun);
        int status = wanted ? send_body(im, body) : EXIT_DONE;
        if (status)
            return status;
        if (body->err)
            return stop_reading(im, body);
        im->bytes += body->file_bytes;
        progress_show(&im->progress, im->bytes, tally_all(&im->answers.tally));
        if (body->last)
            return EXIT_DONE;
    }
}

static void sum_up(struct import *im)
{
    const struct tally *t = &im->answers.tally;
    char n[TEXT_COUNT], rate[TEXT_COUNT];
    double seconds = progress_seconds(&im->progress);
    progress_clear(&im->progress);
    if (im->answers.told > FAULTS_TOLD)
        say("%s more faults are not shown%s", text_count(im->answers.told - FAULTS_TOLD, n),
            im->results ? "" : "; --results FILE keeps them all");
    fprintf(stderr, "%s lines in %.1f s (%s a second)\n", text_count(tally_all(t), n), seconds,
            text_count((uint64_t)((double)tally_all(t) / seconds), rate));
    tally_print(t);
    if (im->ctl->json) {
        struct buf b = BUF_INIT;
        tally_write(t, seconds, &b);
        fwrite(b.p, 1, b.n, stdout);
        buf_done(&b);
    }
}

static int open_results(struct import *im, bool several)
{
    if (!im->results)
        return EXIT_DONE;
    im->answers.keep = fopen(im->results, "we");
    if (!im->answers.keep)
        return fail(EXIT_UNREADABLE, "%s: %s", im->results, strerror(errno));
    setvbuf(im->answers.keep, NULL, _IOFBF, RESULTS_BUFFER);
    im->answers.name_file = several;
    return EXIT_DONE;
}

static int close_results(struct import *im, int status)
{
    if (!im->answers.keep)
        return status;
    bool bad = ferror(im->answers.keep);
    if (fclose(im->answers.keep) != 0 || bad)
        return fail(EXIT_UNREADABLE, "%s is not whole: %s", im->results, strerror(errno));
    return status;
}

/* Seen before anything is sent, not in the middle. */
static int check_files(char *const *files, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(files[i], "-") != 0 && access(files[i], R_OK) != 0)
            return fail(EXIT_UNREADABLE, "%s: %s", files[i], strerror(errno));
    }
    return EXIT_DONE;
}

static uint64_t total_bytes(char *const *files, int n)
{
    uint64_t total = 0;
    for (int i = 0; i < n; i++) {
        uint64_t size = lines_file_size(files[i]);
        if (!size)
            return 0;
        total += size;
    }
    return total;
}

static uint32_t lines_a_body(const struct client *c, uint64_t asked)
{
    const struct config *config = client_config(c);
    uint64_t n = asked ? asked : BODY_LINES_MAX;
    if (config && n > config->max_lines)
        n = config->max_lines;
    return n < BODY_LINES_MAX ? (uint32_t)n : BODY_LINES_MAX;
}

static int import_files(struct import *im, char *const *files, int n, uint64_t max_lines)
{
    int status = open_results(im, n > 1);
    if (status)
        return status;
    name_stream(im->stream);
    im->bodies = bodies_open(files, n, lines_a_body(im->client, max_lines));
    status = send_all(im);
    bodies_close(im->bodies);
    if (tally_all(&im->answers.tally) || status == EXIT_DONE)
        sum_up(im);
    status = close_results(im, status);
    return status == EXIT_DONE && tally_has_no(&im->answers.tally) ? EXIT_NO : status;
}

int cmd_import(struct ctl *ctl, int argc, char **argv)
{
    struct import im = {.ctl = ctl};
    uint64_t max_lines = 0;
    bool progress = false;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "results", "FILE", "keep each input's result there, with its line's number", &im.results},
        {OPTION_NUMBER, 0, "lines", "N", "send at most so many lines at a time (default 50000)", &max_lines},
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &progress},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, -1);
    if (status != OPTIONS_READ)
        return status;
    status = check_files(argv, argc);
    if (status == EXIT_DONE)
        status = client_open(ctl, &im.client);
    if (status)
        return status;
    progress_begin(&im.progress, total_bytes(argv, argc), progress);
    status = import_files(&im, argv, argc, max_lines);
    answers_done(&im.answers);
    buf_done(&im.answer.body);
    client_close(im.client);
    return status;
}
