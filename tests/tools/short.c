/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * To be preloaded: every second read, write and flock is interrupted (EINTR), and those between move a part of what
 * was asked for, where a file or a pipe is read or written. Both are allowed by POSIX at any time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static __thread unsigned int turn;

static int is_interrupted(int fd)
{
	struct stat file;

	if (fstat(fd, &file) || !(S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode)) || ++turn % 2)
		return 0;
	errno = EINTR;
	return 1;
}

/* Of small ones all: they are whole or not at all. */
static size_t part(int fd, size_t size)
{
	struct stat file;

	return size <= 64 || fstat(fd, &file) || !(S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode))
		       ? size
		       : size / 3 + 1;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t read(int fd, void *to, size_t size)
{
	return is_interrupted(fd) ? -1 : NEXT(read)(fd, to, part(fd, size));
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	return is_interrupted(fd) ? -1 : NEXT(pread)(fd, to, part(fd, size), at);
}

ssize_t write(int fd, const void *from, size_t size)
{
	return is_interrupted(fd) ? -1 : NEXT(write)(fd, from, part(fd, size));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	return is_interrupted(fd) ? -1 : NEXT(pwrite)(fd, from, part(fd, size), at);
}

int flock(int fd, int operation)
{
	return is_interrupted(fd) ? -1 : NEXT(flock)(fd, operation);
}
