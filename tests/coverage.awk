# Counts what gcov says of src, for coverage.sh: its text output (gcov -b -c -t), behind coverage.except.
#
# What is compiled into several objects, such as a header's function, counts as run where any of them ran it.
#
# Variables: groups "NAME=PATH,PATH;...", each a folder or file of which every branch must be taken; all: 1 when the
# whole suite was run; lines_min and branches_min, in percent; missing: paths, each with a blank before it.

function trimmed(s) {
    gsub(/^[ \t]+|[ \t]+$/, "", s)
    return s
}

# Whether file is one of the paths, or below one.
function is_below(file, paths, separator,    v, n, i) {
    n = split(paths, v, separator)
    for (i = 1; i <= n; i++)
        if (v[i] != "" && (file == v[i] || index(file, v[i] "/") == 1))
            return 1
    return 0
}

function complain(text) {
    faults = faults "# " text "\n"
}

function check(good, what) {
    printf "%s %d - %s\n%s", good ? "ok" : "not ok", ++checks, what, faults
    if (!good)
        failed = 1
    faults = ""
}

# --- coverage.except: a file's name, below it a line of it, below that "COUNT: why" ---

FILENAME ~ /coverage\.except$/ {
    if ($0 ~ /^#/ || $0 ~ /^[ \t]*$/)
        next
    if ($0 ~ /^[^ ]/)
        except_file = $1
    else if ($0 ~ /^    [^ ]/)
        except_line = trimmed($0)
    else if ($0 ~ /^        [1-9][0-9]*: /) {
        excepted[except_file, except_line] += $1 + 0
        is_exception[except_file, except_line] = FNR
    }
    next
}

# --- gcov ---

/^ *-: *0:Source:/ {
    file = $0
    sub(/^[^:]*:[^:]*:Source:/, "", file)
    counted = file ~ /^src\//
    next
}
!counted || /^ *-: *0:/ || /^(call|function|-----)/ {
    next
}
/^branch/ {
    key = file SUBSEP line SUBSEP $2
    branches[key]
    if ($0 !~ /never executed|taken 0( |$)/)
        taken[key]
    next
}
/^ *[^:]*: *[0-9]+:/ {
    split($0, part, ":")
    line = part[2] + 0
    count = trimmed(part[1])
    if (count == "-")
        next
    lines[file, line]
    if (count !~ /[#=]/)
        run[file, line]
    if (!((file, line) in text)) {
        text[file, line] = $0
        sub(/^[^:]*:[^:]*:/, "", text[file, line])
        text[file, line] = trimmed(text[file, line])
    }
}

# --- the reckoning ---

function count_all(    key, p, folder) {
    for (key in lines) {
        split(key, p, SUBSEP)
        folder = p[1]
        sub(/\/[^\/]*$/, "", folder)
        folders[folder]
        n_lines[folder]++
        total_lines++
        if (key in run) {
            n_run[folder]++
            total_run++
        }
        last_line[p[1]] = last_line[p[1]] > p[2] + 0 ? last_line[p[1]] : p[2] + 0
    }
    for (key in branches) {
        split(key, p, SUBSEP)
        folder = p[1]
        sub(/\/[^\/]*$/, "", folder)
        n_branches[folder]++
        total_branches++
        of_line[p[1], p[2]]++
        if (key in taken) {
            n_taken[folder]++
            total_taken++
        } else {
            untaken[p[1], p[2]]++
            untaken_text[p[1], text[p[1], p[2]]]++
        }
    }
}

function percent(part, whole) {
    return whole ? 100 * part / whole : 100
}

function sorted(v, out,    key, n, i, j, x) {
    n = 0
    for (key in v) {
        for (i = n++; i > 0 && out[i] > key; i--)
            out[i + 1] = out[i]
        out[i + 1] = key
    }
    return n
}

function print_row(name, a, b, c, d) {
    printf "# %-28s %6d  %5.1f %%  %8d  %5.1f %%\n", name, a, percent(b, a), c, percent(d, c)
}

function print_table(    n, i, f, order) {
    n = sorted(folders, order)
    printf "# %-28s %6s  %7s  %8s  %7s\n", "", "lines", "run", "branches", "taken"
    for (i = 1; i <= n; i++) {
        f = order[i]
        if (n_run[f])
            print_row(f, n_lines[f], n_run[f], n_branches[f], n_taken[f])
    }
    if (all)
        print_row("all", total_lines, total_run, total_branches, total_taken)
}

# What is missing of one file, line for line; those of exceptions are passed over when strict.
function tell_missing(f, strict,    l, found) {
    found = 0
    for (l = 1; l <= last_line[f]; l++) {
        if (strict && untaken_text[f, text[f, l]] <= excepted[f, text[f, l]])
            continue
        if (untaken[f, l]) {
            complain(sprintf("%s:%d: %d of %d branches not taken: %s", f, l, untaken[f, l], of_line[f, l], text[f, l]))
            found++
        } else if (!strict && (f, l) in lines && !((f, l) in run)) {
            complain(sprintf("%s:%d: not run: %s", f, l, text[f, l]))
        }
    }
    return found
}

# Every branch of the files of one group.
function check_group(name, paths,    n, i, order, bad, seen) {
    n = sorted(last_line, order)
    for (i = 1; i <= n; i++)
        if (is_below(order[i], paths, ",")) {
            bad += tell_missing(order[i], 1)
            seen++
        }
    if (!seen)
        complain("none of its files was built")
    check(!bad && seen, "every branch of " name " is taken, or is in tests/coverage.except")
}

# An exception that is not needed is in the way of the next reader.
function check_exceptions(    n, i, p, order) {
    n = sorted(is_exception, order)
    for (i = 1; i <= n; i++) {
        split(order[i], p, SUBSEP)
        if (untaken_text[p[1], p[2]] < excepted[p[1], p[2]])
            complain(sprintf("%s: \"%s\" has %d not taken, and %d are listed", p[1], p[2], untaken_text[p[1], p[2]],
                excepted[p[1], p[2]]))
    }
    check(faults == "", "tests/coverage.except has no branch that is taken")
}

END {
    n_groups = split(groups, group, ";")
    for (i = 1; i <= n_groups; i++)
        groups_paths = groups_paths "," substr(group[i], index(group[i], "=") + 1)
    print "1.." n_groups + 1 + (all ? 2 : 0)
    count_all()
    print_table()
    for (i = 1; i <= n_groups; i++)
        check_group(substr(group[i], 1, index(group[i], "=") - 1), substr(group[i], index(group[i], "=") + 1))
    check_exceptions()
    if (all) {
        check(percent(total_run, total_lines) >= lines_min, lines_min " % of the lines are run")
        check(percent(total_taken, total_branches) >= branches_min, branches_min " % of the branches are taken")
    }
    n = sorted(last_line, order)
    for (i = 1; i <= n; i++)
        if (is_below(order[i], missing, " "))
            tell_missing(order[i], 0)
    printf "%s", faults
    exit failed
}
