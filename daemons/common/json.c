// SPDX-License-Identifier: MIT
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

/* Numbers above 2^53 lose digits in a double. */
#define EXACT_MAX 9007199254740992.0

/* A wrong key is "nearly" a known one up to this many edits. */
#define NEAR_EDITS 2
#define NEAR_KEY_MAX 31

static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

int usm_json_error(struct usm_config_error *err, const char *path,
		   const char *format, ...)
{
	va_list args;

	snprintf(err->field, sizeof(err->field), "%s", path);
	va_start(args, format);
	vsnprintf(err->reason, sizeof(err->reason), format, args);
	va_end(args);
	make_printable(err->field);
	make_printable(err->reason);
	return -EINVAL;
}

int usm_json_parse(const char *text, size_t len, cJSON **root,
		   struct usm_config_error *err)
{
	const char *end = NULL;
	size_t offset;
	cJSON *parsed;
	char *copy;

	if (memchr(text, 0, len))
		return usm_json_error(err, "", "NUL byte in the document");
	/* cJSON would cut the string there and hide what follows. */
	if (memmem(text, len, "\\u0000", strlen("\\u0000")))
		return usm_json_error(err, "", "NUL character in a string");
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, text, len);
	copy[len] = 0;
	parsed = cJSON_ParseWithOpts(copy, &end, 1);
	offset = end ? (size_t)(end - copy) : 0;
	free(copy);
	if (!parsed)
		return usm_json_error(err, "", "not valid JSON near byte %zu",
				      offset);
	if (!cJSON_IsObject(parsed)) {
		cJSON_Delete(parsed);
		return usm_json_error(err, "", "must be a JSON object");
	}
	*root = parsed;
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NEAR_KEY_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > NEAR_KEY_MAX || lb > NEAR_KEY_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

static const char *nearest_key(const char *name,
			       const struct usm_json_key *keys, size_t nr_keys)
{
	size_t best = NEAR_EDITS + 1;
	const char *near = NULL;

	for (size_t i = 0; i < nr_keys; i++) {
		size_t d = edit_distance(name, keys[i].name);

		if (d < best) {
			best = d;
			near = keys[i].name;
		}
	}
	return near;
}

static void join_path(char *buf, size_t size, const char *path,
		      const char *name)
{
	snprintf(buf, size, "%s%s%s", path, *path ? "." : "", name);
}

static int unknown_key(const char *path, const char *name,
		       const struct usm_json_key *keys, size_t nr_keys,
		       struct usm_config_error *err)
{
	const char *near = nearest_key(name, keys, nr_keys);

	if (near)
		return usm_json_error(
			err, path, "unknown key; did you mean \"%s\"?", near);
	return usm_json_error(err, path, "unknown key");
}

static const struct usm_json_key *
find_key(const char *name, const struct usm_json_key *keys, size_t nr_keys)
{
	for (size_t i = 0; i < nr_keys; i++) {
		if (!strcmp(name, keys[i].name))
			return &keys[i];
	}
	return NULL;
}

static bool seen_before(const cJSON *object, const cJSON *item)
{
	const cJSON *other;

	for (other = object->child; other && other != item; other = other->next)
		if (!strcmp(other->string, item->string))
			return true;
	return false;
}

int usm_json_object(const cJSON *object, const char *path,
		    const struct usm_json_key *keys, size_t nr_keys, void *out,
		    struct usm_config_error *err)
{
	char full[USM_JSON_FIELD_SIZE];
	const cJSON *item;
	int ret;

	if (!cJSON_IsObject(object))
		return usm_json_error(err, path, "must be an object");
	for (item = object->child; item; item = item->next) {
		const struct usm_json_key *key;

		join_path(full, sizeof(full), path, item->string);
		key = find_key(item->string, keys, nr_keys);
		if (!key)
			return unknown_key(full, item->string, keys, nr_keys,
					   err);
		/* Known keys are few, so this stays far from quadratic. */
		if (seen_before(object, item))
			return usm_json_error(err, full, "given twice");
		ret = key->read(item, full, (char *)out + key->at, err);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < nr_keys; i++) {
		if (keys[i].required &&
		    !cJSON_GetObjectItemCaseSensitive(object, keys[i].name)) {
			join_path(full, sizeof(full), path, keys[i].name);
			return usm_json_error(err, full, "is required");
		}
	}
	return 0;
}

int usm_json_array(const cJSON *array, const char *path, unsigned int max,
		   int (*read)(const cJSON *item, const char *path, void *out,
			       struct usm_config_error *err),
		   void *out, struct usm_config_error *err)
{
	char full[USM_JSON_FIELD_SIZE];
	unsigned int nr = 0;
	const cJSON *item;
	int ret = 0;

	if (!cJSON_IsArray(array))
		return usm_json_error(err, path, "must be an array");
	cJSON_ArrayForEach(item, array) {
		if (nr == max)
			return usm_json_error(err, path,
					      "must be at most %u items", max);
		snprintf(full, sizeof(full), "%s[%u]", path, nr++);
		ret = read(item, full, out, err);
		if (ret)
			return ret;
	}
	return 0;
}

int usm_json_uint(const cJSON *item, const char *path, uint64_t min,
		  uint64_t max, uint64_t *value, struct usm_config_error *err)
{
	double d;

	if (!cJSON_IsNumber(item))
		return usm_json_error(err, path, "must be a number");
	d = item->valuedouble;
	if (!(d >= 0 && d <= EXACT_MAX) || d != (double)(uint64_t)d ||
	    (uint64_t)d < min || (uint64_t)d > max)
		return usm_json_error(err, path,
				      "must be a whole number from %" PRIu64
				      " to %" PRIu64,
				      min, max);
	*value = (uint64_t)d;
	return 0;
}

int usm_json_small(const cJSON *item, const char *path, unsigned int min,
		   unsigned int max, unsigned int *value,
		   struct usm_config_error *err)
{
	uint64_t read = 0;
	int ret = usm_json_uint(item, path, min, max, &read, err);

	if (!ret)
		*value = (unsigned int)read;
	return ret;
}

int usm_json_string(const cJSON *item, const char *path, const char **value,
		    struct usm_config_error *err)
{
	if (!cJSON_IsString(item))
		return usm_json_error(err, path, "must be a string");
	*value = item->valuestring;
	return 0;
}

int usm_json_choice(const cJSON *item, const char *path,
		    const char *const *names, size_t nr, const char *must,
		    unsigned int *value, struct usm_config_error *err)
{
	const char *name = "";
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(name, names[i])) {
			*value = (unsigned int)i;
			return 0;
		}
	}
	return usm_json_error(err, path, "%s", must);
}

int usm_json_size(const cJSON *item, const char *path, uint64_t *bytes,
		  struct usm_config_error *err)
{
	if (cJSON_IsNumber(item))
		return usm_json_uint(item, path, 0, (uint64_t)EXACT_MAX, bytes,
				     err);
	if (!cJSON_IsString(item))
		return usm_json_error(
			err, path,
			"must be a size: bytes, or a string like \"128M\"");
	switch (usm_size_parse(item->valuestring, bytes)) {
	case 0:
		return 0;
	case -ERANGE:
		return usm_json_error(err, path, "too large a size");
	default:
		return usm_json_error(
			err, path,
			"not a size; digits with K, M, G or T, like \"128M\"");
	}
}
