// AES-256-GCM (SP 800-38D) of libcrypto, and what another implementation has to show before it may take its place.
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "pagestore_internal.h"

/// Looked up once: a lookup by name costs more than a page.
static EVP_CIPHER *algorithm;

typedef struct {
    EVP_CIPHER_CTX *cipher;
} Context;

static bool libcrypto_set_key(void *raw, const uint8_t *key) {
    Context *context = raw;
    if (!context->cipher) { context->cipher = EVP_CIPHER_CTX_new(); }
    return context->cipher && EVP_CipherInit_ex2(context->cipher, algorithm, key, NULL, 1, NULL) == 1;
}

/// Begins a message with its nonce and associated data.
static bool begin(
    EVP_CIPHER_CTX *cipher, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, int sealing) {
    int done = 0;
    return EVP_CipherInit_ex2(cipher, NULL, NULL, nonce, sealing, NULL) == 1 &&
           EVP_CipherUpdate(cipher, NULL, &done, associated, (int)associated_count) == 1;
}

static bool libcrypto_seal(
    void *raw, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, uint8_t *tag) {
    EVP_CIPHER_CTX *cipher = ((Context *)raw)->cipher;
    uint8_t none[16];
    int done = 0;
    return begin(cipher, nonce, associated, associated_count, 1) &&
           EVP_CipherUpdate(cipher, out, &done, in, (int)count) == 1 && EVP_CipherFinal_ex(cipher, none, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
}

static bool libcrypto_open(
    void *raw, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, const uint8_t *tag) {
    EVP_CIPHER_CTX *cipher = ((Context *)raw)->cipher;
    uint8_t none[16];
    int done = 0;
    return begin(cipher, nonce, associated, associated_count, 0) &&
           EVP_CipherUpdate(cipher, out, &done, in, (int)count) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, (void *)(uintptr_t)tag) == 1 &&
           EVP_CipherFinal_ex(cipher, none, &done) == 1;
}

/// Freeing the cipher wipes its key schedule.
static void libcrypto_release(void *raw) { EVP_CIPHER_CTX_free(((Context *)raw)->cipher); }

const probity_pagestore_gcm *gcm_of_libcrypto(void) {
    static const probity_pagestore_gcm gcm = {
        .context_bytes = sizeof(Context),
        .set_key = libcrypto_set_key,
        .seal = libcrypto_seal,
        .open = libcrypto_open,
        .release = libcrypto_release,
    };
    if (!algorithm) { algorithm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL); }
    return algorithm ? &gcm : NULL;
}

// MARK: Agreement

/// One random message of each length that pages have, sealed by `one` and opened by `other`.
static bool agree_on_message(
    const probity_pagestore_gcm *one, void *context, const probity_pagestore_gcm *other, void *other_context,
    size_t count) {
    uint8_t random[32 + 12 + 44], plain[CONTENT_BYTES], sealed[CONTENT_BYTES], again[CONTENT_BYTES];
    uint8_t tag[TAG_BYTES], other_tag[TAG_BYTES];
    const uint8_t *key = random, *nonce = random + 32, *associated = random + 44;
    size_t associated_count = count % 2 ? 44 : 28;
    if (RAND_bytes(random, sizeof random) != 1 || RAND_bytes(plain, sizeof plain) != 1) { return false; }
    bool same = one->set_key(context, key) && other->set_key(other_context, key) &&
                one->seal(context, nonce, associated, associated_count, plain, count, sealed, tag) &&
                other->seal(other_context, nonce, associated, associated_count, plain, count, again, other_tag) &&
                memcmp(sealed, again, count) == 0 && memcmp(tag, other_tag, TAG_BYTES) == 0 &&
                other->open(other_context, nonce, associated, associated_count, sealed, count, again, tag) &&
                memcmp(plain, again, count) == 0 &&
                // In place, as pages are opened.
                one->open(context, nonce, associated, associated_count, sealed, count, sealed, tag) &&
                memcmp(plain, sealed, count) == 0;
    if (!same) { return false; }
    tag[count % TAG_BYTES] ^= 1;
    return !one->open(context, nonce, associated, associated_count, again, count, sealed, tag);
}

bool gcm_agrees(const probity_pagestore_gcm *gcm) {
    static const size_t counts[] = {1, 15, 16, 17, 255, 256, 257, CONTENT_BYTES - CLEAR_BYTES, CONTENT_BYTES};
    const probity_pagestore_gcm *libcrypto = gcm_of_libcrypto();
    if (!gcm || !libcrypto || gcm == libcrypto) { return gcm != NULL; }
    void *context = OPENSSL_zalloc(gcm->context_bytes), *other = OPENSSL_zalloc(libcrypto->context_bytes);
    bool agrees = context && other;
    for (size_t i = 0; agrees && i < sizeof counts / sizeof *counts; i++) {
        agrees = agree_on_message(gcm, context, libcrypto, other, counts[i]) &&
                 agree_on_message(libcrypto, other, gcm, context, counts[i]);
    }
    if (context) { gcm->release(context); }
    if (other) { libcrypto->release(other); }
    OPENSSL_clear_free(context, gcm->context_bytes);
    OPENSSL_clear_free(other, libcrypto->context_bytes);
    // A message that was refused is no error of whoever asks next.
    ERR_clear_error();
    return agrees;
}
