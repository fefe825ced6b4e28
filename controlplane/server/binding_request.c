// SPDX-License-Identifier: MIT
#include "binding_request.h"

#include "pid.h"

static const char *const inherit_names[] = {
	[USM_INHERIT_ALL] = "all",
	[USM_INHERIT_FORK] = "fork",
	[USM_INHERIT_NONE] = "none",
};

#define NR_INHERIT (sizeof(inherit_names) / sizeof(inherit_names[0]))

const char *usm_inherit_name(enum usm_inherit inherit)
{
	return (size_t)inherit < NR_INHERIT ? inherit_names[inherit] : "all";
}

static int read_pid(const cJSON *item, const char *path, void *out,
		    struct usm_config_error *err)
{
	struct usm_binding_request *request = out;
	uint64_t pid = 0;
	int ret = usm_json_uint(item, path, 1, USM_PID_MAX, &pid, err);

	if (!ret)
		request->pid = (pid_t)pid;
	return ret;
}

static int read_inherit(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	struct usm_binding_request *request = out;
	unsigned int inherit = 0;
	int ret = usm_json_choice(item, path, inherit_names, NR_INHERIT,
				  "must be \"all\", \"fork\" or \"none\"",
				  &inherit, err);

	if (!ret)
		request->inherit = (enum usm_inherit)inherit;
	return ret;
}

static const struct usm_json_key keys[] = {
	{ "pid", true, read_pid, 0 },
	{ "inherit", false, read_inherit, 0 },
};

int usm_binding_request_parse(const char *text, size_t len,
			      struct usm_binding_request *out,
			      struct usm_config_error *err)
{
	struct usm_binding_request request = { .inherit = USM_INHERIT_ALL };
	cJSON *root = NULL;
	int ret = usm_json_parse(text, len, &root, err);

	if (ret)
		return ret;
	ret = usm_json_object(root, "", keys, sizeof(keys) / sizeof(keys[0]),
			      &request, err);
	cJSON_Delete(root);
	if (!ret)
		*out = request;
	return ret;
}
