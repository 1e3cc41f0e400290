// The page store: a SQLite VFS that seals every page it writes and opens every page it reads.
//
// Main file (pages of 4096 bytes, numbered from 1; codec.c has the associated data):
//
//     0     sealed content; of page 1 the first 16 bytes are in clear instead:
//               0 magic (4)   4 format version   5 algorithm   6 log2 of the page size   7 reserved bytes   8 file id (8)
//     4056  nonce (24)
//     4080  tag (16)
//
// WAL (header of 32 bytes, then frames of 24 + 4096 bytes, numbered from 1):
//
//     header, in clear, as SQLite writes it: the salts at 16 are part of every frame's associated data
//     frame 0   page number and, in the last frame of a transaction, the database's page count: in clear
//           8   salts and checksums: one block of AES-256. SQLite's checksums are sums over the plaintext and would tell of it
//           24  a page as above, sealed for its frame
//
// What must hold:
//
// 1. SQLite sees plain pages of 4096 bytes whose last 40 are zeros (the reserved bytes of its own format). A page that has
//    anything there, or a page 1 that announces another size or reserve, is not written: its seal would destroy content.
// 2. No byte of content reaches a disk unsealed. Temporary files are in memory; a rollback journal is refused.
// 3. Every byte that SQLite gets from a page was authenticated, with two exceptions that carry no content: a header made up
//    for the unlocked read at opening, and zeros for what is no frame of this WAL.
// 4. Each write of a page stays one write of the file below. SQLite's reasoning about power cuts (a page of the main file is
//    torn only while its frame is safe in the WAL; a torn frame ends the log) holds for sealed pages as for plain ones: a
//    torn page does not open, a torn frame has a wrong checksum in the one case and a wrong tag in the other.
// 5. No descriptor of our own is ever opened on a database: closing it would drop the locks of the whole process.
//
// Locks, shared memory and synchronisation are those of the VFS below. One connection's files are used by one thread at a
// time (SQLite's contract with every VFS); what connections share stands in `registry`, under its mutex.
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#include "pagestore_internal.h"

/// How many pages are read ahead, and how far apart two reads are in a row: pages of indexes stand among those of a table.
enum { AHEAD_PAGES = 16, AHEAD_STEP = 4 };

/// What every file of ours that is on disk begins with.
typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
} StoredFile;

/// Pages read in one call because they will probably be asked for next, still sealed.
///
/// They are used within one read transaction only. There a page that SQLite reads from the main file does not change: a
/// checkpoint writes pages whose frames every reader sees, and those are read from the WAL. SQLite's own page cache rests
/// on the same rule. Each transaction begins with a lock, and each lock makes this empty; so does every write.
typedef struct {
    sqlite3_int64 first;
    int count;
    /// The page that was read last.
    sqlite3_int64 last;
    uint8_t bytes[AHEAD_PAGES * PAGE_BYTES];
} ReadAhead;

typedef struct MainFile {
    StoredFile stored;
    PageCodec *codec;
    ReadAhead *ahead;
    /// The pointer that SQLite opened the file with, by which the WAL of the same connection finds it.
    const char *name;
    struct MainFile *next;
} MainFile;

typedef struct {
    StoredFile stored;
    /// The connection's main file, which SQLite closes after its WAL, and its codec.
    MainFile *main_file;
    PageCodec *codec;
    /// The salts of the WAL's current round, as far as this connection has seen them.
    uint8_t salts[SALT_BYTES];
    /// The frame whose header was written last, and its page.
    uint32_t frame;
    uint32_t page;
    /// SQLite is computing the checksums of its own, unfinished transaction again.
    bool is_rewriting_checksums;
} WALFile;

typedef struct KeyEntry {
    struct KeyEntry *next;
    char *path;
    uint8_t *key;
} KeyEntry;

static struct {
    pthread_mutex_t mutex;
    bool is_registered;
    sqlite3_vfs vfs;
    KeyEntry *keys;
    MainFile *main_files;
} registry = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_file *real_file(sqlite3_file *base) { return ((StoredFile *)base)->real; }
static sqlite3_vfs *real_vfs(sqlite3_vfs *vfs) { return vfs->pAppData; }

// MARK: Pages of the main file

/// How often page 1 is read again before it counts as damaged, and how long to wait each time.
enum { PAGE_1_ATTEMPTS = 20, PAGE_1_WAIT_MICROSECONDS = 1000 };

static PagePlace place_in_main(sqlite3_int64 page) { return (PagePlace){.role = IN_MAIN, .page = (uint32_t)page}; }

/// Reads and opens one page into `page` (PAGE_BYTES). The sealed bytes come into a buffer that stays in the processor's
/// cache, which `page` often is not in.
///
/// Returns `SQLITE_IOERR_SHORT_READ`, with zeros, only where the file has no such page and need not have it. Where reading
/// fails, `page` stays as it was: in a rollback SQLite reads pages again that others are using, and they go on doing so.
static int main_read_page(MainFile *file, sqlite3_int64 number, uint8_t *page);

static void main_forget_ahead(MainFile *file) { file->ahead->count = 0; }

/// The sealed bytes of a page that was read ahead; NULL where it was not. Reads ahead where pages are read in a row.
static const uint8_t *main_look_ahead(MainFile *file, sqlite3_int64 number) {
    ReadAhead *ahead = file->ahead;
    bool in_a_row = number > ahead->last && number <= ahead->last + AHEAD_STEP && ahead->last > 0;
    bool is_there = number >= ahead->first && number < ahead->first + ahead->count;
    ahead->last = number;
    if (!is_there && in_a_row) {
        sqlite3_int64 byte_count = 0;
        sqlite3_file *real = file->stored.real;
        ahead->count = 0;
        if (real->pMethods->xFileSize(real, &byte_count) != SQLITE_OK) { return NULL; }
        sqlite3_int64 count = byte_count / PAGE_BYTES - (number - 1);
        if (count > AHEAD_PAGES) { count = AHEAD_PAGES; }
        // A failure is for the read of the one page to meet and to report.
        if (count < 2 || real->pMethods->xRead(real, ahead->bytes, (int)count * PAGE_BYTES, (number - 1) * PAGE_BYTES) !=
                             SQLITE_OK) {
            return NULL;
        }
        ahead->first = number;
        ahead->count = (int)count;
        is_there = true;
    }
    return is_there ? ahead->bytes + (number - ahead->first) * PAGE_BYTES : NULL;
}

