// SPDX-License-Identifier: MIT
#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Creating an instance may take the manager its start limit of 20 s. */
#define TIMEOUT_MS 30000L
#define CONNECT_TIMEOUT_MS 5000L

/* The host part is never looked up; it only fills the Host: header. */
#define ORIGIN "http://usm"

#define URL_MAX 256

static void close_memory(FILE **memory)
{
	if (*memory)
		fclose(*memory);
}

static void cleanup_curl(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void cleanup_headers(struct curl_slist **headers)
{
	curl_slist_free_all(*headers);
}

static CURLcode set_options(CURL *curl, const char *socket, const char *method,
			    const char *url, FILE *out)
{
	CURLcode ret = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);

	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_URL, url);
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
				       CONNECT_TIMEOUT_MS);
	/* No proxy of the environment stands before a local socket. */
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_PROXY, "");
	return ret;
}

static CURLcode set_body(CURL *curl, const char *json,
			 struct curl_slist **headers)
{
	struct curl_slist *type =
		curl_slist_append(NULL, "Content-Type: application/json");
	CURLcode ret;

	if (!type)
		return CURLE_OUT_OF_MEMORY;
	*headers = type;
	ret = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, type);
	if (!ret)
		ret = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	return ret;
}

int usm_request(const char *socket, const char *method, const char *path,
		const char *json, struct usm_answer *answer, char *why,
		unsigned int why_size)
{
	__attribute__((cleanup(cleanup_headers))) struct curl_slist *headers =
		NULL;
	__attribute__((cleanup(cleanup_curl))) CURL *curl = curl_easy_init();
	__attribute__((cleanup(close_memory))) FILE *out = NULL;
	char url[URL_MAX];
	char *body = NULL;
	size_t size = 0;
	CURLcode ret;

	out = open_memstream(&body, &size);
	if (!curl || !out)
		return -ENOMEM;
	if (snprintf(url, sizeof(url), ORIGIN "%s", path) >= (int)sizeof(url))
		return -ENAMETOOLONG;
	ret = set_options(curl, socket, method, url, out);
	if (!ret && json)
		ret = set_body(curl, json, &headers);
	if (!ret)
		ret = curl_easy_perform(curl);
	if (!ret)
		ret = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE,
					&answer->status);
	if (!ret && !fflush(out)) {
		answer->body = body;
		return 0;
	}
	snprintf(why, why_size, "%s", curl_easy_strerror(ret));
	fclose(out);
	out = NULL;
	free(body);
	return -ECONNREFUSED;
}

void usm_answer_clear(struct usm_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}
