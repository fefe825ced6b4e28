/* SPDX-License-Identifier: MIT */
/* What others see of a member: debuggers, and whoever reads its core dump. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features/features.h"
#include "lib/file.h"

#define PAGES 256
#define BYTES (PAGES * PAGE_BYTES)
#define CORE "/tmp/core.member"
#define DUMP "/tmp/gdb.memory"

/* A child with the buffer filled, asleep or (`die`) ended by SIGABRT. */
static pid_t filled(char *buffer, uint64_t seed, bool die)
{
	int ends[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		pattern_fill(buffer, 0, PAGES, 1, seed);
		if (die)
			abort();
		(void)!write(ends[1], &byte, 1);
		pause();
		_exit(0);
	}
	close(ends[1]);
	if (!die && read(ends[0], &byte, 1) != 1)
		pid = -1;
	close(ends[0]);
	return pid;
}

/* The first word of each page: a system call each. */
static bool peeked_right(pid_t pid, const char *buffer, const char *expected)
{
	size_t i;

	for (i = 0; i < BYTES; i += PAGE_BYTES)
		if (ptrace(PTRACE_PEEKDATA, pid, buffer + i, NULL) !=
		    *(const long *)(expected + i))
			return false;
	return true;
}

int feature_ptrace(struct child *self, void *arg)
{
	char *buffer = pattern_map(BYTES), *expected = pattern_map(BYTES);
	pid_t pid = filled(buffer, 63, false);
	int status, code = 0;

	(void)self;
	(void)arg;
	pattern_fill(expected, 0, PAGES, 1, 63);
	if (pid < 0 || ptrace(PTRACE_ATTACH, pid, NULL, NULL) ||
	    waitpid(pid, &status, 0) != pid)
		return 1;
	if (!peeked_right(pid, buffer, expected))
		code = 2;
	if (!code && ptrace(PTRACE_POKEDATA, pid, buffer, 64L))
		code = 3;
	if (!code && ptrace(PTRACE_PEEKDATA, pid, buffer, NULL) != 64)
		code = 4;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return code;
}

static bool same_in_file(const char *path, off_t at, uint64_t seed)
{
	char *copy = pattern_map(BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool same;

	if (fd < 0)
		return false;
	same = pread(fd, copy, BYTES, at) == (ssize_t)BYTES &&
	       !pattern_bad(copy, 0, PAGES, 1, seed);
	close(fd);
	munmap(copy, BYTES);
	return same;
}

/* The debugger that everybody uses. */
int feature_gdb(struct child *self, void *arg)
{
	char *buffer = pattern_map(BYTES);
	char command[256];
	pid_t pid;
	int code;

	(void)self;
	(void)arg;
	if (system("command -v gdb >/dev/null"))
		return FEATURE_MISSING;
	pid = filled(buffer, 65, false);
	if (pid < 0)
		return 1;
	snprintf(command, sizeof(command),
		 "gdb -nx -batch -p %d -ex 'dump binary memory " DUMP
		 " %p %p' >/dev/null 2>&1",
		 (int)pid, (void *)buffer, (void *)(buffer + BYTES));
	code = system(command) ? 2 : same_in_file(DUMP, 0, 65) ? 0 : 3;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return code;
}

/* Where the file has the memory at that address; -1: nowhere. */
static off_t core_offset(int fd, uint64_t address)
{
	Elf64_Ehdr header;
	Elf64_Phdr part;
	int i;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -1;
	for (i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) != sizeof(part))
			return -1;
		if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
		    address + BYTES <= part.p_vaddr + part.p_filesz)
			return (off_t)(part.p_offset + address - part.p_vaddr);
	}
	return -1;
}

int feature_core(struct child *self, void *arg)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char *buffer = pattern_map(BYTES);
	int status = 0, fd;
	off_t at;
	pid_t pid;

	(void)self;
	(void)arg;
	if (file_write("/proc/sys/kernel/core_pattern", CORE) ||
	    setrlimit(RLIMIT_CORE, &all))
		return FEATURE_MISSING;
	pid = filled(buffer, 66, true);
	if (waitpid(pid, &status, 0) != pid || !WCOREDUMP(status))
		return 1;
	fd = open(CORE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 2;
	at = core_offset(fd, (uintptr_t)buffer);
	close(fd);
	if (at < 0)
		return 3;
	status = same_in_file(CORE, at, 66) ? 0 : 4;
	unlink(CORE);
	return status;
}
