/* SPDX-License-Identifier: MIT */
/* A program that knows nothing of all this: redis, with twice the partition. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "overcommit.h"

#define SERVER "/usr/bin/redis-server"
#define SOCKET "/tmp/overcommit-redis.sock"
#define SOCKET_MS 60000

/* With redis's own overhead more than twice the partition. */
#define REDIS_PARTITION "12M"
#define REDIS_SWAP "64M"
#define KEYS 24000U
#define VALUE_BYTES 768
/* Commands sent before their answers are read; both fit in socket buffers. */
#define PIPELINE 64U
#define REQUEST_BYTES (VALUE_BYTES + 128)

struct client {
	int fd;
	FILE *in;
	uint32_t version[KEYS];
	uint64_t random;
};

static int redis_main(struct child *self, void *arg)
{
	(void)self;
	(void)arg;
	if (!freopen("/dev/null", "w", stdout))
		return 1;
	execl(SERVER, "redis-server", "--port", "0", "--unixsocket", SOCKET,
	      "--save", "", "--appendonly", "no", "--dir", "/tmp", NULL);
	return 127;
}

/* The value of a key: its number and version in every eight bytes. */
static void make_value(char *out, uint32_t key, uint32_t version)
{
	uint64_t word;
	uint32_t at;

	for (at = 0; at < VALUE_BYTES; at += sizeof(word)) {
		word = (uint64_t)key << 40 ^ (uint64_t)version << 16 ^ at;
		memcpy(out + at, &word, sizeof(word));
	}
}

static bool connect_to(struct client *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", SOCKET);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return false;
	if (!connect(client->fd, (struct sockaddr *)&address,
		     sizeof(address))) {
		client->in = fdopen(client->fd, "r");
		return client->in;
	}
	close(client->fd);
	return false;
}

static bool send_all(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
		}
	}
	return true;
}

static bool send_set(struct client *client, uint32_t key)
{
	char request[REQUEST_BYTES];
	char name[16];
	int n;

	snprintf(name, sizeof(name), "k%" PRIu32, key);
	n = snprintf(request, sizeof(request),
		     "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%d\r\n", strlen(name),
		     name, VALUE_BYTES);
	make_value(request + n, key, ++client->version[key]);
	n += VALUE_BYTES;
	memcpy(request + n, "\r\n", 2);
	return send_all(client->fd, request, (size_t)n + 2);
}

static bool send_get(struct client *client, uint32_t key)
{
	char request[REQUEST_BYTES], name[16];
	int n;

	snprintf(name, sizeof(name), "k%" PRIu32, key);
	n = snprintf(request, sizeof(request),
		     "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", strlen(name), name);
	return send_all(client->fd, request, (size_t)n);
}

static bool read_ok(struct client *client)
{
	char line[64];

	return fgets(line, sizeof(line), client->in) &&
	       !strcmp(line, "+OK\r\n");
}

static bool read_value(struct client *client, uint32_t key)
{
	char right[VALUE_BYTES], got[VALUE_BYTES + 2], line[64];

	if (!fgets(line, sizeof(line), client->in) ||
	    atoi(line + 1) != VALUE_BYTES ||
	    fread(got, 1, sizeof(got), client->in) != sizeof(got))
		return false;
	make_value(right, key, client->version[key]);
	return !memcmp(got, right, sizeof(right));
}

/* Writes keys [first, first + nr); how many answers were not "OK". */
static uint32_t set_keys(struct client *client, uint32_t first, uint32_t nr)
{
	uint32_t i, bad = 0;

	for (i = 0; i < nr; i++)
		bad += !send_set(client, first + i);
	for (i = 0; i < nr; i++)
		bad += !read_ok(client);
	return bad;
}

static uint32_t get_keys(struct client *client, uint32_t first, uint32_t nr)
{
	uint32_t i, bad = 0;

	for (i = 0; i < nr; i++)
		bad += !send_get(client, first + i);
	for (i = 0; i < nr; i++)
		bad += !read_value(client, first + i);
	return bad;
}

static uint32_t all_keys(struct client *client,
			 uint32_t (*some)(struct client *, uint32_t, uint32_t))
{
	uint32_t key, bad = 0;

	for (key = 0; key < KEYS; key += PIPELINE)
		bad += some(client, key, PIPELINE);
	return bad;
}

static uint32_t some_keys(struct client *client, unsigned int rounds)
{
	uint32_t bad = 0, first;

	while (rounds--) {
		client->random = client->random * 6364136223846793005ULL + 1;
		first = (uint32_t)(client->random >> 33) % (KEYS - PIPELINE);
		bad += get_keys(client, first, PIPELINE);
		bad += set_keys(client, first, PIPELINE);
	}
	return bad;
}

void test_redis(int dev)
{
	const struct instance_options options = {
		.name = "redis",
		.memory = REDIS_PARTITION,
		.swap = REDIS_SWAP,
		.managed = true,
		.on_loss = "queue",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	static struct client client;
	struct usm_instance_info info;
	struct instance instance;
	struct child child;

	if (access(SERVER, X_OK)) {
		test_note("redis: %s is not here", SERVER);
		return;
	}
	instance_start(&instance, dev, &options);
	child_start(&child, redis_main, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, NULL),
		"redis: it is bound");
	child_let(&child, 0);
	require(wait_until(SOCKET_MS, connect_to(&client)), "redis: it serves");

	check_eq(all_keys(&client, set_keys), 0, "redis: all keys are set");
	check_eq(some_keys(&client, test_count(40, 20000)), 0,
		 "redis: values read and written at random are right");
	instance_kill(&instance);
	instance_start(&instance, dev, &options);
	check_eq(all_keys(&client, get_keys), 0,
		 "redis: every value is right, with another daemon");
	require(!instance_info(dev, instance.id, &info), "redis: it is there");
	check(info.evictions > 1000, "redis: %llu pages went out",
	      info.evictions);
	check(info.swapins > 1000, "redis: %llu came back", info.swapins);
	fclose(client.in);
	child_kill(&child);
	overcommit_end_right(&instance, "redis");
}
