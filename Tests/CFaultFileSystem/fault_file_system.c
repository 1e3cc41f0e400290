#define _DEFAULT_SOURCE  // strdup
#include "fault_file_system.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512, SHM_LOCKS = 8, SHM_REGIONS = 64, PREFIX_BYTES = 7 };
static const char prefix[] = "/fault/";

typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} Bytes;

typedef struct {
    bool is_truncation;
    size_t offset;
    size_t count;
    uint8_t *bytes;
} Change;

typedef struct DiskFile {
    struct DiskFile *next;
    char *name;
    // What programs see, and what a power cut leaves for certain.
    Bytes now, synced;
    bool exists, exists_synced;
    Change *changes;
    size_t change_count, change_capacity;
    // Locks: how many hold at least SHARED, and who holds more.
    int shared;
    const void *reserved, *pending, *exclusive;
    void *regions[SHM_REGIONS];
    int region_bytes, shm_users;
    int shm_shared[SHM_LOCKS];
    bool shm_exclusive[SHM_LOCKS];
} DiskFile;

struct FaultDisk {
    struct FaultDisk *next;
    char *name;
    DiskFile *files;
    uint64_t fail_at[3], counted[3];
    bool fail_for_ever[3];
    bool has_failed;
    uint64_t power_at, changes;
    bool is_dark;
};

typedef struct {
    sqlite3_file base;
    FaultDisk *disk;
    DiskFile *file;
    int level;
    bool uses_shm;
    uint16_t shm_shared, shm_exclusive;
} OpenFile;

// One lock for everything: tests of a few threads do not mind.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FaultDisk *disks;
static sqlite3_vfs *below;
static uint64_t temporary_count;

static void *must(void *memory) {
    if (!memory) { abort(); }
    return memory;
}

// MARK: Bytes

static void bytes_resize(Bytes *bytes, size_t count) {
    if (count > bytes->capacity) {
        size_t capacity = bytes->capacity * 2 > count ? bytes->capacity * 2 : count + 4096;
        bytes->bytes = must(realloc(bytes->bytes, capacity));
        bytes->capacity = capacity;
    }
    if (count > bytes->count) { memset(bytes->bytes + bytes->count, 0, count - bytes->count); }
    bytes->count = count;
}

static void bytes_write(Bytes *bytes, size_t offset, const void *in, size_t count) {
    if (count == 0) { return; }
    if (offset + count > bytes->count) { bytes_resize(bytes, offset + count); }
    memcpy(bytes->bytes + offset, in, count);
}

static void bytes_copy(Bytes *bytes, const Bytes *source) {
    bytes_resize(bytes, 0);
    bytes_write(bytes, 0, source->bytes, source->count);
}

// MARK: Files of a disk

static DiskFile *find_file(const FaultDisk *disk, const char *name) {
    DiskFile *file = disk->files;
    while (file && strcmp(file->name, name) != 0) { file = file->next; }
    return file;
}

static DiskFile *make_file(FaultDisk *disk, const char *name) {
    DiskFile *file = find_file(disk, name);
    if (!file) {
        file = must(calloc(1, sizeof *file));
        file->name = must(strdup(name));
        file->next = disk->files;
        disk->files = file;
    }
    return file;
}

static void forget_changes(DiskFile *file) {
    for (size_t i = 0; i < file->change_count; i++) { free(file->changes[i].bytes); }
    file->change_count = 0;
}

static void record(DiskFile *file, bool is_truncation, size_t offset, const void *bytes, size_t count) {
    if (file->change_count == file->change_capacity) {
        file->change_capacity = file->change_capacity * 2 + 16;
        file->changes = must(realloc(file->changes, file->change_capacity * sizeof *file->changes));
    }
    uint8_t *copy = NULL;
    if (count > 0) { memcpy(copy = must(malloc(count)), bytes, count); }
    file->changes[file->change_count++] = (Change){is_truncation, offset, count, copy};
}

static void apply(Bytes *bytes, const Change *change) {
    if (change->is_truncation) {
        bytes_resize(bytes, change->offset);
    } else {
        bytes_write(bytes, change->offset, change->bytes, change->count);
    }
}

