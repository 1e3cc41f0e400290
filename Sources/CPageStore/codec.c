// How one page is sealed: XAES-256-GCM (C2SP XAES-256-GCM, SP 800-38B, SP 800-38D) under the page key.
//
// GCM is lost with the first nonce that comes twice, and a database writes more pages than 96 random bits are good for;
// XAES takes 192 random bits: a key of its own for each first half (two blocks of AES), the second half as GCM's nonce.
//
// Associated data of a page:
//
//     0  role: 1 main file, 2 WAL (3 was meant for rollback journals, which do not exist)
//     1  algorithm
//     2  0 0
//     4  page number, big endian
//     8  frame number in the WAL, big endian, from 1; else 0
//     12 salts of the WAL; else zeros
//     20 file id
//     28 page 1 of the main file only: its 16 clear bytes
//
// So a page opens at its own place in its own file and nowhere else: not at another number, not in another database under
// the same key (a backup), not as a frame of another WAL or of an earlier round of the same.
#define _DEFAULT_SOURCE  // madvise
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>

#include "pagestore_internal.h"

// The first bytes of a file. None is printable, and no file type known to file(1) begins so: a thief learns that these are
// random-looking bytes.
static const uint8_t magic[4] = {0xD6, 0x03, 0x9B, 0xF2};
enum { FORMAT_VERSION = 1, PAGE_BYTES_LOG2 = 12 };

static const uint8_t sqlite_magic[CLEAR_BYTES] = "SQLite format 3";

enum { BLOCK_BYTES = 16, MAXIMUM_ASSOCIATED_BYTES = 28 + CLEAR_BYTES };

struct Ciphers {
    /// AES-256-GCM, and its context: that holds the key of the message before until the next sets its own.
    const probity_pagestore_gcm *gcm;
    void *message;
    /// AES-256 on single blocks under the page key, for the keys of messages.
    EVP_CIPHER_CTX *derive;
    /// AES-256 on single blocks under the key of frame headers.
    EVP_CIPHER_CTX *encrypt_header;
    EVP_CIPHER_CTX *decrypt_header;
    /// K1 of CMAC (SP 800-38B §6.1).
    uint8_t subkey[BLOCK_BYTES];
};

/// Nonces drawn ahead: one call of the generator for each would cost more than half of a seal. One page of memory that the
/// kernel hands to a forked child as zeros, so that parent and child never use the same nonce.
struct NoncePool {
    size_t remaining;
    uint8_t bytes[4096 - sizeof(size_t)];
};

/// What is looked up once. Written by codec_prepare, before the VFS can be used, and only read afterwards.
static struct {
    const probity_pagestore_gcm *gcm;
    EVP_CIPHER *ecb;
    EVP_KDF *hkdf;
} algorithms;

int codec_use_gcm(const probity_pagestore_gcm *gcm) {
    if (!gcm_agrees(gcm)) { return SQLITE_ERROR; }
    algorithms.gcm = gcm;
    return SQLITE_OK;
}

bool codec_uses_gcm(const probity_pagestore_gcm *gcm) { return algorithms.gcm == gcm; }

int codec_prepare(void) {
    if (!algorithms.gcm) { algorithms.gcm = gcm_of_libcrypto(); }
    if (!algorithms.ecb) { algorithms.ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL); }
    if (!algorithms.hkdf) { algorithms.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL); }
    return algorithms.gcm && algorithms.ecb && algorithms.hkdf ? SQLITE_OK : SQLITE_ERROR;
}

// MARK: Keys

static EVP_CIPHER_CTX *cipher_create(const EVP_CIPHER *cipher, const uint8_t *key, int encrypting) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context && EVP_CipherInit_ex2(context, cipher, key, NULL, encrypting, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(context, 0) == 1) {
        return context;
    }
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

static bool cipher_blocks(EVP_CIPHER_CTX *context, uint8_t *out, const uint8_t *in, int count) {
    int done = 0;
    return EVP_CipherUpdate(context, out, &done, in, count) == 1 && done == count;
}

