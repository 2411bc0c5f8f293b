# GEODE_FUZZ
# --enable-fuzz links the fuzz targets with libFuzzer (clang). Without it each target is linked with
# a small main that replays its corpus, so that `make check` runs every input ever kept.
AC_DEFUN([GEODE_FUZZ], [
AC_ARG_ENABLE([fuzz],
	[AS_HELP_STRING([--enable-fuzz], [link the fuzz targets with libFuzzer (needs clang)])],
	[], [enable_fuzz=no])
AS_IF([test "$enable_fuzz" = yes], [
	AX_GEODE_FLAG([-fsanitize=fuzzer-no-link], [GEODE_CFLAGS],
		[AC_MSG_ERROR([--enable-fuzz needs clang: run configure with CC=clang])])
	FUZZ_LDFLAGS=-fsanitize=fuzzer
])
AC_SUBST([FUZZ_LDFLAGS])
AM_CONDITIONAL([FUZZ], [test "$enable_fuzz" = yes])
])
