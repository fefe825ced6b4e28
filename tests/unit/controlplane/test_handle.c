// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "fake_manager.h"

#define A_BODY "{\"name\":\"a\",\"memory\":\"1M\"}"

static struct fake_manager fake;
static struct usm_reply last;
static int replies;

static void take(void *token, struct usm_reply *reply)
{
	(void)token;
	usm_reply_clear(&last);
	last = *reply;
	replies++;
}

static void start(struct usm_request request)
{
	const struct usm_service service = { &fake_manager_ops, &fake };

	if (request.body)
		request.body_len = strlen(request.body);
	else
		request.body = "";
	usm_handle(&service, &request, take, NULL);
}

/* Sends a request and checks status and (a part of) the body. */
static void expect(struct usm_request request, unsigned int status,
		   const char *part)
{
	int before = replies;

	start(request);
	cr_assert_eq(replies, before + 1);
	cr_assert_eq(last.status, status, "%s %s: %u %s", request.method,
		     request.path, last.status, last.body);
	if (part)
		cr_assert(strstr(last.body, part), "%s", last.body);
	else
		cr_assert_null(last.body);
}

#define GET(p)                             \
	(struct usm_request)               \
	{                                  \
		.method = "GET", .path = p \
	}
#define DELETE(p)                             \
	(struct usm_request)                  \
	{                                     \
		.method = "DELETE", .path = p \
	}
#define POST(p, b)                                      \
	(struct usm_request)                            \
	{                                               \
		.method = "POST", .path = p, .body = b, \
		.content_type = "application/json"      \
	}

Test(handle, creates_shows_and_deletes)
{
	expect(POST("/v1/instances", A_BODY), 201, "\"name\":\"a\"");
	cr_assert_str_eq(last.location, "/v1/instances/a");
	cr_assert(last.change);
	expect(GET("/v1/instances/a"), 200, "\"state\":\"running\"");
	cr_assert_not(last.change);
	expect(GET("/v1/instances"), 200, "{\"instances\":[{\"name\":\"a\"");
	expect(DELETE("/v1/instances/a"), 204, NULL);
	expect(DELETE("/v1/instances/a"), 404, "no-such-instance");
	expect(GET("/v1/instances"), 200, "{\"instances\":[],\"next\":null}");
	cr_assert_eq(fake.changes, 2);
}

Test(handle, answers_later_what_takes_time)
{
	fake.slow = true;
	start(POST("/v1/instances", A_BODY));
	cr_assert_eq(replies, 0);
	fake_manager_finish(&fake);
	cr_assert_eq(replies, 1);
	cr_assert_eq(last.status, 201);
}

Test(handle, passes_problems_of_the_manager_on)
{
	fake.fail = USM_PROBLEM_POOL_TOO_FULL;
	expect(POST("/v1/instances", A_BODY), 409, "pool-too-full");
	cr_assert_eq(last.problem.code, USM_PROBLEM_POOL_TOO_FULL);
	cr_assert_str_eq(last.location, "");
	fake.fail = USM_PROBLEM_START_FAILED;
	expect(POST("/v1/instances", A_BODY), 500, "start-failed");
	cr_assert_eq(fake.changes, 0);
}

Test(handle, binds_and_unbinds)
{
	struct usm_request request = POST("/v1/instances/a/bindings",
					  "{\"pid\":42,\"inherit\":\"fork\"}");

	request.peer = (struct usm_peer){ .pid = 1, .uid = 2, .gid = 3 };
	expect(POST("/v1/instances", A_BODY), 201, "a");
	expect(request, 201, "\"pid\":42");
	cr_assert(strstr(last.body, "\"inherit\":\"fork\""));
	cr_assert(strstr(last.body, "\"comm\":\"a??zz\""));
	cr_assert_str_eq(last.location, "/v1/instances/a/bindings/42");
	cr_assert_eq(fake.last_peer.uid, 2);
	cr_assert_eq(fake.last_peer.gid, 3);
	expect(GET("/v1/instances/a/bindings"), 200, "{\"bindings\":[{\"pid\"");
	expect(GET("/v1/instances/a/bindings/42"), 200, "\"pid\":42");
	expect(GET("/v1/instances/a/bindings/43"), 404, "not-bound");
	expect(DELETE("/v1/instances/a"), 409, "instance-in-use");
	expect(DELETE("/v1/instances/a/bindings/42"), 204, NULL);
	expect(DELETE("/v1/instances/a/bindings/42"), 404, "not-bound");
}

