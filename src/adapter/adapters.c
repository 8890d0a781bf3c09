#include "adapter/table.h"

const struct adapter *const adapters[ADAPTER_KIND_N] = {
    [ADAPTER_STANDARD_WEBHOOKS] = &adapter_standard_webhooks,
    [ADAPTER_CLOUDEVENTS] = &adapter_cloudevents,
    [ADAPTER_KANNEL] = &adapter_kannel,
    [ADAPTER_ALIYUN_SMS] = &adapter_aliyun_sms,
    [ADAPTER_TENCENT_SMS] = &adapter_tencent_sms,
    [ADAPTER_REDIS_STREAM] = &adapter_redis_stream,
    [ADAPTER_TEMPLATE] = &adapter_template,
};
