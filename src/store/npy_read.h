/* npy_read.h: the header of an .npy file (NumPy, format versions 1 to 3), parsed strictly.
 *
 * Source: numpy/lib/format.py. 6 bytes of magic, version, length of the header (2 or 4 bytes,
 * little-endian), then a Python dictionary of descr, fortran_order and shape. */
#ifndef AZ_STORE_NPY_READ_H
#define AZ_STORE_NPY_READ_H

#include <stddef.h>

#include "azimuth/safetensors.h"

#define AZ_NPY_MAGIC "\x93NUMPY"
#define AZ_NPY_MAGIC_BYTES 6

/* tensor: type, shape, place of the data and `data` itself. u2 is U16, V2 (what NumPy writes of
 * bfloat16) too. AZ_FORMAT: malformed, big-endian, column order, a length other than the shape's.
 * AZ_UNSUPPORTED: a type that has no name here. */
enum az_status az_npy_parse(struct az_tensor *tensor, const void *bytes, size_t length_bytes,
                            struct az_error *error);

#endif
