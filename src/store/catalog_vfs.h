/* catalog_vfs.h: lets SQLite write to a file that is open already, through the calls of system.h.
 *
 * So a catalog obeys the rules of every other file: PART and rename, a size limit that is an error
 * and no signal, failures on request in tests. The file is the caller's alone (the .part is
 * locked), so there is neither locking nor a journal beside it. */
#ifndef AZ_STORE_CATALOG_VFS_H
#define AZ_STORE_CATALOG_VFS_H

#include <sqlite3.h>

/* Opens a database on the file `fd`, which stays the caller's. *code, which must live as long as
 * the database, gets the errno of the first call of the system that fails. Returns SQLite's result;
 * *database is to be closed in any case. */
int az_catalog_vfs_open(sqlite3 **database, int fd, int *code);

#endif
