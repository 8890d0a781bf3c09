# The flags that go to every file, kept apart from CFLAGS and LDFLAGS, which belong to whoever runs configure or make.

# LC_FLAG(VARIABLE, FLAG...): appends each flag that the compiler takes, also when linking.
AC_DEFUN([LC_FLAG], [
m4_foreach_w([lc_flag], [$2], [
    AC_MSG_CHECKING([whether $CC takes ]lc_flag)
    lc_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror lc_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM],
        [AC_MSG_RESULT([yes])
         $1="$$1 lc_flag"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$lc_saved_CFLAGS
])])

# LC_COMPILER: the language, the warnings, --enable-werror.
AC_DEFUN([LC_COMPILER], [
LC_CFLAGS="-std=gnu11 -pthread"
LC_LDFLAGS="-pthread"
LC_FLAG([LC_CFLAGS], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
    -Wpointer-arith -Wformat=2 -Wno-format-nonliteral])
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])])
AS_VAR_IF([enable_werror], [yes], [LC_CFLAGS="$LC_CFLAGS -Werror"])
AC_SUBST([LC_CFLAGS])
AC_SUBST([LC_LDFLAGS])
])