/// What a page beyond the end of the file is.
///
/// SQLite takes it for zeros. That is right in an empty file, and for a page behind the last one that page 1 counts: such
/// was taken into use and given back before it was ever written. Elsewhere the file was cut, and a page of zeros could pass
/// for the end of a long value.
static int main_read_beyond_end(MainFile *file, sqlite3_int64 number) {
    sqlite3_int64 byte_count = 0;
    uint8_t *page1 = file->codec->sealed;
    int rc = file->stored.real->pMethods->xFileSize(file->stored.real, &byte_count);
    if (rc != SQLITE_OK) { return rc; }
    if (byte_count == 0) { return SQLITE_IOERR_SHORT_READ; }
    if (number == 1) { return SQLITE_NOTADB; }
    if (byte_count > (number - 1) * PAGE_BYTES) { return SQLITE_IOERR_DATA; }
    rc = main_read_page(file, 1, page1);
    if (rc != SQLITE_OK) { return rc == SQLITE_NOTADB ? SQLITE_IOERR_DATA : rc; }
    bool is_missing = number <= read_be32(page1 + 28);
    OPENSSL_cleanse(page1, PAGE_BYTES);
    return is_missing ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
}

static int main_read_page(MainFile *file, sqlite3_int64 number, uint8_t *page) {
    PagePlace place = place_in_main(number);
    sqlite3_vfs *vfs = real_vfs(&registry.vfs);
    const uint8_t *ahead = main_look_ahead(file, number);
    if (ahead && codec_open(file->codec, &place, ahead, page)) { return SQLITE_OK; }
    uint8_t *sealed = file->codec->sealed;
    for (int attempt = 1;; attempt++) {
        int rc = file->stored.real->pMethods->xRead(file->stored.real, sealed, PAGE_BYTES, (number - 1) * PAGE_BYTES);
        if (rc == SQLITE_IOERR_SHORT_READ) {
            rc = main_read_beyond_end(file, number);
            if (rc == SQLITE_IOERR_SHORT_READ) { memset(page, 0, PAGE_BYTES); }
        } else if (rc == SQLITE_OK && !codec_open(file->codec, &place, sealed, page)) {
            rc = number == 1 ? SQLITE_NOTADB : SQLITE_IOERR_DATA;
            // Another process may be writing page 1 from the WAL while SQLite, which here does not know of the WAL yet, reads
            // it. No other page is read without the locks that exclude this.
            if (number == 1 && attempt < PAGE_1_ATTEMPTS) {
                vfs->xSleep(vfs, PAGE_1_WAIT_MICROSECONDS);
                continue;
            }
            sqlite3_log(rc, "page store: page %lld does not open: %s", number, file->name);
        }
        return rc;
    }
}

/// A header for the reads of page 1 that SQLite makes before it knows whether the file is in use, from `page` on.
///
/// After a power cut during a checkpoint page 1 may be torn; its contents are then in the WAL, which SQLite looks at next.
/// Opening must get that far: the page size and the reserve, which every file of ours has, are enough for it. The bytes
/// that tell versions of the file apart are set so that they match none.
static int main_make_up_header(MainFile *file, uint8_t page[PAGE_BYTES]) {
    static const uint8_t header[24] = {'S', 'Q', 'L', 'i', 't', 'e', ' ', 'f', 'o', 'r', 'm', 'a', 't', ' ', '3', 0,
                                       PAGE_BYTES >> 8, PAGE_BYTES >> 16, 2, 2, RESERVED_BYTES, 64, 32, 32};
    int rc = file->stored.real->pMethods->xRead(file->stored.real, page, CLEAR_BYTES, 0);
    if (rc != SQLITE_OK || probity_pagestore_identify(page, CLEAR_BYTES, NULL) != PROBITY_PAGESTORE_SEALED) {
        return SQLITE_NOTADB;
    }
    memset(page, 0, PAGE_BYTES);
    memcpy(page, header, sizeof header);
    memset(page + 24, 0xFF, 16);
    return SQLITE_OK;
}

static int main_read(sqlite3_file *base, void *out, int count, sqlite3_int64 offset) {
    MainFile *file = (MainFile *)base;
    sqlite3_int64 number = offset / PAGE_BYTES + 1;
    int within = (int)(offset % PAGE_BYTES);
    if (count == PAGE_BYTES && within == 0) { return main_read_page(file, number, out); }
    // Part of a page: the header at opening (100 bytes at 0), the version at each lock (16 at 24). Never more than a page.
    if (count < 0 || count > PAGE_BYTES - within) { return SQLITE_IOERR_READ; }
    uint8_t *page = file->codec->part;
    int rc = main_read_page(file, number, page);
    if (rc == SQLITE_NOTADB && number == 1 && within + count <= 100) { rc = main_make_up_header(file, page); }
    if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ) { memcpy(out, page + within, (size_t)count); }
    OPENSSL_cleanse(page, PAGE_BYTES);
    return rc;
}

static int main_write_page(MainFile *file, sqlite3_int64 number, const uint8_t *page) {
    PagePlace place = place_in_main(number);
    uint8_t *sealed = file->codec->sealed;
    main_forget_ahead(file);
    if (!codec_seal(file->codec, &place, page, sealed)) { return SQLITE_IOERR_WRITE; }
    if (number == 1) {
        // The clear bytes are written once. A power cut during a checkpoint may leave anything where a write was going on. The
        // WAL still has such a page, but its frames open under the file id only, which stands nowhere else.
        uint8_t header[CLEAR_BYTES];
        int rc = file->stored.real->pMethods->xRead(file->stored.real, header, CLEAR_BYTES, 0);
        if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) { return rc; }
        if (rc == SQLITE_OK && memcmp(header, sealed, CLEAR_BYTES) == 0) {
            return file->stored.real->pMethods->xWrite(
                file->stored.real, sealed + CLEAR_BYTES, PAGE_BYTES - CLEAR_BYTES, CLEAR_BYTES);
        }
    }
    return file->stored.real->pMethods->xWrite(file->stored.real, sealed, PAGE_BYTES, (number - 1) * PAGE_BYTES);
}

