#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/catalog_state.h"
#include "store/system.h"

#define BUSY_MS 2000
#define HEADER_BYTES 100
#define PATH_BYTES 4096

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The places of SQLite's file format, https://www.sqlite.org/fileformat.html, section 1.3. */
static enum az_status check_header(const unsigned char *header, size_t length_bytes,
                                   struct az_error *error)
{
    if (length_bytes < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return az_error_raise(error, AZ_FORMAT,
                              "is there and is no SQLite file; name another file, or delete it");
    uint32_t application = big_endian(header + 68), version = big_endian(header + 60);
    if (application != AZ_CATALOG_APPLICATION_ID)
        return az_error_raise(
            error, AZ_FORMAT,
            "is an SQLite file, but no catalog of azimuth (application id %" PRIu32
            ", expected %d); name another file",
            application, AZ_CATALOG_APPLICATION_ID);
    if (version > AZ_CATALOG_VERSION)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "is a catalog of version %" PRIu32
                              ", this azimuth writes version %d; use the newer azimuth",
                              version, AZ_CATALOG_VERSION);
    if (version < 1)
        return az_error_raise(error, AZ_FORMAT, "is a catalog without a version, so it is damaged");
    if (header[18] != 1 || header[19] != 1)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "is in WAL mode, which a copy could not follow; run  sqlite3 FILE "
                              "'PRAGMA journal_mode = DELETE'");
    return AZ_OK;
}

static enum az_status check_file(const char *path, struct az_error *error)
{
    unsigned char header[HEADER_BYTES];
    size_t length = 0;
    int fd;
    int code = az_system_open(path, O_RDONLY, &fd);
    if (!code) code = az_system_read_at(fd, header, sizeof header, 0, &length);
    az_system_close(fd);
    return code ? az_error_system(error, code, "cannot read the catalog")
                : check_header(header, length, error);
}

/* A journal is of a program that is writing, or that was killed while it wrote. */
static enum az_status check_beside(const char *path, struct az_error *error)
{
    char journal[PATH_BYTES + 16];
    snprintf(journal, sizeof journal, "%s-journal", path);
    if (!az_file_exists(journal)) return AZ_OK;
    return az_error_raise(error, AZ_IO,
                          "has a journal beside it: another program is writing it, or did not "
                          "finish; run  sqlite3 FILE .tables  to recover it");
}

static enum az_status copy_pages(struct az_catalog *catalog, sqlite3 *source,
                                 struct az_error *error)
{
    static const char what[] = "cannot read the catalog that is there";
    sqlite3_backup *backup = sqlite3_backup_init(catalog->database, "main", source, "main");
    if (!backup) return az_catalog_raise(catalog, sqlite3_errcode(catalog->database), what, error);
    int result = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (result == SQLITE_DONE) return AZ_OK;
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
        return az_error_raise(error, AZ_IO, "another program is writing it; wait for that");
    return az_catalog_raise(catalog, result, what, error);
}

/* quick_check walks every page of the tables, so that no damage is carried on. */
static enum az_status check_pages(struct az_catalog *catalog, struct az_error *error)
{
    sqlite3_stmt *statement = NULL;
    char verdict[256] = "";
    int result = sqlite3_prepare_v2(catalog->database, "PRAGMA quick_check(1)", -1, &statement, 0);
    if (result == SQLITE_OK) result = sqlite3_step(statement);
    const unsigned char *text = result == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
    if (text) snprintf(verdict, sizeof verdict, "%s", (const char *)text);
    sqlite3_finalize(statement);
    if (result != SQLITE_ROW)
        return az_catalog_raise(catalog, result, "cannot check the catalog that is there", error);
    if (strcmp(verdict, "ok") == 0) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "the catalog is damaged (%s); delete it, and make its results again",
                          verdict);
}

enum az_status az_catalog_copy(struct az_catalog *catalog, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    sqlite3 *source = NULL;
    AZ_TRY(check_file(path, error));
    AZ_TRY(check_beside(path, error));
    if (sqlite3_open_v2(path, &source, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        AZ_RAISE(AZ_IO, "cannot open the catalog that is there: %s",
                 source ? sqlite3_errmsg(source) : "no memory for SQLite");
    sqlite3_busy_timeout(source, BUSY_MS);
    AZ_TRY(copy_pages(catalog, source, error));
    AZ_TRY(check_pages(catalog, error));
out:
    sqlite3_close(source);
    return status;
}
