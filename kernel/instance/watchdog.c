// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>

#include "instance/dump.h"
#include "instance/instance.h"
#include "instance/watchdog.h"
#include "usm_module.h"

/*
 * Deadlines missed in a row that make a daemon stuck: one or two may be a busy
 * machine, and every more is one more wait for its tenants.
 */
#define MISSES_MAX 5
/*
 * Deadlines between two faults that try a stuck daemon: a tenant loses at most
 * a tenth of one thread's time to it.
 */
#define PROBE_DEADLINES 10

static void report(struct work_struct *work)
{
	struct usm_instance *instance =
		container_of(work, struct usm_instance, watchdog.report);

	usm_dump_log(instance);
	usm_instance_put(instance);
}

void usm_watchdog_init(struct usm_instance *instance)
{
	INIT_WORK(&instance->watchdog.report, report);
}

void usm_watchdog_reset(struct usm_instance *instance)
{
	lockdep_assert_held(&instance->lock);
	instance->watchdog.misses = 0;
	instance->watchdog.last_miss = jiffies;
	WRITE_ONCE(instance->watchdog.stuck, false);
}

static unsigned long probe_interval(const struct usm_instance *instance)
{
	return PROBE_DEADLINES * msecs_to_jiffies(instance->deadline_ms);
}

/* The caller holds instance->lock. */
static bool quarantine(struct usm_instance *instance)
{
	struct usm_watchdog *dog = &instance->watchdog;

	if (dog->stuck || !instance->channel)
		return false;
	WRITE_ONCE(dog->stuck, true);
	dog->stuck_since = jiffies;
	dog->next_probe = jiffies + probe_interval(instance);
	atomic64_inc(&instance->quarantines);
	return true;
}

static void announce(struct usm_instance *instance, const char *why)
{
	pr_warn("instance %u \"%s\" quarantined: %s; faults are served by the kernel\n",
		instance->id, instance->name, why);
	usm_instance_get(instance);
	/* From a work item: the caller is a fault that has waited enough. */
	if (!queue_work(usm_wq, &instance->watchdog.report))
		usm_instance_put(instance);
}

void usm_watchdog_missed(struct usm_instance *instance, unsigned long asked)
{
	struct usm_watchdog *dog = &instance->watchdog;
	bool stuck = false;

	spin_lock(&instance->lock);
	if (time_after_eq(asked, dog->last_miss)) {
		dog->last_miss = jiffies;
		if (++dog->misses >= MISSES_MAX)
			stuck = quarantine(instance);
	}
	spin_unlock(&instance->lock);
	if (stuck)
		announce(instance,
			 "its daemon misses one deadline after the other");
}

void usm_watchdog_never_started(struct usm_instance *instance)
{
	bool stuck;

	spin_lock(&instance->lock);
	stuck = instance->nr_workers == 0 && quarantine(instance);
	spin_unlock(&instance->lock);
	if (stuck)
		announce(instance, "its daemon registers no worker");
}

static void trust(struct usm_instance *instance, const char *why)
{
	struct usm_watchdog *dog = &instance->watchdog;
	unsigned long since = 0;
	bool ended;

	spin_lock(&instance->lock);
	WRITE_ONCE(dog->misses, 0);
	ended = dog->stuck;
	if (ended) {
		since = dog->stuck_since;
		WRITE_ONCE(dog->stuck, false);
	}
	spin_unlock(&instance->lock);
	if (ended)
		pr_info("instance %u \"%s\": quarantine ended after %u ms, its daemon %s\n",
			instance->id, instance->name,
			jiffies_to_msecs(jiffies - since), why);
}

void usm_watchdog_answered(struct usm_instance *instance)
{
	struct usm_watchdog *dog = &instance->watchdog;

	if (unlikely(READ_ONCE(dog->misses) || READ_ONCE(dog->stuck)))
		trust(instance, "answers again");
}

void usm_watchdog_started(struct usm_instance *instance)
{
	trust(instance, "has a worker");
}

bool usm_watchdog_probe(struct usm_instance *instance)
{
	struct usm_watchdog *dog = &instance->watchdog;
	bool mine;

	spin_lock(&instance->lock);
	mine = dog->stuck && instance->nr_workers > 0 &&
	       time_after_eq(jiffies, dog->next_probe);
	if (mine)
		dog->next_probe = jiffies + probe_interval(instance);
	spin_unlock(&instance->lock);
	return mine;
}
