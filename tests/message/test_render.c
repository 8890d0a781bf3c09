/* What each message says, word for word, in both languages; which text is taken; and what a hostile name can do. */
#include <stdio.h>
#include <time.h>

#include "message/builtin.h"
#include "message/link.h"
#include "message/texts.h"
#include "tests/lib/tap.h"
#include "tests/message/sample.h"

static const struct {
    enum event_type type;
    const char *zh, *en;
} golden[] = {
    {EV_REMINDER,
     "陈阿宝的待遇领取资格认证将于2026年5月31日到期，请最迟在当日完成认证，以免待遇暂停发放。如已认证，请忽略本短信。",
     "Proof-of-life certification of 陈阿宝 is due by 31 May 2026. Please certify by then to avoid suspension of payment. "
     "Please ignore this if done already."},
    {EV_GRACE,
     "陈阿宝的待遇领取资格认证已于2026年5月31日到期，尚未收到新的认证。请最迟在2026年6月15日完成认证，逾期将自2026年6月16日起暂停发放待遇。",
     "Proof-of-life certification of 陈阿宝 was due by 31 May 2026. Please certify by 15 June 2026; otherwise "
     "payment is suspended from 16 June 2026."},
    {EV_SUSPENDED,
     "陈阿宝未按期完成待遇领取资格认证，待遇自2026年6月16日起暂停发放。请尽快完成认证，认证后即恢复发放，并补发暂停期间的待遇。",
     "Payment for 陈阿宝 is suspended from 16 June 2026, as proof of life is missing. Please certify soon: payment then "
     "resumes, and what was withheld is paid."},
    {EV_RESUMED, "陈阿宝的待遇恢复发放，补发1234.50元，下次发放日为2026年9月15日。",
     "Payment for 陈阿宝 is resumed, with 1234.50 yuan of back pay. The next payday is 15 September 2026."},
    {EV_ACCEPTED, "陈阿宝的待遇领取资格认证已通过，有效期至2027年8月底，请在此之前再次认证。",
     "Proof-of-life certification of 陈阿宝 is confirmed. It is valid through the end of August 2027; please certify "
     "again by then."},
    {EV_REVOKED,
     "陈阿宝的一次待遇领取资格认证经核实无效，已被撤销。请最迟在2026年6月15日重新完成认证，逾期将暂停发放待遇。如有疑问，请与我们联系。",
     "A proof-of-life certification of 陈阿宝 was found invalid. Please certify again by 15 June 2026, or payment is "
     "suspended. Please contact us with any questions."},
    {EV_DEFERRED,
     "陈阿宝已预约上门认证，待遇暂停发放的日期推迟至2026年7月11日。请最迟在2026年7月10日完成认证，此前待遇照常发放。",
     "A home visit is booked for 陈阿宝. Suspension of payment is deferred until 11 July 2026. Please certify by "
     "10 July 2026."},
    {EV_UNIT_DIGEST,
     "白泉镇社保所：贵单位2026年5月已收到提醒、尚未完成待遇领取资格认证的人员共37人，请协助通知其尽快认证。",
     "白泉镇社保所: people of yours who were reminded in May 2026 and have not certified yet: 37. Please ask them to "
     "certify soon."},
};

#define N_GOLDEN (sizeof golden / sizeof golden[0])

/* A configuration, its texts and what was rendered last. */
struct desk {
    struct endpoints *endpoints;
    struct message_texts *texts;
    struct buf arena;
    struct sms sms;
    struct errmsg msg;
    char text[2048];
};

static void desk_open(struct desk *d)
{
    struct buf faults = BUF_INIT;
    if (message_texts_new(d->endpoints, &d->texts, &faults) != ERR_OK)
        bail_out("%.*s", (int)faults.n, faults.p);
    buf_done(&faults);
}

static void desk_close(struct desk *d)
{
    message_texts_free(d->texts);
    free_endpoints(d->endpoints);
    buf_done(&d->arena);
}

static enum err render(struct desk *d, unsigned endpoint, const struct event *e, const struct recipient *r)
{
    buf_clear(&d->arena);
    enum err err = message_render(d->texts, &d->endpoints->v[endpoint], e, r, &d->arena, &d->sms, &d->msg);
    snprintf(d->text, sizeof d->text, "%.*s", err == ERR_OK ? (int)d->sms.text.n : 0,
             err == ERR_OK ? d->sms.text.p : "");
    return err;
}

static const char *said(struct desk *d, unsigned endpoint, const struct event *e, const struct recipient *r)
{
    return render(d, endpoint, e, r) == ERR_OK ? d->text : d->msg.text;
}

