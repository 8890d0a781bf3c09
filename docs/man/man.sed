# What lowdown 1.0 renders, made a better page: tables as wide as the page without a box around every cell, headings on
# the line of their macro, as programs that index pages want them; no word parted, for many are to be typed.
1i '\\" t
s/^tab(|) expand allbox;$/tab(|) nospaces nokeep;/
s/^\(l\( l\)*\) l\.$/\1 lx./
s/^\(lb\( lb\)*\) lb$/\1 lbx/
s/^\.TS$/.LP\n.TS/
/^\.TH /a .nh\n.ad l
/^\.S[HS]$/{
N
s/\n/ /
}
