/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing so that it is there: whole buffers, and folders that have forgotten no name. */
#ifndef WEIR_BASE_WRITE_H
#define WEIR_BASE_WRITE_H

#include <stddef.h>

/* Write all of it, whatever interrupts. Returns 0 or a negative errno: a part may be written. */
int weir_write_all(int fd, const char *bytes, size_t size);

/* Wait until the names in the folder are on the disk. Returns 0 or a negative errno. */
int weir_folder_sync(const char *path);

#endif
