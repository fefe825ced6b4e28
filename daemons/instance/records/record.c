/* SPDX-License-Identifier: MIT */
#include "instance/records/record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/crc32.h"
#include "common/name.h"

#define MAGIC "USMRECRD"
#define VERSION 1U
#define POLICY_BYTES 32

struct head {
	char magic[8];
	uint32_t version;
	uint32_t bytes;
	char policy[POLICY_BYTES];
	char program[USM_PROGRAM_SIZE];
	uint32_t data_crc;
	uint32_t crc; /* of all before */
};

_Static_assert(sizeof(struct head) == USM_RECORD_HEAD, "as it is described");
_Static_assert(USM_POLICY_NAME_SIZE <= POLICY_BYTES, "the name has room");

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void usm_record_name(const struct usm_record_key *key,
		     char name[USM_RECORD_NAME_SIZE])
{
	const char *from = key->program;
	int used = snprintf(name, USM_RECORD_NAME_SIZE, "%s.", key->policy);
	char *at = name + used;

	for (; *from; from++) {
		if (is_plain(*from))
			*at++ = *from;
		else
			at += sprintf(at, "%%%02x", (unsigned char)*from);
	}
	memcpy(at, USM_RECORD_SUFFIX, sizeof(USM_RECORD_SUFFIX));
}

size_t usm_record_encode(const struct usm_record_key *key, const void *data,
			 uint32_t bytes, void *file)
{
	struct head head = {
		.version = VERSION,
		.bytes = bytes,
		.data_crc = usm_crc32(data, bytes),
	};

	memcpy(head.magic, MAGIC, sizeof(head.magic));
	memcpy(head.policy, key->policy, strlen(key->policy));
	memcpy(head.program, key->program, strlen(key->program));
	head.crc = usm_crc32(&head, offsetof(struct head, crc));
	memcpy(file, &head, sizeof(head));
	memcpy((char *)file + sizeof(head), data, bytes);
	return sizeof(head) + bytes;
}

static bool is_head(const struct head *head, size_t size)
{
	return !memcmp(head->magic, MAGIC, sizeof(head->magic)) &&
	       head->crc == usm_crc32(head, offsetof(struct head, crc)) &&
	       head->version == VERSION && head->bytes &&
	       head->bytes <= USM_PREFETCH_MEMORY_MAX &&
	       size == sizeof(*head) + head->bytes &&
	       memchr(head->policy, 0, USM_POLICY_NAME_SIZE) &&
	       memchr(head->program, 0, sizeof(head->program)) &&
	       usm_name_valid(head->policy);
}

int usm_record_decode(const void *file, size_t size, struct usm_record_key *key,
		      const void **data, uint32_t *bytes)
{
	const char *behind = (const char *)file + sizeof(struct head);
	struct head head;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, file, sizeof(head));
	if (!is_head(&head, size) ||
	    head.data_crc != usm_crc32(behind, head.bytes))
		return -EINVAL;
	*key = (struct usm_record_key){ 0 };
	memcpy(key->policy, head.policy, strlen(head.policy));
	memcpy(key->program, head.program, strlen(head.program));
	*data = behind;
	*bytes = head.bytes;
	return 0;
}
