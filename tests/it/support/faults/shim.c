/* Stands between a program and the kernel (LD_PRELOAD) for the files of one folder, in tests of
 * faults. What FAULTS_CONTROL begins with is what happens from now on:
 *   r  the file system is read-only    e  the disk fails    f  the disk is full
 *   h  flushes wait until this changes
 * FAULTS_CLOCK holds the seconds the clock (CLOCK_REALTIME, which Rust reads) is ahead, or behind.
 * FAULTS_KEEPALIVE, where it is set, makes silent peers be asked for after that many seconds, twice.
 * What changes files is written to FAULTS_LOG, where there is one, and flushes are only noted there:
 *   kind, octets of the path (u32), offset (u64), octets of the data (u64), path, data
 *   kinds: c created, d folder made, w written, t cut to the offset, s flushed, u removed,
 *          m moved to the data
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES 65536
#define REAL(name) ((__typeof__(&name))real(#name, (void **)&(static_##name)))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[FILES];
static const char *folder, *control, *ahead;
static int journal = -1;

static void *real(const char *name, void **kept)
{
    if (!*kept)
        *kept = dlsym(RTLD_NEXT, name);
    return *kept;
}

static void *static_open, *static_openat, *static_write, *static_pwrite, *static_close,
    *static_ftruncate, *static_fsync, *static_fdatasync, *static_unlink, *static_rename,
    *static_mkdir, *static_clock_gettime, *static_setsockopt;

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("FAULTS_LOG");
    folder = getenv("FAULTS_FOLDER");
    control = getenv("FAULTS_CONTROL");
    ahead = getenv("FAULTS_CLOCK");
    if (log)
        journal = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path)
{
    return folder && path && !strncmp(path, folder, strlen(folder)) && !strstr(path, "-shm");
}

static const char *path_of(int file)
{
    return file >= 0 && file < FILES ? paths[file] : NULL;
}

static char fault(void)
{
    char kind = 0;
    int file = control ? REAL(open)(control, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    if (read(file, &kind, 1) != 1)
        kind = 0;
    REAL(close)(file);
    return kind;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    char seconds[24] = "";
    int saved = errno, file = -1;
    int done = REAL(clock_gettime)(which, now);
    if (done || which != CLOCK_REALTIME || !ahead)
        return done;
    file = REAL(open)(ahead, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, seconds, sizeof seconds - 1) > 0)
            now->tv_sec += atoll(seconds);
        REAL(close)(file);
    }
    errno = saved;
    return 0;
}

int setsockopt(int socket, int level, int name, const void *value, socklen_t length)
{
    const char *wanted = getenv("FAULTS_KEEPALIVE");
    int seconds = wanted ? atoi(wanted) : 0, twice = 2;
    if (wanted && level == IPPROTO_TCP && (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL))
        value = &seconds;
    if (wanted && level == IPPROTO_TCP && name == TCP_KEEPCNT)
        value = &twice;
    return REAL(setsockopt)(socket, level, name, value, length);
}

/* What a change meets: 0, or -1 and errno. */
static int refused(void)
{
    char kind = fault();
    if (kind != 'r' && kind != 'e' && kind != 'f')
        return 0;
    errno = kind == 'r' ? EROFS : kind == 'f' ? ENOSPC : EIO;
    return -1;
}

static void note(char kind, const char *path, uint64_t offset, const void *data, uint64_t length)
{
    uint32_t named = strlen(path);
    char head[21];
    if (journal < 0)
        return;
    head[0] = kind;
    memcpy(head + 1, &named, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &length, 8);
    struct iovec parts[] = {{head, sizeof head}, {(void *)path, named}, {(void *)data, length}};
    if (writev(journal, parts, 3) < 0)
        abort();
}

static int opened(int file, const char *path, int flags, int is_new)
{
    if (file < 0 || file >= FILES)
        return file;
    free(paths[file]);
    paths[file] = is_ours(path) ? strdup(path) : NULL;
    if (paths[file] && is_new)
        note('c', path, 0, NULL, 0);
    if (paths[file] && (flags & O_TRUNC))
        note('t', path, 0, NULL, 0);
    return file;
}