Test(handle, lists_page_by_page)
{
	const struct usm_query wrong = { "limit", "0" };
	const struct usm_query after = { "after", "a" };
	struct usm_request request = GET("/v1/instances");

	expect(POST("/v1/instances", A_BODY), 201, "a");
	request.nr_query = 1;
	request.query = &after;
	expect(request, 200, "{\"instances\":[],\"next\":null}");
	request.query = &wrong;
	expect(request, 400, "limit: must be a whole number from 1 to 1024");
}

Test(handle, tells_how_it_is)
{
	expect(GET("/healthz"), 200, "{\"status\":\"ok\"}");
	expect(GET("/readyz"), 200, "{\"status\":\"ready\"}");
	fake.fail = USM_PROBLEM_NOT_READY;
	expect(GET("/readyz"), 503, "not-ready");
	expect(GET("/healthz"), 200, "ok");
	fake.fail = USM_PROBLEM_NONE;
	expect(GET("/v1/info"), 200, "\"evict\":{\"on\":true,\"why\":null}");
	expect(GET("/v1/info"), 200, "\"large\":{\"on\":false,\"why\":\"this");
	expect(GET("/v1/policies"), 200, "\"evict\":[\"clock\"");
	expect(GET("/metrics"), 200,
	       "\nusm_pool_bytes{backend=\"contig\"} 268");
	cr_assert_str_eq(last.content_type,
			 "text/plain; version=0.0.4; charset=utf-8");
	expect(GET("/openapi.yaml"), 200, "openapi: 3.1.0\n");
	cr_assert_str_eq(last.content_type, "application/yaml");
	expect(GET("/instance.schema.json"), 200, "\"$schema\"");
}

Test(handle, shows_everything_in_the_stats)
{
	static const char *const parts[] = {
		"{\"pool\":{\"backend\":\"contig\",\"bytes\":268435456,\"free\":134217728}",
		"\"memory\":{\"owned\":",
		"\"faults\":{\"total\":",
		"\"range\":0,\"magazine\":0,\"upcall\":",
		"\"latency_ns\":{\"p50\":",
		"\"wakes\":{\"self\":",
		"\"waker\":18446744073709551615",
		"\"bad_commands\":",
		"\"cgroup\":null",
		"\"members\":[]",
	};

	expect(POST("/v1/instances", A_BODY), 201, "a");
	/* No digit is lost above 2^53. */
	fake.instance.wakes[USM_WAKE_WAKER] = UINT64_MAX;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		expect(GET("/v1/stats"), 200, parts[i]);
}

Test(handle, refuses_wrong_bodies)
{
	expect(POST("/v1/instances", "{"), 400, "malformed-json");
	expect(POST("/v1/instances", "{\"name\":\"a\"}"), 400,
	       "\"field\":\"memory\"");
	expect(POST("/v1/instances", A_BODY), 201, "a");
	expect(POST("/v1/instances/a/bindings", "{\"pid\":0}"), 400,
	       "\"field\":\"pid\"");
	expect(POST("/v1/instances/a/bindings", "{\"pid\":1,\"pid\":2}"), 400,
	       "given twice");
	expect(POST("/v1/instances/a/bindings", "{\"pid\":4194305}"), 400,
	       "4194304");
	expect(POST("/v1/instances/a/bindings", "{\"pid\":1,\"inherit\":7}"),
	       400, "\"field\":\"inherit\"");
	expect(POST("/v1/instances/a/bindings", "{\"pdi\":1}"), 400,
	       "did you mean \\\"pid\\\"");
	cr_assert_eq(fake.changes, 1);
}

Test(handle, refuses_wrong_requests)
{
	const struct usm_query query = { "verbose", "1" };
	struct usm_request request = POST("/v1/instances", A_BODY);

	request.content_type = "text/plain";
	expect(request, 415, "unsupported-media-type");
	request.content_type = "application/jsonp";
	expect(request, 415, "unsupported-media-type");
	request.content_type = "Application/JSON; charset=utf-8";
	request.body_too_large = true;
	expect(request, 413, "body-too-large");
	request.body_too_large = false;
	request.query = &query;
	request.nr_query = 1;
	expect(request, 400, "invalid-query");
	request.nr_query = 0;
	request.method = "PATCH";
	expect(request, 405, "method-not-allowed");
	cr_assert_str_eq(last.allow, "GET, HEAD, POST");
	cr_assert_eq(fake.changes, 0);
	request.method = "POST";
	expect(request, 201, "a");
	request.content_type = NULL;
	expect(request, 201, "a");
}
