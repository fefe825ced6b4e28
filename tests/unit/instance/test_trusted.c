/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance/policies/trusted.h"
#include "temp_dir.h"

static char root[64];
static char inner[80];
static struct usm_trusted where;

static void setup(void)
{
	temp_dir_make(root, sizeof(root));
	snprintf(inner, sizeof(inner), "%s/usm", root);
	mkdir(inner, 0755);
	chmod(inner, 0755);
	temp_file(inner, "good.so", "good", 4, 0644);
	where = (struct usm_trusted){
		.root = root,
		.dir = "/usm",
		.owner = geteuid(),
	};
}

static void teardown(void)
{
	temp_dir_remove(root);
}

TestSuite(trusted, .init = setup, .fini = teardown);

static void refuses(const char *name, int wanted, const char *reason)
{
	struct usm_failure failure = { 0 };
	int fd = -1;
	int err = usm_trusted_open(&where, "policy.alloc", name, &fd, &failure);

	cr_assert_eq(err, -wanted, "%d: %s", err, failure.text);
	cr_assert_eq(fd, -1);
	cr_assert(strstr(failure.text, "policy.alloc: "), "%s", failure.text);
	cr_assert(strstr(failure.text, root), "%s", failure.text);
	cr_assert(strstr(failure.text, reason), "%s", failure.text);
}

static void accepts(const char *name)
{
	struct usm_failure failure = { 0 };
	char text[5] = "";
	int fd = -1;

	cr_assert_eq(
		usm_trusted_open(&where, "policy.alloc", name, &fd, &failure),
		0, "%s", failure.text);
	cr_assert_eq(read(fd, text, 4), 4);
	cr_assert_str_eq(text, "good");
	close(fd);
}

Test(trusted, opens_what_is_in_order)
{
	accepts("good.so");
	where.dir = "usm//";
	accepts("good.so");
}

Test(trusted, says_what_is_not_there)
{
	refuses("bad.so", ENOENT, "usm/bad.so: No such file");
	where.dir = "/usm/more";
	refuses("good.so", ENOENT, "usm/more: No such file");
}

Test(trusted, refuses_what_others_can_write_to)
{
	temp_file(inner, "group.so", "good", 4, 0664);
	refuses("group.so", EPERM, "group or others may write to it");
	temp_file(inner, "other.so", "good", 4, 0646);
	refuses("other.so", EPERM, "group or others may write to it");
	chmod(inner, 01777);
	refuses("good.so", EPERM, "/usm: group or others may write to it");
	chmod(inner, 0755);
	accepts("good.so");
	chmod(root, 0775);
	refuses("good.so", EPERM, ": group or others may write to it");
}

Test(trusted, refuses_what_cannot_be_loaded_without_rights)
{
	temp_file(inner, "secret.so", "good", 4, 0640);
	refuses("secret.so", EPERM, "others may not read it");
}

Test(trusted, refuses_what_belongs_to_others)
{
	where.owner = geteuid() + 1;
	refuses("good.so", EPERM, "belongs to another user");
}

Test(trusted, follows_no_links)
{
	char link[128];

	snprintf(link, sizeof(link), "%s/link.so", inner);
	cr_assert_eq(symlink("good.so", link), 0);
	refuses("link.so", ELOOP, "link.so: is a symbolic link");
	snprintf(link, sizeof(link), "%s/link", root);
	cr_assert_eq(symlink("usm", link), 0);
	where.dir = "/link";
	refuses("good.so", EPERM, "link: is a symbolic link");
	where.dir = "/usm/../usm";
	refuses("good.so", EPERM, "must not go up");
}

Test(trusted, refuses_what_is_no_file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/fifo.so", inner);
	cr_assert_eq(mkfifo(path, 0644), 0);
	refuses("fifo.so", EPERM, "is not a regular file");
	snprintf(path, sizeof(path), "%s/dir.so", inner);
	cr_assert_eq(mkdir(path, 0755), 0);
	refuses("dir.so", EPERM, "is not a regular file");
	where.dir = "/usm/good.so";
	refuses("good.so", EPERM, "is not a directory");
}

Test(trusted, long_paths_are_named_as_such)
{
	static char dir[PATH_MAX + 16];

	memset(dir, 'a', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = 0;
	where.dir = dir;
	refuses("good.so", ENAMETOOLONG, "too long");
}
