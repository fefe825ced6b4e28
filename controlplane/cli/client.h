/* SPDX-License-Identifier: MIT */
/*
 * client.h - one HTTP request to the manager over its unix socket.
 */
#ifndef USM_CLI_CLIENT_H
#define USM_CLI_CLIENT_H

struct usm_answer {
	long status; /* HTTP */
	char *body; /* owned, never NULL after success; usm_answer_clear() */
};

/*
 * Sends method and path, with json as the body unless it is NULL.  Returns 0
 * whatever the status, -ECONNREFUSED with an explanation in why when there is
 * no answer, or -ENOMEM.
 */
int usm_request(const char *socket, const char *method, const char *path,
		const char *json, struct usm_answer *answer, char *why,
		unsigned int why_size);

/* Frees what the answer owns. */
void usm_answer_clear(struct usm_answer *answer);

#endif /* USM_CLI_CLIENT_H */
