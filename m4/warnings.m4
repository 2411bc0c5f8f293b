# GEODE_WARNINGS
# Outputs are set on success only, which gcc cannot follow through TRY: maybe-uninitialized cries wolf,
# and the sanitizers and valgrind find the real ones.
# --enable-werror turns warnings into errors: for us and CI, not for a packager's newer compiler.
AC_DEFUN([GEODE_WARNINGS], [
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
	[], [enable_werror=no])
m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
	-Wno-unused-parameter -Wno-maybe-uninitialized], [AX_GEODE_FLAG(flag, [WARN_CFLAGS])])
AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])
])