static void check_golden(struct desk *d)
{
    for (size_t i = 0; i < N_GOLDEN; i++) {
        struct person p;
        struct event e = sample_event(golden[i].type);
        struct recipient unit = sample_unit();
        person_init(&p);
        if (e.type != EV_UNIT_DIGEST)
            person_after(&p, &e);
        const struct recipient *r = e.type == EV_UNIT_DIGEST ? &unit : &p.is;
        ok(message_skip(&e, r) == SKIP_NOT, "%s is to the point", event_type_text(e.type));
        is_str(said(d, 0, &e, r), golden[i].zh, "%s in Chinese", event_type_text(e.type));
        is_str(said(d, 1, &e, r), golden[i].en, "%s in English", event_type_text(e.type));
    }
}

/* With the longest values and a signature of twenty characters. */
static void check_builtin_lengths(void)
{
    unsigned long_ones = 0, links = 0, nameless = 0;
    for (unsigned i = 0; i < n_builtins; i++) {
        struct buf lines = BUF_INIT, longest = BUF_INIT;
        struct faults f = {.lines = &lines, .section = "message", .name = "built in"};
        struct pieces p = {NULL, 0, 0};
        struct str where;
        pieces_parse(&p, str_of(builtins[i].text), builtins[i].on, &f);
        pieces_longest(&p, forms_of(builtins[i].language), &longest);
        unsigned most = strcmp(builtins[i].language, "zh") == 0 ? 2 : 3;
        long_ones += f.n || sms_segments(ucs2_length(buf_str(&longest)) + 22) > most;
        links += link_find(buf_str(&longest), &where);
        nameless += !strstr(builtins[i].text, "{{name}}");
        pieces_done(&p);
        buf_done(&lines);
        buf_done(&longest);
    }
    is_int(long_ones, 0, "no built-in text needs more than two segments in Chinese, or three in English");
    is_int(links, 0, "none has a link");
    is_int(nameless, 0, "each says whom it is about");
    unsigned found = 0;
    for (int t = 0; t < EV_N; t++)
        if (message_type((enum event_type)t))
            found += builtin_find((enum event_type)t, "zh") && builtin_find((enum event_type)t, "en");
    is_int(found, 8, "every message has a text in both languages");
}

static void check_amounts(struct desk *d)
{
    struct person p;
    struct event e = sample_event(EV_RESUMED);
    struct period_pay pays[2] = {{0, 0, 61725}, {0, 0, AMOUNT_NONE}};
    person_init(&p);
    person_after(&p, &e);
    e.u.resumed.back_pay.v = pays;
    is_str(said(d, 0, &e, &p.is), "陈阿宝的待遇恢复发放，下次发放日为2026年9月15日。",
           "an amount not known is not named");
    e.u.resumed.back_pay.n = 0;
    is_str(said(d, 0, &e, &p.is), "陈阿宝的待遇恢复发放，下次发放日为2026年9月15日。", "nor is back pay of nothing");
    is_str(said(d, 1, &e, &p.is), "Payment for 陈阿宝 is resumed. The next payday is 15 September 2026.",
           "in English neither");
    e.u.resumed.first_period = of("2026-10");
    is_str(said(d, 0, &e, &p.is), "陈阿宝的待遇恢复发放，下次发放日为2026年10月15日。",
           "without back pay the payday is the first regular one");
    e.u.resumed.back_pay.n = 1;
    is_str(said(d, 0, &e, &p.is), "陈阿宝的待遇恢复发放，补发617.25元，下次发放日为2026年9月15日。",
           "with some it is that of the back pay");
}

static void check_names(struct desk *d)
{
    struct person p;
    struct event e = sample_event(EV_ACCEPTED);
    person_init(&p);
    person_after(&p, &e);
    p.policy.validity = VALIDITY_EXACT_DAY;
    person_reckon(&p, e.today);
    is_str(said(d, 0, &e, &p.is), "陈阿宝的待遇领取资格认证已通过，有效期至2027年8月20日，请在此之前再次认证。",
           "valid to the day where the policy says so");
    p.is.contact.name = STR_NONE;
    is_str(said(d, 0, &e, &p.is),
           "编号尾号0012的人员的待遇领取资格认证已通过，有效期至2027年8月20日，请在此之前再次认证。",
           "without a name the end of the id stands for it");
    is_str(said(d, 1, &e, &p.is),
           "Proof-of-life certification of ID ending 0012 is confirmed. It is valid through 20 August 2027; please "
           "certify again by then.",
           "in English too");
    p.is.contact.name = STR_LIT("{{certified_on}}[[x]]\n\u202e【http://abc.cn】");
    is_str(said(d, 0, &e, &p.is),
           "{{certified_on}}[[x…的待遇领取资格认证已通过，有效期至2027年8月20日，请在此之前再次认证。",
           "a name is not expanded, and is cut");
    p.is.contact.name = STR_LIT("{{due}}\n\u202e【abc.cn】");
    is_str(said(d, 0, &e, &p.is), "{{due}} abc·cn的待遇领取资格认证已通过，有效期至2027年8月20日，请在此之前再次认证。",
           "it brings neither lines, marks, signatures nor links");
    struct recipient unit = sample_unit();
    unit.contact.name = STR_NONE;
    e = sample_event(EV_UNIT_DIGEST);
    ok(strncmp(said(d, 1, &e, &unit), "U330902-017: people", 19) == 0, "a unit without a name is called by its code");
}

