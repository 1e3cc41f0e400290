// The part of OpenSSL 3's libcrypto that Probity uses, as one Clang module.
//
// Function-like macros and pointer-chasing through ASN.1 structures do not import into Swift; what the project needs of
// them stands below as inline functions. Each returns 1 for success and 0 for failure unless it says otherwise.
#ifndef PROBITY_COPENSSL_SHIM_H
#define PROBITY_COPENSSL_SHIM_H

// The low-level SHA-256 calls cost a third of an EVP digest on inputs of a few hundred bytes, and the ledger hashes
// millions of those. OpenSSL 3 marks them deprecated, not unsafe.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/// Keeps the kernel from writing this process's memory to a file or to a crash handler, and others of the same user from
/// reading it. A limit alone does not hold against a core_pattern that is a pipe (core(5)). The handlers that Swift's runtime
/// has for crashes go, too: they print registers and the memory around them.
static inline int probity_forbid_core_files(void) {
    static const int crashes[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    const struct rlimit none = {0, 0};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) { signal(crashes[i], SIG_DFL); }
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

// MARK: Secret memory. The arena is locked, without core dump, between guard pages; a full arena falls back to the heap.

static inline void probity_secure_heap_init(size_t bytes) {
    if (!CRYPTO_secure_malloc_initialized()) { CRYPTO_secure_malloc_init(bytes, 32); }
}

static inline void *probity_secret_allocate(size_t bytes) {
    void *memory = OPENSSL_secure_zalloc(bytes);
    return memory ? memory : OPENSSL_zalloc(bytes);
}

static inline void probity_secret_free(void *memory, size_t bytes) { OPENSSL_secure_clear_free(memory, bytes); }

// MARK: HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869)

/// A context with the digest chosen and a key of zeros, to be copied for each message: choosing the digest looks it up by
/// name, which costs more than a short message. NULL where the library has no HMAC or no SHA-256.
static inline EVP_MAC_CTX *probity_hmac_template(void) {
    static const uint8_t zeros[32];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (context && EVP_MAC_init(context, zeros, sizeof zeros, parameters) == 1) { return context; }
    EVP_MAC_CTX_free(context);
    return NULL;
}

/// HMAC of prefix || message. A pointer may be NULL where its length is 0.
static inline int probity_hmac_sha256(
    const EVP_MAC_CTX *template_context, const void *key, size_t key_len, const void *prefix, size_t prefix_len,
    const void *message, size_t message_len, void *tag) {
    size_t written = 0;
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(template_context);
    // To EVP_MAC_init a NULL key is "the key as before".
    int ok = context && EVP_MAC_init(context, (const uint8_t *)(key ? key : ""), key_len, NULL) == 1 &&
             (prefix_len == 0 || EVP_MAC_update(context, (const uint8_t *)prefix, prefix_len) == 1) &&
             (message_len == 0 || EVP_MAC_update(context, (const uint8_t *)message, message_len) == 1) &&
             EVP_MAC_final(context, (uint8_t *)tag, &written, 32) == 1 && written == 32;
    EVP_MAC_CTX_free(context);
    return ok;
}

/// RFC 5869 §2.3.
static inline int probity_hkdf_expand(
    const EVP_KDF *hkdf, const void *prk, size_t prk_len, const void *info, size_t info_len, void *out,
    size_t out_len) {
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)prk, prk_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(info ? info : ""), info_len),
        OSSL_PARAM_construct_end()};
    EVP_KDF_CTX *context = EVP_KDF_CTX_new((EVP_KDF *)hkdf);
    int ok = context && EVP_KDF_derive(context, (uint8_t *)out, out_len, parameters) == 1;
    EVP_KDF_CTX_free(context);
    return ok;
}

// MARK: AEAD

/// One message of AES-256-GCM in a context that has the cipher. Sealing writes in_len bytes and, behind them, the tag of 16;
/// opening reads the tag behind in_len bytes of input. What opening wrote is to be wiped where the answer is 0.
static inline int probity_gcm(
    EVP_CIPHER_CTX *context, int sealing, const void *key, const void *nonce, size_t nonce_len, const void *associated,
    size_t associated_len, const void *in, size_t in_len, void *out) {
    const uint8_t *input = (const uint8_t *)in;
    uint8_t *output = (uint8_t *)out;
    uint8_t none[16];
    int done = 0;
    if (nonce_len != 12 && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_len, NULL) != 1) {
        return 0;
    }
    return EVP_CipherInit_ex2(context, NULL, (const uint8_t *)key, (const uint8_t *)nonce, sealing, NULL) == 1 &&
           (associated_len == 0 ||
            EVP_CipherUpdate(context, NULL, &done, (const uint8_t *)associated, (int)associated_len) == 1) &&
           (in_len == 0 || EVP_CipherUpdate(context, output, &done, input, (int)in_len) == 1) &&
           (sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(input + in_len)) == 1) &&
           EVP_CipherFinal_ex(context, none, &done) == 1 &&
           (!sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, output + in_len) == 1);
}

