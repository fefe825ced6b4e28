/* SPDX-License-Identifier: MIT */
/* Reading memory as a debugger does, and from a core dump. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evict.h"
#include "lib/child.h"
#include "lib/file.h"
#include "lib/pattern.h"

/* ---- ptrace ---------------------------------------------------------------------- */

/* Peeks words here and there of every page: a whole one would take minutes. */
static int peek(pid_t pid, const char *base, size_t pages, const void *expected)
{
	size_t i, at;
	long word;

	for (i = 0; i < pages; i++) {
		at = i * PAGE_BYTES +
		     i % (PAGE_BYTES / sizeof(long)) * sizeof(long);
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, base + at, NULL);
		if (errno ||
		    word != *(const long *)((const char *)expected + at))
			return 1;
	}
	return 0;
}

static int debug(pid_t pid, const char *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES;
	void *expected = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status, bad;

	/* Shared with us it could not be evicted. */
	munmap((void *)base, bytes);
	pattern_fill(expected, 0, pages, 1, EVICT_SEED);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, &status, __WALL) != pid)
		return 1;
	bad = peek(pid, base, pages, expected);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return bad;
}

size_t access_ptrace(void *base, size_t pages)
{
	pid_t self = getpid(), pid;

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	pid = fork();
	if (pid == 0)
		_exit(debug(self, base, pages));
	return pid < 0 || process_end(pid, CHILD_LIMIT_MS) ? 1 : 0;
}

/* ---- core dump --------------------------------------------------------------------- */

/* Where the core file has the memory from `base` on; NULL when it has not. */
static const void *in_core(const char *core, size_t size, uint64_t base,
			   size_t bytes)
{
	const Elf64_Ehdr *header = (const void *)core;
	const Elf64_Phdr *segment;
	uint16_t i;

	if (size < sizeof(*header) ||
	    header->e_phoff + header->e_phnum * sizeof(*segment) > size)
		return NULL;
	segment = (const void *)(core + header->e_phoff);
	for (i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type != PT_LOAD || base < segment->p_vaddr ||
		    base + bytes > segment->p_vaddr + segment->p_filesz)
			continue;
		if (segment->p_offset + segment->p_filesz > size)
			return NULL;
		return core + segment->p_offset + (base - segment->p_vaddr);
	}
	return NULL;
}

static size_t verify_core(const char *path, void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES, bad = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	const void *found;
	char *core;

	if (fd < 0 || fstat(fd, &stat) || stat.st_size == 0)
		goto out;
	core = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (core == MAP_FAILED)
		goto out;
	found = in_core(core, (size_t)stat.st_size, (uintptr_t)base, bytes);
	if (found)
		bad = pattern_bad(found, 0, pages, 1, EVICT_SEED);
	munmap(core, (size_t)stat.st_size);
out:
	if (fd >= 0)
		close(fd);
	return bad;
}

/* The dump of a forked child, which misses the same pages. */
size_t access_core_dump(void *base, size_t pages)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	char path[64];
	size_t bad;
	pid_t pid;

	if (file_write("/proc/sys/kernel/core_pattern", "/tmp/core.%p"))
		return 1;
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &any);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	if (pid < 0 || process_end(pid, CHILD_LIMIT_MS) != 128 + SIGABRT)
		return 1;
	snprintf(path, sizeof(path), "/tmp/core.%d", pid);
	bad = verify_core(path, base, pages);
	unlink(path);
	return bad;
}
