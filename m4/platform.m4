# GEODE_PLATFORM
# Log, snapshot and column formats are little-endian images of memory, and the id, LSN and mark
# words are 64-bit atomics: another machine is refused here instead of failing at run time.
AC_DEFUN([GEODE_PLATFORM], [
AC_C_BIGENDIAN(
	[AC_MSG_ERROR([a big-endian machine is not supported: the data files are little-endian images])],
	[],
	[AC_MSG_ERROR([the byte order of the target is not known; a little-endian machine is required])],
	[AC_MSG_ERROR([universal binaries are not supported])])
AC_CHECK_SIZEOF([void *])
AS_IF([test "$ac_cv_sizeof_void_p" != 8],
	[AC_MSG_ERROR([a 64-bit machine is required])])
AS_CASE([$host_os],
	[linux*], [],
	[AC_MSG_ERROR([$host_os is not supported: io uses epoll, eventfd and Linux UDP offloads])])
])
