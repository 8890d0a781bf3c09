#include "config/parse.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/item.h"
#include "config/schema.h"

#define ATTEMPTS_MAX 256          /* one for each unknown key and form of it */
#define NESTING_MAX 4             /* sections within sections: the schema has one level */
#define CHILD_SECONDS 10          /* a text of SOURCE_BYTES_MAX takes some milliseconds an attempt */
#define ITEMS_BYTES_MAX (64 << 20)

/* Neither name can be typed without quotes. The first is a key with a default in every section: that the library reads
 * the default tells where the section begins. The second is set behind the text's end: that it is seen, outside of all
 * sections, tells that the text was read to its end; the library itself takes an end within a section for good. */
#define BEGIN_KEY " begin"
#define END_KEY " end"

/* The forms in which a name may stand. The library stops at a name that it does not know: such a one is made known to
 * it, in one form after the other, and the text is parsed again. */
enum form { FORM_VALUES, FORM_TITLED, FORM_UNTITLED, FORM_CALL, FORM_N };

struct name {
    char *section, *name;
    enum form form;
    bool fixed; /* from the schema */
};

struct parser {
    struct name *names;
    size_t n_names;
    unsigned lines;
    struct buf items;
    bool again, failed, complete;
    const cfg_t *begun; /* the section that began last, and where */
    unsigned begun_line;
};

/* The library hands callbacks nothing of ours; the child has one thread and parses one text. */
static _Thread_local struct parser *parser;

/* ---- the names that the library is told of ---- */

static void add_name(struct parser *p, const char *section, const char *name, enum form form, bool fixed)
{
    p->names = mem_resize(p->names, p->n_names + 1, sizeof *p->names);
    p->names[p->n_names++] = (struct name){mem_strdup(section), mem_strdup(name), form, fixed};
}

static struct name *find_name(struct parser *p, const char *section, const char *name)
{
    for (size_t i = 0; i < p->n_names; i++)
        if (strcmp(p->names[i].section, section) == 0 && strcmp(p->names[i].name, name) == 0)
            return &p->names[i];
    return NULL;
}

static void add_schema(struct parser *p)
{
    add_name(p, "root", END_KEY, FORM_VALUES, true);
    add_name(p, "root", "include", FORM_CALL, true);
    for (size_t i = 0; i < SECTION_N; i++) {
        const struct section *s = &config_schema[i];
        if (s->title)
            add_name(p, "root", s->name, FORM_TITLED, true);
        for (size_t k = 0; k < s->n_keys; k++)
            add_name(p, s->name, s->keys[k].name, FORM_VALUES, true);
    }
}

/* ---- callbacks ---- */

/* section: NULL when the item stands nowhere. */
static struct item item_of(enum item_kind kind, const cfg_t *section, unsigned line, const char *key)
{
    return (struct item){
        .kind = kind,
        .line = line,
        .section = section ? section->name : "root",
        .title = section && section->title ? section->title : "",
        .key = key,
    };
}

static void add_item(struct parser *p, enum item_kind kind, const cfg_t *section, unsigned line, const char *key)
{
    const struct item it = item_of(kind, section, line, key);
    item_add(&p->items, &it);
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct parser *p = parser;
    unsigned line = (unsigned)cfg->line;
    *(const char **)result = value;
    if (strcmp(opt->name, BEGIN_KEY) == 0) {
        p->begun = cfg;
        p->begun_line = line;
        add_item(p, ITEM_SECTION, cfg, line, "");
    } else if (line > p->lines) { /* our own end, or a list that swallows it */
        p->complete = strcmp(opt->name, END_KEY) == 0;
    } else {
        struct item it = item_of(ITEM_VALUE, cfg, line, opt->name);
        it.index = opt->nvalues;
        it.values[it.n_values++] = value;
        item_add(&p->items, &it);
    }
    return 0;
}

static int on_call(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
    struct item it = item_of(ITEM_CALL, cfg, (unsigned)cfg->line, opt->name);
    for (int i = 0; i < argc && it.n_values < ITEM_VALUES_MAX; i++)
        it.values[it.n_values++] = argv[i];
    item_add(&parser->items, &it);
    return 0;
}

static void add_fault(struct parser *p, unsigned line, const char *text)
{
    p->failed = true;
    add_item(p, ITEM_FAULT, NULL, line < p->lines ? line : p->lines, text);
}

