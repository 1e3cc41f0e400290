#define _DEFAULT_SOURCE
#include "seal_reader.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pagestore_internal.h"

/// One block of AES-256 in ECB mode.
static bool aes_block(const uint8_t *key, bool encrypting, const uint8_t in[16], uint8_t out[16]) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0;
    bool ok = context && EVP_CipherInit_ex(context, EVP_aes_256_ecb(), NULL, key, NULL, encrypting) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1 && EVP_CipherUpdate(context, out, &done, in, 16) == 1 &&
              done == 16;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

bool xaes_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associated_count,
    const uint8_t *ciphertext, size_t count, uint8_t *plaintext) {
    // The specification's text: L = AES-256ₖ(0¹²⁸); K1 = L << 1, xor 0¹²⁰10000111 if MSB₁(L) = 1;
    // M1 = 0x00 ‖ 0x01 ‖ "X" ‖ 0x00 ‖ N[:12]; M2 = 0x00 ‖ 0x02 ‖ …; Kₓ = AES(M1 ⊕ K1) ‖ AES(M2 ⊕ K1); Nₓ = N[12:].
    uint8_t zeros[16] = {0}, l[16], k1[16], message[16], derived[32];
    if (count < 16 || !aes_block(key, true, zeros, l)) { return false; }
    for (int i = 0; i < 16; i++) { k1[i] = (uint8_t)(l[i] << 1 | (i < 15 ? l[i + 1] >> 7 : 0)); }
    if (l[0] & 0x80) { k1[15] ^= 0x87; }
    for (int half = 0; half < 2; half++) {
        message[0] = 0;
        message[1] = (uint8_t)(half + 1);
        message[2] = 0x58;
        message[3] = 0;
        memcpy(message + 4, nonce, 12);
        for (int i = 0; i < 16; i++) { message[i] ^= k1[i]; }
        if (!aes_block(key, true, message, derived + 16 * half)) { return false; }
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t none[16];
    int done = 0, length = (int)(count - 16);
    bool ok = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, derived, nonce + 12) == 1 &&
              EVP_DecryptUpdate(context, NULL, &done, associated, (int)associated_count) == 1 &&
              (length == 0 || EVP_DecryptUpdate(context, plaintext, &done, ciphertext, length) == 1) &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (void *)(uintptr_t)(ciphertext + length)) == 1 &&
              EVP_DecryptFinal_ex(context, none, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

static void put32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) { bytes[i] = (uint8_t)(value >> (24 - 8 * i)); }
}

bool read_main_page(const uint8_t *key, const uint8_t *file, size_t count, uint32_t page, uint8_t *plain) {
    if (page == 0 || (size_t)page * 4096 > count) { return false; }
    const uint8_t *sealed = file + ((size_t)page - 1) * 4096;
    uint8_t associated[44] = {1, 1, 0, 0};
    size_t clear = page == 1 ? 16 : 0;
    put32(associated + 4, page);
    memcpy(associated + 20, file + 8, 8);
    memcpy(associated + 28, file, 16);
    uint8_t body[4056 + 16];
    memcpy(body, sealed + clear, 4056 - clear);
    memcpy(body + 4056 - clear, sealed + 4080, 16);
    memset(plain, 0, 4096);
    if (clear) { memcpy(plain, "SQLite format 3", 16); }
    return xaes_open(
        key, sealed + 4056, associated, clear ? 44 : 28, body, 4056 - clear + 16, plain + clear);
}

bool read_wal_frame(
    const uint8_t *key, const uint8_t *file_id, const uint8_t *wal, size_t count, uint32_t frame, uint8_t *plain) {
    if (frame == 0 || 32 + (size_t)frame * 4120 > count) { return false; }
    const uint8_t *sealed = wal + 32 + ((size_t)frame - 1) * 4120;
    // HKDF-SHA-256 without salt, written out (RFC 5869): PRK = HMAC(0³², key); OKM = HMAC(PRK, info ‖ 0x01).
    static const char label[] = "probity/page-store/v1/wal-frame-header";
    uint8_t zeros[32] = {0}, prk[32], info[sizeof label], header_key[32];
    memcpy(info, label, sizeof label - 1);
    info[sizeof label - 1] = 1;
    if (!HMAC(EVP_sha256(), zeros, 32, key, 32, prk, NULL) ||
        !HMAC(EVP_sha256(), prk, 32, info, sizeof info, header_key, NULL)) {
        return false;
    }
    memset(plain, 0, 4120);
    memcpy(plain, sealed, 8);
    if (!aes_block(header_key, false, sealed + 8, plain + 8)) { return false; }
    uint8_t associated[28] = {2, 1, 0, 0};
    memcpy(associated + 4, sealed, 4);
    put32(associated + 8, frame);
    memcpy(associated + 12, wal + 16, 8);
    memcpy(associated + 20, file_id, 8);
    uint8_t body[4056 + 16];
    memcpy(body, sealed + 24, 4056);
    memcpy(body + 4056, sealed + 24 + 4080, 16);
    return xaes_open(key, sealed + 24 + 4056, associated, 28, body, 4072, plain + 24);
}

