# LC_HARDENING: what makes a mistake harder to exploit. Comes after LC_SANITIZERS.
AC_DEFUN([LC_HARDENING], [
LC_FLAG([LC_CFLAGS], [-fstack-protector-strong])

# A position-independent program; -pie is for the linker alone.
LC_FLAG([LC_CFLAGS], [-fPIE])
LC_FLAG([LC_LDFLAGS], [-pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed])

# The checked string functions want an optimiser, and would hide calls from a sanitizer.
AC_MSG_CHECKING([whether to use _FORTIFY_SOURCE])
AS_VAR_IF([lc_instrumented], [no],
    [AC_COMPILE_IFELSE([AC_LANG_SOURCE([
#ifndef __OPTIMIZE__
#error not optimising
#endif
        ])], [lc_fortify=yes], [lc_fortify=no])],
    [lc_fortify=no])
AC_MSG_RESULT([$lc_fortify])
AS_VAR_IF([lc_fortify], [yes], [LC_CFLAGS="$LC_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
])
