# What the show sums up: the year by the log, and what arrived at each endpoint. To be sourced behind show_kannel.sh.
# shellcheck shell=sh

# What the log says of the year: counts by month, and the money.
summary_year() {
    ctl events | awk '
        { month = substr($0, index($0, "\"time\":\"") + 8, 7)
          type = substr($0, index($0, "\"type\":\"") + 8); type = substr(type, 1, index(type, "\"") - 1)
          count[month, type]++; total[type]++; months[month] = 1; lines++ }
        type == "certification.accepted" {
          c = substr($0, index($0, "\"channel\":\"") + 11); c = substr(c, 1, index(c, "\"") - 1); channel[c]++ }
        type == "benefit.resumed" {
          t = substr($0, index($0, "\"total\":") + 8); paid += t + 0 }
        END {
          printf "\n  %-8s %10s %10s %8s %10s %8s %6s\n", "month", "reminders", "certified", "grace", "suspended", "resumed", "deaths"
          n = 0; for (m in months) order[++n] = m
          for (i = 1; i <= n; i++) for (k = i + 1; k <= n; k++) if (order[k] < order[i]) { x = order[i]; order[i] = order[k]; order[k] = x }
          for (i = 1; i <= n; i++) { m = order[i]
            printf "  %-8s %10d %10d %8d %10d %8d %6d\n", m, count[m, "reminder.due"], count[m, "certification.accepted"],
              count[m, "grace.started"], count[m, "benefit.suspended"], count[m, "benefit.resumed"], count[m, "benefit.terminated"] }
          printf "\n  certified by channel:"
          for (c in channel) printf " %s %d", c, channel[c]
          printf "\n  resumed with back pay: %d people, %.2f million yuan\n", total["benefit.resumed"], paid / 100 / 1000000
          printf "  %d events in all\n", lines }'
}

# --- what arrived ---

# count NAME: of what counts holds.
count() {
    printf '%s' "$counts" | member "$1"
}

# summary_row ADDRESS NAME: by the receiver's own account.
summary_row() {
    counts=$(http_get "$1" /control)
    printf '  %-22s %9d %8d %9d %9d %6d %9d %12d\n' "$2" "$(count requests)" "$(count failed)" "$(count accepted)" \
        "$(count distinct)" "$(count duplicates)" "$(count verified_v1)" "$(count order_violations)"
}

# summary_text AWK-CONDITION: the last message in one part for which it holds, as the operator got it.
summary_text() {
    operator_parts | awk -v phone="$phone" "\$2 == \"whole\" && $1" | tail -n 1 | {
        read -r number _ text || return 0
        printf '    to %s: %s\n' "$(echo "$number" | sed 's/....\(....\)$/****\1/')" "$(ucs2_text "$text")"
    }
}

summary_sms() {
    counts=$(ctl --json endpoints | grep '"name":"sms"')
    phone=$(show_unit | member phone)
    printf '\n  sms, by Kannel, to the %d people of unit %s and to the unit itself:\n' "$sms_people" "$sms_unit"
    printf '    sent %d; at the operator %d, in %d parts; receipts: %d delivered, %d failed\n' "$(count delivered)" \
        "$(operator_parts | grep -c -e ' whole ' -e ' 01 ')" "$(operator_parts | wc -l)" \
        "$(count receipts_delivered)" "$(count receipts_failed)"
    echo "    skipped $(count skipped)$(printf '%s' "$counts" |
        sed -e 's/.*"skips":{\([^}]*\)}.*/,\1/' -e 's/^,$//' -e 's/,"/, /g' -e 's/":/ /g' -e 's/,/:/')"
    # shellcheck disable=SC2016 # for awk
    { summary_text 'index($1, phone)' && summary_text '!index($1, phone)'; }
}

summary_arrivals() {
    printf '\n  %-22s %9s %8s %9s %9s %6s %9s %12s\n' "what arrived" requests refused events distinct twice verified \
        "out of order"
    summary_row "$payroll" "payroll, webhooks"
    summary_row "$archive" "archive, CloudEvents"
    echo "  (payroll's receiver refuses one request in a hundred; archive's first request asks for its consent)"
    [ -z "$sms_port" ] || summary_sms
}
