/* SPDX-License-Identifier: MIT */
/*
 * news.h - what the kernel says of pages: taken back, dropped, placed without
 * a question; and, when some of it was lost, its list of what is out.
 */
#ifndef USM_INSTANCE_EVICT_NEWS_H
#define USM_INSTANCE_EVICT_NEWS_H

#include "instance/evict/pager.h"

/* Takes in what there is.  Two loads when there is nothing.  The pager's thread. */
void usm_news_read(struct usm_pager *pager);

#endif /* USM_INSTANCE_EVICT_NEWS_H */
