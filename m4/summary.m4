# GEODE_SUMMARY
AC_DEFUN([GEODE_SUMMARY], [
AS_ECHO(["
  $PACKAGE_NAME $PACKAGE_VERSION

    prefix          $prefix
    compiler        $CC ($host)
    flags           $GEODE_CFLAGS $CFLAGS
    warnings        as errors: $enable_werror
    sanitizers      $enable_sanitizers
    fuzz targets    `test "$enable_fuzz" = yes && echo 'with libFuzzer' || echo 'replay their corpus'`
    allocator       `test "$with_jemalloc" = yes && echo jemalloc || echo libc`
    ngtcp2          `$PKG_CONFIG --modversion libngtcp2`, GnuTLS `$PKG_CONFIG --modversion gnutls`
    man page lint   ${MANDOC:-no: mandoc is not installed}

  Now: make, make check, make install
"])
])
