# Judges one test's TAP output for run_tap, which sets the variables.

function fault(text) {
    failed++
    notes = notes "    " text "\n"
}

# A sanitizer's report: its first lines say what and where.
FILENAME != log_file {
    if (FNR <= 25)
        report = report "    " $0 "\n"
    next
}

/^1\.\.[0-9]+/ {
    if (planned != "")
        fault("a second plan")
    planned = substr($1, 4) + 0
    if (planned == 0 && tolower($0) ~ /# *skip/) {
        skipped++
        notes = notes "    skipped whole: " $0 "\n"
        whole = 1
    } else if (planned == 0) {
        fault("a plan of no checks")
    }
    next
}

/^ok( |$)/ {
    ran++
    failing = 0
    if (tolower($0) ~ /# *skip/) {
        skipped++
        notes = notes "    skipped: " $0 "\n"
    } else {
        passed++
    }
    next
}

/^not ok( |$)/ {
    ran++
    failing = tolower($0) !~ /# *todo/
    if (failing)
        fault($0)
    next
}

/^Bail out!/ {
    fault($0)
    next
}

# A sanitizer that speaks on stderr; also in a program that the test has started.
/: runtime error: |: ERROR: [A-Za-z]+Sanitizer|: ThreadSanitizer: / {
    fault($0)
    next
}

# What a failed check says about itself.
/^#/ && failing && said++ < 40 {
    notes = notes "    " $0 "\n"
}

# seconds("1m2.34s 0m1.2s"), as the shell's times writes it
function seconds(text,    part, sum) {
    while (match(text, /[0-9]+m[0-9.]+s/)) {
        split(substr(text, RSTART, RLENGTH), part, "m")
        sum += part[1] * 60 + part[2]
        text = substr(text, RSTART + RLENGTH)
    }
    return sum
}

END {
    checks_failed = failed
    if (status == 124 || status == 137)
        fault("did not end in time")
    else if (status > 128)
        fault("killed by signal " (status - 128))
    else if (status != 0 && checks_failed == 0)
        fault("exit status " status)
    if (planned == "")
        fault("no plan")
    else if (planned != ran)
        fault("planned " planned " checks, ran " ran + 0)
    if (reports != "")
        fault("reports from " suite ": " reports)

    printf "%-8s %-44s %6d checks %7.1f s %7.1f s  %s\n", suite, test, ran, ms / 1000, seconds(worked), failed ? "FAILED" : whole ? "skipped" : "ok"
    printf "%s%s", notes, report
    if (failed)
        printf "    the log: %s\n", log_file
    print passed + 0, failed + 0, skipped + 0 >counts
    exit failed > 0
}