/// Takes the file's id from its clear bytes. Whether it is the true one is told by the next page that opens under it.
static int main_read_file_id(MainFile *file) {
    uint8_t header[CLEAR_BYTES];
    probity_pagestore_identity identity;
    int rc = file->stored.real->pMethods->xRead(file->stored.real, header, CLEAR_BYTES, 0);
    if (rc != SQLITE_OK) { return rc; }
    if (probity_pagestore_identify(header, CLEAR_BYTES, &identity) != PROBITY_PAGESTORE_SEALED) { return SQLITE_NOTADB; }
    memcpy(file->codec->file_id, identity.file_id, FILE_ID_BYTES);
    file->codec->has_file_id = true;
    return SQLITE_OK;
}

/// Makes sure that the file's id is known, and makes one for an empty file.
static int main_know_file_id(MainFile *file) {
    sqlite3_int64 byte_count = 0;
    if (file->codec->has_file_id) { return SQLITE_OK; }
    int rc = file->stored.real->pMethods->xFileSize(file->stored.real, &byte_count);
    if (rc != SQLITE_OK) { return rc; }
    if (byte_count == 0) { return codec_make_file_id(file->codec) ? SQLITE_OK : SQLITE_IOERR_WRITE; }
    return main_read_file_id(file);
}

/// Fills the file with sealed pages of zeros up to `page_count` pages.
///
/// A page of plain zeros, which is what the file system would put into a gap, does not open. SQLite leaves gaps: the page
/// with the lock bytes (at 1 GiB), pages given back before they were written, a checkpoint that restores the file's length.
static int main_fill(MainFile *file, sqlite3_int64 page_count) {
    static const uint8_t zeros[PAGE_BYTES];
    sqlite3_int64 byte_count = 0;
    int rc = file->stored.real->pMethods->xFileSize(file->stored.real, &byte_count);
    for (sqlite3_int64 number = byte_count / PAGE_BYTES + 1; rc == SQLITE_OK && number <= page_count; number++) {
        rc = main_write_page(file, number, zeros);
    }
    return rc;
}

/// Whether sealing the page would lose nothing, and whether what it announces is what a reader will find.
static bool is_page_sealable(uint32_t number, const uint8_t *page) {
    uint8_t found = 0;
    for (int i = CONTENT_BYTES; i < PAGE_BYTES; i++) { found |= page[i]; }
    if (found) { return false; }
    return number != 1 ||
           (page[16] == (PAGE_BYTES >> 8) && page[17] == (PAGE_BYTES >> 16) && page[20] == RESERVED_BYTES);
}

static int main_write(sqlite3_file *base, const void *in, int count, sqlite3_int64 offset) {
    MainFile *file = (MainFile *)base;
    sqlite3_int64 number = offset / PAGE_BYTES + 1;
    if (count != PAGE_BYTES || offset % PAGE_BYTES != 0 || number > UINT32_MAX ||
        !is_page_sealable((uint32_t)number, in)) {
        sqlite3_log(SQLITE_IOERR_WRITE, "page store: no page of %d bytes with %d reserved: %s", PAGE_BYTES,
                    RESERVED_BYTES, file->name);
        return SQLITE_IOERR_WRITE;
    }
    int rc = main_know_file_id(file);
    if (rc == SQLITE_OK) { rc = main_fill(file, number - 1); }
    return rc == SQLITE_OK ? main_write_page(file, number, in) : rc;
}

static int main_truncate(sqlite3_file *base, sqlite3_int64 byte_count) {
    MainFile *file = (MainFile *)base;
    sqlite3_int64 current = 0;
    if (byte_count < 0 || byte_count % PAGE_BYTES != 0) { return SQLITE_IOERR_TRUNCATE; }
    main_forget_ahead(file);
    int rc = file->stored.real->pMethods->xFileSize(file->stored.real, &current);
    if (rc != SQLITE_OK) { return rc; }
    if (byte_count > current) {
        rc = main_know_file_id(file);
        return rc == SQLITE_OK ? main_fill(file, byte_count / PAGE_BYTES) : rc;
    }
    rc = file->stored.real->pMethods->xTruncate(file->stored.real, byte_count);
    // An empty file is a new file: whoever fills it, perhaps another process, gives it an id.
    if (rc == SQLITE_OK && byte_count == 0) { file->codec->has_file_id = false; }
    return rc;
}

/// Ask a file of ours for its id, or to open a page. SQLite leaves the numbers above 100 to others.
enum { FILE_ID_OPCODE = 0x50420001, VERIFY_OPCODE = 0x50420002 };

static int main_file_control(sqlite3_file *base, int op, void *argument) {
    switch (op) {
    case VERIFY_OPCODE: {
        MainFile *file = (MainFile *)base;
        // What stands on the disk is asked for.
        main_forget_ahead(file);
        file->ahead->last = 0;
        int rc = main_read_page(file, *(const uint32_t *)argument, file->codec->part);
        OPENSSL_cleanse(file->codec->part, PAGE_BYTES);
        return rc;
    }
    case FILE_ID_OPCODE: {
        const MainFile *file = (const MainFile *)base;
        if (!file->codec->has_file_id) { return SQLITE_NOTFOUND; }
        memcpy(argument, file->codec->file_id, FILE_ID_BYTES);
        return SQLITE_OK;
    }
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE:
        // The file below would grow by plain zeros, which are no pages.
        return SQLITE_OK;
    case SQLITE_FCNTL_MMAP_SIZE:
        // Mapped pages would go past us. The answer is "none are mapped", whatever was asked for.
        *(sqlite3_int64 *)argument = 0;
        return SQLITE_OK;
    case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE:
    case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE:
    case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE:
        return SQLITE_NOTFOUND;
    default: break;
    }
    int rc = real_file(base)->pMethods->xFileControl(real_file(base), op, argument);
    if (op == SQLITE_FCNTL_VFSNAME && rc == SQLITE_OK) {
        char *name = sqlite3_mprintf("%s/%z", registry.vfs.zName, *(char **)argument);
        if (!name) { return SQLITE_NOMEM; }
        *(char **)argument = name;
    }
    return rc;
}

