# The packages of this tree, as dpkg-buildpackage makes them from what a release would hold. To be sourced by a script
# that has `set -eu`; $top_srcdir and $top_builddir are absolute.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $top_srcdir and $top_builddir

built=$top_builddir/packaging
version=$(dpkg-parsechangelog --file "$top_srcdir/debian/changelog" --show-field Version)

# What make says to the programs that it runs is not meant for the makes in here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

# build_from SOURCE FOLDER: a copy of the source in FOLDER, built there; the packages are beside it.
build_from() {
    mkdir -p "$2"
    rm -rf "$2/lifecertd-$version"
    cp -a "$1" "$2/lifecertd-$version"
    (cd "$2/lifecertd-$version" && dpkg-buildpackage --build=binary --no-sign -j2)
}

# source_folder FOLDER: what a release of this tree would hold; the folder is below $top_builddir. The script ./check is
# part of it, and to make that is the target of the same name: it gets no tests.
source_folder() {
    make -s -C "$top_builddir" distdir distdir="$1" top_distdir="$1" check_PROGRAMS= check_LIBRARIES= TESTS=
}

is_fresh() {
    [ -e "$built/done" ] && [ -z "$(find "$top_srcdir" \( -name build -o -name .git -o -name autom4te.cache \) -prune -o \
        -type f -newer "$built/done" -print -quit)" ]
}

# Without the tests that a package's build runs: they are among those that run beside it. Before a release the second build
# runs them (test_reproducible.sh).
build_anew() {
    export DEB_BUILD_OPTIONS=nocheck
    rm -rf "$built/source" "$built/first" "$built/done"
    mkdir -p "$built/first"
    : >"$built/began"
    source_folder packaging/source && build_from "$built/source" "$built/first" && mv "$built/began" "$built/done"
}

# packages: builds them, unless that was done since anything changed; they are in $built/first. Two tests may ask at once.
packages() {
    mkdir -p "$built"
    (
        flock 9
        is_fresh || build_anew >"$built/build.log" 2>&1 </dev/null
    ) 9>"$built/lock"
}