static liar present_fault;

static bool liar_set_key(void *context, const uint8_t *key) {
    static const uint8_t zeros[32];
    if (present_fault == LIAR_FAILS) { return false; }
    return gcm_of_libcrypto()->set_key(context, present_fault == LIAR_IGNORES_KEY ? zeros : key);
}

static bool liar_seal(
    void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, uint8_t *tag) {
    if (present_fault == LIAR_IGNORES_ASSOCIATED_DATA) { associated_count = 1; }
    bool sealed = gcm_of_libcrypto()->seal(context, nonce, associated, associated_count, in, count, out, tag);
    if (present_fault == LIAR_TAG_IS_WRONG) { tag[15] ^= 0x80; }
    if (present_fault == LIAR_LEAVES_LAST_BYTE) { out[count - 1] = in[count - 1]; }
    return sealed;
}

static bool liar_open(
    void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, const uint8_t *tag) {
    uint8_t own_tag[16];
    memcpy(own_tag, tag, sizeof own_tag);
    if (present_fault == LIAR_IGNORES_ASSOCIATED_DATA) { associated_count = 1; }
    if (present_fault == LIAR_TAG_IS_WRONG) { own_tag[15] ^= 0x80; }
    bool opened = gcm_of_libcrypto()->open(context, nonce, associated, associated_count, in, count, out, own_tag);
    if (present_fault == LIAR_CANNOT_WORK_IN_PLACE && in == out) { out[0] ^= 1; }
    return opened || present_fault == LIAR_ACCEPTS_ANY_TAG;
}

static void liar_release(void *context) { gcm_of_libcrypto()->release(context); }

bool liar_is_trusted(liar fault) {
    const probity_pagestore_gcm gcm = {
        .context_bytes = gcm_of_libcrypto()->context_bytes,
        .set_key = liar_set_key,
        .seal = liar_seal,
        .open = liar_open,
        .release = liar_release,
    };
    present_fault = fault;
    return gcm_agrees(&gcm);
}

static int compare_words(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

bool nonces_are_distinct(uint32_t count) {
    // Where the first 64 of 192 bits never come twice, the nonces do not either; ten million of them agree there by chance
    // once in 370,000 runs.
    static const uint8_t key[32];
    uint8_t nonce[NONCE_BYTES];
    uint64_t *words = malloc((size_t)count * sizeof *words);
    PageCodec *codec = codec_prepare() == SQLITE_OK ? codec_create(key) : NULL;
    bool distinct = words && codec;
    for (size_t i = 0; distinct && i < count; i++) {
        distinct = codec_draw_nonce(codec, nonce);
        memcpy(words + i, nonce, sizeof *words);
    }
    if (distinct) { qsort(words, count, sizeof *words, compare_words); }
    for (size_t i = 1; distinct && i < count; i++) { distinct = words[i - 1] != words[i]; }
    codec_destroy(codec);
    free(words);
    return distinct;
}

bool nonces_differ_after_fork(void) {
    static const uint8_t key[32];
    uint8_t nonces[4][NONCE_BYTES];
    int ends[2];
    PageCodec *codec = codec_prepare() == SQLITE_OK ? codec_create(key) : NULL;
    if (!codec || !codec_draw_nonce(codec, nonces[0]) || pipe(ends) != 0) { return false; }
    pid_t child = fork();
    if (child == 0) {
        // Only what is safe between fork and exit: no allocation happens in a draw but OpenSSL's own.
        bool drawn = codec_draw_nonce(codec, nonces[1]) && codec_draw_nonce(codec, nonces[2]) &&
                     write(ends[1], nonces[1], 2 * NONCE_BYTES) == 2 * NONCE_BYTES;
        _exit(drawn ? 0 : 1);
    }
    int status = 1;
    bool ok = child > 0 && read(ends[0], nonces[1], 2 * NONCE_BYTES) == 2 * NONCE_BYTES &&
              waitpid(child, &status, 0) == child && status == 0 && codec_draw_nonce(codec, nonces[3]);
    close(ends[0]);
    close(ends[1]);
    codec_destroy(codec);
    for (int i = 0; ok && i < 4; i++) {
        for (int j = 0; j < i; j++) { ok = ok && memcmp(nonces[i], nonces[j], NONCE_BYTES) != 0; }
    }
    return ok;
}
