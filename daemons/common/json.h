/* SPDX-License-Identifier: MIT */
/*
 * json.h - strict reading of JSON objects: one table of keys per object, and
 * an error that names the path of what is wrong.
 *
 * Strict means: nothing after the value, no duplicate keys, no unknown keys,
 * keys compared with case, no NUL hidden in a string.
 */
#ifndef USM_COMMON_JSON_H
#define USM_COMMON_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USM_JSON_FIELD_SIZE 96
#define USM_JSON_REASON_SIZE 160

/*
 * What is wrong with a document.  .field is the path ("policy.alloc"), empty
 * when the document as a whole is wrong.  Both are printable ASCII.
 */
struct usm_config_error {
	char field[USM_JSON_FIELD_SIZE];
	char reason[USM_JSON_REASON_SIZE];
};

struct usm_json_key {
	const char *name;
	bool required;
	/*
	 * Reads item into out.  Returns 0 or -EINVAL with err filled; path is
	 * the full path of item.
	 */
	int (*read)(const cJSON *item, const char *path, void *out,
		    struct usm_config_error *err);
	size_t at; /* where out is in the caller's structure */
};

/* Fills err and returns -EINVAL, so that a check can end in `return`. */
int usm_json_error(struct usm_config_error *err, const char *path,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Parses len bytes that must hold exactly one JSON object.  On success *root
 * is owned by the caller (cJSON_Delete).  -EINVAL with err filled, -ENOMEM.
 */
int usm_json_parse(const char *text, size_t len, cJSON **root,
		   struct usm_config_error *err);

/*
 * Reads an object by its table.  path is the object's own path, "" for the
 * document.  out, the caller's structure, may be half written on failure.
 */
int usm_json_object(const cJSON *object, const char *path,
		    const struct usm_json_key *keys, size_t nr_keys, void *out,
		    struct usm_config_error *err);

/*
 * Reads an array of at most `max` items, each by read(); their paths are
 * "PATH[0]", "PATH[1]", ...
 */
int usm_json_array(const cJSON *array, const char *path, unsigned int max,
		   int (*read)(const cJSON *item, const char *path, void *out,
			       struct usm_config_error *err),
		   void *out, struct usm_config_error *err);

/* A whole number of min..max.  *value untouched on failure. */
int usm_json_uint(const cJSON *item, const char *path, uint64_t min,
		  uint64_t max, uint64_t *value, struct usm_config_error *err);

/* The same for an unsigned int. */
int usm_json_small(const cJSON *item, const char *path, unsigned int min,
		   unsigned int max, unsigned int *value,
		   struct usm_config_error *err);

/* One of nr names: *value is its number.  must: the reason if it is none. */
int usm_json_choice(const cJSON *item, const char *path,
		    const char *const *names, size_t nr, const char *must,
		    unsigned int *value, struct usm_config_error *err);

/* A string; *value points into item. */
int usm_json_string(const cJSON *item, const char *path, const char **value,
		    struct usm_config_error *err);

/* Bytes, as a number or as a string that usm_size_parse() reads. */
int usm_json_size(const cJSON *item, const char *path, uint64_t *bytes,
		  struct usm_config_error *err);

#endif /* USM_COMMON_JSON_H */
