/* The adapters, one file each: adapters[] of adapter/adapter.h has them by kind. */
#ifndef ADAPTER_TABLE_H
#define ADAPTER_TABLE_H

#include "adapter/adapter.h"

extern const struct adapter adapter_standard_webhooks;
extern const struct adapter adapter_cloudevents;
extern const struct adapter adapter_kannel;
extern const struct adapter adapter_aliyun_sms;
extern const struct adapter adapter_tencent_sms;
extern const struct adapter adapter_redis_stream;
extern const struct adapter adapter_template;

#endif
