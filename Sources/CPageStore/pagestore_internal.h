// What the files of the page store share. pagestore.c has the byte layout and the rules.
#ifndef PROBITY_PAGESTORE_INTERNAL_H
#define PROBITY_PAGESTORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probity_pagestore.h"

enum {
    PAGE_BYTES = 4096,
    NONCE_BYTES = 24,
    TAG_BYTES = 16,
    RESERVED_BYTES = NONCE_BYTES + TAG_BYTES,
    CONTENT_BYTES = PAGE_BYTES - RESERVED_BYTES,
    CLEAR_BYTES = PROBITY_PAGESTORE_HEADER_BYTES,
    FILE_ID_BYTES = PROBITY_PAGESTORE_FILE_ID_BYTES,
    SALT_BYTES = 8,
    WAL_HEADER_BYTES = 32,
    FRAME_HEADER_BYTES = 24,
    FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES
};

static inline uint32_t read_be32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void write_be32(uint8_t *bytes, uint32_t value) {
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

// MARK: gcm.c

/// The implementation that is always there.
const probity_pagestore_gcm *gcm_of_libcrypto(void);
/// Whether `gcm` seals as libcrypto seals, byte for byte, opens what it sealed, and refuses what it did not.
bool gcm_agrees(const probity_pagestore_gcm *gcm);

// MARK: codec.c

/// Where a page stands: with the file id, what its seal is bound to.
typedef struct {
    enum { IN_MAIN = 1, IN_WAL = 2 } role;
    uint32_t page;
    /// From 1; 0 in the main file.
    uint32_t frame;
    uint8_t salts[SALT_BYTES];
} PagePlace;

/// The ciphers of one connection to one file, with their keys set. Not for two threads at a time.
typedef struct {
    struct Ciphers *ciphers;
    struct NoncePool *nonces;
    /// What the file's page 1 says; all zeros as long as there is none.
    uint8_t file_id[FILE_ID_BYTES];
    bool has_file_id;
    /// A sealed page, with its frame header before it where it is one of the WAL.
    uint8_t sealed[FRAME_BYTES];
    /// A page whose reader wants a part only.
    uint8_t part[PAGE_BYTES];
} PageCodec;

/// What codecs made from now on seal and open with; `SQLITE_ERROR` where it does not agree with libcrypto.
int codec_use_gcm(const probity_pagestore_gcm *gcm);
bool codec_uses_gcm(const probity_pagestore_gcm *gcm);
/// Looks the ciphers up: once, because a lookup by name costs more than a page.
int codec_prepare(void);
/// NULL where memory or the random generator fails.
PageCodec *codec_create(const uint8_t key[PROBITY_PAGESTORE_KEY_BYTES]);
void codec_destroy(PageCodec *codec);
/// A new random file id.
bool codec_make_file_id(PageCodec *codec);
/// Writes the seal of `page` to `sealed`; the two do not overlap.
bool codec_seal(PageCodec *codec, const PagePlace *place, const uint8_t *page, uint8_t *sealed);
/// Opens `sealed` into `page`, which may be the same; the reserved bytes read as zeros. Where it fails, `page` is zeros.
bool codec_open(PageCodec *codec, const PagePlace *place, const uint8_t *sealed, uint8_t *page);
/// One block of a frame header: salts and checksums.
bool codec_encrypt_frame_header(PageCodec *codec, uint8_t block[16]);
bool codec_decrypt_frame_header(PageCodec *codec, uint8_t block[16]);
/// A nonce that no call returned before, in this process or another. For tests beside codec_seal.
bool codec_draw_nonce(PageCodec *codec, uint8_t nonce[NONCE_BYTES]);

// MARK: memory_file.c

/// Bytes that memory_file_open needs of a `sqlite3_file`.
size_t memory_file_size(void);
/// An empty file that lives and dies in memory.
void memory_file_open(sqlite3_file *file);

#endif