/// The key of one XAES-256-GCM message: AES_K(M1 ^ K1) || AES_K(M2 ^ K1), M = 0x00 || counter || "X" 0x00 || nonce[0..<12].
/// `ecb` has the key K, and no padding. What is encrypted never repeats by construction, so that ECB shows nothing.
static inline int probity_xaes_key(EVP_CIPHER_CTX *ecb, const void *subkey, const void *nonce, void *derived) {
    uint8_t blocks[32] = {0, 1, 'X', 0, [16] = 0, 2, 'X', 0};
    int done = 0;
    memcpy(blocks + 4, nonce, 12);
    memcpy(blocks + 20, nonce, 12);
    for (size_t i = 0; i < sizeof blocks; i++) { blocks[i] ^= ((const uint8_t *)subkey)[i & 15]; }
    int ok = EVP_EncryptUpdate(ecb, (uint8_t *)derived, &done, blocks, sizeof blocks) == 1 && done == sizeof blocks;
    OPENSSL_cleanse(blocks, sizeof blocks);
    return ok;
}

/// K1 of CMAC (SP 800-38B §6.1): AES_K(0) doubled in GF(2^128), without a branch on the secret.
static inline int probity_xaes_subkey(EVP_CIPHER_CTX *ecb, void *subkey) {
    uint8_t *block = (uint8_t *)subkey;
    uint8_t zero[16] = {0};
    int done = 0;
    if (EVP_EncryptUpdate(ecb, block, &done, zero, sizeof zero) != 1 || done != sizeof zero) { return 0; }
    uint8_t carry = block[0] >> 7;
    for (size_t i = 0; i < 15; i++) { block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7); }
    block[15] = (uint8_t)(block[15] << 1) ^ (uint8_t)(0x87 & (0 - carry));
    return 1;
}

// MARK: Key files

// A header "Proc-Type: 4,ENCRYPTED" in any PEM makes OpenSSL ask for a passphrase at the terminal. The files of this
// project never have one: the empty string as user data answers in the terminal's stead.

static inline X509_SIG *probity_read_pkcs8(const void *pem, size_t len) {
    BIO *bio = len > 0 && len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    X509_SIG *sealed = bio ? PEM_read_bio_PKCS8(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    return sealed;
}

static inline EVP_PKEY *probity_read_public_key(const void *pem, size_t len) {
    BIO *bio = len > 0 && len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    return key;
}

/// PKCS#8 EncryptedPrivateKeyInfo in PEM: PBES2 with scrypt and AES-256-CBC. Returns a memory BIO or NULL.
static inline BIO *probity_pkcs8_encrypt(
    EVP_PKEY *key, const char *pass, int pass_len, const uint8_t *salt, int salt_len, const uint8_t *iv, uint64_t n,
    uint64_t r, uint64_t p) {
    BIO *out = NULL;
    X509_SIG *sealed = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    X509_ALGOR *algorithm =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, salt_len, (unsigned char *)iv, n, r, p);
    if (info && algorithm) {
        sealed = PKCS8_set0_pbe(pass, pass_len, info, algorithm);
        if (sealed) { algorithm = NULL; }  // now owned by `sealed`
    }
    if (sealed && (out = BIO_new(BIO_s_mem())) && PEM_write_bio_PKCS8(out, sealed) != 1) {
        BIO_free(out);
        out = NULL;
    }
    X509_ALGOR_free(algorithm);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return out;
}

static inline int probity_small(const ASN1_INTEGER *number, uint64_t limit) {
    uint64_t value = 0;
    return number && ASN1_INTEGER_get_uint64(&value, number) == 1 && value >= 1 && value <= limit;
}

/// Whether opening the file would stay inside the limits given: 1 yes, 0 beyond them, -1 not PBES2 with scrypt or PBKDF2.
/// Only the parameters are read; nothing is derived.
static inline int probity_pkcs8_within_limits(
    const X509_SIG *sealed, uint64_t max_n, uint64_t max_r, uint64_t max_p, uint64_t max_iterations) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    const void *parameter = NULL;
    int type = 0, verdict = -1;
    X509_SIG_get0(sealed, &algorithm, NULL);
    X509_ALGOR_get0(&oid, &type, &parameter, algorithm);
    if (OBJ_obj2nid(oid) != NID_pbes2 || type != V_ASN1_SEQUENCE) { return -1; }
    PBE2PARAM *pbes2 = ASN1_item_unpack((const ASN1_STRING *)parameter, ASN1_ITEM_rptr(PBE2PARAM));
    if (!pbes2) { return -1; }
    X509_ALGOR_get0(&oid, &type, &parameter, pbes2->keyfunc);
    if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_id_scrypt) {
        SCRYPT_PARAMS *scrypt = ASN1_item_unpack((const ASN1_STRING *)parameter, ASN1_ITEM_rptr(SCRYPT_PARAMS));
        if (scrypt) {
            verdict = probity_small(scrypt->costParameter, max_n) && probity_small(scrypt->blockSize, max_r) &&
                      probity_small(scrypt->parallelizationParameter, max_p);
            SCRYPT_PARAMS_free(scrypt);
        }
    } else if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_id_pbkdf2) {
        PBKDF2PARAM *pbkdf2 = ASN1_item_unpack((const ASN1_STRING *)parameter, ASN1_ITEM_rptr(PBKDF2PARAM));
        if (pbkdf2) {
            verdict = probity_small(pbkdf2->iter, max_iterations);
            PBKDF2PARAM_free(pbkdf2);
        }
    }
    PBE2PARAM_free(pbes2);
    return verdict;
}

static inline long probity_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

#endif
