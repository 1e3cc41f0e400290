// Puts the page store under SQLite's own test suite. Linked into its testfixture, and into nothing else.
//
// With PROBITY_SUITE_VFS=store in the environment the page store is the default VFS of the process, and every database has
// the same key; without it the same program runs on SQLite's own VFS. So whatever the two do differently is the page store's.
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "probity_pagestore.h"

int sqlite_suite_init(const char *unused);
sqlite3_vfs *sqlite_suite_stack(sqlite3_vfs *below);

typedef int (*OpenFunction)(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags);

/// A path that has its key. Kept apart from SQLite's memory, which tests count, exhaust and exchange.
typedef struct KnownPath {
    struct KnownPath *next;
    char path[];
} KnownPath;

static const uint8_t key[PROBITY_PAGESTORE_KEY_BYTES] = "the one key of the test suite";
static OpenFunction store_open;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static KnownPath *known_paths;

static bool is_store_wanted(void) {
    const char *wanted = getenv("PROBITY_SUITE_VFS");
    return wanted && strcmp(wanted, "store") == 0;
}

/// Adds the key of a database that is opened for the first time. Once only: adding it again would replace it, and free
/// memory under an allocator that a test may have exchanged since.
static int know_path(const char *path) {
    int rc = SQLITE_OK;
    pthread_mutex_lock(&mutex);
    const KnownPath *found = known_paths;
    while (found && strcmp(found->path, path) != 0) { found = found->next; }
    if (!found) {
        size_t count = strlen(path) + 1;
        KnownPath *known = malloc(sizeof *known + count);
        rc = known ? probity_pagestore_add_key(path, key) : SQLITE_NOMEM;
        if (rc == SQLITE_OK) {
            memcpy(known->path, path, count);
            known->next = known_paths;
            known_paths = known;
        } else {
            free(known);
        }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

/// The page store's xOpen with the key added before. The name goes on as the pointer that SQLite made.
static int open_with_key(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    if (name && (flags & SQLITE_OPEN_MAIN_DB)) {
        int rc = know_path(name);
        if (rc != SQLITE_OK) {
            file->pMethods = NULL;
            return rc;
        }
    }
    return store_open(vfs, name, file, flags, out_flags);
}

/// SQLITE_EXTRA_INIT: called by every sqlite3_initialize, after it has made its own VFS the default. Tests shut SQLite down
/// and start it again, which the page store, registered once for the life of a process, does not know of.
int sqlite_suite_init(const char *unused) {
    (void)unused;
    if (!is_store_wanted()) { return SQLITE_OK; }
    int rc = probity_pagestore_register();
    sqlite3_vfs *store = sqlite3_vfs_find("probity");
    if (rc != SQLITE_OK || !store) { return rc == SQLITE_OK ? SQLITE_ERROR : rc; }
    if (!store_open) {
        store_open = store->xOpen;
        store->xOpen = open_with_key;
    }
    return sqlite3_vfs_register(store, 1);
}

/// What to register in place of `below`, a VFS of the suite that simulates a device: the page store on top of it, under its
/// name. On top of the page store, where the suite puts it, it would tear and drop writes that are not sealed yet, which no
/// disk does.
sqlite3_vfs *sqlite_suite_stack(sqlite3_vfs *below) {
    static sqlite3_vfs stacks[4];
    const sqlite3_vfs *store = sqlite3_vfs_find("probity");
    if (!is_store_wanted() || !store) { return below; }
    size_t i = 0;
    while (i < sizeof stacks / sizeof *stacks && stacks[i].zName && strcmp(stacks[i].zName, below->zName) != 0) { i++; }
    if (i == sizeof stacks / sizeof *stacks) { return NULL; }
    // The page store's files are followed in memory by those of the VFS below: its own, `unix`, first.
    const sqlite3_vfs *replaced = store->pAppData;
    stacks[i] = *store;
    stacks[i].pNext = NULL;
    stacks[i].zName = below->zName;
    stacks[i].pAppData = below;
    stacks[i].szOsFile = store->szOsFile - replaced->szOsFile + below->szOsFile;
    if (stacks[i].szOsFile < store->szOsFile) { stacks[i].szOsFile = store->szOsFile; }
    return &stacks[i];
}
