/* Every path that is answered, who may ask for it, and who answers. */
#include "http/route_docs.h"
#include "http/routes.h"

const struct route http_routes[] = {
    {METHOD_POST, "/v1/inputs", WHO_INTAKE, &inputs_handler, &inputs_doc},
    {METHOD_GET, "/v1/beneficiaries", WHO_READ, &people_handler, &people_doc},
    {METHOD_GET, "/v1/beneficiaries/:id", WHO_READ, &show_handler, &person_doc},
    {METHOD_GET, "/v1/beneficiaries/:id/events", WHO_READ, &story_handler, &story_doc},
    {METHOD_GET, "/v1/periods/:month", WHO_READ, &period_handler, &period_doc},
    {METHOD_GET, "/v1/due", WHO_READ, &due_handler, &due_doc},
    {METHOD_GET, "/v1/events", WHO_READ, &events_handler, &events_doc},
    {METHOD_GET, "/v1/status", WHO_READ, &status_handler, &status_doc},
    {METHOD_GET, "/v1/whoami", WHO_READ, &whoami_handler, &whoami_doc},
    {METHOD_GET, "/v1/holds", WHO_READ, &holds_handler, &holds_doc},
    {METHOD_POST, "/v1/holds", WHO_OPERATE, &hold_place_handler, &hold_place_doc},
    {METHOD_DELETE, "/v1/holds/:name", WHO_OPERATE, &hold_lift_handler, &hold_lift_doc},
    {METHOD_GET, "/v1/endpoints", WHO_READ, &endpoints_handler, &endpoints_doc},
    {METHOD_POST, "/v1/endpoints/:name/pause", WHO_OPERATE, &endpoint_pause_handler, &endpoint_pause_doc},
    {METHOD_POST, "/v1/endpoints/:name/resume", WHO_OPERATE, &endpoint_resume_handler, &endpoint_resume_doc},
    {METHOD_POST, "/v1/endpoints/:name/test", WHO_OPERATE, &endpoint_test_handler, &endpoint_test_doc},
    {METHOD_POST, "/v1/endpoints/:name/redeliver", WHO_OPERATE, &redeliver_handler, &redeliver_doc},
    {METHOD_DELETE, "/v1/endpoints/:name/redeliver", WHO_OPERATE, &redeliver_cancel_handler, &redeliver_cancel_doc},
    {METHOD_GET, "/v1/deliveries", WHO_READ, &deliveries_handler, &deliveries_doc},
    {METHOD_POST, "/v1/deliveries/:id/retry", WHO_OPERATE, &delivery_retry_handler, &delivery_retry_doc},
    {METHOD_POST, "/v1/deliveries/:id/drop", WHO_OPERATE, &delivery_drop_handler, &delivery_drop_doc},
    /* whoever knows the secret */
    {METHOD_GET, "/v1/receipts/:endpoint/:secret", WHO_ANYONE, &receipt_handler, &receipt_get_doc},
    {METHOD_POST, "/v1/receipts/:endpoint/:secret", WHO_ANYONE, &receipt_handler, &receipt_post_doc},
    {METHOD_GET, "/metrics", WHO_READ, &metrics_handler, &metrics_doc},
    {METHOD_GET, "/healthz", WHO_ANYONE, &health_handler, &health_doc},
    {METHOD_GET, "/readyz", WHO_ANYONE, &ready_handler, &ready_doc},
    {METHOD_GET, "/openapi.json", WHO_ANYONE, &openapi_handler, &openapi_doc},
    {METHOD_GET, "/", WHO_ANYONE, &page_handler, NULL},
    {METHOD_GET, "/page/:name", WHO_ANYONE, &page_file_handler, NULL},
};
const size_t http_routes_n = sizeof http_routes / sizeof *http_routes;