static int main_close(sqlite3_file *base) {
    MainFile *file = (MainFile *)base;
    pthread_mutex_lock(&registry.mutex);
    for (MainFile **link = &registry.main_files; *link; link = &(*link)->next) {
        if (*link == file) {
            *link = file->next;
            break;
        }
    }
    pthread_mutex_unlock(&registry.mutex);
    codec_destroy(file->codec);
    sqlite3_free(file->ahead);
    file->codec = NULL;
    return file->stored.real->pMethods->xClose(file->stored.real);
}

// MARK: Frames of the WAL

static sqlite3_int64 frame_offset(uint32_t frame) {
    return WAL_HEADER_BYTES + ((sqlite3_int64)frame - 1) * FRAME_BYTES;
}

static PagePlace place_in_wal(const WALFile *file, uint32_t frame, uint32_t page) {
    PagePlace place = {.role = IN_WAL, .page = page, .frame = frame};
    memcpy(place.salts, file->salts, SALT_BYTES);
    return place;
}

/// Reads the salts from the WAL's header; false where that fails or where they are those that were known.
static bool wal_refresh_salts(WALFile *file) {
    uint8_t salts[SALT_BYTES];
    if (file->stored.real->pMethods->xRead(file->stored.real, salts, SALT_BYTES, 16) != SQLITE_OK ||
        memcmp(salts, file->salts, SALT_BYTES) == 0) {
        return false;
    }
    memcpy(file->salts, salts, SALT_BYTES);
    return true;
}

/// Opens the frame in the codec's buffer into `page`.
///
/// The page number comes from the file: the seal tells whether it is true. The salts come from the WAL's header and not from
/// the frame's, where SQLite writes zeros as long as a transaction's checksums are unfinished. Another process may have begun
/// a new round of the WAL since they were read.
static bool wal_open_page(WALFile *file, uint32_t frame, uint8_t *page) {
    const uint8_t *sealed = file->codec->sealed;
    do {
        PagePlace place = place_in_wal(file, frame, read_be32(sealed));
        if (codec_open(file->codec, &place, sealed + FRAME_HEADER_BYTES, page)) { return true; }
    } while (wal_refresh_salts(file));
    return false;
}

/// The same under the id that the main file has now.
///
/// A connection may have been opened on an empty file, which another process has turned into a database since. SQLite then
/// looks into the WAL before it reads any page of the main file, from which the id would be known. In a recovery all frames
/// would count as foreign, and what was committed would be lost.
static bool wal_open_page_again(WALFile *file, uint32_t frame, uint8_t *page) {
    uint8_t file_id[FILE_ID_BYTES];
    PageCodec *codec = file->codec;
    bool had_file_id = codec->has_file_id;
    memcpy(file_id, codec->file_id, FILE_ID_BYTES);
    if (main_read_file_id(file->main_file) != SQLITE_OK) { return false; }
    if (had_file_id && memcmp(file_id, codec->file_id, FILE_ID_BYTES) == 0) { return false; }
    if (wal_open_page(file, frame, page)) { return true; }
    memcpy(codec->file_id, file_id, FILE_ID_BYTES);
    codec->has_file_id = had_file_id;
    return false;
}

