# Two uses, by the variable mode:
#
# steps: docs/handbook.md as what is to be done, one a line, the kind before a tab:
#     H TITLE     a heading
#     T WORDS     from <!-- test: WORDS -->: for the test alone
#     W FILE      from <!-- test: write FILE -->: the block behind it is that file's text, in lines L
#     C COMMAND   a line of a block ```console that begins with "# "
#     E LINE      what it prints
#
# compare: the file `expected` against what stands on stdin; prints the first line of each that does not fit. "..." in a
# line stands for any text, a line of it alone for any lines; blanks at the end do not count, others as one.

function squeezed(line) {
    gsub(/[ \t]+/, " ", line)
    sub(/ $/, "", line)
    return line
}

function fits(line, want, part, n, i, at) {
    n = split(want, part, /[.][.][.]/)
    if (index(want, "...") == 0)
        return line == want
    if (substr(line, 1, length(part[1])) != part[1])
        return 0
    line = substr(line, length(part[1]) + 1)
    for (i = 2; i <= n; i++) {
        if (i == n)
            return length(line) >= length(part[n]) && substr(line, length(line) - length(part[n]) + 1) == part[n]
        at = index(line, part[i])
        if (!at)
            return 0
        line = substr(line, at + length(part[i]))
    }
    return 1
}

mode == "steps" && fence == "" && /^#+ / { sub(/^#+ /, ""); print "H\t" $0; next }
mode == "steps" && fence == "" && /^<!-- test: write / { fence = "wanted"; file = $4; next }
mode == "steps" && fence == "" && /^<!-- test: / { sub(/^<!-- test: /, ""); sub(/ -->$/, ""); print "T\t" $0; next }
mode == "steps" && /^(```|~~~)/ {
    if (fence == "wanted") {
        fence = "file"
        print "W\t" file
    } else if (fence != "") {
        fence = ""
    } else {
        fence = $0 == "```console" ? "console" : "other"
    }
    next
}
mode == "steps" && fence == "console" && /^# / { print "C\t" substr($0, 3); next }
mode == "steps" && fence == "console" { print "E\t" $0; next }
mode == "steps" && fence == "file" { print "L\t" $0; next }

mode == "compare" { got[++n_got] = squeezed($0) }

END {
    if (mode != "compare")
        exit
    while ((getline line <expected) > 0)
        want[++n_want] = squeezed(line)
    g = 1
    for (w = 1; w <= n_want; w++) {
        if (want[w] == "...") {
            while (g <= n_got && (w == n_want || !fits(got[g], want[w + 1])))
                g++
        } else if (g > n_got || !fits(got[g], want[w])) {
            print "expected: " want[w]
            print "     got: " (g > n_got ? "nothing more" : got[g])
            exit
        } else {
            g++
        }
    }
    if (g <= n_got)
        print "expected: nothing more\n     got: " got[g]
}
