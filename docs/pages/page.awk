# What lowdown renders, made a page: head, contents, links to other pages and to each heading.
# Variables: name (of the page), title (of a manual page; else the first heading is it), pages, version.

BEGIN {
    n_pages = split(pages, list, " ")
    for (i = 1; i <= n_pages; i++)
        page[list[i]] = 1
}

# The licence is no page, and the package has it elsewhere.
{ gsub(/<a href="([^"]*\/)?LICENSE">LICENSE<\/a>/, "LICENSE") }

# "docs/man/lifecertd.8.md#redis" as "lifecertd.8.html#redis"; the index of the documents is index.html.
function target(url, fragment) {
    if (url ~ /^[a-z]+:/ || url ~ /^#/)
        return url
    gsub(/&#47;/, "/", url)
    if (match(url, /#/)) {
        fragment = substr(url, RSTART)
        url = substr(url, 1, RSTART - 1)
    }
    sub(/.*\//, "", url)
    sub(/\.md$/, ".html", url)
    return url fragment
}

function relink(line, out, url) {
    while (match(line, /(href|src)="[^"]*"/)) {
        url = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        match(url, /"/)
        out = out substr(url, 1, RSTART) target(substr(url, RSTART + 1, length(url) - RSTART - 1)) "\""
    }
    return out line
}

# Text without links in it: lifecertd(8), the name in <strong> or not, becomes a link where there is such a page.
function refer(text, out, whole, file) {
    while (match(text, /(<strong>)?lifecert[a-z.-]*(<\/strong>)?\([1-8]\)/)) {
        whole = file = substr(text, RSTART, RLENGTH)
        out = out substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        gsub(/<[^>]*>/, "", file)
        sub(/\(/, ".", file)
        sub(/\)/, "", file)
        out = out (file in page && file != name ? "<a href=\"" file ".html\">" whole "</a>" : whole)
    }
    return out text
}

# The same for a line: what stands inside of a link is left alone.
function refer_outside(line, out, start, end) {
    while (start = index(line, "<a ")) {
        out = out refer(substr(line, 1, start - 1))
        line = substr(line, start)
        end = index(line, "</a>")
        if (!end)
            return out line
        out = out substr(line, 1, end + 3)
        line = substr(line, end + 4)
    }
    return out refer(line)
}

function heading(line, level, id, text) {
    level = substr(line, 3, 1)
    match(line, /id="[^"]*"/)
    id = substr(line, RSTART + 4, RLENGTH - 5)
    text = line
    gsub(/<[^>]*>/, "", text)
    if (level == 1 && !title) {
        title = text
        return line
    }
    if (level <= 3)
        contents[++n_contents] = "<li class=\"level" level "\"><a href=\"#" id "\">" text "</a></li>"
    sub(/<\/h[1-6]>/, " <a class=\"anchor\" href=\"#" id "\" aria-label=\"link to this section\">#</a>&", line)
    return line
}

/<pre>/ { verbatim = 1 }
{
    if (!verbatim && $0 ~ /^<h[1-6] id=/)
        $0 = heading($0)
    else if (!verbatim)
        $0 = refer_outside(relink($0))
    line[++n] = $0
}
/<\/pre>/ { verbatim = 0 }

END {
    print "<!DOCTYPE html>"
    print "<html lang=\"" (name ~ /zh-CN/ ? "zh-CN" : "en") "\">"
    print "<head>"
    print "<meta charset=\"utf-8\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    print "<title>" title (title == "lifecertd" ? "" : " - lifecertd") "</title>"
    print "<link rel=\"stylesheet\" href=\"style.css\">"
    print "</head>"
    print "<body>"
    print "<header><a href=\"index.html\">lifecertd</a> <span>" version "</span></header>"
    if (n_contents > 2) {
        print "<nav aria-label=\"contents\">\n<ul>"
        for (i = 1; i <= n_contents; i++)
            print contents[i]
        print "</ul>\n</nav>"
    }
    print "<main>"
    if (name ~ /\.[1-8]$/)
        print "<h1>" title "</h1>"
    for (i = 1; i <= n; i++)
        print line[i]
    print "</main>\n</body>\n</html>"
}