static void check_sms(struct desk *d)
{
    struct person p;
    struct event e = sample_event(EV_REMINDER);
    person_init(&p);
    buf_clear(&d->arena);
    buf_adds(&d->arena, "before");
    ok(message_render(d->texts, &d->endpoints->v[0], &e, &p.is, &d->arena, &d->sms, &d->msg) == ERR_OK &&
           memcmp(d->arena.p, "before", 6) == 0,
       "what stood in the arena stays");
    ok(str_is(d->sms.phone, "+8613800000000") && str_is(d->sms.signature, "海岛市社保中心"),
       "a message has its number, and the signature beside it");
    ok(d->sms.template_id.p == NULL && d->sms.n_variables == 0, "without a template it has no id and no variables");
    ok(d->sms.text.p >= d->arena.p && d->sms.text.p + d->sms.text.n <= d->arena.p + d->arena.n &&
           d->sms.phone.p >= d->arena.p && d->sms.phone.p + d->sms.phone.n <= d->arena.p + d->arena.n,
       "text and number stand in the arena");
    e = sample_event(EV_TERMINATED);
    is_int(render(d, 0, &e, &p.is), ERR_ABSENT, "an event without messages has no text");
}

static void builtin_texts(void)
{
    struct desk d = {.endpoints = sample_endpoints()};
    add_endpoint(d.endpoints, "chinese", ADAPTER_KANNEL, "zh");
    add_endpoint(d.endpoints, "english", ADAPTER_TEMPLATE, "en");
    desk_open(&d);
    check_golden(&d);
    check_builtin_lengths();
    check_amounts(&d);
    check_names(&d);
    check_sms(&d);
    desk_close(&d);
}

/* Texts for some policies, for all, in another language; one endpoint each for text and for templates. */
static void own_texts(void)
{
    struct desk d = {.endpoints = sample_endpoints()};
    struct endpoints *c = d.endpoints;
    add_endpoint(c, "text", ADAPTER_KANNEL, "zh");
    add_endpoint(c, "cloud", ADAPTER_ALIYUN_SMS, "zh");
    add_endpoint(c, "french", ADAPTER_KANNEL, "fr");
    add_text(c, "all", "reminder.due", "{{name}} all {{due}}")->template_id = (char *)"SMS_1";
    c->texts[0].variables = WORDS("name", "date=due", "grace_until");
    add_text(c, "some", "reminder.due", "{{name}} some")->policies = WORDS("beijing", "zhoushan");
    add_text(c, "french", "reminder.due", "{{name}} : {{due}}")->language = (char *)"fr";
    add_text(c, "money", "benefit.resumed", NULL)->template_id = (char *)"SMS_2";
    c->texts[3].variables = WORDS("sum=amount", "month=first_period");
    add_text(c, "late", "grace.started", "{{name}} {{due}} [[{{name}} ]]end [x]")->policies = WORDS("national");
    desk_open(&d);

    struct person p;
    struct event e = sample_event(EV_REMINDER);
    person_init(&p);
    is_str(said(&d, 0, &e, &p.is), "陈阿宝 all 2026年5月31日",
           "a text of the configuration takes the built-in one's place");
    is_str(said(&d, 2, &e, &p.is), "陈阿宝 : 2026-05-31", "another language has its own, with dates in figures");
    ok(render(&d, 1, &e, &p.is) == ERR_OK && str_is(d.sms.template_id, "SMS_1") && d.sms.n_variables == 3,
       "a template has its id");
    ok(str_is(d.sms.variables[0].name, "name") && str_is(d.sms.variables[0].value, "陈阿宝") &&
           str_is(d.sms.variables[1].name, "date") && str_is(d.sms.variables[1].value, "2026年5月31日") &&
           str_is(d.sms.variables[2].name, "grace_until") && str_is(d.sms.variables[2].value, "2026年6月15日"),
       "and its variables, in order, by the gateway's names");
    snprintf(p.policy.name, sizeof p.policy.name, "zhoushan");
    is_str(said(&d, 0, &e, &p.is), "陈阿宝 some", "a text for the person's policy goes before the one for all");
    ok(render(&d, 1, &e, &p.is) == ERR_OK && str_is(d.sms.template_id, "SMS_1"),
       "but not where a template is needed and it has none");
    snprintf(p.policy.name, sizeof p.policy.name, "zhoushan2");
    is_str(said(&d, 0, &e, &p.is), "陈阿宝 all 2026年5月31日", "a policy is known by its whole name");

    e = sample_event(EV_GRACE);
    person_after(&p, &e);
    is_str(
        said(&d, 0, &e, &p.is),
        "陈阿宝的待遇领取资格认证已于2026年5月31日到期，尚未收到新的认证。请最迟在2026年6月15日完成认证，逾期将自2026年6月16日起暂停发放待遇。",
        "where the only text is for other policies, the built-in one is taken");
    snprintf(p.policy.name, sizeof p.policy.name, "national");
    is_str(said(&d, 0, &e, &p.is), "陈阿宝 2026年5月31日 陈阿宝 end [x]", "single brackets are text");
    p.is.contact.name = STR_NONE;
    is_str(said(&d, 0, &e, &p.is), "编号尾号0012的人员 2026年5月31日 end [x]", "a part without its value is left out");
    is_int(render(&d, 1, &e, &p.is), ERR_ABSENT, "a message without a template is not for a cloud gateway");
    is_str(d.msg.text, "no text for grace.started in language \"zh\"", "which is told");
    is_int(render(&d, 2, &e, &p.is), ERR_ABSENT, "one without a text in the language is not for that endpoint");

    e = sample_event(EV_RESUMED);
    person_init(&p);
    person_after(&p, &e);
    ok(render(&d, 1, &e, &p.is) == ERR_OK && d.sms.n_variables == 2 && str_is(d.sms.variables[0].value, "1234.50元") &&
           str_is(d.sms.variables[1].value, "2026年9月"),
       "a built-in text may have a template");
    struct period_pay unknown = {0, 0, AMOUNT_NONE};
    e.u.resumed.back_pay = (struct pay_list){&unknown, 1, e.u.resumed.back_pay.pay_on};
    ok(render(&d, 1, &e, &p.is) == ERR_OK && str_is(d.sms.variables[0].value, "待核定金额"),
       "a template's variable is never empty");
    e.u.resumed.back_pay.n = 0;
    ok(render(&d, 1, &e, &p.is) == ERR_OK && str_is(d.sms.variables[0].value, "0.00元"), "nothing is an amount there");
    desk_close(&d);
}

