# GEODE_INSTALL_DIRS
# Where the files go that have no variable of their own in automake.
AC_DEFUN([GEODE_INSTALL_DIRS], [
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir=DIR],
		[install the systemd unit there; LIBDIR/systemd/system under PREFIX when not given])],
	[], [with_systemdsystemunitdir='${prefix}/lib/systemd/system'])
AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])
AM_CONDITIONAL([SYSTEMD], [test "$with_systemdsystemunitdir" != no])
AC_ARG_WITH([bashcompletiondir],
	[AS_HELP_STRING([--with-bashcompletiondir=DIR], [install the bash completion there])],
	[], [with_bashcompletiondir='${datadir}/bash-completion/completions'])
AC_SUBST([bashcompletiondir], [$with_bashcompletiondir])
AM_CONDITIONAL([BASH_COMPLETION], [test "$with_bashcompletiondir" != no])
AC_ARG_VAR([MANDOC], [mandoc, for the lint of the man pages in `make check'])
AC_PATH_PROG([MANDOC], [mandoc])
])
