/* The table of adapters is whole. */
#include "adapter/adapter.h"
#include "tests/lib/tap.h"

int main(void)
{
    plan(2 * ADAPTER_KIND_N);
    for (unsigned k = 0; k < ADAPTER_KIND_N; k++) {
        const struct adapter *a = adapters[k];
        ok(a && a->check && a->open && a->close && a->render && a->judge, "adapter %u has what each must have", k);
        ok(a && !a->hello == !a->consent, "and asks for consent as well as reading it, or neither");
    }
    return tap_end();
}
