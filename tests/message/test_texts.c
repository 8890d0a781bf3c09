/* What is wrong with a configuration's messages, each fault in its own sentence. */
#include <stdio.h>

#include "message/texts.h"
#include "tests/lib/tap.h"
#include "tests/message/sample.h"

#define EVENTS                                                                                          \
    "certification.accepted, certification.revoked, reminder.due, grace.started, suspension.deferred, " \
    "benefit.suspended, benefit.resumed, unit.digest"
#define REMINDER_HAS "name, due, grace_until, suspend_on"
#define LINK " looks like a link: expected none, since fraudsters send those, or allow_links = true\n"
#define BRACES "message \"m\": unbalanced braces: expected variables as {{name}}, and no other braces\n"

/* One section each, in Chinese, for all policies. */
static const struct {
    const char *what, *event, *text, *faults;
} texts[] = {
    {"a good text", "reminder.due", "{{name}}：{{due}} [[{{grace_until}}]]", ""},
    {"a new line", "reminder.due", "{{name}}\n{{due}}", ""},
    {"the built-in text", "reminder.due", NULL, ""},
    {"no event", NULL, "{{name}}", "message \"m\": on = \"\": expected an event that brings a message: " EVENTS "\n"},
    {"an event that is none", "reminder", "{{name}}",
     "message \"m\": on = \"reminder\": expected an event that brings a message: " EVENTS "\n"},
    {"an event without messages", "benefit.terminated", "{{name}}",
     "message \"m\": on = \"benefit.terminated\": expected an event that brings a message: " EVENTS "\n"},
    {"an empty text", "reminder.due", "", "message \"m\": text is empty\n"},
    {"an unknown variable", "reminder.due", "{{name}}{{phone}}",
     "message \"m\": {{phone}} is not a variable of reminder.due: expected " REMINDER_HAS "\n"},
    {"a variable of another event", "reminder.due", "{{name}}{{amount}}",
     "message \"m\": {{amount}} is not a variable of reminder.due: expected " REMINDER_HAS "\n"},
    {"a variable with blanks", "reminder.due", "{{name}}{{ due }}",
     "message \"m\": {{ due }} is not a variable of reminder.due: expected " REMINDER_HAS "\n"},
    {"two faults in one text", "reminder.due", "{{a}}{{}}",
     "message \"m\": {{a}} is not a variable of reminder.due: expected " REMINDER_HAS "\n"
     "message \"m\": {{}} is not a variable of reminder.due: expected " REMINDER_HAS "\n"},
    {"a single brace", "reminder.due", "{name}", BRACES},
    {"a closing brace", "reminder.due", "{{name}} }", BRACES},
    {"braces that are not closed", "reminder.due", "{{name}} {{due", BRACES},
    {"braces closed once", "reminder.due", "{{name}} {{due}", BRACES},
    {"braces within braces", "reminder.due", "{{name}} {{{due}}}", BRACES},
    {"a part within a part", "reminder.due", "{{name}}[[a[[{{due}}]]]]",
     "message \"m\": \"[[\" stands within [[ ]]: expected parts one after the other\n"},
    {"a part that is not closed", "reminder.due", "{{name}}[[{{due}}", "message \"m\": \"[[\" stands without \"]]\"\n"},
    {"a part that is not opened", "reminder.due", "{{name}}{{due}}]]", "message \"m\": \"]]\" stands without \"[[\"\n"},
    {"a part without a variable", "reminder.due", "{{name}}[[x]]",
     "message \"m\": a part in [[ ]] has no variable: expected one, for without its value the part is left out\n"},
    {"a link", "reminder.due", "{{name}} http://abc.cn/x 认证", "message \"m\": \"http://abc.cn/x\"" LINK},
    {"a bare domain", "reminder.due", "{{name}}请登录abc.cn", "message \"m\": \"某某某某某某请登录abc.cn\"" LINK},
    {"a domain around a variable", "unit.digest", "{{count}}.cn", "message \"m\": \"4294967295.cn\"" LINK},
    {"a bracket of the signature", "reminder.due", "【中心】{{name}}",
     "message \"m\": its text has a bracket of the signature: expected neither 【 nor 】, for the signature is added to "
     "every message\n"},
    {"a hidden character", "reminder.due", "{{name}}abc\u200b.cn",
     "message \"m\": its text has the hidden character U+200B: expected characters that can be seen\n"},
    {"a control character", "reminder.due", "{{name}}\x1b",
     "message \"m\": its text has the hidden character U+001B: expected characters that can be seen\n"},
    {"bytes that are no text", "reminder.due", "{{name}}\xff", "message \"m\": its text is not in UTF-8\n"},
    {"nobody named", "reminder.due", "{{due}}",
     "message \"m\": its text does not say {{name}}: expected it, for the phone may be a relative's\n"},
    {"nobody named in a digest", "unit.digest", "{{count}}", ""},
};