/// K1 of CMAC: AES_K(0) doubled in GF(2^128), without a branch on the secret.
static bool derive_subkey(struct Ciphers *ciphers) {
    static const uint8_t zeros[BLOCK_BYTES];
    uint8_t *block = ciphers->subkey;
    if (!cipher_blocks(ciphers->derive, block, zeros, BLOCK_BYTES)) { return false; }
    uint8_t carry = block[0] >> 7;
    for (size_t i = 0; i + 1 < BLOCK_BYTES; i++) { block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7); }
    block[BLOCK_BYTES - 1] = (uint8_t)((uint8_t)(block[BLOCK_BYTES - 1] << 1) ^ (uint8_t)(0x87 & (0 - carry)));
    return true;
}

/// The key of frame headers: HKDF-SHA-256 (RFC 5869) of the page key. Not the page key itself, because its single blocks
/// are what message keys are made of.
static bool derive_header_key(const uint8_t *key, uint8_t header_key[32]) {
    static const char label[] = "probity/page-store/v1/wal-frame-header";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, PROBITY_PAGESTORE_KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, sizeof label - 1),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(algorithms.hkdf);
    bool derived = context && EVP_KDF_derive(context, header_key, 32, parameters) == 1;
    EVP_KDF_CTX_free(context);
    return derived;
}

static struct NoncePool *nonce_pool_create(void) {
    void *pool = mmap(NULL, sizeof(struct NoncePool), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pool == MAP_FAILED) { return NULL; }
    // A kernel that cannot promise this gets no database to write.
    if (madvise(pool, sizeof(struct NoncePool), MADV_WIPEONFORK) != 0) {
        munmap(pool, sizeof(struct NoncePool));
        return NULL;
    }
    return pool;
}

PageCodec *codec_create(const uint8_t key[PROBITY_PAGESTORE_KEY_BYTES]) {
    uint8_t header_key[32] = {0};
    PageCodec *codec = OPENSSL_zalloc(sizeof *codec);
    bool ready = false;
    if (codec) {
        struct Ciphers *ciphers = codec->ciphers = OPENSSL_zalloc(sizeof *ciphers);
        codec->nonces = nonce_pool_create();
        ready = ciphers && codec->nonces && derive_header_key(key, header_key) &&
                (ciphers->message = OPENSSL_zalloc((ciphers->gcm = algorithms.gcm)->context_bytes)) &&
                (ciphers->derive = cipher_create(algorithms.ecb, key, 1)) &&
                (ciphers->encrypt_header = cipher_create(algorithms.ecb, header_key, 1)) &&
                (ciphers->decrypt_header = cipher_create(algorithms.ecb, header_key, 0)) && derive_subkey(ciphers);
    }
    OPENSSL_cleanse(header_key, sizeof header_key);
    if (ready) { return codec; }
    // What failed here is told by the result; OpenSSL's queue belongs to the thread and must not confuse another caller.
    ERR_clear_error();
    codec_destroy(codec);
    return NULL;
}

void codec_destroy(PageCodec *codec) {
    if (!codec) { return; }
    if (codec->ciphers) {
        if (codec->ciphers->message) {
            codec->ciphers->gcm->release(codec->ciphers->message);
            OPENSSL_clear_free(codec->ciphers->message, codec->ciphers->gcm->context_bytes);
        }
        // Freeing a context wipes its key schedule.
        EVP_CIPHER_CTX_free(codec->ciphers->derive);
        EVP_CIPHER_CTX_free(codec->ciphers->encrypt_header);
        EVP_CIPHER_CTX_free(codec->ciphers->decrypt_header);
        OPENSSL_clear_free(codec->ciphers, sizeof *codec->ciphers);
    }
    if (codec->nonces) { munmap(codec->nonces, sizeof *codec->nonces); }
    OPENSSL_clear_free(codec, sizeof *codec);
}