static int open_with(int folder_file, const char *path, int flags, mode_t mode)
{
    int saved, file, is_new = 0;
    if (!is_ours(path))
        return opened(REAL(openat)(folder_file, path, flags, mode), NULL, flags, 0);
    if ((flags & O_ACCMODE) != O_RDONLY) {
        is_new = (flags & O_CREAT) && access(path, F_OK);
        if (fault() == 'r') {
            errno = EROFS;
            return -1;
        }
    }
    pthread_mutex_lock(&lock);
    file = opened(REAL(openat)(folder_file, path, flags, mode), path, flags, is_new);
    saved = errno;
    pthread_mutex_unlock(&lock);
    errno = saved;
    return file;
}

#define OPEN(where)                                                                            \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                       \
            va_list more;                                                                          \
            va_start(more, flags);                                                                 \
            mode = va_arg(more, mode_t);                                                           \
            va_end(more);                                                                          \
        }                                                                                          \
        return open_with(where, path, flags, mode);                                          \
    }

int open(const char *path, int flags, ...) OPEN(AT_FDCWD)
int open64(const char *path, int flags, ...) OPEN(AT_FDCWD)
int openat(int file, const char *path, int flags, ...) OPEN(file)
int openat64(int file, const char *path, int flags, ...) OPEN(file)

int close(int file)
{
    if (path_of(file)) {
        pthread_mutex_lock(&lock);
        free(paths[file]);
        paths[file] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return REAL(close)(file);
}

static ssize_t put(int file, const void *data, size_t length, off_t offset, int moves)
{
    ssize_t done;
    int saved;
    if (refused())
        return -1;
    pthread_mutex_lock(&lock);
    if (moves)
        offset = lseek(file, 0, SEEK_CUR);
    done = moves ? REAL(write)(file, data, length) : REAL(pwrite)(file, data, length, offset);
    saved = errno;
    if (done > 0)
        note('w', paths[file], offset, data, done);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

ssize_t write(int file, const void *data, size_t length)
{
    return path_of(file) ? put(file, data, length, 0, 1) : REAL(write)(file, data, length);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset)
{
    return path_of(file) ? put(file, data, length, offset, 0)
                         : REAL(pwrite)(file, data, length, offset);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset)
{
    return pwrite(file, data, length, offset);
}

int ftruncate(int file, off_t length)
{
    int done, saved;
    if (!path_of(file))
        return REAL(ftruncate)(file, length);
    if (refused())
        return -1;
    pthread_mutex_lock(&lock);
    done = REAL(ftruncate)(file, length);
    saved = errno;
    if (!done)
        note('t', paths[file], length, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

int ftruncate64(int file, off64_t length)
{
    return ftruncate(file, length);
}

static int flush(int file, int data_only)
{
    if (!path_of(file))
        return data_only ? REAL(fdatasync)(file) : REAL(fsync)(file);
    while (fault() == 'h')
        usleep(10000);
    if (fault() == 'e') {
        errno = EIO;
        return -1;
    }
    if (journal < 0)
        return data_only ? REAL(fdatasync)(file) : REAL(fsync)(file);
    pthread_mutex_lock(&lock);
    note('s', paths[file], 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int file)
{
    return flush(file, 0);
}

int fdatasync(int file)
{
    return flush(file, 1);
}

int unlink(const char *path)
{
    int done, saved;
    if (!is_ours(path))
        return REAL(unlink)(path);
    if (refused())
        return -1;
    pthread_mutex_lock(&lock);
    done = REAL(unlink)(path);
    saved = errno;
    if (!done)
        note('u', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

int mkdir(const char *path, mode_t mode)
{
    int done, saved;
    if (!is_ours(path))
        return REAL(mkdir)(path, mode);
    if (refused())
        return -1;
    pthread_mutex_lock(&lock);
    done = REAL(mkdir)(path, mode);
    saved = errno;
    if (!done)
        note('d', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

int rename(const char *from, const char *to)
{
    int done, saved;
    if (!is_ours(from))
        return REAL(rename)(from, to);
    if (refused())
        return -1;
    pthread_mutex_lock(&lock);
    done = REAL(rename)(from, to);
    saved = errno;
    if (!done)
        note('m', from, 0, to, strlen(to));
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}
