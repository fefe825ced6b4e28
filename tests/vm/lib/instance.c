/* SPDX-License-Identifier: MIT */
#include "lib/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"

#define START_LIMIT_MS 30000
#define STOP_LIMIT_MS 20000
#define PATH_BYTES 96

int device_open(void)
{
	int fd = -1, err = usm_client_open(NULL, &fd);

	if (err)
		require(false, "the device opens (%d)", err);
	return fd;
}

static void write_config(const struct instance_options *options, char *path)
{
	FILE *file;

	snprintf(path, PATH_BYTES, "/tmp/instance-%s.json", options->name);
	file = fopen(path, "we");
	if (!file)
		require(false, "%s can be written", path);
	fprintf(file, "{\"name\":\"%s\",\"memory\":\"%s\"", options->name,
		options->memory);
	fprintf(file, ",\"policy\":{\"alloc\":\"%s\"",
		options->alloc ? options->alloc : "first-fit");
	if (options->evict)
		fprintf(file, ",\"evict\":\"%s\"", options->evict);
	if (options->oom)
		fprintf(file, ",\"oom\":\"%s\"", options->oom);
	if (options->prefetch)
		fprintf(file, ",\"prefetch\":\"%s\"", options->prefetch);
	fprintf(file, "}");
	if (options->swap)
		fprintf(file, ",\"swap\":{\"size\":\"%s\",\"device\":\"%s\"}",
			options->swap,
			options->swap_device ? options->swap_device : "file");
	if (options->deadline_ms)
		fprintf(file, ",\"deadline_ms\":%u", options->deadline_ms);
	if (options->slots)
		fprintf(file, ",\"slots\":%u", options->slots);
	if (options->workers)
		fprintf(file, ",\"workers\":%u", options->workers);
	if (options->on_loss)
		fprintf(file, ",\"on_daemon_loss\":\"%s\"", options->on_loss);
	fprintf(file, "%s}\n", options->more ? options->more : "");
	fclose(file);
}

/* The daemon appends, so the file may be emptied under it. */
static void redirect(const char *output)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	close(fd);
}

static void exec_daemon(const struct instance_options *options, char *config,
			int ready_fd)
{
	char *argv[] = {
		"usm-instance",
		"--config",
		config,
		"--swap-dir",
		INSTANCE_SWAP_DIR,
		"--record-dir",
		INSTANCE_RECORD_DIR,
		"--ready-fd",
		(char[16]){ 0 },
		"--policy-dir",
		(char *)options->policy_dir,
		NULL,
		NULL,
	};
	size_t last = 11;

	snprintf(argv[8], 16, "%d", ready_fd);
	if (!options->policy_dir)
		last = 9;
	argv[last] = options->managed ? "--managed" : NULL;
	argv[last + 1] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], argv);
	_exit(127);
}

void instance_start(struct instance *instance, int dev,
		    const struct instance_options *options)
{
	char config[PATH_BYTES], line[64] = "";
	int ends[2];
	size_t got = 0;
	ssize_t n;

	write_config(options, config);
	if (pipe2(ends, O_CLOEXEC))
		require(false, "pipe");
	instance->dev = dev;
	instance->pid = fork();
	if (!instance->pid) {
		fcntl(ends[1], F_SETFD, 0);
		if (options->output)
			redirect(options->output);
		exec_daemon(options, config, ends[1]);
	}
	close(ends[1]);
	/* Ends with the daemon as well, and the program's own limit is near. */
	while (got + 1 < sizeof(line) &&
	       (n = read(ends[0], line + got, sizeof(line) - 1 - got)) > 0)
		got += (size_t)n;
	close(ends[0]);
	if (instance->pid < 0 ||
	    sscanf(line, "ready instance=%u", &instance->id) != 1)
		require(false, "instance \"%s\" starts", options->name);
}

bool instance_ask(const struct instance *instance, const char *output,
		  char *text, size_t size, unsigned int limit_ms)
{
	*text = '\0';
	if (truncate(output, 0))
		return false;
	kill(instance->pid, SIGUSR1);
	/* Its last line. */
	return wait_until(limit_ms, file_read(output, text, size) > 0 &&
					    strstr(text, "workees stacks"));
}

int instance_stop(struct instance *instance)
{
	kill(instance->pid, SIGTERM);
	return process_end(instance->pid, STOP_LIMIT_MS);
}

void instance_kill(struct instance *instance)
{
	kill(instance->pid, SIGKILL);
	process_end(instance->pid, STOP_LIMIT_MS);
}

int instance_info(int dev, uint32_t id, struct usm_instance_info *out)
{
	struct usm_instance_info info;
	uint32_t nr = 1;
	int err = usm_client_list(dev, id, &info, &nr);

	if (err)
		return err;
	if (!nr || info.instance != id)
		return -ENOENT;
	*out = info;
	return 0;
}

bool instance_gone(int dev, uint32_t id, unsigned int limit_ms)
{
	struct usm_instance_info info;

	return wait_until(limit_ms, instance_info(dev, id, &info) == -ENOENT);
}

static bool all_free(int dev, uint32_t id, bool home_counts)
{
	struct usm_instance_info info;
	uint32_t free;

	if (instance_info(dev, id, &info))
		return false;
	free = info.frames[USM_FRAME_FREE];
	if (home_counts)
		free += info.frames[USM_FRAME_HOME];
	return free == info.owned;
}

bool instance_all_free(int dev, uint32_t id, bool home_counts,
		       unsigned int limit_ms)
{
	struct usm_instance_info info;

	if (wait_until(limit_ms, all_free(dev, id, home_counts)))
		return true;
	if (!instance_info(dev, id, &info))
		test_note("owned %u: free %u granted %u mapped %u home %u",
			  info.owned, info.frames[USM_FRAME_FREE],
			  info.frames[USM_FRAME_GRANTED],
			  info.frames[USM_FRAME_MAPPED],
			  info.frames[USM_FRAME_HOME]);
	return false;
}

uint64_t instance_fallbacks(const struct usm_instance_info *info)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < USM_FALLBACK_REASONS; i++)
		sum += info->fallbacks[i];
	return sum;
}

int instance_bind(const struct instance *instance, const struct child *child,
		  uint32_t *member)
{
	return usm_client_bind(instance->dev, instance->id, child->pidfd,
			       USM_INHERIT_ALL, member);
}

int member_info(int dev, uint32_t instance, uint32_t member,
		struct usm_member_info *out)
{
	struct usm_member_info info;
	uint32_t nr = 1;
	int err = usm_client_members(dev, instance, member - 1, &info, &nr);

	if (err)
		return err;
	if (!nr || info.member != member)
		return -ENOENT;
	*out = info;
	return 0;
}
