#include "ctl/answers.h"
#include "ctl/json.h"
#include "ctl/text.h"

#include <stdlib.h>

/* Where a member's value begins, or NULL. Inside a JSON string its quotes would stand behind backslashes, so what is
 * found is the member; the daemon writes it without spaces. */
static const char *value_of(struct str line, const char *member, size_t n)
{
    const char *p = memmem(line.p, line.n, member, n);
    return p ? p + n : NULL;
}

#define VALUE_OF(line, member) value_of((line), "\"" member "\":", sizeof(member) + 2)

static struct str text_of(struct str line, const char *value)
{
    const char *end = line.p + line.n;
    if (!value || value == end || *value++ != '"')
        return STR_NONE;
    const char *quote = memchr(value, '"', (size_t)(end - value));
    return quote ? (struct str){value, (size_t)(quote - value)} : STR_NONE;
}

/* --- the line of the file --- */

static uint64_t file_line(struct answers *a)
{
    const struct body *b = a->body;
    while (a->mark + 1 < b->n_marks && b->marks[a->mark + 1].index <= a->answered)
        a->mark++;
    return a->mark < b->n_marks ? b->marks[a->mark].line + (a->answered - b->marks[a->mark].index) : 0;
}

static void tell(struct answers *a, uint64_t line, const char *member, const char *what)
{
    if (a->told++ >= FAULTS_TOLD)
        return;
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s:%llu: ", a->body->file, (unsigned long long)line);
    /* Most of the daemon's words name the member themselves. */
    if (member && *member && !(what && strncmp(what, "member ", 7) == 0)) {
        text_add_safe(&b, member);
        BUF_LIT(&b, ": ");
    }
    text_add_safe(&b, what ? what : "malformed");
    buf_addc(&b, '\n');
    fwrite(b.p, 1, b.n, stderr);
    buf_done(&b);
}

/* --- results --- */

/* The result with the number that its line has in the file. */
static void keep_result(struct answers *a, struct str line, uint64_t number)
{
    const char *told = VALUE_OF(line, "line"), *end = line.p + line.n - 1, *rest = end;
    size_t head = (size_t)(end - line.p);
    if (told) {
        rest = told;
        while (rest < end && *rest >= '0' && *rest <= '9')
            rest++;
        head = (size_t)(told - line.p) - strlen("\"line\":") - 1;
    }
    fwrite(line.p, 1, head, a->keep);
    fprintf(a->keep, ",\"line\":%llu", (unsigned long long)number);
    if (a->name_file) {
        struct buf name = BUF_INIT;
        buf_add_json(&name, str_of(a->body->file));
        fprintf(a->keep, ",\"file\":%.*s", (int)name.n, name.p);
        buf_done(&name);
    }
    fwrite(rest, 1, (size_t)(line.p + line.n - rest), a->keep);
    putc('\n', a->keep);
}

static void tell_malformed(struct answers *a, struct str line, uint64_t number)
{
    if (a->told >= FAULTS_TOLD) {
        a->told++;
        return;
    }
    char *text = mem_strndup(line.p, line.n);
    struct json *j = json_parse(text);
    tell(a, number, json_text(j, "member"), json_text(j, "detail"));
    json_free(j);
    free(text);
}

static void count(struct answers *a, struct str line, char first, uint64_t number)
{
    switch (first) {
    case 'a': a->tally.applied++; break;
    case 'u': a->tally.unchanged++; break;
    case 'r': tally_rejected(&a->tally, text_of(line, VALUE_OF(line, "reason"))); break;
    default:
        a->tally.malformed++;
        tell_malformed(a, line, number);
        break;
    }
}

/* Faults found here stand among the daemon's results, in the order of the file. */
static void pass_faults(struct answers *a)
{
    const struct body *b = a->body;
    while (a->fault < b->n_faults && b->faults[a->fault].index <= a->answered) {
        const struct body_fault *f = &b->faults[a->fault++];
        a->tally.malformed++;
        tell(a, f->line, NULL, f->text);
        if (!a->keep)
            continue;
        struct buf line = BUF_INIT;
        BUF_LIT(&line, "{\"id\":null,\"op\":null,\"result\":\"error\",\"reason\":\"malformed\",\"detail\":");
        buf_add_json(&line, str_of(f->text));
        buf_addc(&line, '}');
        keep_result(a, buf_str(&line), f->line);
        buf_done(&line);
    }
}

static void take_line(struct answers *a, struct str line)
{
    const char *result = VALUE_OF(line, "result");
    if (!result) {
        a->ended |= line.n > 8 && memcmp(line.p, "{\"lines\"", 8) == 0;
        return;
    }
    if (a->answered == a->body->n_lines)
        return; /* more answers than lines: answers_end() sees it */
    pass_faults(a);
    uint64_t number = file_line(a);
    count(a, line, result + 1 < line.p + line.n ? result[1] : '\0', number);
    if (a->keep)
        keep_result(a, line, number);
    a->answered++;
}

void answers_begin(struct answers *a, const struct body *body)
{
    a->body = body;
    a->answered = a->mark = a->fault = 0;
    a->ended = false;
    buf_clear(&a->line);
}

void answers_feed(struct answers *a, const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline) {
            buf_add(&a->line, p, (size_t)(end - p));
            return;
        }
        if (a->line.n) {
            buf_add(&a->line, p, (size_t)(newline - p));
            take_line(a, buf_str(&a->line));
            buf_clear(&a->line);
        } else {
            take_line(a, (struct str){p, (size_t)(newline - p)});
        }
        p = newline + 1;
    }
}

bool answers_end(struct answers *a)
{
    if (a->answered < a->body->n_lines)
        return false;
    pass_faults(a);
    return a->ended || a->body->n_lines == 0;
}

void answers_done(struct answers *a)
{
    buf_done(&a->line);
}
