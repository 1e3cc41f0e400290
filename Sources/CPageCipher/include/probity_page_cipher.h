/// AES-256-GCM for the page store with the vector instructions of newer processors (VAES, VPCLMULQDQ): a third of the time
/// that OpenSSL 3.0 takes for a page.
///
/// It is BoringSSL's, as Apple's swift-crypto carries it: the same published algorithm, checked against libcrypto before the
/// page store uses it. Where a processor has none of these instructions, it takes the older ones.
#ifndef PROBITY_PAGE_CIPHER_H
#define PROBITY_PAGE_CIPHER_H

#include "probity_pagestore.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The implementation to give to `probity_pagestore_use_gcm`.
const probity_pagestore_gcm *probity_page_cipher(void);

#ifdef __cplusplus
}
#endif

#endif
