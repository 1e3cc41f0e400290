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
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

// MARK: Secret memory. The arena is locked, without core dump, between guard pages; a full arena falls back to the heap.

static inline void probity_secure_heap_init(size_t bytes) {
    if (!CRYPTO_secure_malloc_initialized()) { CRYPTO_secure_malloc_init(bytes, 32); }
}

static inline void *probity_secret_allocate(size_t bytes) {
    void *memory = OPENSSL_secure_zalloc(bytes);
    return memory ? memory : OPENSSL_zalloc(bytes);
}

static inline void probity_secret_free(void *memory, size_t bytes) { OPENSSL_secure_clear_free(memory, bytes); }

// MARK: HKDF (RFC 5869). mode: EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, _EXTRACT_ONLY or _EXPAND_ONLY.

static inline int probity_hkdf_sha256(
    int mode, const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len, const uint8_t *info,
    size_t info_len, uint8_t *out, size_t out_len) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    size_t produced = out_len;
    int ok = context && EVP_PKEY_derive_init(context) > 0 && EVP_PKEY_CTX_set_hkdf_mode(context, mode) > 0 &&
             EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) > 0 &&
             EVP_PKEY_CTX_set1_hkdf_key(context, key, (int)key_len) > 0 &&
             (salt_len == 0 || EVP_PKEY_CTX_set1_hkdf_salt(context, salt, (int)salt_len) > 0) &&
             (info_len == 0 || EVP_PKEY_CTX_add1_hkdf_info(context, info, (int)info_len) > 0) &&
             EVP_PKEY_derive(context, out, &produced) > 0 && produced == out_len;
    EVP_PKEY_CTX_free(context);
    return ok;
}

// MARK: AEAD

static inline int probity_gcm_set_iv_length(EVP_CIPHER_CTX *context, int length) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, length, NULL) == 1;
}
static inline int probity_gcm_get_tag(EVP_CIPHER_CTX *context, uint8_t tag[16]) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
}
static inline int probity_gcm_set_tag(EVP_CIPHER_CTX *context, const uint8_t tag[16]) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag) == 1;
}

// MARK: Key files

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