/// Reads and opens frame `frame` into `page`, with its header still sealed in the codec's buffer.
static int wal_read_page(WALFile *file, uint32_t frame, uint8_t *page) {
    uint8_t *sealed = file->codec->sealed;
    int rc = file->stored.real->pMethods->xRead(file->stored.real, sealed, FRAME_BYTES, frame_offset(frame));
    if (rc != SQLITE_OK) {
        // As in the main file, a page that cannot be read stays as it was.
        if (rc == SQLITE_IOERR_SHORT_READ) { memset(page, 0, PAGE_BYTES); }
        return rc;
    }
    return wal_open_page(file, frame, page) || wal_open_page_again(file, frame, page) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

/// A whole frame. SQLite reads these in two cases that need opposite answers to a seal that does not open.
///
/// In recovery it looks for the end of the log: a torn or foreign frame is that end, and an error would make the database
/// impossible to open after a power cut. Zeros are no valid frame (salts and page number). But when it writes the checksums
/// of its own transaction again, it would compute them over the zeros.
static int wal_read_frame(WALFile *file, uint32_t frame, uint8_t *out) {
    int rc = wal_read_page(file, frame, out + FRAME_HEADER_BYTES);
    if (rc == SQLITE_OK) {
        memcpy(out, file->codec->sealed, FRAME_HEADER_BYTES);
        if (codec_decrypt_frame_header(file->codec, out + 8)) { return SQLITE_OK; }
        rc = SQLITE_IOERR_DATA;
    }
    memset(out, 0, FRAME_BYTES);
    return rc == SQLITE_IOERR_DATA && !file->is_rewriting_checksums ? SQLITE_OK : rc;
}

static int wal_read_header(WALFile *file, uint8_t *out, int count, int offset) {
    int rc = file->stored.real->pMethods->xRead(file->stored.real, out, count, offset);
    if (offset != 0 || count != WAL_HEADER_BYTES) { return rc; }
    // SQLite reads the whole header at the start of a recovery only.
    file->is_rewriting_checksums = false;
    if (rc == SQLITE_OK) {
        // Frames of another size would be cut out of ours at wrong places. A header of zeros is "no valid WAL", which is what
        // SQLite makes of any header that it does not like.
        if (read_be32(out + 8) != PAGE_BYTES) { memset(out, 0, WAL_HEADER_BYTES); }
        memcpy(file->salts, out + 16, SALT_BYTES);
    }
    return rc;
}

static int wal_read(sqlite3_file *base, void *out, int count, sqlite3_int64 offset) {
    WALFile *file = (WALFile *)base;
    if (count < 0 || offset < 0) { return SQLITE_IOERR_READ; }
    if (offset + count <= WAL_HEADER_BYTES) {
        // The first checksum of a round is the header's own.
        if (offset == 24) { file->is_rewriting_checksums = true; }
        return wal_read_header(file, out, count, (int)offset);
    }
    if (offset < WAL_HEADER_BYTES) { return SQLITE_IOERR_READ; }
    sqlite3_int64 frame = (offset - WAL_HEADER_BYTES) / FRAME_BYTES + 1;
    int within = (int)((offset - WAL_HEADER_BYTES) % FRAME_BYTES);
    if (frame > UINT32_MAX) { return SQLITE_IOERR_READ; }
    if (within == 0 && count == FRAME_BYTES) { return wal_read_frame(file, (uint32_t)frame, out); }
    if (within == FRAME_HEADER_BYTES && count == PAGE_BYTES) {
        int rc = wal_read_page(file, (uint32_t)frame, out);
        if (rc == SQLITE_IOERR_DATA) { sqlite3_log(rc, "page store: frame %lld of the WAL does not open", frame); }
        return rc;
    }
    if (within == 16 && count == 8) {
        // The checksum before the first that has to be computed again.
        uint8_t block[16];
        file->is_rewriting_checksums = true;
        int rc = file->stored.real->pMethods->xRead(file->stored.real, block, sizeof block, offset - 8);
        if (rc == SQLITE_OK && !codec_decrypt_frame_header(file->codec, block)) { rc = SQLITE_IOERR_READ; }
        memcpy(out, block + 8, 8);
        return rc;
    }
    return SQLITE_IOERR_READ;
}

static int wal_write_page(WALFile *file, uint32_t frame, const uint8_t *page) {
    uint8_t *sealed = file->codec->sealed;
    uint8_t number[4];
    write_be32(number, file->page);
    if (frame != file->frame) {
        // SQLite puts a page again where its own transaction has put it before, without the frame's header.
        int rc = file->stored.real->pMethods->xRead(file->stored.real, number, sizeof number, frame_offset(frame));
        if (rc != SQLITE_OK) { return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_WRITE : rc; }
    }
    if (!is_page_sealable(read_be32(number), page)) {
        sqlite3_log(SQLITE_IOERR_WRITE, "page store: no page of %d bytes with %d reserved", PAGE_BYTES, RESERVED_BYTES);
        return SQLITE_IOERR_WRITE;
    }
    PagePlace place = place_in_wal(file, frame, read_be32(number));
    if (!codec_seal(file->codec, &place, page, sealed)) { return SQLITE_IOERR_WRITE; }
    return file->stored.real->pMethods->xWrite(
        file->stored.real, sealed, PAGE_BYTES, frame_offset(frame) + FRAME_HEADER_BYTES);
}

static int wal_write_frame_header(WALFile *file, uint32_t frame, const uint8_t *header) {
    static const uint8_t unfinished[SALT_BYTES];
    uint8_t sealed[FRAME_HEADER_BYTES];
    // Whoever writes a frame knows the salts of the round better than what was read at some time before.
    if (memcmp(header + 8, unfinished, SALT_BYTES) != 0) { memcpy(file->salts, header + 8, SALT_BYTES); }
    file->frame = frame;
    file->page = read_be32(header);
    memcpy(sealed, header, sizeof sealed);
    if (!codec_encrypt_frame_header(file->codec, sealed + 8)) { return SQLITE_IOERR_WRITE; }
    return file->stored.real->pMethods->xWrite(
        file->stored.real, sealed, sizeof sealed, frame_offset(frame));
}

static int wal_write(sqlite3_file *base, const void *in, int count, sqlite3_int64 offset) {
    WALFile *file = (WALFile *)base;
    const uint8_t *bytes = in;
    if (offset == 0 && count == WAL_HEADER_BYTES && read_be32(bytes + 8) == PAGE_BYTES) {
        memcpy(file->salts, bytes + 16, SALT_BYTES);
        file->frame = 0;
        return file->stored.real->pMethods->xWrite(file->stored.real, in, count, offset);
    }
    sqlite3_int64 frame = (offset - WAL_HEADER_BYTES) / FRAME_BYTES + 1;
    int within = (int)((offset - WAL_HEADER_BYTES) % FRAME_BYTES);
    if (offset >= WAL_HEADER_BYTES && frame <= UINT32_MAX) {
        if (within == 0 && count == FRAME_HEADER_BYTES) { return wal_write_frame_header(file, (uint32_t)frame, bytes); }
        if (within == FRAME_HEADER_BYTES && count == PAGE_BYTES) { return wal_write_page(file, (uint32_t)frame, bytes); }
    }
    // SQLite splits writes only for disks that damage what stands beside a write; we say that ours does not.
    sqlite3_log(SQLITE_IOERR_WRITE, "page store: %d bytes at %lld are no part of a WAL", count, offset);
    return SQLITE_IOERR_WRITE;
}

static int wal_truncate(sqlite3_file *base, sqlite3_int64 byte_count) {
    ((WALFile *)base)->frame = 0;
    return real_file(base)->pMethods->xTruncate(real_file(base), byte_count);
}

static int wal_file_control(sqlite3_file *base, int op, void *argument) {
    return real_file(base)->pMethods->xFileControl(real_file(base), op, argument);
}

static int wal_close(sqlite3_file *base) { return real_file(base)->pMethods->xClose(real_file(base)); }

// MARK: What main file and WAL leave to the file below

static int stored_sync(sqlite3_file *base, int flags) { return real_file(base)->pMethods->xSync(real_file(base), flags); }

static int stored_byte_count(sqlite3_file *base, sqlite3_int64 *byte_count) {
    return real_file(base)->pMethods->xFileSize(real_file(base), byte_count);
}

static int main_lock(sqlite3_file *base, int level) {
    main_forget_ahead((MainFile *)base);
    return real_file(base)->pMethods->xLock(real_file(base), level);
}

static int stored_lock(sqlite3_file *base, int level) { return real_file(base)->pMethods->xLock(real_file(base), level); }

static int stored_unlock(sqlite3_file *base, int level) {
    return real_file(base)->pMethods->xUnlock(real_file(base), level);
}

static int stored_check_reserved_lock(sqlite3_file *base, int *reserved) {
    return real_file(base)->pMethods->xCheckReservedLock(real_file(base), reserved);
}

static int stored_sector_size(sqlite3_file *base) { return real_file(base)->pMethods->xSectorSize(real_file(base)); }

/// Promises of the disk about plain writes (atomic, in order) are not ours to make. Powersafe overwrite is: without it SQLite
/// splits the writes of WAL frames at sectors, and what is not written whole cannot be sealed.
static int stored_device_characteristics(sqlite3_file *base) {
    int below = real_file(base)->pMethods->xDeviceCharacteristics(real_file(base));
    return (below & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int stored_shm_map(sqlite3_file *base, int region, int byte_count, int extend, void volatile **memory) {
    return real_file(base)->pMethods->xShmMap(real_file(base), region, byte_count, extend, memory);
}

static int main_shm_lock(sqlite3_file *base, int first, int count, int flags) {
    main_forget_ahead((MainFile *)base);
    return real_file(base)->pMethods->xShmLock(real_file(base), first, count, flags);
}

static void stored_shm_barrier(sqlite3_file *base) { real_file(base)->pMethods->xShmBarrier(real_file(base)); }

static int stored_shm_unmap(sqlite3_file *base, int delete_file) {
    return real_file(base)->pMethods->xShmUnmap(real_file(base), delete_file);
}

// Version 2: shared memory, but no mapped reads.
static const sqlite3_io_methods main_methods = {
    .iVersion = 2,
    .xClose = main_close,
    .xRead = main_read,
    .xWrite = main_write,
    .xTruncate = main_truncate,
    .xSync = stored_sync,
    .xFileSize = stored_byte_count,
    .xLock = main_lock,
    .xUnlock = stored_unlock,
    .xCheckReservedLock = stored_check_reserved_lock,
    .xFileControl = main_file_control,
    .xSectorSize = stored_sector_size,
    .xDeviceCharacteristics = stored_device_characteristics,
    .xShmMap = stored_shm_map,
    .xShmLock = main_shm_lock,
    .xShmBarrier = stored_shm_barrier,
    .xShmUnmap = stored_shm_unmap,
};

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = stored_sync,
    .xFileSize = stored_byte_count,
    .xLock = stored_lock,
    .xUnlock = stored_unlock,
    .xCheckReservedLock = stored_check_reserved_lock,
    .xFileControl = wal_file_control,
    .xSectorSize = stored_sector_size,
    .xDeviceCharacteristics = stored_device_characteristics,
};

// MARK: Opening

enum {
    TEMPORARY_FLAGS = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB | SQLITE_OPEN_TEMP_JOURNAL | SQLITE_OPEN_SUBJOURNAL
};

/// Where the file of the VFS below stands in the memory that SQLite gives us for one of ours.
static size_t real_file_position(void) {
    size_t largest = sizeof(MainFile) > sizeof(WALFile) ? sizeof(MainFile) : sizeof(WALFile);
    return (largest + 15) / 16 * 16;
}

/// Opens the file below. Ours stays without methods, which is to SQLite a file that need not be closed.
static int open_real(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    StoredFile *stored = (StoredFile *)base;
    stored->real = (sqlite3_file *)((char *)base + real_file_position());
    int rc = real_vfs(vfs)->xOpen(real_vfs(vfs), name, stored->real, flags, out_flags);
    // A VFS may ask to be closed although it failed.
    if (rc != SQLITE_OK && stored->real->pMethods) { stored->real->pMethods->xClose(stored->real); }
    return rc;
}

/// The ciphers for the database at `path`, or NULL with the reason in `rc`.
static PageCodec *make_codec(const char *path, int *rc) {
    PageCodec *codec = NULL;
    *rc = SQLITE_AUTH;
    pthread_mutex_lock(&registry.mutex);
    for (const KeyEntry *entry = registry.keys; entry; entry = entry->next) {
        if (strcmp(entry->path, path) == 0) {
            codec = codec_create(entry->key);
            *rc = codec ? SQLITE_OK : SQLITE_NOMEM;
            break;
        }
    }
    pthread_mutex_unlock(&registry.mutex);
    return codec;
}

/// Refuses a file that is certainly not ours. One of fewer than 16 bytes is being made by another process at best.
static int check_first_bytes(MainFile *file) {
    uint8_t header[CLEAR_BYTES];
    int rc = file->stored.real->pMethods->xRead(file->stored.real, header, CLEAR_BYTES, 0);
    if (rc == SQLITE_IOERR_SHORT_READ) { return SQLITE_OK; }
    if (rc != SQLITE_OK) { return rc; }
    switch (probity_pagestore_identify(header, CLEAR_BYTES, NULL)) {
    case PROBITY_PAGESTORE_SEALED: return SQLITE_OK;
    case PROBITY_PAGESTORE_PLAIN:
        sqlite3_log(SQLITE_NOTADB, "page store: a plain SQLite database: %s", file->name);
        return SQLITE_NOTADB;
    case PROBITY_PAGESTORE_UNSUPPORTED:
        sqlite3_log(SQLITE_NOTADB, "page store: a version or algorithm that is not supported: %s", file->name);
        return SQLITE_NOTADB;
    default: return SQLITE_NOTADB;
    }
}

static int open_main(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    MainFile *file = (MainFile *)base;
    int rc = SQLITE_OK;
    // First of all, so that no file is made that could not be used.
    PageCodec *codec = make_codec(name, &rc);
    if (!codec) {
        if (rc == SQLITE_AUTH) { sqlite3_log(rc, "page store: no key for %s", name); }
        return rc;
    }
    ReadAhead *ahead = sqlite3_malloc(sizeof *ahead);
    if (!ahead) {
        codec_destroy(codec);
        return SQLITE_NOMEM;
    }
    ahead->first = ahead->last = ahead->count = 0;
    *file = (MainFile){.codec = codec, .ahead = ahead, .name = name};
    rc = open_real(vfs, name, base, flags, out_flags);
    if (rc == SQLITE_OK) {
        const sqlite3_io_methods *methods = file->stored.real->pMethods;
        // Without shared memory there is no WAL, and without WAL no transaction.
        rc = methods->iVersion >= 2 && methods->xShmMap ? check_first_bytes(file) : SQLITE_CANTOPEN;
        if (rc != SQLITE_OK) { methods->xClose(file->stored.real); }
    }
    if (rc != SQLITE_OK) {
        codec_destroy(codec);
        sqlite3_free(ahead);
        return rc;
    }
    pthread_mutex_lock(&registry.mutex);
    file->next = registry.main_files;
    registry.main_files = file;
    pthread_mutex_unlock(&registry.mutex);
    base->pMethods = &main_methods;
    return SQLITE_OK;
}

/// The main file of the connection that a WAL or journal belongs to. Two connections to one database differ in the pointer
/// and not in the name; sqlite3_database_file_object would give the file of whatever VFS is on top.
static MainFile *find_main(const char *name) {
    const char *database = sqlite3_filename_database(name);
    pthread_mutex_lock(&registry.mutex);
    MainFile *file = registry.main_files;
    while (file && file->name != database) { file = file->next; }
    pthread_mutex_unlock(&registry.mutex);
    return file;
}

static int open_wal(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    MainFile *main_file = find_main(name);
    if (!main_file) { return SQLITE_CANTOPEN; }
    *(WALFile *)base = (WALFile){.main_file = main_file, .codec = main_file->codec};
    int rc = open_real(vfs, name, base, flags, out_flags);
    if (rc == SQLITE_OK) { base->pMethods = &wal_methods; }
    return rc;
}

/// A rollback journal could be planted: it would be played back, page by page, over the database. And whoever changes a
/// database through one has left WAL mode. A file that is empty has nothing to roll back to: the journal of its first
/// transaction, which sets WAL mode, stays in memory.
static int open_journal(const char *name, sqlite3_file *base, int flags, int *out_flags) {
    sqlite3_int64 byte_count = 1;
    const MainFile *main_file = find_main(name);
    if (main_file && (flags & SQLITE_OPEN_CREATE)) {
        int rc = main_file->stored.real->pMethods->xFileSize(main_file->stored.real, &byte_count);
        if (rc != SQLITE_OK) { return rc; }
    }
    if (byte_count > 0) {
        sqlite3_log(SQLITE_PERM, "page store: rollback journals are refused: %s", name);
        return SQLITE_PERM;
    }
    memory_file_open(base);
    if (out_flags) { *out_flags = flags; }
    return SQLITE_OK;
}

static int store_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    base->pMethods = NULL;
    if (!name || (flags & TEMPORARY_FLAGS)) {
        memory_file_open(base);
        if (out_flags) { *out_flags = flags; }
        return SQLITE_OK;
    }
    if (flags & SQLITE_OPEN_MAIN_DB) { return open_main(vfs, name, base, flags, out_flags); }
    if (flags & SQLITE_OPEN_WAL) { return open_wal(vfs, name, base, flags, out_flags); }
    if (flags & SQLITE_OPEN_MAIN_JOURNAL) { return open_journal(name, base, flags, out_flags); }
    // A super-journal, which ties rollback journals together.
    return SQLITE_PERM;
}

static int store_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
    static const char suffix[] = "-journal";
    int rc = real_vfs(vfs)->xDelete(real_vfs(vfs), name, sync_directory);
    size_t length = strlen(name);
    // The journal that was in memory only: SQLite deletes it and would take its absence for an error.
    bool is_journal = length >= sizeof suffix - 1 && strcmp(name + length - (sizeof suffix - 1), suffix) == 0;
    return rc == SQLITE_IOERR_DELETE_NOENT && is_journal ? SQLITE_OK : rc;
}

