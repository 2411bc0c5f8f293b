# Dependencies. GEODE_DEP and its kin only take notes; GEODE_DEPS_END speaks once, naming every
# library that is missing and, in one line that can be copied, the Debian packages that have them.

AC_DEFUN([GEODE_DEPS_BEGIN], [
geode_missing=
geode_missing_packages=
])

# _GEODE_MISSING(WHAT, DEBIAN-PACKAGES)
AC_DEFUN([_GEODE_MISSING], [
geode_missing="$geode_missing
  $1 (Debian: $2)"
geode_missing_packages="$geode_missing_packages $2"
])

# GEODE_DEP(VARIABLE, PKG-CONFIG-MODULES, DEBIAN-PACKAGES)
# Sets VARIABLE_CFLAGS and VARIABLE_LIBS.
AC_DEFUN([GEODE_DEP], [
PKG_CHECK_MODULES([$1], [$2], [GEODE_DEP_CFLAGS="$GEODE_DEP_CFLAGS $$1_CFLAGS"],
	[_GEODE_MISSING([$2], [$3])])
])

# GEODE_DEP_LIB(VARIABLE, HEADER, LIBRARY, FUNCTION, DEBIAN-PACKAGES)
# For a library without a pkg-config file.
AC_DEFUN([GEODE_DEP_LIB], [
AC_CHECK_HEADER([$2],
	[AC_CHECK_LIB([$3], [$4], [$1_LIBS=-l$3], [_GEODE_MISSING([lib$3], [$5])])],
	[_GEODE_MISSING([lib$3], [$5])])
AC_SUBST([$1_LIBS])
])

# GEODE_DEP_PROGRAM(VARIABLE, PROGRAM, DEBIAN-PACKAGES)
AC_DEFUN([GEODE_DEP_PROGRAM], [
AC_PATH_PROG([$1], [$2])
AS_IF([test -z "$$1"], [_GEODE_MISSING([$2], [$3])])
])

AC_DEFUN([GEODE_DEPS_END], [
AS_IF([test -n "$geode_missing"], [
	AC_MSG_ERROR([these are missing or too old:
$geode_missing

On Debian 12: apt-get install$geode_missing_packages])
])
BASE_LIBS="$URCU_LIBS $XXHASH_LIBS $UNISTRING_LIBS -lm"
AC_SUBST([BASE_LIBS])
NET_LIBS="$NGTCP2_LIBS $GNUTLS_LIBS"
AC_SUBST([NET_LIBS])
AC_SUBST([GEODE_DEP_CFLAGS])
])
