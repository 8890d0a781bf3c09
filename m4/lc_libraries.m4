# Libraries. All that are missing are named at once, by the Debian packages that bring them.

# LC_PKG(NAME, MODULES, DEBIAN-PACKAGE): NAME_CFLAGS and NAME_LIBS from pkg-config.
AC_DEFUN([LC_PKG], [
PKG_CHECK_MODULES([$1], [$2], [], [LC_MISSING([$2], [$3])])
])

# LC_LIB(NAME, HEADER, LIBRARY, FUNCTION, DEBIAN-PACKAGE): the same for a library that comes without a pkg-config file.
AC_DEFUN([LC_LIB], [
AC_ARG_VAR([$1_LIBS], [linker flags for $3])
lc_found=no
AC_CHECK_HEADER([$2],
    [AC_CHECK_LIB([$3], [$4],
        [lc_found=yes
         $1_LIBS=${$1_LIBS:--l$3}])])
AS_VAR_IF([lc_found], [no], [LC_MISSING([$2 and lib$3], [$5])])
])

AC_DEFUN([LC_MISSING], [
AC_MSG_WARN([$1 not found: it is in the Debian package $2])
lc_missing="$lc_missing $2"
])

# LC_PKG_DONE: stops when anything was missing.
AC_DEFUN([LC_PKG_DONE], [
AS_IF([test -n "$lc_missing"], [AC_MSG_ERROR([libraries are missing. On Debian: apt-get install$lc_missing])])
])
