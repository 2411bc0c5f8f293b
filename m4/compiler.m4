# GEODE_COMPILER
# The language level and the flags that every object needs. CFLAGS and LDFLAGS stay the user's.
AC_DEFUN([GEODE_COMPILER], [
AX_GEODE_FLAG([-std=gnu17], [GEODE_CFLAGS],
	[AC_MSG_ERROR([$CC does not know -std=gnu17; gcc 8 or clang 7 is the oldest that does])])
AX_GEODE_FLAG([-fvisibility=hidden], [GEODE_CFLAGS])
AX_GEODE_FLAG([-fno-omit-frame-pointer], [GEODE_CFLAGS])
AX_GEODE_FLAG([-pthread], [GEODE_CFLAGS])
AC_SUBST([GEODE_CFLAGS])
AC_SUBST([GEODE_LDFLAGS])
])

# AX_GEODE_FLAG(FLAG, VARIABLE, [IF-NOT])
# Appends FLAG to VARIABLE when the compiler takes it.
AC_DEFUN([AX_GEODE_FLAG], [
AS_VAR_PUSHDEF([cache], [geode_cv_flag_$1])
AC_CACHE_CHECK([whether $CC accepts $1], [cache], [
	geode_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
	CFLAGS=$geode_save_CFLAGS
])
AS_VAR_IF([cache], [yes], [$2="$$2 $1"], [$3])
AS_VAR_POPDEF([cache])
])
