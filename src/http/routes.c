/* Every path that is answered, who may ask for it, and who answers. */
#include "http/routes.h"

const struct route http_routes[] = {
    {METHOD_POST, "/v1/inputs", WHO_INTAKE, &inputs_handler},
    {METHOD_GET, "/v1/beneficiaries/:id", WHO_READ, &show_handler},
    {METHOD_GET, "/v1/beneficiaries/:id/events", WHO_READ, &story_handler},
    {METHOD_GET, "/v1/due", WHO_READ, &due_handler},
    {METHOD_GET, "/v1/status", WHO_READ, &status_handler},
    {METHOD_GET, "/v1/holds", WHO_READ, &holds_handler},
    {METHOD_POST, "/v1/holds", WHO_OPERATE, &hold_place_handler},
    {METHOD_DELETE, "/v1/holds/:name", WHO_OPERATE, &hold_lift_handler},
    {METHOD_GET, "/v1/endpoints", WHO_READ, &endpoints_handler},
    {METHOD_POST, "/v1/endpoints/:name/pause", WHO_OPERATE, &endpoint_pause_handler},
    {METHOD_POST, "/v1/endpoints/:name/resume", WHO_OPERATE, &endpoint_resume_handler},
    {METHOD_POST, "/v1/endpoints/:name/test", WHO_OPERATE, &endpoint_test_handler},
    {METHOD_GET, "/v1/deliveries", WHO_READ, &deliveries_handler},
    {METHOD_POST, "/v1/deliveries/:id/retry", WHO_OPERATE, &delivery_retry_handler},
    {METHOD_POST, "/v1/deliveries/:id/drop", WHO_OPERATE, &delivery_drop_handler},
    {METHOD_GET, "/v1/receipts/:endpoint/:secret", WHO_ANYONE, &receipt_handler}, /* whoever knows the secret */
    {METHOD_POST, "/v1/receipts/:endpoint/:secret", WHO_ANYONE, &receipt_handler},
    {METHOD_GET, "/healthz", WHO_ANYONE, &health_handler},
    {METHOD_GET, "/readyz", WHO_ANYONE, &ready_handler},
};
const size_t http_routes_n = sizeof http_routes / sizeof *http_routes;