/* The text has ended where it must not. */
static void add_end_fault(struct parser *p, const cfg_t *cfg)
{
    struct errmsg m;
    if (strcmp(cfg->name, "root") == 0) {
        add_fault(p, p->lines, "the end of the file: expected a value, or } for the list before");
        return;
    }
    err_set(&m, ERR_INVALID, "section %s \"%.64s\" does not end: expected }", cfg->name, cfg->title ? cfg->title : "");
    add_fault(p, p->begun == cfg ? p->begun_line : p->lines, m.text);
}

static void add_syntax_fault(struct parser *p, unsigned line, const char *format, va_list args)
{
    struct errmsg m;
    char what[256];
    vsnprintf(what, sizeof what, format, args);
    err_set(&m, ERR_INVALID, "%s: expected KEY = VALUE, KEY = { VALUE, ... } or SECTION \"NAME\" { ... }", what);
    add_fault(p, line, m.text);
}

/* Whether the message is about a name that the library should know in another form. */
static bool learn(struct parser *p, const char *section, const char *format, const char *name)
{
    static const char *const form_faults[] = {
        "missing equal sign after option '%s'",
        "missing title for section '%s'",
        "missing opening brace for section '%s'",
        "missing parenthesis for function '%s'",
    };
    struct name *known = find_name(p, section, name);
    if (!known && strcmp(format, "no such option '%s'") == 0) {
        add_name(p, section, name, FORM_VALUES, false);
        return true;
    }
    for (size_t i = 0; known && i < sizeof form_faults / sizeof *form_faults; i++)
        if (strcmp(format, form_faults[i]) == 0 && !known->fixed && known->form + 1 < FORM_N) {
            known->form++;
            return true;
        }
    return false;
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
    struct parser *p = parser;
    va_list copy;
    if (p->failed || p->again)
        return;
    if ((unsigned)cfg->line > p->lines) {
        add_end_fault(p, cfg);
        return;
    }
    va_copy(copy, args);
    /* Each of the messages that learn() looks for has one argument, the name. */
    bool one_name = strstr(format, " '%s'") != NULL;
    p->again = one_name && learn(p, cfg->name, format, va_arg(copy, const char *));
    va_end(copy);
    if (!p->again)
        add_syntax_fault(p, (unsigned)cfg->line, format, args);
}

/* ---- the library's options ---- */

static cfg_opt_t *options_for(const struct parser *p, const char *section, int depth);

static cfg_opt_t option_for(const struct parser *p, const struct name *n, int depth)
{
    cfg_opt_t values = CFG_STR_LIST_CB(n->name, NULL, CFGF_NODEFAULT, on_value);
    cfg_opt_t call = CFG_FUNC(n->name, on_call);
    if (n->form == FORM_VALUES)
        return values;
    if (n->form == FORM_CALL)
        return call;
    cfg_opt_t *inner = options_for(p, n->name, depth + 1);
    cfg_opt_t section = CFG_SEC(n->name, inner, n->form == FORM_TITLED ? CFGF_MULTI | CFGF_TITLE : CFGF_MULTI);
    return section;
}

/* Not freed: cfg_init() copies them, and the child ends soon. */
static cfg_opt_t *options_for(const struct parser *p, const char *section, int depth)
{
    static char begin[] = "{begin}";
    cfg_opt_t *options = mem_zalloc(p->n_names + 2, sizeof *options), *o = options;
    cfg_opt_t begins = CFG_STR_LIST_CB(BEGIN_KEY, begin, CFGF_NONE, on_value), end = CFG_END();
    if (depth > 0)
        *o++ = begins;
    for (size_t i = 0; i < p->n_names && depth <= NESTING_MAX; i++)
        if (strcmp(p->names[i].section, section) == 0)
            *o++ = option_for(p, &p->names[i], depth);
    *o = end;
    return options;
}

/* Whether "NAME = {" stands at p. */
static bool is_list_of(const char *p, const char *name)
{
    static const char blanks[] = " \t\r\n+";
    size_t n = strlen(name);
    if (strncmp(p, name, n) != 0)
        return false;
    p += n + strspn(p + n, blanks);
    return *p == '=' && p[1 + strspn(p + 1, blanks)] == '{';
}