#define N_TEXTS (sizeof texts / sizeof texts[0])

/* The faults of a configuration, which is freed. */
static const char *faults_of(struct endpoints *c, struct buf *b)
{
    struct message_texts *t = NULL;
    buf_clear(b);
    enum err e = message_texts_new(c, &t, b);
    bool agree = (e == ERR_OK) == (b->n == 0) && (e == ERR_OK) == (t != NULL);
    message_texts_free(t);
    free_endpoints(c);
    buf_addc(b, '\0');
    return agree ? b->p : "the result does not agree with the faults";
}

static void check_texts(struct buf *b)
{
    for (size_t i = 0; i < N_TEXTS; i++) {
        struct endpoints *c = sample_endpoints();
        add_text(c, "m", texts[i].event, texts[i].text);
        is_str(faults_of(c, b), texts[i].faults, "%s", texts[i].what);
    }
}

static struct endpoints *with_text(const char *event, const char *text)
{
    struct endpoints *c = sample_endpoints();
    add_text(c, "m", event, text);
    return c;
}

static void check_settings(struct buf *b)
{
    struct endpoints *c = with_text("reminder.due", "{{name}} http://abc.cn");
    c->texts[0].allow_links = true;
    is_str(faults_of(c, b), "", "a link that is allowed");

    c = with_text("reminder.due", NULL);
    c->texts[0].language = (char *)"fr";
    is_str(faults_of(c, b), "message \"m\": text is missing, and none is built in for language \"fr\"\n",
           "no text where none is built in");

    c = with_text("unit.digest", "{{name}}");
    c->texts[0].policies = WORDS("national");
    is_str(faults_of(c, b), "message \"m\": policies are given, but a unit has none: expected a text for all\n",
           "policies of a unit");

    c = with_text("reminder.due", "{{name}}");
    c->texts[0].variables = WORDS("name");
    is_str(faults_of(c, b), "message \"m\": variables are given without a template_id\n",
           "variables without a template");

    c = with_text("reminder.due", "{{name}}");
    c->texts[0].template_id = (char *)"";
    is_str(faults_of(c, b), "message \"m\": template_id is empty\n", "a template without an id");

    c = with_text("reminder.due", "{{name}}");
    c->texts[0].template_id = (char *)"SMS_1";
    c->texts[0].variables = WORDS("name", "date=due", "date=grace_until", "=due", "x=amount", "until=", "phone");
    is_str(faults_of(c, b),
           "message \"m\": variables: \"date\" stands twice\n"
           "message \"m\": variables: \"=due\" has no name for the gateway: expected NAME or THEIRS=NAME\n"
           "message \"m\": variables: \"amount\" is not a variable of reminder.due: expected " REMINDER_HAS
           ", or THEIRS=NAME with one of them\n"
           "message \"m\": variables: \"\" is not a variable of reminder.due: expected " REMINDER_HAS
           ", or THEIRS=NAME with one of them\n"
           "message \"m\": variables: \"phone\" is not a variable of reminder.due: expected " REMINDER_HAS
           ", or THEIRS=NAME with one of them\n",
           "variables of a template");

    c = with_text("reminder.due", "{{name}}");
    c->texts[0].template_id = (char *)"SMS_1";
    c->texts[0].variables = WORDS("a=due", "b=due", "c=due", "d=due", "e=due", "f=due", "g=due", "h=due", "i=due",
                                  "j=due", "k=due", "l=due", "m=due", "n=due", "o=due", "p=due", "q=due");
    is_str(faults_of(c, b), "message \"m\": 17 variables: expected at most 16\n", "too many variables");
}