bool codec_make_file_id(PageCodec *codec) {
    codec->has_file_id = RAND_bytes(codec->file_id, FILE_ID_BYTES) == 1;
    return codec->has_file_id;
}

bool codec_draw_nonce(PageCodec *codec, uint8_t nonce[NONCE_BYTES]) {
    struct NoncePool *pool = codec->nonces;
    if (pool->remaining < NONCE_BYTES) {
        size_t filled = sizeof pool->bytes / NONCE_BYTES * NONCE_BYTES;
        if (RAND_bytes(pool->bytes, (int)filled) != 1) { return false; }
        pool->remaining = filled;
    }
    pool->remaining -= NONCE_BYTES;
    memcpy(nonce, pool->bytes + pool->remaining, NONCE_BYTES);
    return true;
}

// MARK: Pages

static size_t make_associated_data(
    const PageCodec *codec, const PagePlace *place, const uint8_t *clear, uint8_t data[MAXIMUM_ASSOCIATED_BYTES]) {
    memset(data, 0, 28);
    data[0] = (uint8_t)place->role;
    data[1] = PROBITY_PAGESTORE_INTL;
    write_be32(data + 4, place->page);
    write_be32(data + 8, place->frame);
    memcpy(data + 12, place->salts, SALT_BYTES);
    memcpy(data + 20, codec->file_id, FILE_ID_BYTES);
    if (!clear) { return 28; }
    memcpy(data + 28, clear, CLEAR_BYTES);
    return 28 + CLEAR_BYTES;
}

/// The key of one message: AES_K(M1 ^ K1) || AES_K(M2 ^ K1), M = 0x00 || counter || "X" 0x00 || nonce[0..<12].
static bool derive_message_key(const struct Ciphers *ciphers, const uint8_t *nonce, uint8_t key[32]) {
    uint8_t blocks[32] = {0, 1, 'X', 0, [16] = 0, 2, 'X', 0};
    memcpy(blocks + 4, nonce, 12);
    memcpy(blocks + 20, nonce, 12);
    for (size_t i = 0; i < sizeof blocks; i++) { blocks[i] ^= ciphers->subkey[i % BLOCK_BYTES]; }
    bool derived = cipher_blocks(ciphers->derive, key, blocks, sizeof blocks);
    OPENSSL_cleanse(blocks, sizeof blocks);
    return derived;
}

/// Sets the cipher to the key of the message with this nonce.
static bool start_message(const struct Ciphers *ciphers, const uint8_t *nonce) {
    uint8_t key[32];
    bool started = derive_message_key(ciphers, nonce, key) && ciphers->gcm->set_key(ciphers->message, key);
    OPENSSL_cleanse(key, sizeof key);
    return started;
}

/// How many bytes of the page are in clear.
static size_t clear_byte_count(const PagePlace *place) {
    return place->role == IN_MAIN && place->page == 1 ? CLEAR_BYTES : 0;
}

bool codec_seal(PageCodec *codec, const PagePlace *place, const uint8_t *page, uint8_t *sealed) {
    const struct Ciphers *ciphers = codec->ciphers;
    uint8_t associated[MAXIMUM_ASSOCIATED_BYTES];
    size_t clear = clear_byte_count(place);
    if (clear) {
        memcpy(sealed, magic, sizeof magic);
        sealed[4] = FORMAT_VERSION;
        sealed[5] = PROBITY_PAGESTORE_INTL;
        sealed[6] = PAGE_BYTES_LOG2;
        sealed[7] = RESERVED_BYTES;
        memcpy(sealed + 8, codec->file_id, FILE_ID_BYTES);
    }
    uint8_t *nonce = sealed + CONTENT_BYTES;
    size_t associated_count = make_associated_data(codec, place, clear ? sealed : NULL, associated);
    bool done = codec_draw_nonce(codec, nonce) && start_message(ciphers, nonce) &&
                ciphers->gcm->seal(ciphers->message, nonce + 12, associated, associated_count, page + clear,
                                   CONTENT_BYTES - clear, sealed + clear, nonce + NONCE_BYTES);
    if (!done) { ERR_clear_error(); }
    return done;
}

