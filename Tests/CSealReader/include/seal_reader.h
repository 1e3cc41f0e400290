/// For tests: opens sealed pages from the published specification alone, and looks into the page store's nonces.
#ifndef SEAL_READER_H
#define SEAL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// XAES-256-GCM (C2SP): opens ciphertext ‖ tag under a nonce of 24 bytes. `plaintext` has room for `count - 16` bytes.
bool xaes_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associated_count,
    const uint8_t *ciphertext, size_t count, uint8_t *plaintext);

/// Page `page` of a main file of `count` bytes, as SQLite should see it (4096 bytes).
bool read_main_page(const uint8_t *key, const uint8_t *file, size_t count, uint32_t page, uint8_t *plain);

/// Frame `frame` (from 1) of a WAL, as SQLite should see it (24 + 4096 bytes), for the main file whose id is given.
bool read_wal_frame(
    const uint8_t *key, const uint8_t *file_id, const uint8_t *wal, size_t count, uint32_t frame, uint8_t *plain);

/// What is wrong with an implementation of AES-GCM that is not to be trusted with pages.
typedef enum {
    LIAR_NONE,
    LIAR_TAG_IS_WRONG,
    LIAR_ACCEPTS_ANY_TAG,
    LIAR_IGNORES_ASSOCIATED_DATA,
    LIAR_IGNORES_KEY,
    LIAR_LEAVES_LAST_BYTE,
    LIAR_CANNOT_WORK_IN_PLACE,
    LIAR_FAILS
} liar;

/// Whether the page store would take libcrypto's AES-GCM with this fault for its own.
bool liar_is_trusted(liar fault);

/// Draws `count` nonces from a pool of the page store, and says whether two of them are equal. `false` where drawing fails too.
bool nonces_are_distinct(uint32_t count);

/// Draws a nonce from one pool in this process and, after a fork, in a child; says whether all four differ.
bool nonces_differ_after_fork(void);

#endif