/* "{{name}}" and so many characters behind it, which makes 20 more of the longest name. */
static const char *long_text(char out[2048], unsigned n)
{
    strcpy(out, "{{name}}");
    while (n--)
        strcat(out, "字");
    return out;
}

static void check_characters(struct buf *b)
{
    char text[2048];
    is_str(faults_of(with_text("reminder.due", long_text(text, 492)), b), "", "a text of 500 characters");
    is_str(faults_of(with_text("reminder.due", long_text(text, 493)), b),
           "message \"m\": its text has 501 characters: expected at most 500\n", "one more");
    struct endpoints *c = with_text("reminder.due", "{{name}}");
    memset(text, 'x', 501);
    text[501] = '\0';
    c->texts[0].template_id = text;
    is_str(faults_of(c, b), "message \"m\": template_id has 501 characters: expected at most 500\n",
           "a template's id of as many");
}

static void check_twins(struct buf *b)
{
    static const char twin[] =
        "message \"n\": message \"m\" is for the same event, language and policy: expected one\n";
    struct endpoints *c = with_text("reminder.due", "{{name}}");
    add_text(c, "n", "reminder.due", "{{name}}");
    is_str(faults_of(c, b), twin, "two texts for everybody");
    c = with_text("reminder.due", "{{name}}");
    add_text(c, "n", "reminder.due", "{{name}}")->policies = WORDS("a");
    is_str(faults_of(c, b), "", "one for everybody and one for a policy");
    c = with_text("reminder.due", "{{name}}");
    c->texts[0].policies = WORDS("a", "b");
    add_text(c, "n", "reminder.due", "{{name}}")->policies = WORDS("c", "b");
    is_str(faults_of(c, b), twin, "two for one policy");
    c = with_text("reminder.due", "{{name}}");
    add_text(c, "n", "reminder.due", "{{name}}")->language = (char *)"en";
    is_str(faults_of(c, b), "", "two languages");
    c = with_text("reminder.due", "{{name}}");
    add_text(c, "n", "grace.started", "{{name}}");
    is_str(faults_of(c, b), "", "two events");
}

static struct endpoint *with_endpoint(struct endpoints **c, enum adapter_kind adapter)
{
    *c = sample_endpoints();
    return add_endpoint(*c, "e", adapter, "zh");
}