/* The line of the last list of that name at or before a line, else that line. */
static unsigned line_of_list(const char *text, const char *name, unsigned last)
{
    unsigned line = 1, found = last;
    for (const char *p = text; *p && line <= last; p++) {
        if (is_list_of(p, name))
            found = line;
        line += *p == '\n';
    }
    return found;
}

/* The library calls nobody for an empty list. */
static void add_empty_lists(struct parser *p, const char *text, cfg_t *cfg)
{
    unsigned last = (unsigned)cfg->line < p->lines ? (unsigned)cfg->line : p->lines;
    for (cfg_opt_t *o = cfg->opts; o->name; o++) {
        if (o->type == CFGT_STR && (o->flags & CFGF_MODIFIED) && o->nvalues == 0)
            add_item(p, ITEM_VALUE, cfg, line_of_list(text, o->name, last), o->name);
        for (unsigned i = 0; o->type == CFGT_SEC && i < o->nvalues; i++)
            add_empty_lists(p, text, o->values[i]->section);
    }
}

static void attempt(struct parser *p, const char *text)
{
    p->again = p->failed = p->complete = false;
    p->begun = NULL;
    buf_clear(&p->items);
    cfg_t *cfg = cfg_init(options_for(p, "root", 0), CFGF_NONE);
    if (!cfg) {
        add_fault(p, 1, "the parser could not be set up: expected enough memory");
        return;
    }
    cfg_set_error_function(cfg, on_error);
    int result = cfg_parse_buf(cfg, text);
    if (result == CFG_SUCCESS && p->complete)
        add_empty_lists(p, text, cfg);
    else if (!p->again && !p->failed)
        add_end_fault(p, cfg);
    cfg_free(cfg); /* resets the scanner */
}

/* ---- the child ---- */

static void write_whole(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; /* whoever reads misses ITEM_END */
        p += done;
        n -= (size_t)done;
    }
}

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static _Noreturn void run_child(const char *text, unsigned lines, int fd)
{
    struct parser p = {.lines = lines};
    struct buf whole = BUF_INIT;
    sigset_t alarm_only;
    /* A parser that hangs is ended; one that crashes leaves no dump of the daemon's memory. */
    setlocale(LC_ALL, "C"); /* learn() knows the library's messages by their text */
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(CHILD_SECONDS);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL); /* whoever crashes here is not the daemon, and does not say so */

    parser = &p;
    add_schema(&p);
    buf_adds(&whole, text);
    buf_adds(&whole, "\n\"" END_KEY "\" = end\n");
    buf_addc(&whole, '\0');
    attempt(&p, whole.p);
    for (int i = 1; i < ATTEMPTS_MAX && p.again; i++)
        attempt(&p, whole.p);
    if (p.again)
        add_fault(&p, 1, "too many unknown keys: expected those of lifecertd.conf(5)");
    add_item(&p, ITEM_END, NULL, 0, "");
    write_whole(fd, p.items.p, p.items.n);
    _exit(0);
}

static void read_items(int fd, struct buf *out)
{
    while (out->n < ITEMS_BYTES_MAX) {
        ssize_t got = read(fd, buf_room(out, 65536), 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        out->n += (size_t)got;
    }
}

/* How the child ended, in words; it may be nobody's child any more when the program ignores SIGCHLD. */
static enum err reap(pid_t pid, struct errmsg *msg)
{
    int status = 0;
    pid_t got;
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got == pid && WIFSIGNALED(status))
        return err_set(msg, ERR_INVALID, "the parser was ended by signal %d: expected KEY = VALUE lines",
                       WTERMSIG(status));
    if (got == pid && WEXITSTATUS(status) != 0)
        return err_set(msg, ERR_INVALID, "the parser gave up: expected KEY = VALUE lines");
    return ERR_OK;
}

enum err parse_text(const char *text, unsigned lines, struct buf *out, struct errmsg *msg)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_set(msg, ERR_IO, "no pipe for the parser: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        run_child(text, lines, fds[1]);
    int saved = errno;
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_set(msg, ERR_IO, "no process for the parser: %s", strerror(saved));
    }
    read_items(fds[0], out);
    close(fds[0]); /* one that writes on and on gets SIGPIPE */
    return reap(pid, msg);
}
