#include "tests/sim/confs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deliver/deliver.h"
#include "tests/model/story_parts.h"

#define SEED 20260301

/* Of each configuration. */
static const struct {
    const char *zone, *brake, *face;
} frames[CONFS] = {
    {"Asia/Shanghai", "off", ""},
    {"Asia/Shanghai", "3", ""},
    {"Asia/Shanghai", "off", "expect_every = \"36h\""},
    {"America/New_York", "off", ""},
    {"Asia/Shanghai", "1%", "expect_every = \"20d\""},
    {"Asia/Shanghai", "5", ""},
    {"America/Havana", "off", ""},
    {"Asia/Shanghai", "off", ""},
};

static const char *write_file(const char *name, const char *text)
{
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", tap_tmpdir(), name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
        bail_out("cannot write %s", path);
    return path;
}

static void add_policy(struct buf *b, const char *name, const struct m_policy *p)
{
    buf_printf(b,
               "policy \"%s\" {\ncycle = \"%d %s\"\nvalidity = \"%s\"\nremind_ahead = %d\nremind_every = %d\n"
               "remind_at = \"%02d:%02d\"\ngrace = %d\npayday = %d\nresume = \"%s\"\nevidence_after = %d\n"
               "defer_max = %d\nnotice = %d\nchannels = {",
               name, p->cycle, p->in_days ? "days" : "months", p->exact_day ? "exact-day" : "month-end",
               p->remind_ahead, p->remind_every, p->remind_at / 3600, p->remind_at / 60 % 60, p->grace, p->payday,
               p->next_month ? "next-month" : "immediate", p->evidence_after, p->defer_max, p->notice);
    const char *comma = "";
    for (int i = 0; i < M_CHANNELS; i++) {
        if (!(p->channels & 1u << i))
            continue;
        buf_printf(b, "%s\"%s\"", comma, m_channel_names[i]);
        comma = ", ";
    }
    buf_printf(b, "}\n}\n");
}

static void add_endpoints(struct buf *b)
{
    const char *hook = write_file("hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const char *kannel = write_file("kannel", "password"), *receipts = write_file("receipts", "receipts-secret");
    buf_printf(
        b,
        "endpoint \"" CONF_PAYROLL "\" {\nadapter = \"standard-webhooks\"\nurl = \"http://127.0.0.1:9/payroll\"\n"
        "secret_file = \"%s\"\nfrom = 1\nretry = {\"5s\", \"1m\", \"5m\", \"30m\", \"2h\", \"10h\", \"1d\"}\n}\n",
        hook);
    buf_printf(b,
               "endpoint \"" CONF_CITY "\" {\nadapter = \"cloudevents\"\nurl = \"http://127.0.0.1:9/city\"\n"
               "from = 1\nmode = \"batch\"\nsource = \"/agency\"\nmax_unnoted = %d\nmax_in_flight = 4\n"
               "retry = {\"5s\", \"1m\", \"1h\"}\nevents = {\"benefit.*\", \"certification.*\", \"hold.*\"}\n}\n",
               CONF_UNNOTED);
    buf_printf(b,
               "endpoint \"" CONF_SMS "\" {\nadapter = \"kannel\"\nurl = \"http://127.0.0.1:9/cgi-bin/sendsms\"\n"
               "secret_file = \"%s\"\nusername = \"lifecertd\"\nsignature = \"舟山社保\"\nfrom = 1\n"
               "receipt_url = \"http://127.0.0.1:8\"\nreceipt_secret_file = \"%s\"\n"
               "retry = {\"5s\", \"1m\", \"1h\"}\n}\n",
               kannel, receipts);
}

static void load(struct conf *c, unsigned i, struct author *a)
{
    struct buf b = BUF_INIT, faults = BUF_INIT;
    buf_printf(&b, "timezone = \"%s\"\nbrake_limit = \"%s\"\n", frames[i].zone, frames[i].brake);
    for (int k = 0; k < M_CHANNELS; k++)
        buf_printf(&b, "channel \"%s\" { %s }\n", m_channel_names[k], k == 0 ? frames[i].face : "");
    for (int k = 0; k < M_POLICIES; k++) {
        c->policies[k] = i == 0 || draw_chance(a, 50) ? draw_preset(a) : draw_policy(a);
        add_policy(&b, m_policy_names[k], &c->policies[k]);
    }
    add_endpoints(&b);
    buf_addc(&b, '\0');
    if (config_load(write_file("town.conf", b.p), &c->config, &faults) != ERR_OK ||
        endpoints_load_secrets(c->config->endpoints, &faults) != ERR_OK ||
        deliver_check(c->config->endpoints, &faults) != ERR_OK)
        bail_out("configuration %u is refused: %.*s\n%s", i, (int)faults.n, faults.p, b.p);
    buf_done(&b);
    buf_done(&faults);
}

void confs_load(struct conf confs[CONFS])
{
    struct author a = {.rng = rng_seed(SEED)};
    for (unsigned i = 0; i < CONFS; i++)
        load(&confs[i], i, &a);
}

void confs_free(struct conf confs[CONFS])
{
    for (unsigned i = 0; i < CONFS; i++)
        config_free(confs[i].config);
}