// MARK: The rest of the VFS below

static int store_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    return real_vfs(vfs)->xAccess(real_vfs(vfs), name, flags, result);
}

static int store_full_pathname(sqlite3_vfs *vfs, const char *name, int byte_count, char *out) {
    return real_vfs(vfs)->xFullPathname(real_vfs(vfs), name, byte_count, out);
}

static void *store_dl_open(sqlite3_vfs *vfs, const char *name) { return real_vfs(vfs)->xDlOpen(real_vfs(vfs), name); }

static void store_dl_error(sqlite3_vfs *vfs, int byte_count, char *message) {
    real_vfs(vfs)->xDlError(real_vfs(vfs), byte_count, message);
}

static void (*store_dl_sym(sqlite3_vfs *vfs, void *library, const char *symbol))(void) {
    return real_vfs(vfs)->xDlSym(real_vfs(vfs), library, symbol);
}

static void store_dl_close(sqlite3_vfs *vfs, void *library) { real_vfs(vfs)->xDlClose(real_vfs(vfs), library); }

static int store_randomness(sqlite3_vfs *vfs, int byte_count, char *out) {
    return real_vfs(vfs)->xRandomness(real_vfs(vfs), byte_count, out);
}

static int store_sleep(sqlite3_vfs *vfs, int microseconds) { return real_vfs(vfs)->xSleep(real_vfs(vfs), microseconds); }