bool codec_open(PageCodec *codec, const PagePlace *place, const uint8_t *sealed, uint8_t *page) {
    const struct Ciphers *ciphers = codec->ciphers;
    uint8_t seal[RESERVED_BYTES], header[CLEAR_BYTES], known_file_id[FILE_ID_BYTES];
    uint8_t associated[MAXIMUM_ASSOCIATED_BYTES];
    bool had_file_id = codec->has_file_id;
    size_t clear = clear_byte_count(place);
    memcpy(known_file_id, codec->file_id, FILE_ID_BYTES);
    // Copies, because `page` may be the same memory.
    memcpy(seal, sealed + CONTENT_BYTES, RESERVED_BYTES);
    memcpy(header, sealed, CLEAR_BYTES);
    if (clear) {
        probity_pagestore_identity identity;
        if (probity_pagestore_identify(header, CLEAR_BYTES, &identity) != PROBITY_PAGESTORE_SEALED) {
            memset(page, 0, PAGE_BYTES);
            return false;
        }
        memcpy(codec->file_id, identity.file_id, FILE_ID_BYTES);
        codec->has_file_id = true;
    }
    size_t associated_count = make_associated_data(codec, place, clear ? header : NULL, associated);
    bool opened = start_message(ciphers, seal) &&
                  ciphers->gcm->open(ciphers->message, seal + 12, associated, associated_count, sealed + clear,
                                     CONTENT_BYTES - clear, page + clear, seal + NONCE_BYTES);
    if (!opened) {
        // What stands there was never authenticated. A file id is kept where there was none: after a power cut page 1 may be
        // torn while its successor waits in the WAL, which opens under this id or not at all.
        OPENSSL_cleanse(page, PAGE_BYTES);
        if (had_file_id) { memcpy(codec->file_id, known_file_id, FILE_ID_BYTES); }
        ERR_clear_error();
        return false;
    }
    if (clear) { memcpy(page, sqlite_magic, CLEAR_BYTES); }
    memset(page + CONTENT_BYTES, 0, RESERVED_BYTES);
    return true;
}

bool codec_encrypt_frame_header(PageCodec *codec, uint8_t block[BLOCK_BYTES]) {
    return cipher_blocks(codec->ciphers->encrypt_header, block, block, BLOCK_BYTES);
}

bool codec_decrypt_frame_header(PageCodec *codec, uint8_t block[BLOCK_BYTES]) {
    return cipher_blocks(codec->ciphers->decrypt_header, block, block, BLOCK_BYTES);
}

// MARK: The first bytes of a file

probity_pagestore_kind probity_pagestore_identify(
    const void *bytes, size_t count, probity_pagestore_identity *identity) {
    const uint8_t *header = bytes;
    if (count == 0) { return PROBITY_PAGESTORE_EMPTY; }
    if (!header || count < CLEAR_BYTES) { return PROBITY_PAGESTORE_UNKNOWN; }
    if (memcmp(header, sqlite_magic, CLEAR_BYTES) == 0) { return PROBITY_PAGESTORE_PLAIN; }
    if (memcmp(header, magic, sizeof magic) != 0) { return PROBITY_PAGESTORE_UNKNOWN; }
    if (identity) {
        identity->algorithm = header[5];
        memcpy(identity->file_id, header + 8, FILE_ID_BYTES);
    }
    bool known = header[4] == FORMAT_VERSION && header[5] == PROBITY_PAGESTORE_INTL && header[6] == PAGE_BYTES_LOG2 &&
                 header[7] == RESERVED_BYTES;
    return known ? PROBITY_PAGESTORE_SEALED : PROBITY_PAGESTORE_UNSUPPORTED;
}
