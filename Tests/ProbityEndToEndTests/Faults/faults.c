// A disk that fails, for a program that knows nothing of it: loaded with LD_PRELOAD, this library lets calls that change
// files below one folder fail as the kernel would.
//
//   PROBITY_FAULT_FOLDER   the folder, as an absolute path without links
//   PROBITY_FAULT          "space:N"     from the N-th call on that needs space, there is none left (ENOSPC); writing over
//                                        what a file has goes on, as it does on a disk
//                          "sync:N"      from the N-th call on that syncs, the disk answers with an error (EIO)
//                          "space-once:N", "sync-once:N": that call fails, the later ones do not
//                          "readonly"    nothing can be changed or opened for change (EROFS)
//                          "kill:N"      the program is killed at its N-th call that changes or syncs something
//   PROBITY_FAULT_CLOCK    seconds by which the clock is ahead
//   PROBITY_FAULT_COUNT    a file outside the folder that gets both numbers of calls when the program ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long spaces, syncs, changes;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int below(const char *path) {
    const char *folder = getenv("PROBITY_FAULT_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    return length && path && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int descriptor_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) { return 0; }
    path[length] = 0;
    return below(path);
}

enum need { nothing, space, sync_ };

/// 1, with errno set, where a call is to fail.
static int fails(enum need need) {
    const char *fault = getenv("PROBITY_FAULT");
    if (fault && strncmp(fault, "kill:", 5) == 0 && ++changes == atol(fault + 5)) { kill(getpid(), SIGKILL); }
    if (fault && strcmp(fault, "readonly") == 0) {
        errno = EROFS;
        return 1;
    }
    if (need == nothing) { return 0; }
    long call = need == space ? ++spaces : ++syncs;
    if (!fault || strncmp(fault, need == space ? "space" : "sync", need == space ? 5 : 4) != 0) { return 0; }
    long limit = atol(strchr(fault, ':') + 1);
    if (strstr(fault, "-once") ? call != limit : call < limit) { return 0; }
    errno = need == space ? ENOSPC : EIO;
    return 1;
}

static int write_fails(int fd, off_t end) {
    struct stat information;
    if (!descriptor_below(fd)) { return 0; }
    return fails(fstat(fd, &information) == 0 && end > information.st_size ? space : nothing);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("PROBITY_FAULT_COUNT");
    if (!path) { return; }
    int fd = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) { return; }
    dprintf(fd, "%ld %ld\n", (long)spaces, (long)syncs);
    close(fd);
}

static int opens_for_change(const char *path, int flags) {
    if (!below(path)) { return 0; }
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC))) { return 0; }
    // A new file needs a place in its folder.
    return fails((flags & O_CREAT) && access(path, F_OK) != 0 ? space : nothing);
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;                                      \
        va_end(list);                                                                                                  \
        return opens_for_change(path, flags) ? -1 : REAL(name)(path, flags, mode);                                     \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t count) {
    return write_fails(fd, lseek(fd, 0, SEEK_CUR) + (off_t)count) ? -1 : REAL(write)(fd, bytes, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return write_fails(fd, offset + (off_t)count) ? -1 : REAL(pwrite)(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return write_fails(fd, offset + (off_t)count) ? -1 : REAL(pwrite64)(fd, bytes, count, offset);
}
int ftruncate(int fd, off_t length) { return write_fails(fd, length) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return write_fails(fd, length) ? -1 : REAL(ftruncate64)(fd, length); }
int fallocate(int fd, int mode, off_t offset, off_t length) {
    return write_fails(fd, offset + length) ? -1 : REAL(fallocate)(fd, mode, offset, length);
}
int fsync(int fd) { return descriptor_below(fd) && fails(sync_) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return descriptor_below(fd) && fails(sync_) ? -1 : REAL(fdatasync)(fd); }
int unlink(const char *path) { return below(path) && fails(nothing) ? -1 : REAL(unlink)(path); }
int rename(const char *from, const char *to) { return below(to) && fails(space) ? -1 : REAL(rename)(from, to); }
time_t time(time_t *out) {
    const char *ahead = getenv("PROBITY_FAULT_CLOCK");
    time_t now = REAL(time)(NULL) + (ahead ? atol(ahead) : 0);
    if (out) { *out = now; }
    return now;
}
int mkdir(const char *path, mode_t mode) { return below(path) && fails(space) ? -1 : REAL(mkdir)(path, mode); }
int chmod(const char *path, mode_t mode) { return below(path) && fails(nothing) ? -1 : REAL(chmod)(path, mode); }
