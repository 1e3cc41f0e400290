/// The page store: databases that stock SQLite reads and writes, and that are sealed page by page on disk.
///
/// `probity_pagestore_register` makes a VFS the default of the process. From then on every database file is opened through
/// it, by its plain path, and only if its key was added before:
///
///     probity_pagestore_register();
///     probity_pagestore_add_key("/srv/archive/archive.db", key);
///     sqlite3_open_v2("/srv/archive/archive.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
///
/// It fails closed. What opening a file or a statement answers then:
///
/// - `SQLITE_AUTH`: no key was added for this path.
/// - `SQLITE_NOTADB`: the file is a plain SQLite database, or nothing that this version writes, or its key is another one.
///   `probity_pagestore_identify` tells the first two from the third.
/// - `SQLITE_PERM`: a rollback journal was found beside the database, or a transaction wanted to make one. Databases are
///   used in WAL mode; only the first transaction of an empty file, which sets that mode, does without (in memory).
/// - `SQLITE_IOERR_DATA`: a page is not what was written, or is missing.
/// - `SQLITE_IOERR_WRITE`: a page of another size, or without the reserved bytes that a seal needs.
///
/// What belongs to a database besides its file: the WAL is sealed under the same key; the -shm file holds page numbers and
/// checksums only; temporary files never reach a disk. An older version of a page, or of the whole file, is authentic: only
/// who remembers more than the file can tell (the ledger).
///
/// A name given to SQLite must reach this VFS as SQLite made it: a VFS stacked on top must pass the pointer on.
#ifndef PROBITY_PAGESTORE_H
#define PROBITY_PAGESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /// Length of a page key.
    PROBITY_PAGESTORE_KEY_BYTES = 32,
    /// Length of the file id: random, made with the file, part of the associated data of every page.
    PROBITY_PAGESTORE_FILE_ID_BYTES = 8,
    /// How many of a file's first bytes `probity_pagestore_identify` needs; they are in clear.
    PROBITY_PAGESTORE_HEADER_BYTES = 16,
    /// What SQLite may allocate in the whole process: a few times what the largest archive measured needs for everything.
    PROBITY_PAGESTORE_HEAP_LIMIT_BYTES = 512 * 1024 * 1024
};

/// How the pages of a file are sealed.
typedef enum {
    /// XAES-256-GCM (C2SP), 40 reserved bytes a page.
    PROBITY_PAGESTORE_INTL = 1,
    /// SM4-CTR and HMAC-SM3, 48 reserved bytes a page. Reserved: no such file is opened yet.
    PROBITY_PAGESTORE_GM = 2
} probity_pagestore_algorithm;

/// What the first bytes of a file say it is. Nothing is authenticated by that.
typedef enum {
    /// No bytes at all: what opening turns into a new database.
    PROBITY_PAGESTORE_EMPTY,
    /// A database that this version opens.
    PROBITY_PAGESTORE_SEALED,
    /// A database of the page store in a version or with an algorithm that this version does not open.
    PROBITY_PAGESTORE_UNSUPPORTED,
    /// A plain, unencrypted SQLite database.
    PROBITY_PAGESTORE_PLAIN,
    /// Anything else.
    PROBITY_PAGESTORE_UNKNOWN
} probity_pagestore_kind;

typedef struct {
    /// A value of `probity_pagestore_algorithm`; other numbers where the kind is `PROBITY_PAGESTORE_UNSUPPORTED`.
    uint8_t algorithm;
    uint8_t file_id[PROBITY_PAGESTORE_FILE_ID_BYTES];
} probity_pagestore_identity;

/// An implementation of AES-256-GCM (SP 800-38D) with nonces of 12 bytes and tags of 16.
///
/// libcrypto's is always there. Another may take its place: a newer processor's instructions that libcrypto does not know
/// yet, or a device. `out` may be `in` in both directions. A function answers false where it failed; `open` also where the
/// tag is not that of the message, and then `out` holds nothing that anybody may use.
typedef struct {
    /// Bytes of a context: all zeros before the first `set_key`; wiped by the page store after `release`.
    size_t context_bytes;
    /// Sets the key (32 bytes) of the messages that follow, in place of the one before.
    bool (*set_key)(void *context, const uint8_t *key);
    bool (*seal)(
        void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
        size_t count, uint8_t *out, uint8_t *tag);
    bool (*open)(
        void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
        size_t count, uint8_t *out, const uint8_t *tag);
    /// Gives back what the context holds besides its own bytes.
    void (*release)(void *context);
} probity_pagestore_gcm;

