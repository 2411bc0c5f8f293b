/* tools/geode/import_int.h - between the files of the import. */
#ifndef GEODE_IMPORT_INT_H
#define GEODE_IMPORT_INT_H

#include "tools/geode/import.h"

/* Reads the first record into f->columns. */
enum status import_header(struct import *im, struct import_file *f, struct diag *d) MUST_CHECK;

#endif
