# GEODE_SANITIZERS
# --enable-sanitizers            address,undefined
# --enable-sanitizers=thread     any list that -fsanitize= takes
# A sanitizer brings its own allocator, so jemalloc stays out of such a build.
# The thread sanitizer does not see fences, and gcc warns of each. What crosses one is told to it at
# that place, by loads and stores that carry the order themselves (LOAD in src/store/store_int.h).
AC_DEFUN([GEODE_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
		[build with sanitizers; LIST is address,undefined when not given, or thread])],
	[], [enable_sanitizers=no])
AS_CASE([$enable_sanitizers],
	[yes], [enable_sanitizers=address,undefined],
	[*address*thread*|*thread*address*],
		[AC_MSG_ERROR([the address and the thread sanitizer exclude each other])])
AS_IF([test "$enable_sanitizers" != no], [
	AX_GEODE_FLAG([-fsanitize=$enable_sanitizers], [GEODE_CFLAGS],
		[AC_MSG_ERROR([$CC cannot build with -fsanitize=$enable_sanitizers])])
	AX_GEODE_FLAG([-fno-sanitize-recover=all], [GEODE_CFLAGS])
	AS_CASE([$enable_sanitizers], [*thread*], [AX_GEODE_FLAG([-Wno-tsan], [GEODE_CFLAGS])])
	GEODE_LDFLAGS="$GEODE_LDFLAGS -fsanitize=$enable_sanitizers"
])
AC_ARG_WITH([jemalloc],
	[AS_HELP_STRING([--without-jemalloc], [let the server use the allocator of libc])],
	[], [with_jemalloc=yes])
AS_IF([test "$enable_sanitizers" != no], [with_jemalloc=no])
AS_IF([test "$with_jemalloc" = yes],
	[AC_DEFINE([HAVE_JEMALLOC], [1], [the server installs the jemalloc back-end])])
AM_CONDITIONAL([JEMALLOC], [test "$with_jemalloc" = yes])
AM_CONDITIONAL([SANITIZERS], [test "$enable_sanitizers" != no])
])