static int store_current_time(sqlite3_vfs *vfs, double *now) { return real_vfs(vfs)->xCurrentTime(real_vfs(vfs), now); }

static int store_get_last_error(sqlite3_vfs *vfs, int byte_count, char *message) {
    return real_vfs(vfs)->xGetLastError(real_vfs(vfs), byte_count, message);
}

static int store_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *now) {
    return real_vfs(vfs)->xCurrentTimeInt64(real_vfs(vfs), now);
}

// MARK: Registration and keys

/// What every connection needs before it makes a database: the room for seals, and no temporary files. Done here and not by
/// the caller, so that no way of opening one can forget it.
static int prepare_connection(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
    sqlite3_vfs *vfs = NULL;
    int reserved = RESERVED_BYTES;
    (void)message;
    (void)api;
    // A connection that names another VFS is not ours.
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) != SQLITE_OK || vfs != &registry.vfs) {
        return SQLITE_OK;
    }
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    return rc == SQLITE_OK ? sqlite3_exec(db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) : rc;
}

static int register_once(void) {
    int rc = sqlite3_initialize();
    if (rc != SQLITE_OK) { return rc; }
    // SQLite's own memory, of all connections together. A file or statement that would take more gets an error.
    sqlite3_hard_heap_limit64(PROBITY_PAGESTORE_HEAP_LIMIT_BYTES);
    rc = codec_prepare();
    if (rc != SQLITE_OK) { return rc; }
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);
    if (!below || below->iVersion < 2) { return SQLITE_ERROR; }
    size_t on_disk = real_file_position() + (size_t)below->szOsFile;
    registry.vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)(on_disk > memory_file_size() ? on_disk : memory_file_size()),
        .mxPathname = below->mxPathname,
        .zName = "probity",
        .pAppData = below,
        .xOpen = store_open,
        .xDelete = store_delete,
        .xAccess = store_access,
        .xFullPathname = store_full_pathname,
        .xDlOpen = store_dl_open,
        .xDlError = store_dl_error,
        .xDlSym = store_dl_sym,
        .xDlClose = store_dl_close,
        .xRandomness = store_randomness,
        .xSleep = store_sleep,
        .xCurrentTime = store_current_time,
        .xGetLastError = store_get_last_error,
        .xCurrentTimeInt64 = store_current_time_int64,
    };
    // SQLite declares the entry point of extensions without its arguments.
    rc = sqlite3_auto_extension((void (*)(void))prepare_connection);
    return rc == SQLITE_OK ? sqlite3_vfs_register(&registry.vfs, 1) : rc;
}

