// A disk that fails when it is told to: preloaded into a program (LD_PRELOAD), it lets writing or
// syncing a world's files fail with EIO for as long as the file named by FAILING_DISK has a word in
// it: "write" or "sync" (fsync and fdatasync).
//
// After a failed sync, what was written since the last one that succeeded is gone, as it is on Linux
// where the kernel drops the pages that it could not write: that much is restored to what it was.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What a piece of a file was before it was written over.
struct piece {
  struct piece *older;
  off_t offset;
  ssize_t count;  // fewer than were written where the file ended
  char bytes[];
};

static struct piece *pieces[1024];
static off_t sizes[1024];  // of the file when the first piece was written
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_world(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0 || file >= 1024) return 0;
  path[n] = 0;
  return strstr(path, ".world") != NULL;
}

static int fails(const char *what) {
  const char *name = getenv("FAILING_DISK");
  int file = name ? open(name, O_RDONLY) : -1;
  if (file < 0) return 0;
  char word[32] = {0};
  ssize_t n = read(file, word, sizeof word - 1);
  close(file);
  return n > 0 && strcmp(word, what) == 0;
}

static void remember(int file, off_t offset, size_t count) {
  struct stat status;
  struct piece *piece = malloc(sizeof *piece + count);
  if (!pieces[file] && fstat(file, &status) == 0) sizes[file] = status.st_size;
  piece->offset = offset;
  piece->count = pread(file, piece->bytes, count, offset);
  piece->older = pieces[file];
  pieces[file] = piece;
}

static void forget(int file, int restores) {
  int changed = pieces[file] != NULL;
  while (pieces[file]) {
    struct piece *piece = pieces[file];
    if (restores && piece->count > 0)
      REAL(pwrite64)(file, piece->bytes, piece->count, piece->offset);
    pieces[file] = piece->older;
    free(piece);
  }
  if (restores && changed && ftruncate(file, sizes[file]) != 0) abort();
}

static ssize_t put(int file, const void *bytes, size_t count, off_t offset) {
  if (!is_world(file)) return REAL(pwrite64)(file, bytes, count, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (fails("write")) {
    errno = EIO;
  } else {
    remember(file, offset, count);
    done = REAL(pwrite64)(file, bytes, count, offset);
  }
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return put(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  return put(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
  if (!is_world(file)) return REAL(write)(file, bytes, count);
  off_t offset = lseek(file, 0, SEEK_CUR);
  ssize_t done = put(file, bytes, count, offset);
  if (done > 0) lseek(file, offset + done, SEEK_SET);
  return done;
}

static int settle(int file, int (*real)(int)) {
  if (!is_world(file)) return real(file);
  pthread_mutex_lock(&lock);
  int failed = fails("sync");
  int result = failed ? -1 : real(file);
  forget(file, failed);
  pthread_mutex_unlock(&lock);
  if (failed) errno = EIO;
  return result;
}

int fsync(int file) { return settle(file, REAL(fsync)); }

int fdatasync(int file) { return settle(file, REAL(fdatasync)); }