/* With the signature's nine characters and the longest name's twenty, 41 more are one segment. */
static void check_segments(struct buf *b)
{
    static const struct {
        unsigned segments, characters;
        const char *faults;
    } rows[] = {
        {1, 41, ""},
        {1, 42,
         "message \"m\": up to 71 characters with the signature of endpoint \"e\", in 2 segments: expected at most "
         "70\n"},
        {2, 105, ""},
        {2, 106,
         "message \"m\": up to 135 characters with the signature of endpoint \"e\", in 3 segments: expected at most "
         "134\n"},
        {9, 471, ""},
        {9, 472,
         "message \"m\": up to 501 characters with the signature of endpoint \"e\", in 8 segments: expected at most "
         "500\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        struct endpoints *c;
        struct endpoint *e = with_endpoint(&c, ADAPTER_KANNEL);
        e->max_segments = rows[i].segments;
        e->events = WORDS("reminder.due");
        add_text(c, "m", "reminder.due", long_text(text, rows[i].characters));
        is_str(faults_of(c, b), rows[i].faults, "%u characters where %u segments are allowed", rows[i].characters,
               rows[i].segments);
    }
}

static void check_whose_length(struct buf *b)
{
    char text[2048];
    struct endpoints *c;
    struct endpoint *e = with_endpoint(&c, ADAPTER_KANNEL);
    e->max_segments = 1;
    e->events = WORDS("benefit.suspended");
    is_str(faults_of(c, b),
           "endpoint \"e\": the built-in text of benefit.suspended in language \"zh\" has up to 91 characters with the "
           "signature, in 2 segments: expected at most 70, by max_segments or a message of your own\n",
           "a built-in text that is too long is told of");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->max_segments = 1;
    e->events = WORDS("benefit.suspended");
    add_text(c, "m", "benefit.suspended", "{{name}}");
    add_text(c, "n", "reminder.due", long_text(text, 300));
    is_str(faults_of(c, b), "", "unless it is never sent; nor does one count whose event the endpoint has not");

    e = with_endpoint(&c, ADAPTER_TENCENT_SMS);
    e->max_segments = 1;
    add_text(c, "m", "reminder.due", long_text(text, 300))->template_id = (char *)"1";
    is_str(faults_of(c, b), "", "the text of a gateway that sends templates is not counted");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->max_segments = 1;
    e->messages = false;
    add_text(c, "m", "reminder.due", long_text(text, 300));
    is_str(faults_of(c, b), "", "nor that of an endpoint without messages");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->language = (char *)"en";
    e->max_segments = 3;
    add_text(c, "m", "reminder.due", long_text(text, 300));
    is_str(faults_of(c, b), "", "nor one in another language");
}

static void check_endpoints(struct buf *b)
{
    struct endpoints *c;
    struct endpoint *e = with_endpoint(&c, ADAPTER_KANNEL);
    is_str(faults_of(c, b), "", "an endpoint with the built-in texts");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->events = WORDS("benefit.*", "benefit.terminated");
    is_str(faults_of(c, b), "endpoint \"e\": events: benefit.terminated brings no message to people\n",
           "an event named that brings no message");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->events = WORDS("benefit.*");
    is_str(faults_of(c, b), "", "a pattern over some that do");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->events = WORDS("hold.*");
    is_str(faults_of(c, b),
           "endpoint \"e\": has nothing to send: none of its events has a message in language \"zh\"\n",
           "a pattern over none that does");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->language = (char *)"fr";
    is_str(faults_of(c, b),
           "endpoint \"e\": has nothing to send: none of its events has a message in language \"fr\"\n",
           "a language without texts");

    e = with_endpoint(&c, ADAPTER_KANNEL);
    e->language = (char *)"fr";
    e->events = WORDS("reminder.due", "grace.started");
    add_text(c, "m", "reminder.due", "{{name}}")->language = (char *)"fr";
    is_str(faults_of(c, b), "endpoint \"e\": events: grace.started has no message in language \"fr\"\n",
           "an event named that has no text in the language");

    with_endpoint(&c, ADAPTER_ALIYUN_SMS);
    is_str(
        faults_of(c, b),
        "endpoint \"e\": has nothing to send: none of its events has a message with a template_id in language \"zh\"\n",
        "a cloud gateway without templates");

    with_endpoint(&c, ADAPTER_ALIYUN_SMS);
    add_text(c, "m", "reminder.due", NULL)->template_id = (char *)"SMS_1";
    is_str(faults_of(c, b), "", "one with a template for some messages");

    e = with_endpoint(&c, ADAPTER_TENCENT_SMS);
    e->events = WORDS("reminder.*", "grace.started");
    add_text(c, "m", "reminder.due", NULL)->template_id = (char *)"1";
    is_str(faults_of(c, b),
           "endpoint \"e\": events: grace.started has no message with a template_id in language \"zh\"\n",
           "one with a template missing for an event named");
}

static void check_together(struct buf *b)
{
    struct endpoints *c = with_text("reminder.due", "{a}");
    add_text(c, "n", "x\ny", "{{name}}");
    add_endpoint(c, "e", ADAPTER_KANNEL, NULL)->events = WORDS("hold.placed");
    is_str(faults_of(c, b),
           BRACES "message \"n\": on = \"x y\": expected an event that brings a message: " EVENTS "\n"
                  "endpoint \"e\": events: hold.placed brings no message to people\n",
           "all faults are told together, a line each");
    message_texts_free(NULL);
    ok(true, "no texts are freed without harm");
}

int main(void)
{
    plan(N_TEXTS + 7 + 3 + 5 + 6 + 5 + 9 + 2);
    struct buf b = BUF_INIT;
    check_texts(&b);
    check_settings(&b);
    check_characters(&b);
    check_twins(&b);
    check_segments(&b);
    check_whose_length(&b);
    check_endpoints(&b);
    check_together(&b);
    buf_done(&b);
    return tap_end();
}