int probity_pagestore_use_gcm(const probity_pagestore_gcm *gcm) {
    if (!gcm) { gcm = gcm_of_libcrypto(); }
    pthread_mutex_lock(&registry.mutex);
    // Codecs that are open go on with what they have: from then on there is one implementation.
    int rc = !registry.is_registered ? codec_use_gcm(gcm) : codec_uses_gcm(gcm) ? SQLITE_OK : SQLITE_MISUSE;
    pthread_mutex_unlock(&registry.mutex);
    return rc;
}

int probity_pagestore_register(void) {
    pthread_mutex_lock(&registry.mutex);
    int rc = registry.is_registered ? SQLITE_OK : register_once();
    registry.is_registered = rc == SQLITE_OK;
    pthread_mutex_unlock(&registry.mutex);
    return rc;
}

int probity_pagestore_file_id(struct sqlite3 *db, uint8_t *file_id) {
    return sqlite3_file_control(db, "main", FILE_ID_OPCODE, file_id);
}

int probity_pagestore_verify(struct sqlite3 *db, uint32_t number) {
    return sqlite3_file_control(db, "main", VERIFY_OPCODE, &number);
}

static void free_entry(KeyEntry *entry) {
    if (!entry) { return; }
    sqlite3_free(entry->path);
    OPENSSL_secure_clear_free(entry->key, PROBITY_PAGESTORE_KEY_BYTES);
    sqlite3_free(entry);
}

/// Takes the entry for `path` out of the list. Under the mutex.
static KeyEntry *unlink_entry(const char *path) {
    for (KeyEntry **link = &registry.keys; *link; link = &(*link)->next) {
        if (strcmp((*link)->path, path) == 0) {
            KeyEntry *entry = *link;
            *link = entry->next;
            return entry;
        }
    }
    return NULL;
}

/// The path as SQLite will hand it to xOpen, to be freed with sqlite3_free.
static char *resolve(const char *path, int *rc) {
    sqlite3_vfs *below = real_vfs(&registry.vfs);
    char *resolved = sqlite3_malloc(below->mxPathname + 1);
    *rc = resolved ? below->xFullPathname(below, path, below->mxPathname + 1, resolved) : SQLITE_NOMEM;
    // A symbolic link on the way is resolved and reported.
    if (*rc == SQLITE_OK_SYMLINK) { *rc = SQLITE_OK; }
    if (*rc == SQLITE_OK) { return resolved; }
    sqlite3_free(resolved);
    return NULL;
}

static bool is_registered(void) {
    pthread_mutex_lock(&registry.mutex);
    bool answer = registry.is_registered;
    pthread_mutex_unlock(&registry.mutex);
    return answer;
}

int probity_pagestore_add_key(const char *path, const uint8_t *key) {
    int rc = SQLITE_OK;
    if (!path || !key || !is_registered()) { return SQLITE_MISUSE; }
    char *resolved = resolve(path, &rc);
    if (!resolved) { return rc; }
    KeyEntry *entry = sqlite3_malloc(sizeof *entry);
    // Without a secure heap this is ordinary memory, wiped all the same; a heap that is full is no reason to fail.
    uint8_t *copy = OPENSSL_secure_malloc(PROBITY_PAGESTORE_KEY_BYTES);
    if (!copy) { copy = OPENSSL_malloc(PROBITY_PAGESTORE_KEY_BYTES); }
    if (!entry || !copy) {
        sqlite3_free(resolved);
        sqlite3_free(entry);
        OPENSSL_secure_clear_free(copy, PROBITY_PAGESTORE_KEY_BYTES);
        return SQLITE_NOMEM;
    }
    memcpy(copy, key, PROBITY_PAGESTORE_KEY_BYTES);
    *entry = (KeyEntry){.path = resolved, .key = copy};
    pthread_mutex_lock(&registry.mutex);
    KeyEntry *replaced = unlink_entry(resolved);
    entry->next = registry.keys;
    registry.keys = entry;
    pthread_mutex_unlock(&registry.mutex);
    free_entry(replaced);
    return SQLITE_OK;
}

void probity_pagestore_remove_key(const char *path) {
    int rc = SQLITE_OK;
    if (!path || !is_registered()) { return; }
    char *resolved = resolve(path, &rc);
    if (!resolved) { return; }
    pthread_mutex_lock(&registry.mutex);
    KeyEntry *entry = unlink_entry(resolved);
    pthread_mutex_unlock(&registry.mutex);
    free_entry(entry);
    sqlite3_free(resolved);
}