static void forget_memory(DiskFile *file) {
    for (int i = 0; i < SHM_REGIONS; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
    memset(file->shm_shared, 0, sizeof file->shm_shared);
    memset(file->shm_exclusive, 0, sizeof file->shm_exclusive);
}

static void free_file(DiskFile *file) {
    forget_changes(file);
    forget_memory(file);
    free(file->changes);
    free(file->now.bytes);
    free(file->synced.bytes);
    free(file->name);
    free(file);
}

static void empty_disk(FaultDisk *disk) {
    while (disk->files) {
        DiskFile *file = disk->files;
        disk->files = file->next;
        free_file(file);
    }
}

FaultDisk *fault_disk_create(const char *name) {
    FaultDisk *disk = must(calloc(1, sizeof *disk));
    disk->name = must(strdup(name));
    pthread_mutex_lock(&mutex);
    disk->next = disks;
    disks = disk;
    pthread_mutex_unlock(&mutex);
    return disk;
}

void fault_disk_destroy(FaultDisk *disk) {
    pthread_mutex_lock(&mutex);
    for (FaultDisk **link = &disks; *link; link = &(*link)->next) {
        if (*link == disk) {
            *link = disk->next;
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    empty_disk(disk);
    free(disk->name);
    free(disk);
}

void fault_disk_copy(FaultDisk *disk, const FaultDisk *source) {
    pthread_mutex_lock(&mutex);
    empty_disk(disk);
    for (const DiskFile *file = source->files; file; file = file->next) {
        if (!file->exists) { continue; }
        DiskFile *copy = make_file(disk, file->name);
        bytes_copy(&copy->now, &file->now);
        bytes_copy(&copy->synced, &file->now);
        copy->exists = copy->exists_synced = true;
    }
    pthread_mutex_unlock(&mutex);
}

int64_t fault_disk_get(const FaultDisk *disk, const char *name, void *bytes, size_t capacity) {
    int64_t count = -1;
    pthread_mutex_lock(&mutex);
    const DiskFile *file = find_file(disk, name);
    if (file && file->exists) {
        count = (int64_t)file->now.count;
        size_t copied = capacity < file->now.count ? capacity : file->now.count;
        if (copied > 0) { memcpy(bytes, file->now.bytes, copied); }
    }
    pthread_mutex_unlock(&mutex);
    return count;
}

void fault_disk_set(FaultDisk *disk, const char *name, const void *bytes, size_t count) {
    pthread_mutex_lock(&mutex);
    DiskFile *file = make_file(disk, name);
    forget_changes(file);
    bytes_resize(&file->now, 0);
    bytes_write(&file->now, 0, bytes, count);
    bytes_copy(&file->synced, &file->now);
    file->exists = file->exists_synced = true;
    pthread_mutex_unlock(&mutex);
}

void fault_disk_patch(FaultDisk *disk, const char *name, size_t offset, const void *bytes, size_t count) {
    pthread_mutex_lock(&mutex);
    DiskFile *file = make_file(disk, name);
    bytes_write(&file->now, offset, bytes, count);
    bytes_write(&file->synced, offset, bytes, count);
    file->exists = file->exists_synced = true;
    pthread_mutex_unlock(&mutex);
}

void fault_disk_remove(FaultDisk *disk, const char *name) {
    pthread_mutex_lock(&mutex);
    DiskFile *file = find_file(disk, name);
    if (file) {
        forget_changes(file);
        bytes_resize(&file->now, 0);
        bytes_resize(&file->synced, 0);
        file->exists = file->exists_synced = false;
    }
    pthread_mutex_unlock(&mutex);
}

const char *fault_disk_name(const FaultDisk *disk, size_t index) {
    for (const DiskFile *file = disk->files; file; file = file->next) {
        if (file->exists && index-- == 0) { return file->name; }
    }
    return NULL;
}

// MARK: Faults

void fault_disk_fail(FaultDisk *disk, FaultKind kind, uint64_t number, bool for_ever) {
    disk->fail_at[kind] = number;
    disk->fail_for_ever[kind] = for_ever;
    disk->counted[kind] = 0;
    disk->has_failed = false;
}

uint64_t fault_disk_count(const FaultDisk *disk, FaultKind kind) { return disk->counted[kind]; }
uint64_t fault_temporary_count(void) {
    pthread_mutex_lock(&mutex);
    uint64_t count = temporary_count;
    pthread_mutex_unlock(&mutex);
    return count;
}

bool fault_disk_failed(const FaultDisk *disk) { return disk->has_failed; }

void fault_disk_cut_power(FaultDisk *disk, uint64_t number) {
    disk->power_at = number;
    disk->changes = 0;
    disk->is_dark = false;
}

bool fault_disk_is_dark(const FaultDisk *disk) { return disk->is_dark; }
uint64_t fault_disk_change_count(const FaultDisk *disk) { return disk->changes; }

static bool fails(FaultDisk *disk, FaultKind kind) {
    uint64_t number = ++disk->counted[kind], at = disk->fail_at[kind];
    bool failing = at > 0 && (number == at || (number > at && disk->fail_for_ever[kind]));
    disk->has_failed |= failing;
    return failing;
}

/// Whether a call fails, power or fault.
static bool call_fails(FaultDisk *disk) { return disk->is_dark || fails(disk, FAULT_ANY_CALL); }

/// Whether the power goes with this change.
static bool loses_power(FaultDisk *disk) {
    disk->changes++;
    if (disk->power_at > 0 && disk->changes >= disk->power_at) { disk->is_dark = true; }
    return disk->is_dark;
}

/// SplitMix64.
static uint64_t next_random(uint64_t *state) {
    uint64_t word = *state += 0x9E3779B97F4A7C15;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    return word ^ (word >> 31);
}

static void apply_after_cut(Bytes *bytes, const Change *change, uint64_t *random) {
    switch (next_random(random) % 8) {
    case 0:
    case 1:
    case 2: return;
    case 3:
    case 4:
        if (!change->is_truncation) {
            for (size_t i = 0; i < change->count;) {
                size_t end = ((change->offset + i) / SECTOR_BYTES + 1) * SECTOR_BYTES - change->offset;
                if (end > change->count) { end = change->count; }
                uint64_t fate = next_random(random) % 3;
                uint8_t garbage[SECTOR_BYTES];
                for (size_t j = 0; j < sizeof garbage; j++) { garbage[j] = (uint8_t)next_random(random); }
                if (fate > 0) {
                    bytes_write(bytes, change->offset + i, fate == 1 ? change->bytes + i : garbage, end - i);
                }
                i = end;
            }
            return;
        }
        break;
    default: break;
    }
    apply(bytes, change);
}

void fault_disk_restart(FaultDisk *disk, uint64_t seed) {
    uint64_t random = seed;
    pthread_mutex_lock(&mutex);
    for (DiskFile *file = disk->files; file; file = file->next) {
        for (size_t start = 0; start < file->change_count;) {
            size_t end = start + 1;
            while (end < file->change_count && !file->changes[start].is_truncation &&
                   !file->changes[end].is_truncation) {
                end++;
            }
            for (size_t i = end - 1; i > start; i--) {
                size_t other = start + next_random(&random) % (i - start + 1);
                Change change = file->changes[i];
                file->changes[i] = file->changes[other];
                file->changes[other] = change;
            }
            for (size_t i = start; i < end; i++) { apply_after_cut(&file->synced, &file->changes[i], &random); }
            start = end;
        }
        forget_changes(file);
        // A creation or deletion that nobody synced.
        if (file->exists != file->exists_synced && next_random(&random) % 2) { file->exists_synced = file->exists; }
        if (!file->exists_synced) { bytes_resize(&file->synced, 0); }
        file->exists = file->exists_synced;
        bytes_copy(&file->now, &file->synced);
        forget_memory(file);
        file->shared = 0;
        file->reserved = file->pending = file->exclusive = NULL;
        file->shm_users = 0;
    }
    disk->is_dark = false;
    disk->power_at = 0;
    disk->changes = 0;
    pthread_mutex_unlock(&mutex);
}

// MARK: Methods of an open file

static int fault_lock_to(OpenFile *open, int level);

static void release_memory(OpenFile *open) {
    if (!open->uses_shm) { return; }
    for (int i = 0; i < SHM_LOCKS; i++) {
        if (open->shm_shared & (1 << i)) { open->file->shm_shared[i]--; }
        if (open->shm_exclusive & (1 << i)) { open->file->shm_exclusive[i] = false; }
    }
    open->shm_shared = open->shm_exclusive = 0;
    open->uses_shm = false;
    // As with a file of shared memory that the last process closes: the next one must recover.
    if (--open->file->shm_users == 0) { forget_memory(open->file); }
}

static int fault_close(sqlite3_file *base) {
    OpenFile *open = (OpenFile *)base;
    pthread_mutex_lock(&mutex);
    release_memory(open);
    fault_lock_to(open, SQLITE_LOCK_NONE);
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

static int fault_read(sqlite3_file *base, void *out, int count, sqlite3_int64 offset) {
    OpenFile *open = (OpenFile *)base;
    const Bytes *bytes = &open->file->now;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&mutex);
    if (call_fails(open->disk)) {
        rc = SQLITE_IOERR_READ;
    } else {
        size_t start = (size_t)offset, wanted = (size_t)count;
        size_t there = start < bytes->count ? bytes->count - start : 0;
        if (fails(open->disk, FAULT_SHORT_READ) && there > wanted / 2) { there = wanted / 2; }
        size_t copied = there < wanted ? there : wanted;
        if (copied > 0) { memcpy(out, bytes->bytes + start, copied); }
        memset((uint8_t *)out + copied, 0, wanted - copied);
        if (copied < wanted) { rc = SQLITE_IOERR_SHORT_READ; }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_write(sqlite3_file *base, const void *in, int count, sqlite3_int64 offset) {
    OpenFile *open = (OpenFile *)base;
    int rc = SQLITE_OK;
    size_t written = (size_t)count;
    pthread_mutex_lock(&mutex);
    if (open->disk->is_dark) {
        rc = SQLITE_IOERR_WRITE;
        written = 0;
    } else if (fails(open->disk, FAULT_DISK_FULL)) {
        rc = SQLITE_FULL;
        written /= 2;
    } else if (call_fails(open->disk)) {
        rc = SQLITE_IOERR_WRITE;
        written /= 2;
    } else if (loses_power(open->disk)) {
        rc = SQLITE_IOERR_WRITE;
    }
    if (written > 0) {
        record(open->file, false, (size_t)offset, in, written);
        bytes_write(&open->file->now, (size_t)offset, in, written);
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_truncate(sqlite3_file *base, sqlite3_int64 count) {
    OpenFile *open = (OpenFile *)base;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&mutex);
    if (call_fails(open->disk)) {
        rc = SQLITE_IOERR_TRUNCATE;
    } else {
        if (loses_power(open->disk)) { rc = SQLITE_IOERR_TRUNCATE; }
        record(open->file, true, (size_t)count, NULL, 0);
        bytes_resize(&open->file->now, (size_t)count);
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_sync(sqlite3_file *base, int flags) {
    OpenFile *open = (OpenFile *)base;
    DiskFile *file = open->file;
    int rc = SQLITE_OK;
    (void)flags;
    pthread_mutex_lock(&mutex);
    if (call_fails(open->disk) || loses_power(open->disk)) {
        rc = SQLITE_IOERR_FSYNC;
    } else {
        for (size_t i = 0; i < file->change_count; i++) { apply(&file->synced, &file->changes[i]); }
        forget_changes(file);
        file->exists_synced = file->exists;
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_file_size(sqlite3_file *base, sqlite3_int64 *count) {
    OpenFile *open = (OpenFile *)base;
    pthread_mutex_lock(&mutex);
    int rc = call_fails(open->disk) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
    if (rc == SQLITE_OK) { *count = (sqlite3_int64)open->file->now.count; }
    pthread_mutex_unlock(&mutex);
    return rc;
}

/// Moves to `level`, up or down, or answers SQLITE_BUSY. Under the mutex.
static int fault_lock_to(OpenFile *open, int level) {
    DiskFile *file = open->file;
    if (level <= open->level) {
        if (level < SQLITE_LOCK_EXCLUSIVE && file->exclusive == open) { file->exclusive = NULL; }
        if (level < SQLITE_LOCK_PENDING && file->pending == open) { file->pending = NULL; }
        if (level < SQLITE_LOCK_RESERVED && file->reserved == open) { file->reserved = NULL; }
        if (level < SQLITE_LOCK_SHARED && open->level >= SQLITE_LOCK_SHARED) { file->shared--; }
        open->level = level;
        return SQLITE_OK;
    }
    if (file->exclusive && file->exclusive != open) { return SQLITE_BUSY; }
    if (open->level == SQLITE_LOCK_NONE) {
        if (file->pending) { return SQLITE_BUSY; }
        file->shared++;
        open->level = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED) {
        if (file->reserved && file->reserved != open) { return SQLITE_BUSY; }
        if (level == SQLITE_LOCK_RESERVED) { file->reserved = open; }
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        if (file->pending && file->pending != open) { return SQLITE_BUSY; }
        file->pending = open;
        open->level = SQLITE_LOCK_PENDING;
        if (file->shared > 1) { return SQLITE_BUSY; }
        file->exclusive = open;
    }
    open->level = level;
    return SQLITE_OK;
}

static int fault_lock(sqlite3_file *base, int level) {
    pthread_mutex_lock(&mutex);
    OpenFile *open = (OpenFile *)base;
    int rc = level > open->level ? fault_lock_to(open, level) : SQLITE_OK;
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_unlock(sqlite3_file *base, int level) {
    pthread_mutex_lock(&mutex);
    OpenFile *open = (OpenFile *)base;
    int rc = level < open->level ? fault_lock_to(open, level) : SQLITE_OK;
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_check_reserved_lock(sqlite3_file *base, int *reserved) {
    const DiskFile *file = ((OpenFile *)base)->file;
    pthread_mutex_lock(&mutex);
    *reserved = file->reserved || file->pending || file->exclusive;
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

static int fault_file_control(sqlite3_file *base, int op, void *argument) {
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int fault_sector_size(sqlite3_file *base) {
    (void)base;
    return SECTOR_BYTES;
}

static int fault_device_characteristics(sqlite3_file *base) {
    (void)base;
    return 0;
}

static int fault_shm_map(sqlite3_file *base, int region, int byte_count, int extend, void volatile **memory) {
    OpenFile *open = (OpenFile *)base;
    int rc = SQLITE_OK;
    *memory = NULL;
    pthread_mutex_lock(&mutex);
    if (!open->uses_shm) {
        open->uses_shm = true;
        open->file->shm_users++;
    }
    if (call_fails(open->disk) || region >= SHM_REGIONS) {
        rc = SQLITE_IOERR_SHMMAP;
    } else {
        if (!open->file->regions[region] && extend) {
            open->file->regions[region] = must(calloc(1, (size_t)byte_count));
        }
        *memory = open->file->regions[region];
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fault_shm_lock(sqlite3_file *base, int first, int count, int flags) {
    OpenFile *open = (OpenFile *)base;
    DiskFile *file = open->file;
    uint16_t mask = (uint16_t)(((1 << count) - 1) << first);
    int rc = SQLITE_OK;
    pthread_mutex_lock(&mutex);
    for (int i = first; i < first + count && rc == SQLITE_OK; i++) {
        bool mine = open->shm_shared & (1 << i);
        if (flags & SQLITE_SHM_UNLOCK) {
            if (mine) { file->shm_shared[i]--; }
            if (open->shm_exclusive & (1 << i)) { file->shm_exclusive[i] = false; }
        } else if (file->shm_exclusive[i] && !(open->shm_exclusive & (1 << i))) {
            rc = SQLITE_BUSY;
        } else if ((flags & SQLITE_SHM_EXCLUSIVE) && file->shm_shared[i] > (mine ? 1 : 0)) {
            rc = SQLITE_BUSY;
        }
    }
    if (flags & SQLITE_SHM_UNLOCK) {
        open->shm_shared &= (uint16_t)~mask;
        open->shm_exclusive &= (uint16_t)~mask;
    } else if (rc == SQLITE_OK && (flags & SQLITE_SHM_EXCLUSIVE)) {
        for (int i = first; i < first + count; i++) { file->shm_exclusive[i] = true; }
        open->shm_exclusive |= mask;
    } else if (rc == SQLITE_OK && !(open->shm_shared & mask)) {
        file->shm_shared[first]++;
        open->shm_shared |= mask;
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static void fault_shm_barrier(sqlite3_file *base) {
    (void)base;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static int fault_shm_unmap(sqlite3_file *base, int delete_memory) {
    OpenFile *open = (OpenFile *)base;
    (void)delete_memory;
    pthread_mutex_lock(&mutex);
    release_memory(open);
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_file_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_reserved_lock,
    .xFileControl = fault_file_control,
    .xSectorSize = fault_sector_size,
    .xDeviceCharacteristics = fault_device_characteristics,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

// MARK: The VFS

/// The disk of a name, and the name of the file on it, or NULL. Under the mutex.
static FaultDisk *find_disk(const char *name, const char **file_name) {
    if (!name || strncmp(name, prefix, PREFIX_BYTES) != 0) { return NULL; }
    const char *slash = strchr(name + PREFIX_BYTES, '/');
    if (!slash) { return NULL; }
    size_t length = (size_t)(slash - name) - PREFIX_BYTES;
    for (FaultDisk *disk = disks; disk; disk = disk->next) {
        if (strlen(disk->name) == length && strncmp(disk->name, name + PREFIX_BYTES, length) == 0) {
            *file_name = slash + 1;
            return disk;
        }
    }
    return NULL;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    const char *file_name = NULL;
    int rc = SQLITE_OK;
    (void)vfs;
    pthread_mutex_lock(&mutex);
    if (!name) { temporary_count++; }
    FaultDisk *disk = find_disk(name, &file_name);
    if (!disk) {
        pthread_mutex_unlock(&mutex);
        return below->xOpen(below, name, base, flags, out_flags);
    }
    base->pMethods = NULL;
    DiskFile *file = find_file(disk, file_name);
    if (call_fails(disk) || ((!file || !file->exists) && !(flags & SQLITE_OPEN_CREATE))) {
        rc = SQLITE_CANTOPEN;
    } else {
        file = make_file(disk, file_name);
        if (!file->exists) {
            // A file made again under a name whose deletion was not synced: the old one is gone for good.
            file->exists = true;
            forget_changes(file);
            bytes_resize(&file->now, 0);
            bytes_resize(&file->synced, 0);
            file->exists_synced = false;
        }
        *(OpenFile *)base = (OpenFile){.base.pMethods = &methods, .disk = disk, .file = file};
        if (out_flags) { *out_flags = flags; }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
    const char *file_name = NULL;
    int rc = SQLITE_OK;
    (void)vfs;
    pthread_mutex_lock(&mutex);
    FaultDisk *disk = find_disk(name, &file_name);
    if (!disk) {
        pthread_mutex_unlock(&mutex);
        return below->xDelete(below, name, sync_directory);
    }
    DiskFile *file = find_file(disk, file_name);
    if (call_fails(disk)) {
        rc = SQLITE_IOERR_DELETE;
    } else if (!file || !file->exists) {
        rc = SQLITE_IOERR_DELETE_NOENT;
    } else {
        if (loses_power(disk)) { rc = SQLITE_IOERR_DELETE; }
        file->exists = false;
        if (rc == SQLITE_OK && sync_directory) {
            file->exists_synced = false;
            forget_changes(file);
            bytes_resize(&file->synced, 0);
        }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    const char *file_name = NULL;
    (void)vfs;
    pthread_mutex_lock(&mutex);
    FaultDisk *disk = find_disk(name, &file_name);
    if (!disk) {
        pthread_mutex_unlock(&mutex);
        return below->xAccess(below, name, flags, result);
    }
    const DiskFile *file = find_file(disk, file_name);
    int rc = call_fails(disk) ? SQLITE_IOERR_ACCESS : SQLITE_OK;
    // As unix does: an empty file does not count as a journal or WAL.
    *result = file && file->exists && file->now.count > 0;
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int byte_count, char *out) {
    (void)vfs;
    if (strncmp(name, prefix, PREFIX_BYTES) != 0) { return below->xFullPathname(below, name, byte_count, out); }
    if (strlen(name) >= (size_t)byte_count) { return SQLITE_CANTOPEN; }
    memcpy(out, name, strlen(name) + 1);
    return SQLITE_OK;
}

/// The page store waits a moment before it reads page 1 again; thousands of damaged files need not.
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds <= 1000 ? 0 : below->xSleep(below, microseconds);
}

int fault_register(void) {
    static sqlite3_vfs vfs;
    pthread_mutex_lock(&mutex);
    int rc = SQLITE_OK;
    if (!below) {
        rc = sqlite3_initialize();
        below = rc == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
        if (below) {
            // What is not about files (time, randomness, sleep) is taken as it is; `unix` needs no data of its own for it.
            vfs = *below;
            vfs.iVersion = 2;
            vfs.pNext = NULL;
            vfs.zName = "fault";
            if (vfs.szOsFile < (int)sizeof(OpenFile)) { vfs.szOsFile = (int)sizeof(OpenFile); }
            vfs.xOpen = vfs_open;
            vfs.xDelete = vfs_delete;
            vfs.xAccess = vfs_access;
            vfs.xFullPathname = vfs_full_pathname;
            vfs.xSleep = vfs_sleep;
            rc = sqlite3_vfs_register(&vfs, 1);
        }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

/// All test targets run in one process, and whichever registers the page store first puts it on top of the default VFS: this
/// one has to be it by then.
__attribute__((constructor)) static void register_before_any_test(void) { (void)fault_register(); }
