// A fuzz target for database and WAL files through the page store: whatever stands in them, SQLite answers with rows or an
// error, and neither it nor the page store crashes, reads out of bounds or hands out what was not authenticated.
//
// The input's first byte chooses; the rest is
//
//     0  bytes to lay over a sound database          1  bytes to lay over a sound WAL
//     2  the database itself                         3  the WAL itself, beside a sound database
//     4  a page to be sealed as one of the database: what a user with the page key could write
//
// where bytes to lay over are records of offset (4, little endian, taken modulo the file's length), length (1) and bytes.
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_file_system.h"
#include "pagestore_internal.h"
#include "probity_pagestore.h"

static const uint8_t key[PROBITY_PAGESTORE_KEY_BYTES] = {7};
static FaultDisk *disk;
static uint8_t *database, *wal;
static size_t database_count, wal_count;

static void demand(int ok, const char *what) {
    if (ok) { return; }
    fprintf(stderr, "fuzzer: %s\n", what);
    abort();
}

static uint8_t *take(const char *name, size_t *count) {
    int64_t bytes = fault_disk_get(disk, name, NULL, 0);
    demand(bytes > 0, "no sample");
    uint8_t *copy = malloc((size_t)bytes);
    demand(copy != NULL, "no memory");
    fault_disk_get(disk, name, copy, (size_t)bytes);
    *count = (size_t)bytes;
    return copy;
}

/// A database with a table, an index, overflow pages and free pages, and a WAL with three transactions.
static void make_samples(void) {
    sqlite3 *db = NULL;
    demand(fault_register() == SQLITE_OK && probity_pagestore_register() == SQLITE_OK, "not registered");
    disk = fault_disk_create("fuzz");
    demand(probity_pagestore_add_key("/fault/fuzz/main.db", key) == SQLITE_OK, "no key");
    demand(sqlite3_open("/fault/fuzz/main.db", &db) == SQLITE_OK, "cannot open");
    demand(sqlite3_exec(db,
                        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                        "CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT) STRICT; CREATE INDEX byBody ON item(body);"
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
                        "INSERT INTO item SELECT i, printf('%.*c', i * 150, 'x') FROM n; DELETE FROM item WHERE id % 7 = 0;"
                        "PRAGMA wal_checkpoint(TRUNCATE);"
                        "INSERT INTO item VALUES (100, 'a'); UPDATE item SET body = body || id; DELETE FROM item WHERE id < 9",
                        NULL, NULL, NULL) == SQLITE_OK,
           "no sample");
    database = take("main.db", &database_count);
    wal = take("main.db-wal", &wal_count);
    sqlite3_close(db);
}

static void lay_over(uint8_t *file, size_t count, const uint8_t *data, size_t size) {
    while (size >= 5) {
        size_t offset = (data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 | (size_t)data[3] << 24) % count;
        size_t length = data[4];
        data += 5;
        size -= 5;
        if (length > size) { length = size; }
        if (length > count - offset) { length = count - offset; }
        memcpy(file + offset, data, length);
        data += length;
        size -= length;
    }
}

/// Seals `data` as page `number`, as somebody with the key and tools of his own would.
static void seal_page(uint8_t *file, size_t count, const uint8_t *data, size_t size) {
    uint8_t page[PAGE_BYTES] = {0};
    PageCodec *codec = codec_create(key);
    PagePlace place = {.role = IN_MAIN, .page = size ? 1 + data[0] % (uint32_t)(count / PAGE_BYTES) : 1};
    demand(codec != NULL, "no codec");
    memcpy(codec->file_id, file + 8, FILE_ID_BYTES);
    codec->has_file_id = true;
    uint8_t *at = file + (size_t)(place.page - 1) * PAGE_BYTES;
    demand(codec_open(codec, &place, at, page), "the sample does not open");
    if (size > 1) { lay_over(page, CONTENT_BYTES, data + 1, size - 1); }
    demand(codec_seal(codec, &place, page, at), "no seal");
    codec_destroy(codec);
}

static void read_everything(void) {
    static const char *const statements[] = {
        "PRAGMA quick_check(5)", "SELECT count(*), sum(length(body)) FROM item", "SELECT * FROM item ORDER BY body",
        "INSERT INTO item VALUES (1000, 'new')", "DELETE FROM item WHERE id % 2 = 0", "SELECT * FROM sqlite_schema",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    sqlite3 *db = NULL;
    if (sqlite3_open_v2("/fault/fuzz/main.db", &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        probity_pagestore_harden(db) == SQLITE_OK) {
        for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
            sqlite3_stmt *statement = NULL;
            if (sqlite3_prepare_v2(db, statements[i], -1, &statement, NULL) == SQLITE_OK) {
                for (int row = 0; row < 1000 && sqlite3_step(statement) == SQLITE_ROW; row++) {
                    for (int column = 0; column < sqlite3_column_count(statement); column++) {
                        (void)sqlite3_column_text(statement, column);
                    }
                }
            }
            sqlite3_finalize(statement);
        }
        (void)probity_pagestore_verify(db, 2);
    }
    sqlite3_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!disk) { make_samples(); }
    if (size == 0) { return 0; }
    size_t files[2] = {database_count, wal_count};
    uint8_t *main_file = malloc(files[0]), *log = malloc(files[1]);
    demand(main_file && log, "no memory");
    memcpy(main_file, database, files[0]);
    memcpy(log, wal, files[1]);
    switch (data[0] % 5) {
    case 0: lay_over(main_file, files[0], data + 1, size - 1); break;
    case 1: lay_over(log, files[1], data + 1, size - 1); break;
    case 4: seal_page(main_file, files[0], data + 1, size - 1); break;
    default: break;
    }
    fault_disk_remove(disk, "main.db-shm");
    fault_disk_remove(disk, "main.db-wal");
    fault_disk_remove(disk, "main.db-journal");
    if (data[0] % 5 == 2) {
        fault_disk_set(disk, "main.db", data + 1, size - 1);
    } else {
        fault_disk_set(disk, "main.db", main_file, files[0]);
    }
    if (data[0] % 5 == 3) {
        fault_disk_set(disk, "main.db-wal", data + 1, size - 1);
    } else if (data[0] % 5 == 1 || (data[0] / 5) % 2 == 0) {
        fault_disk_set(disk, "main.db-wal", log, files[1]);
    }
    read_everything();
    free(main_file);
    free(log);
    return 0;
}