/// Seals and opens pages with `gcm` instead of libcrypto's implementation; NULL goes back to that one. Before registration:
/// afterwards only the one that is in use is accepted, and nothing happens. `gcm` lives as long as the process.
///
/// - Returns: `SQLITE_OK`; `SQLITE_MISUSE` for another one after registration; `SQLITE_ERROR` where `gcm` does not agree with libcrypto on
///   messages that are sealed and opened with both, and then nothing has changed.
int probity_pagestore_use_gcm(const probity_pagestore_gcm *gcm);

/// Registers the VFS on top of the default one (`unix`) and makes it the default; sets the reserved bytes and
/// `temp_store = MEMORY` on every connection opened from then on, and bounds the memory that SQLite takes. Calling it again
/// does nothing.
///
/// - Returns: `SQLITE_OK`, or the code of what failed; then nothing is registered.
int probity_pagestore_register(void);

/// Adds the key of the database at `path`, or replaces it for connections opened from now on.
///
/// - Parameters:
///   - path: as it will be opened; relative paths and symbolic links are resolved as SQLite resolves them. The file need
///     not exist.
///   - key: `PROBITY_PAGESTORE_KEY_BYTES` random bytes. They are copied into OpenSSL's secure heap where there is one
///     (`CRYPTO_secure_malloc_init`); the caller wipes his own.
/// - Returns: `SQLITE_OK`; `SQLITE_MISUSE` before registration or without a path or a key; `SQLITE_NOMEM`; `SQLITE_CANTOPEN`
///   where the path cannot be resolved.
int probity_pagestore_add_key(const char *path, const uint8_t *key);

/// Wipes the key of the database at `path`. Connections that are open stay usable; their key schedules are wiped when they
/// close. A path that has no key is ignored.
void probity_pagestore_remove_key(const char *path);

/// Tells what a file is from its first `PROBITY_PAGESTORE_HEADER_BYTES` bytes (fewer only if the file has no more).
///
/// It takes bytes and not a path for a reason: POSIX drops all locks of a process on a file when *any* descriptor for it is
/// closed. Read these bytes before the first connection of the process to that file, never beside one.
///
/// - Parameter identity: filled where the kind is `PROBITY_PAGESTORE_SEALED` or `PROBITY_PAGESTORE_UNSUPPORTED`; may be NULL.
probity_pagestore_kind probity_pagestore_identify(
    const void *bytes, size_t count, probity_pagestore_identity *identity);

struct sqlite3;

/// The file id of a connection's main database, into `file_id` (`PROBITY_PAGESTORE_FILE_ID_BYTES`).
///
/// - Returns: `SQLITE_OK`; `SQLITE_NOTFOUND` where the database is not in the page store, or holds nothing yet.
int probity_pagestore_file_id(struct sqlite3 *db, uint8_t *file_id);

/// Reads page `number` (from 1) of a connection's main file and authenticates it. For a database that nobody writes.
///
/// - Returns: `SQLITE_OK`; `SQLITE_NOTADB` (page 1) or `SQLITE_IOERR_DATA` where it is not what was written there; another
///   code where it cannot be read, or where the database is not in the page store.
int probity_pagestore_verify(struct sqlite3 *db, uint32_t number);

/// Takes from a connection what a hostile database could turn against its reader: triggers, views, functions of the schema,
/// extensions, tokenizers, writing to the schema, strings in double quotes, ATTACH, and statements beyond any size that
/// the product uses. Call it before the first statement.
///
/// - Returns: `SQLITE_OK`, or the code of what SQLite refused.
int probity_pagestore_harden(struct sqlite3 *db);

#ifdef __cplusplus
}
#endif

#endif
