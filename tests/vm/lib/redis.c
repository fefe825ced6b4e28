/* SPDX-License-Identifier: MIT */
#include "lib/redis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/wait.h"

#define SERVER "/usr/bin/redis-server"
#define SOCKET_MS 60000

#define VALUE_BYTES 768
/* Commands sent before their answers are read; both fit in socket buffers. */
#define PIPELINE (REDIS_ROUND_COMMANDS / 2)
#define REQUEST_BYTES (VALUE_BYTES + 128)
#define HOT_KEYS (REDIS_KEYS / 8)

bool redis_here(void)
{
	return !access(SERVER, X_OK);
}

static int server_main(struct child *self, void *arg)
{
	const struct redis *redis = arg;

	(void)self;
	if (!freopen("/dev/null", "w", stdout))
		return 1;
	execl(SERVER, "redis-server", "--port", "0", "--unixsocket",
	      redis->socket, "--save", "", "--appendonly", "no", "--dir",
	      "/tmp", NULL);
	return 127;
}

static bool connect_to(struct redis *redis)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, redis->socket, sizeof(redis->socket));
	redis->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (redis->fd < 0)
		return false;
	if (!connect(redis->fd, (struct sockaddr *)&address, sizeof(address))) {
		redis->in = fdopen(redis->fd, "r");
		return redis->in;
	}
	close(redis->fd);
	return false;
}

void redis_start(struct redis *redis, const char *name,
		 const struct instance *instance)
{
	memset(redis, 0, sizeof(*redis));
	snprintf(redis->socket, sizeof(redis->socket), "/tmp/%s.sock", name);
	child_start(&redis->child, server_main, redis);
	if (!child_reached(&redis->child, 0) ||
	    instance_bind(instance, &redis->child, NULL))
		require(false, "%s: it is bound", name);
	child_let(&redis->child, 0);
	if (!wait_until(SOCKET_MS, connect_to(redis)))
		require(false, "%s: it serves", name);
}

void redis_end(struct redis *redis)
{
	fclose(redis->in);
	child_kill(&redis->child);
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

static bool send_set(struct redis *redis, uint32_t key)
{
	char request[REQUEST_BYTES];
	char name[16];
	int n;

	snprintf(name, sizeof(name), "k%" PRIu32, key);
	n = snprintf(request, sizeof(request),
		     "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%d\r\n", strlen(name),
		     name, VALUE_BYTES);
	make_value(request + n, key, ++redis->version[key]);
	n += VALUE_BYTES;
	memcpy(request + n, "\r\n", 2);
	return send_all(redis->fd, request, (size_t)n + 2);
}

static bool send_get(struct redis *redis, uint32_t key)
{
	char request[REQUEST_BYTES], name[16];
	int n;

	snprintf(name, sizeof(name), "k%" PRIu32, key);
	n = snprintf(request, sizeof(request),
		     "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", strlen(name), name);
	return send_all(redis->fd, request, (size_t)n);
}

static bool read_ok(struct redis *redis)
{
	char line[64];

	return fgets(line, sizeof(line), redis->in) && !strcmp(line, "+OK\r\n");
}

static bool read_value(struct redis *redis, uint32_t key)
{
	char right[VALUE_BYTES], got[VALUE_BYTES + 2], line[64];

	if (!fgets(line, sizeof(line), redis->in) ||
	    atoi(line + 1) != VALUE_BYTES ||
	    fread(got, 1, sizeof(got), redis->in) != sizeof(got))
		return false;
	make_value(right, key, redis->version[key]);
	return !memcmp(got, right, sizeof(right));
}

/* Writes keys [first, first + nr); how many answers were not "OK". */
static uint32_t set_keys(struct redis *redis, uint32_t first, uint32_t nr)
{
	uint32_t i, bad = 0;

	for (i = 0; i < nr; i++)
		bad += !send_set(redis, first + i);
	for (i = 0; i < nr; i++)
		bad += !read_ok(redis);
	return bad;
}

static uint32_t get_keys(struct redis *redis, uint32_t first, uint32_t nr)
{
	uint32_t i, bad = 0;

	for (i = 0; i < nr; i++)
		bad += !send_get(redis, first + i);
	for (i = 0; i < nr; i++)
		bad += !read_value(redis, first + i);
	return bad;
}

static uint32_t all_keys(struct redis *redis,
			 uint32_t (*some)(struct redis *, uint32_t, uint32_t))
{
	uint32_t key, bad = 0;

	for (key = 0; key < REDIS_KEYS; key += PIPELINE)
		bad += some(redis, key, PIPELINE);
	return bad;
}

uint32_t redis_set_all(struct redis *redis)
{
	return all_keys(redis, set_keys);
}

uint32_t redis_get_all(struct redis *redis)
{
	return all_keys(redis, get_keys);
}

uint32_t redis_some(struct redis *redis, unsigned int rounds, bool hot)
{
	uint32_t bad = 0, first, keys;

	while (rounds--) {
		redis->random = redis->random * 6364136223846793005ULL + 1;
		keys = hot && rounds % 2 ? HOT_KEYS : REDIS_KEYS;
		first = (uint32_t)(redis->random >> 33) % (keys - PIPELINE);
		bad += get_keys(redis, first, PIPELINE);
		bad += set_keys(redis, first, PIPELINE);
	}
	return bad;
}
