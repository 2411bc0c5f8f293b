/* tests/unit/base/base_test.h - what every unit test includes first: cmocka and what it needs. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h> /* cmocka.h uses these four without including them */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
