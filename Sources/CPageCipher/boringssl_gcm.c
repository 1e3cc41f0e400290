// BoringSSL's AES-256-GCM behind the page store's seam. A file and a module of its own, because its headers and OpenSSL's
// name the same functions; the names that are linked differ, since swift-crypto gives BoringSSL's a prefix.
#include <CCryptoBoringSSL_aead.h>
#include <CCryptoBoringSSL_err.h>
#include <string.h>

#include "probity_page_cipher.h"

enum { KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };

static bool set_key(void *context, const uint8_t *key) {
    EVP_AEAD_CTX_cleanup(context);
    return EVP_AEAD_CTX_init(context, EVP_aead_aes_256_gcm(), key, KEY_BYTES, TAG_BYTES, NULL) == 1;
}

static bool seal(
    void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, uint8_t *tag) {
    size_t tag_count = 0;
    return EVP_AEAD_CTX_seal_scatter(
               context, out, tag, &tag_count, TAG_BYTES, nonce, NONCE_BYTES, in, count, NULL, 0, associated,
               associated_count) == 1 &&
           tag_count == TAG_BYTES;
}

static bool open(
    void *context, const uint8_t *nonce, const uint8_t *associated, size_t associated_count, const uint8_t *in,
    size_t count, uint8_t *out, const uint8_t *tag) {
    bool opened = EVP_AEAD_CTX_open_gather(
                      context, out, nonce, NONCE_BYTES, in, count, tag, TAG_BYTES, associated, associated_count) == 1;
    // What failed is told by the result; the queue of errors belongs to the thread.
    if (!opened) { ERR_clear_error(); }
    return opened;
}

static void release(void *context) { EVP_AEAD_CTX_cleanup(context); }

const probity_pagestore_gcm *probity_page_cipher(void) {
    static const probity_pagestore_gcm gcm = {
        .context_bytes = sizeof(EVP_AEAD_CTX),
        .set_key = set_key,
        .seal = seal,
        .open = open,
        .release = release,
    };
    return &gcm;
}
