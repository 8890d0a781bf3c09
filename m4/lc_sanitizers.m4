# LC_SANITIZERS: --enable-asan, --enable-ubsan, --enable-tsan, --enable-coverage. A switch that was asked for and cannot
# be had is an error: a build that silently checks nothing is worse than none. Sets lc_instrumented to yes or no.

# LC_INSTRUMENT(SWITCH, FLAGS): compile and link with FLAGS.
AC_DEFUN([LC_INSTRUMENT], [
AS_VAR_IF([enable_$1], [yes], [
    AC_MSG_CHECKING([whether $CC can build with --enable-$1])
    lc_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([--enable-$1: $CC does not take $2])])
    CFLAGS=$lc_saved_CFLAGS
    LC_CFLAGS="$LC_CFLAGS $2"
    LC_LDFLAGS="$LC_LDFLAGS $2"
    lc_instrumented=yes
])])

AC_DEFUN([LC_SANITIZERS], [
AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan], [build with AddressSanitizer and LeakSanitizer])])
AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan], [build with UndefinedBehaviorSanitizer])])
AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan], [build with ThreadSanitizer])])
AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [count executed lines and branches, for gcov; best with CFLAGS='-O0 -g'])])
AS_IF([test "$enable_asan" = yes && test "$enable_tsan" = yes],
    [AC_MSG_ERROR([--enable-asan and --enable-tsan exclude each other: build twice])])
lc_instrumented=no
LC_INSTRUMENT([asan], [-fsanitize=address -fno-omit-frame-pointer])
LC_INSTRUMENT([ubsan], [-fsanitize=undefined -fno-sanitize-recover=all])
LC_INSTRUMENT([tsan], [-fsanitize=thread -fno-omit-frame-pointer])
LC_INSTRUMENT([coverage], [--coverage -fprofile-update=atomic])
])
