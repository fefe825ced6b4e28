/* SPDX-License-Identifier: MIT */
#include "instance/replay/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* First sizes; both grow by doubling. */
#define BUCKETS_MIN (1U << 14)
#define NOTES_MIN (1U << 16)

#define NO_PAGE UINT32_MAX

/*
 * The first pause; by how much the next one is longer; and after how many
 * windows without a note a page begins with the first again.
 */
#define PAUSE_MIN 4U
#define PAUSE_GROWTH 4U
#define LONG_AGO 2U

/* A page that was written, by number of first appearance. */
struct page {
	uint64_t page;
	uint32_t noted; /* notes there were when it was noted last, and it */
	uint32_t pause; /* notes of others before it is noted again */
	uint32_t number; /* that of the trace, once that is made */
};

struct usm_fold {
	uint32_t window;
	uint32_t nr_pages;
	uint32_t nr_buckets; /* a power of two, at least 2 * nr_pages */
	uint32_t *buckets; /* index into pages, or NO_PAGE */
	struct page *pages; /* [nr_buckets / 2] */
	uint32_t nr_notes, room;
	uint32_t *notes;
	uint64_t last; /* the page of the last access of all */
	uint32_t last_at; /* its index */
};

static uint32_t bucket_of(uint64_t page, uint32_t nr_buckets)
{
	/* Fibonacci hashing: the top bits of a multiple of 2^64 / phi. */
	return (uint32_t)(page * 0x9e3779b97f4a7c15ULL >> 32) &
	       (nr_buckets - 1);
}

/* Makes room for nr_buckets / 2 pages. */
static int resize(struct usm_fold *fold, uint32_t nr_buckets)
{
	struct page *pages =
		realloc(fold->pages, nr_buckets / 2 * sizeof(*pages));
	uint32_t *buckets, i, at;

	if (!pages)
		return -ENOMEM;
	fold->pages = pages;
	buckets = malloc(nr_buckets * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	memset(buckets, 0xff, nr_buckets * sizeof(*buckets));
	for (i = 0; i < fold->nr_pages; i++) {
		at = bucket_of(pages[i].page, nr_buckets);
		while (buckets[at] != NO_PAGE)
			at = (at + 1) & (nr_buckets - 1);
		buckets[at] = i;
	}
	free(fold->buckets);
	fold->buckets = buckets;
	fold->nr_buckets = nr_buckets;
	return 0;
}

int usm_fold_create(uint32_t window, struct usm_fold **out)
{
	struct usm_fold *fold;
	int err;

	if (!window)
		return -EINVAL;
	fold = calloc(1, sizeof(*fold));
	if (!fold)
		return -ENOMEM;
	fold->window = window;
	fold->last = UINT64_MAX;
	err = resize(fold, BUCKETS_MIN);
	if (err) {
		usm_fold_destroy(fold);
		return err;
	}
	*out = fold;
	return 0;
}

void usm_fold_destroy(struct usm_fold *fold)
{
	if (!fold)
		return;
	free(fold->buckets);
	free(fold->pages);
	free(fold->notes);
	free(fold);
}

static int grow_notes(struct usm_fold *fold)
{
	uint32_t room = fold->room ? 2 * fold->room : NOTES_MIN;
	uint32_t *notes;

	if (room > USM_TRACE_ACCESSES_MAX)
		return -E2BIG;
	notes = realloc(fold->notes, room * sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	fold->notes = notes;
	fold->room = room;
	return 0;
}

static int note(struct usm_fold *fold, uint32_t at)
{
	struct page *page = &fold->pages[at];
	uint32_t since = fold->nr_notes - page->noted;
	int err;

	if (page->noted && since < page->pause)
		return 0;
	if (fold->nr_notes == fold->room) {
		err = grow_notes(fold);
		if (err)
			return err;
	}
	if (!page->noted || since > LONG_AGO * fold->window)
		page->pause = PAUSE_MIN;
	else
		page->pause *= PAUSE_GROWTH;
	if (page->pause > fold->window)
		page->pause = fold->window;
	fold->notes[fold->nr_notes++] = at;
	page->noted = fold->nr_notes;
	return 0;
}

/* Where the page is, or the empty bucket where it is to be. */
static uint32_t find(const struct usm_fold *fold, uint64_t page)
{
	uint32_t at = bucket_of(page, fold->nr_buckets);

	while (fold->buckets[at] != NO_PAGE &&
	       fold->pages[fold->buckets[at]].page != page)
		at = (at + 1) & (fold->nr_buckets - 1);
	return at;
}

static int add(struct usm_fold *fold, uint64_t page, uint32_t *at)
{
	int err;

	if (fold->nr_pages == USM_TRACE_PAGES_MAX)
		return -E2BIG;
	if (fold->nr_pages == fold->nr_buckets / 2) {
		err = resize(fold, 2 * fold->nr_buckets);
		if (err)
			return err;
	}
	*at = fold->nr_pages++;
	fold->buckets[find(fold, page)] = *at;
	fold->pages[*at] = (struct page){ .page = page };
	return 0;
}

int usm_fold_access(struct usm_fold *fold, uint64_t page, bool store)
{
	uint32_t at;
	int err;

	/* The commonest case by far; the window would drop most of them. */
	if (page == fold->last)
		return note(fold, fold->last_at);
	at = fold->buckets[find(fold, page)];
	if (at == NO_PAGE) {
		if (!store)
			return 0;
		err = add(fold, page, &at);
		if (err)
			return err;
	}
	fold->last = page;
	fold->last_at = at;
	return note(fold, at);
}

static int by_address(const void *a, const void *b)
{
	const struct page *const *x = a, *const *y = b;

	return (*x)->page < (*y)->page ? -1 : (*x)->page > (*y)->page;
}

/* Numbers the pages, in order of address, and says which are neighbours. */
static void number(struct page **sorted, struct usm_trace *trace)
{
	struct usm_trace_run *run = NULL;
	uint32_t i;

	for (i = 0; i < trace->nr_pages; i++) {
		sorted[i]->number = i;
		if (run && run->first + run->pages == sorted[i]->page) {
			run->pages++;
			continue;
		}
		run = &trace->runs[trace->nr_runs++];
		*run = (struct usm_trace_run){
			.first = sorted[i]->page,
			.member = 1,
			.pages = 1,
			.base = i,
		};
	}
}

int usm_fold_trace(const struct usm_fold *fold, uint32_t page_bytes,
		   struct usm_trace *out)
{
	struct usm_trace trace = {
		.page_bytes = page_bytes,
		.members = 1,
		.window = fold->window,
		.nr_pages = fold->nr_pages,
	};
	struct page **sorted = calloc(fold->nr_pages + 1, sizeof(*sorted));
	uint32_t i;

	trace.runs = calloc(fold->nr_pages + 1, sizeof(*trace.runs));
	trace.accesses = calloc(fold->nr_notes + 1, sizeof(uint32_t));
	if (!sorted || !trace.runs || !trace.accesses) {
		free(sorted);
		usm_trace_fini(&trace);
		return -ENOMEM;
	}
	for (i = 0; i < fold->nr_pages; i++)
		sorted[i] = &fold->pages[i];
	qsort(sorted, fold->nr_pages, sizeof(struct page *), by_address);
	number(sorted, &trace);
	trace.nr_accesses = fold->nr_notes;
	for (i = 0; i < fold->nr_notes; i++)
		trace.accesses[i] = fold->pages[fold->notes[i]].number;
	free(sorted);
	*out = trace;
	return 0;
}
