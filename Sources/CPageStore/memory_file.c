// Temporary files of SQLite, kept in memory: what they hold is content, and the VFS must not leave it on a disk.
#include <openssl/crypto.h>
#include <string.h>

#include "pagestore_internal.h"

// Chunks, so that a growing file leaves no copies of itself behind.
enum { CHUNK_BYTES = 65536 };

typedef struct {
    sqlite3_file base;
    uint8_t **chunks;
    size_t chunk_count;
    sqlite3_int64 byte_count;
} MemoryFile;

static int memory_truncate(sqlite3_file *base, sqlite3_int64 byte_count) {
    MemoryFile *file = (MemoryFile *)base;
    if (byte_count < 0) { return SQLITE_IOERR_TRUNCATE; }
    if (byte_count >= file->byte_count) { return SQLITE_OK; }
    size_t kept = (size_t)((byte_count + CHUNK_BYTES - 1) / CHUNK_BYTES);
    while (file->chunk_count > kept) { OPENSSL_clear_free(file->chunks[--file->chunk_count], CHUNK_BYTES); }
    // What grows over the cut again reads as zeros.
    size_t within = (size_t)(byte_count % CHUNK_BYTES);
    if (within > 0) { OPENSSL_cleanse(file->chunks[kept - 1] + within, CHUNK_BYTES - within); }
    file->byte_count = byte_count;
    return SQLITE_OK;
}

static int memory_close(sqlite3_file *base) {
    MemoryFile *file = (MemoryFile *)base;
    for (size_t i = 0; i < file->chunk_count; i++) { OPENSSL_clear_free(file->chunks[i], CHUNK_BYTES); }
    OPENSSL_free(file->chunks);
    *file = (MemoryFile){0};
    return SQLITE_OK;
}

static int memory_read(sqlite3_file *base, void *out, int count, sqlite3_int64 offset) {
    const MemoryFile *file = (const MemoryFile *)base;
    uint8_t *bytes = out;
    if (count < 0 || offset < 0) { return SQLITE_IOERR_READ; }
    while (count > 0 && offset < file->byte_count) {
        int within = (int)(offset % CHUNK_BYTES);
        int length = CHUNK_BYTES - within < count ? CHUNK_BYTES - within : count;
        if (length > file->byte_count - offset) { length = (int)(file->byte_count - offset); }
        memcpy(bytes, file->chunks[offset / CHUNK_BYTES] + within, (size_t)length);
        bytes += length;
        offset += length;
        count -= length;
    }
    memset(bytes, 0, (size_t)count);
    return count > 0 ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

/// Makes room for `byte_count` bytes. The file's length stays.
static int memory_reserve(MemoryFile *file, sqlite3_int64 byte_count) {
    size_t needed = (size_t)((byte_count + CHUNK_BYTES - 1) / CHUNK_BYTES);
    if (needed <= file->chunk_count) { return SQLITE_OK; }
    uint8_t **chunks = OPENSSL_realloc(file->chunks, needed * sizeof *chunks);
    if (!chunks) { return SQLITE_IOERR_NOMEM; }
    file->chunks = chunks;
    while (file->chunk_count < needed) {
        uint8_t *chunk = OPENSSL_zalloc(CHUNK_BYTES);
        if (!chunk) { return SQLITE_IOERR_NOMEM; }
        chunks[file->chunk_count++] = chunk;
    }
    return SQLITE_OK;
}

static int memory_write(sqlite3_file *base, const void *in, int count, sqlite3_int64 offset) {
    MemoryFile *file = (MemoryFile *)base;
    const uint8_t *bytes = in;
    if (count < 0 || offset < 0) { return SQLITE_IOERR_WRITE; }
    int rc = memory_reserve(file, offset + count);
    if (rc != SQLITE_OK) { return rc; }
    while (count > 0) {
        int within = (int)(offset % CHUNK_BYTES);
        int length = CHUNK_BYTES - within < count ? CHUNK_BYTES - within : count;
        memcpy(file->chunks[offset / CHUNK_BYTES] + within, bytes, (size_t)length);
        bytes += length;
        offset += length;
        count -= length;
    }
    if (offset > file->byte_count) { file->byte_count = offset; }
    return SQLITE_OK;
}

static int memory_file_byte_count(sqlite3_file *base, sqlite3_int64 *byte_count) {
    *byte_count = ((MemoryFile *)base)->byte_count;
    return SQLITE_OK;
}

static int memory_sync(sqlite3_file *base, int flags) {
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

// Nobody else knows of the file.
static int memory_lock(sqlite3_file *base, int level) {
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int memory_check_reserved_lock(sqlite3_file *base, int *reserved) {
    (void)base;
    *reserved = 0;
    return SQLITE_OK;
}

static int memory_file_control(sqlite3_file *base, int op, void *argument) {
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int memory_sector_size(sqlite3_file *base) {
    (void)base;
    return PAGE_BYTES;
}

static int memory_device_characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods memory_methods = {
    .iVersion = 1,
    .xClose = memory_close,
    .xRead = memory_read,
    .xWrite = memory_write,
    .xTruncate = memory_truncate,
    .xSync = memory_sync,
    .xFileSize = memory_file_byte_count,
    .xLock = memory_lock,
    .xUnlock = memory_lock,
    .xCheckReservedLock = memory_check_reserved_lock,
    .xFileControl = memory_file_control,
    .xSectorSize = memory_sector_size,
    .xDeviceCharacteristics = memory_device_characteristics,
};

size_t memory_file_size(void) { return sizeof(MemoryFile); }

void memory_file_open(sqlite3_file *base) {
    *(MemoryFile *)base = (MemoryFile){.base.pMethods = &memory_methods};
}
