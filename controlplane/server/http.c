// SPDX-License-Identifier: MIT
#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/size.h"
#include "socket.h"

/* More clients than that wait in the backlog. */
#define MAX_CONNECTIONS 128U

/* Request line and headers; ours are a few hundred bytes. */
#define CONNECTION_MEMORY (32U * 1024)

/* A client that sends nothing for so long is dropped. */
#define IDLE_SECONDS 30U

/*
 * A body that is too large is read to its end up to here, so that the client
 * gets to see the answer; beyond, the connection is closed.
 */
#define DISCARD_MAX (1U << 20)

/* No call takes more parameters; the rest need not be seen to refuse them. */
#define MAX_QUERY 8

struct usm_http {
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct usm_service service;
	usm_observe_fn observe;
	void *observe_data;
};

struct exchange {
	struct usm_http *http;
	struct MHD_Connection *connection;
	struct usm_peer peer;
	char *method;
	char *path;
	char *body;
	size_t body_len;
	size_t received;
	bool handled;
	bool suspended;
	bool replied;
	struct usm_reply reply;
};

static void free_exchange(struct exchange *x)
{
	if (!x)
		return;
	usm_reply_clear(&x->reply);
	free(x->method);
	free(x->path);
	free(x->body);
	free(x);
}

static struct exchange *new_exchange(struct usm_http *http,
				     struct MHD_Connection *connection,
				     const char *path, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->http = http;
	x->connection = connection;
	x->method = strdup(method);
	x->path = strdup(path);
	if (!x->method || !x->path || !info ||
	    usm_socket_peer(info->connect_fd, &x->peer)) {
		free_exchange(x);
		return NULL;
	}
	return x;
}

static enum MHD_Result queue_reply(struct exchange *x)
{
	struct usm_reply *reply = &x->reply;
	struct MHD_Response *response;
	enum MHD_Result ret;

	response = MHD_create_response_from_buffer(
		reply->body ? strlen(reply->body) : 0,
		reply->body ? reply->body : (void *)"", MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	if (reply->body)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					reply->content_type);
	if (reply->location[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION,
					reply->location);
	if (reply->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					reply->allow);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				"no-store");
	ret = MHD_queue_response(x->connection, reply->status, response);
	MHD_destroy_response(response);
	return ret;
}

/* usm_reply_fn */
static void take_reply(void *token, struct usm_reply *reply)
{
	struct exchange *x = token;
	struct usm_access access = {
		.peer = x->peer,
		.method = x->method,
		.path = x->path,
		.reply = reply,
	};

	x->reply = *reply;
	x->replied = true;
	x->http->observe(x->http->observe_data, &access);
	if (x->suspended) {
		x->suspended = false;
		MHD_resume_connection(x->connection);
	}
}

struct query {
	struct usm_query values[MAX_QUERY];
	size_t nr;
};

static enum MHD_Result add_query(void *data, enum MHD_ValueKind kind,
				 const char *key, const char *value)
{
	struct query *query = data;

	(void)kind;
	query->values[query->nr++] = (struct usm_query){ key, value };
	return query->nr < MAX_QUERY ? MHD_YES : MHD_NO;
}

static enum MHD_Result dispatch(struct exchange *x)
{
	struct query query = { .nr = 0 };
	struct usm_request request;

	MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND,
				  add_query, &query);
	request = (struct usm_request){
		.method = x->method,
		.path = x->path,
		.query = query.values,
		.nr_query = query.nr,
		.content_type = MHD_lookup_connection_value(
			x->connection, MHD_HEADER_KIND,
			MHD_HTTP_HEADER_CONTENT_TYPE),
		.body = x->body ? x->body : "",
		.body_len = x->body_len,
		.body_too_large = x->received > USM_BODY_MAX,
		.peer = x->peer,
	};

	x->handled = true;
	usm_handle(&x->http->service, &request, take_reply, x);
	if (x->replied)
		return queue_reply(x);
	x->suspended = true;
	MHD_suspend_connection(x->connection);
	return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *data,
				 size_t *size)
{
	size_t len = *size;
	char *grown;

	*size = 0;
	x->received += len;
	if (x->received > DISCARD_MAX)
		return MHD_NO;
	if (x->received > USM_BODY_MAX) {
		free(x->body);
		x->body = NULL;
		x->body_len = 0;
		return MHD_YES;
	}
	grown = realloc(x->body, x->body_len + len);
	if (!grown)
		return MHD_NO;
	memcpy(grown + x->body_len, data, len);
	x->body = grown;
	x->body_len += len;
	return MHD_YES;
}

/* A body announced as far too large is refused before it is sent. */
static bool refuse_at_once(struct exchange *x)
{
	const char *announced = MHD_lookup_connection_value(
		x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t bytes = 0;

	if (!announced || usm_size_parse(announced, &bytes) ||
	    bytes <= DISCARD_MAX)
		return false;
	x->received = USM_BODY_MAX + 1;
	return true;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *upload_data,
				  size_t *upload_data_size, void **req_cls)
{
	struct exchange *x = *req_cls;

	(void)version;
	if (!x) {
		x = new_exchange(data, connection, url, method);
		*req_cls = x;
		if (!x)
			return MHD_NO;
		return refuse_at_once(x) ? dispatch(x) : MHD_YES;
	}
	if (x->replied)
		return queue_reply(x);
	if (*upload_data_size)
		return take_body(x, upload_data, upload_data_size);
	return x->handled ? MHD_YES : dispatch(x);
}

static void on_completed(void *data, struct MHD_Connection *connection,
			 void **req_cls, enum MHD_RequestTerminationCode code)
{
	(void)data;
	(void)connection;
	(void)code;
	free_exchange(*req_cls);
	*req_cls = NULL;
}

/*
 * Paths stay as they were sent: a decoded "%00" or "%2F" would make one name
 * look like another.
 */
static size_t keep_escapes(void *data, struct MHD_Connection *connection,
			   char *text)
{
	(void)data;
	(void)connection;
	return strlen(text);
}

int usm_http_new(int listen_fd, const struct usm_service *service,
		 usm_observe_fn observe, void *observe_data,
		 struct usm_http **out)
{
	const union MHD_DaemonInfo *info;
	struct usm_http *http = calloc(1, sizeof(*http));

	if (!http) {
		close(listen_fd);
		return -ENOMEM;
	}
	http->service = *service;
	http->observe = observe;
	http->observe_data = observe_data;
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, http, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_END);
	if (!http->daemon) {
		close(listen_fd);
		free(http);
		return -EIO;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info) {
		usm_http_free(http);
		return -EIO;
	}
	http->epoll_fd = info->epoll_fd;
	*out = http;
	return 0;
}

void usm_http_free(struct usm_http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}

int usm_http_fd(const struct usm_http *http)
{
	return http->epoll_fd;
}

uint64_t usm_http_timeout(struct usm_http *http)
{
	unsigned MHD_LONG_LONG ms;

	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
		return UINT64_MAX;
	return (uint64_t)ms * 1000;
}

void usm_http_run(struct usm_http *http)
{
	MHD_run(http->daemon);
}
