// SPDX-License-Identifier: MIT
/* The whole server over a socket pair's worth of real connections. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_manager.h"
#include "server/http.h"
#include "server/socket.h"

#define ANSWER_MAX 8192

static char path[64];
static struct fake_manager fake;
static struct usm_http *http;
static int observed;

static void observe(void *data, const struct usm_access *access)
{
	(void)data;
	cr_assert_eq(access->peer.uid, getuid());
	observed++;
}

static void start(void)
{
	const struct usm_service service = { &fake_manager_ops, &fake };
	int fd;

	snprintf(path, sizeof(path), "/tmp/usm-test-http-%d", (int)getpid());
	cr_assert_eq(usm_socket_listen(path, &fd), 0);
	cr_assert_eq(usm_http_new(fd, &service, observe, NULL, &http), 0);
}

static void stop(void)
{
	usm_http_free(http);
	unlink(path);
}

TestSuite(http, .init = start, .fini = stop, .timeout = 30);

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
		     0);
	return fd;
}

/* Sends what fits, turns the server's crank, reads until it is answered. */
static void talk(int fd, const char *data, size_t len, char *answer)
{
	size_t sent = 0, got = 0;

	memset(answer, 0, ANSWER_MAX);
	for (int turns = 0; turns < 20000; turns++) {
		ssize_t n = 0;

		if (sent < len) {
			n = send(fd, data + sent, len - sent, MSG_NOSIGNAL);
			if (n > 0)
				sent += (size_t)n;
		}
		usm_http_run(http);
		n = recv(fd, answer + got, ANSWER_MAX - 1 - got, 0);
		if (n > 0)
			got += (size_t)n;
		if (!n || (strstr(answer, "\r\n\r\n") && sent == len))
			return;
	}
	cr_assert_fail("no answer");
}

static void ask(const char *text, char *answer)
{
	int fd = dial();

	talk(fd, text, strlen(text), answer);
	close(fd);
}

#define POST_A                                                         \
	"POST /v1/instances HTTP/1.1\r\nHost: usm\r\n"                 \
	"Content-Type: application/json\r\nContent-Length: 26\r\n\r\n" \
	"{\"name\":\"a\",\"memory\":\"1M\"}"

Test(http, answers)
{
	char answer[ANSWER_MAX];

	ask("GET /v1/stats HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 200"), "%s", answer);
	cr_assert(strstr(answer, "Content-Type: application/json\r\n"));
	ask(POST_A, answer);
	cr_assert(strstr(answer, "HTTP/1.1 201"), "%s", answer);
	cr_assert(strstr(answer, "Location: /v1/instances/a\r\n"));
	ask("DELETE /v1/instances/a HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 204"), "%s", answer);
	cr_assert_eq(observed, 3);
}

Test(http, answers_problems)
{
	char answer[ANSWER_MAX];

	ask("GET /v1/instances/none HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 404"), "%s", answer);
	cr_assert(strstr(answer, "Content-Type: application/problem+json\r\n"));
	ask("PUT /v1/stats HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 405"), "%s", answer);
	cr_assert(strstr(answer, "Allow: GET, HEAD\r\n"));
	ask("GET /v1/stats?x=1 HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 400"), "%s", answer);
	/* Not decoded to "a" and something after a NUL. */
	ask("GET /v1/instances/a%00b HTTP/1.1\r\nHost: usm\r\n\r\n", answer);
	cr_assert(strstr(answer, "HTTP/1.1 404"), "%s", answer);
}

static void send_large(size_t size, const char *want)
{
	char head[128], answer[ANSWER_MAX];
	int fd = dial();
	char *text;
	size_t len;

	snprintf(head, sizeof(head),
		 "POST /v1/instances HTTP/1.1\r\nHost: usm\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 size);
	len = strlen(head) + size;
	text = malloc(len);
	memset(text, ' ', len);
	memcpy(text, head, strlen(head));
	talk(fd, text, len, answer);
	cr_assert(strstr(answer, want), "%zu: %.200s", size, answer);
	free(text);
	close(fd);
}

Test(http, limits_bodies)
{
	send_large(USM_BODY_MAX, "HTTP/1.1 400");
	send_large(USM_BODY_MAX + 1, "HTTP/1.1 413");
	send_large(500000, "HTTP/1.1 413");
	send_large(3000000, "HTTP/1.1 413");
}

Test(http, limits_chunked_bodies)
{
	static char text[400000];
	char answer[ANSWER_MAX];
	int fd = dial();
	int head = snprintf(text, sizeof(text),
			    "POST /v1/instances HTTP/1.1\r\nHost: usm\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n%x\r\n",
			    300000);

	memset(text + head, ' ', 300000);
	memcpy(text + head + 300000, "\r\n0\r\n\r\n", 7);
	talk(fd, text, (size_t)head + 300000 + 7, answer);
	cr_assert(strstr(answer, "HTTP/1.1 413"), "%.200s", answer);
	close(fd);
}

/* Would the caller's event loop run the server now? */
static bool wants_to_run(void)
{
	struct pollfd p = { .fd = usm_http_fd(http), .events = POLLIN };

	return !usm_http_timeout(http) || poll(&p, 1, 0) == 1;
}

Test(http, holds_a_connection_until_the_manager_is_done)
{
	static const char get[] = "GET /v1/stats HTTP/1.1\r\nHost: usm\r\n\r\n";
	int fd = dial(), other = dial();
	char answer[ANSWER_MAX] = "";
	size_t got = 0;

	fake.slow = true;
	cr_assert_gt(send(fd, POST_A, strlen(POST_A), 0), 0);
	for (int i = 0; i < 100 && !fake.done; i++)
		usm_http_run(http);
	cr_assert(fake.done);
	cr_assert_lt(recv(fd, answer, sizeof(answer), 0), 0);
	/* Others are served meanwhile. */
	talk(other, get, strlen(get), answer);
	cr_assert(strstr(answer, "HTTP/1.1 200"), "%s", answer);
	fake_manager_finish(&fake);
	cr_assert(wants_to_run());
	memset(answer, 0, sizeof(answer));
	for (int i = 0; i < 10000 && !strstr(answer, "\r\n\r\n"); i++) {
		ssize_t n;

		usm_http_run(http);
		n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0);
		if (n > 0)
			got += (size_t)n;
	}
	cr_assert(strstr(answer, "HTTP/1.1 201"), "%s", answer);
	close(fd);
	close(other);
}

Test(http, survives_clients_that_go_away)
{
	int fd = dial();

	fake.slow = true;
	cr_assert_gt(send(fd, POST_A, strlen(POST_A), 0), 0);
	for (int i = 0; i < 100 && !fake.done; i++)
		usm_http_run(http);
	cr_assert(fake.done);
	close(fd);
	usm_http_run(http);
	fake_manager_finish(&fake);
	for (int i = 0; i < 100; i++)
		usm_http_run(http);
	cr_assert_eq(observed, 1);
}

Test(http, survives_rubbish)
{
	static const char *const rubbish[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01 hello \xff\xfe\r\n\r\n",
		"GET / HTTP/9.9\r\nHost: usm\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: usm\r\nContent-Length: -1\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		int fd = dial();
		char answer[64];

		cr_assert_gt(send(fd, rubbish[i], strlen(rubbish[i]), 0), 0);
		for (int turns = 0; turns < 100; turns++) {
			usm_http_run(http);
			if (recv(fd, answer, sizeof(answer), 0) == 0)
				break;
		}
		close(fd);
	}
	cr_assert_eq(fake.changes, 0);
}