/* A configuration whose texts were checked for one limit, rendered under a lower one. */
static void lengths(void)
{
    char text[600] = "{{name}}";
    for (int i = 0; i < 61; i++)
        strcat(text, "字");
    struct desk d = {.endpoints = sample_endpoints()};
    struct endpoint *e = add_endpoint(d.endpoints, "short", ADAPTER_KANNEL, "zh");
    add_text(d.endpoints, "long", "reminder.due", text);
    desk_open(&d);
    struct person p;
    struct event reminder = sample_event(EV_REMINDER);
    person_init(&p);
    e->max_segments = 1;
    e->signature = (char *)"中心";
    p.is.contact.name = STR_LIT("欧阳阿宝阿");
    is_int(render(&d, 0, &reminder, &p.is), ERR_OK, "seventy characters with the signature are one segment");
    p.is.contact.name = STR_LIT("欧阳阿宝阿宝");
    is_int(render(&d, 0, &reminder, &p.is), ERR_INVALID, "seventy-one are not");
    is_str(d.msg.text,
           "the message for reminder.due has 71 characters with the signature, in 2 segments: expected at most 70",
           "it is told how long it is");
    is_int(d.arena.n, 0, "nothing of it is left in the arena");
    e->adapter = ADAPTER_TEMPLATE;
    is_int(render(&d, 0, &reminder, &p.is), ERR_INVALID, "a gateway by configuration has the same limit");
    e->adapter = ADAPTER_KANNEL;
    e->signature = NULL;
    is_int(render(&d, 0, &reminder, &p.is), ERR_OK, "without a signature there are no brackets to count");
    desk_close(&d);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(void)
{
    struct desk d = {.endpoints = sample_endpoints()};
    add_endpoint(d.endpoints, "chinese", ADAPTER_KANNEL, "zh");
    desk_open(&d);
    struct person p;
    struct event e = sample_event(EV_GRACE);
    person_init(&p);
    person_after(&p, &e);
    double began = seconds();
    unsigned n = 0;
    for (int i = 0; i < 100000; i++)
        n += message_skip(&e, &p.is) == SKIP_NOT && render(&d, 0, &e, &p.is) == ERR_OK;
    diag("%.0f messages a second", n / (seconds() - began));
    is_int(n, 100000, "every message is rendered again and again");
    desk_close(&d);
}

int main(void)
{
    plan(3 * N_GOLDEN + 4 + 5 + 6 + 5 + 16 + 6 + 1);
    builtin_texts();
    own_texts();
    lengths();
    measure();
    return tap_end();
}
