/* Plain and short. Each names the beneficiary, for the phone may be a relative's, says what to do and until when, and
 * holds no link. */
#include "message/builtin.h"

#include <string.h>

const struct builtin builtins[] = {
    {EV_REMINDER, "zh",
     "{{name}}的待遇领取资格认证将于{{due}}到期，请最迟在当日完成认证，以免待遇暂停发放。如已认证，请忽略本短信。"},
    {EV_GRACE, "zh",
     "{{name}}的待遇领取资格认证已于{{due}}到期，尚未收到新的认证。请最迟在{{grace_until}}完成认证，逾期将自{{suspend_on}}起暂停发放待遇。"},
    {EV_SUSPENDED, "zh",
     "{{name}}未按期完成待遇领取资格认证，待遇自{{suspended_on}}起暂停发放。请尽快完成认证，认证后即恢复发放，并补发暂停期间的待遇。"},
    {EV_RESUMED, "zh", "{{name}}的待遇恢复发放，[[补发{{amount}}，]]下次发放日为{{pay_on}}。"},
    {EV_ACCEPTED, "zh", "{{name}}的待遇领取资格认证已通过，有效期至{{valid_through}}，请在此之前再次认证。"},
    {EV_REVOKED, "zh",
     "{{name}}的一次待遇领取资格认证经核实无效，已被撤销。请最迟在{{grace_until}}重新完成认证，逾期将暂停发放待遇。如有疑问，请与我们联系。"},
    {EV_DEFERRED, "zh",
     "{{name}}已预约上门认证，待遇暂停发放的日期推迟至{{suspend_on}}。请最迟在{{until}}完成认证，此前待遇照常发放。"},
    {EV_UNIT_DIGEST, "zh",
     "{{name}}：贵单位{{month}}已收到提醒、尚未完成待遇领取资格认证的人员共{{count}}人，请协助通知其尽快认证。"},

    {EV_REMINDER, "en",
     "Proof-of-life certification of {{name}} is due by {{due}}. Please certify by then to avoid suspension of "
     "payment. Please ignore this if done already."},
    {EV_GRACE, "en",
     "Proof-of-life certification of {{name}} was due by {{due}}. Please certify by {{grace_until}}; otherwise payment "
     "is suspended from {{suspend_on}}."},
    {EV_SUSPENDED, "en",
     "Payment for {{name}} is suspended from {{suspended_on}}, as proof of life is missing. Please certify soon: "
     "payment then resumes, and what was withheld is paid."},
    {EV_RESUMED, "en",
     "Payment for {{name}} is resumed[[, with {{amount}} of back pay]]. The next payday is {{pay_on}}."},
    {EV_ACCEPTED, "en",
     "Proof-of-life certification of {{name}} is confirmed. It is valid through {{valid_through}}; please certify "
     "again by then."},
    {EV_REVOKED, "en",
     "A proof-of-life certification of {{name}} was found invalid. Please certify again by {{grace_until}}, or payment "
     "is suspended. Please contact us with any questions."},
    {EV_DEFERRED, "en",
     "A home visit is booked for {{name}}. Suspension of payment is deferred until {{suspend_on}}. Please certify by "
     "{{until}}."},
    {EV_UNIT_DIGEST, "en",
     "{{name}}: people of yours who were reminded in {{month}} and have not certified yet: {{count}}. Please ask them "
     "to certify soon."},
};

const unsigned n_builtins = sizeof builtins / sizeof builtins[0];

const struct builtin *builtin_find(enum event_type on, const char *language)
{
    for (unsigned i = 0; i < n_builtins; i++)
        if (builtins[i].on == on && strcmp(builtins[i].language, language) == 0)
            return &builtins[i];
    return NULL;
}
