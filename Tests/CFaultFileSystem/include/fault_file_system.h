/// For tests: a file system in memory, as a SQLite VFS, whose power can be cut and whose calls can be made to fail.
///
/// Register it before the page store, which then stands on top of it. Names under `/fault/<disk>/` are files of that disk;
/// every other name goes to the VFS that was the default before.
///
/// The model of a power cut is that of SQLite's own crash tests with powersafe overwrite: what was synced stays; every write
/// since then may be lost, done, or done in part (of each sector of 512 bytes, what was written is old, new or garbage), in
/// any order between two truncations. A deletion that was not synced may be undone, a new file that was never synced may be missing.
#ifndef FAULT_FILE_SYSTEM_H
#define FAULT_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FaultDisk FaultDisk;

typedef enum {
    /// Any call that a disk can fail: open, read, write, truncate, sync, size, delete, access, shared memory.
    FAULT_ANY_CALL,
    /// A write; its first half is done. Answers `SQLITE_FULL`.
    FAULT_DISK_FULL,
    /// A read, which gives the first half of the bytes and zeros. Answers `SQLITE_IOERR_SHORT_READ`.
    FAULT_SHORT_READ
} FaultKind;

/// Returns a code of SQLite. Further calls do nothing.
int fault_register(void);

/// How many temporary files this file system was asked for, in all.
uint64_t fault_temporary_count(void);

/// An empty disk. `name` has no slash.
FaultDisk *fault_disk_create(const char *name);
/// All connections to its files must be closed.
void fault_disk_destroy(FaultDisk *disk);
/// Makes `disk` hold what `source` holds, all of it synced.
void fault_disk_copy(FaultDisk *disk, const FaultDisk *source);

/// The number of bytes of a file, or -1 where there is none; copies up to `capacity` of them.
int64_t fault_disk_get(const FaultDisk *disk, const char *name, void *bytes, size_t capacity);
/// Makes a file of these bytes, synced.
void fault_disk_set(FaultDisk *disk, const char *name, const void *bytes, size_t count);
/// Changes bytes of a file, synced.
void fault_disk_patch(FaultDisk *disk, const char *name, size_t offset, const void *bytes, size_t count);
void fault_disk_remove(FaultDisk *disk, const char *name);
/// The name of file `index`, or NULL.
const char *fault_disk_name(const FaultDisk *disk, size_t index);

/// Makes call `number` (from 1, counted from now on, among the calls of this kind) fail, once or from then on.
/// 0 takes the fault away.
void fault_disk_fail(FaultDisk *disk, FaultKind kind, uint64_t number, bool for_ever);
/// How many calls of the kind there were since the last fault_disk_fail of this kind.
uint64_t fault_disk_count(const FaultDisk *disk, FaultKind kind);
/// Whether the fault happened.
bool fault_disk_failed(const FaultDisk *disk);

/// Cuts the power at change `number` (write, truncation, sync, deletion; from 1, counted from now on). From then on every
/// call fails. 0 takes it away.
void fault_disk_cut_power(FaultDisk *disk, uint64_t number);
bool fault_disk_is_dark(const FaultDisk *disk);
/// How many changes there were since the last fault_disk_cut_power.
uint64_t fault_disk_change_count(const FaultDisk *disk);
/// What is found when the power is back. All connections must be closed.
void fault_disk_restart(FaultDisk *disk, uint64_t seed);

#endif
