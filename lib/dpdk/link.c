/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link monitor: a daemon process per port that looks at it periodically, an eventfd that LSC
 * callbacks poke, a rtnetlink socket. Owns all three. Called by the application; by DPDK's threads
 * in lsc_callback() alone; by the loop in the watches and the process. Calls netlink.c, debounce.c.
 *
 *   LSC callback (any thread) -> eventfd -> lsc_ready() ----\
 *   rtnetlink socket -> netlink_ready() ---------------------+-> judge() -> subscribers
 *   the process, every poll_nsec and at debounce's deadline -/
 *
 * Invariant: foreign threads touch nothing but the eventfd; and a monitor is freed by whoever is
 * last, destroy or the process, which outlives destroy until the loop's next turn.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <gyre/link.h>
#include <rte_ethdev.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "dpdk/debounce.h"
#include "dpdk/netlink.h"
#include "dpdk/port.h"

#define SUBSCRIBER_MAX 16
#define EVENT_DEADLINE GYRE_EVENT(0) /* debounce's deadline may have moved */

struct subscriber {
	struct gyre_process_id process;
	uint32_t up, down;
};

struct gyre_dpdk_link {
	struct gyre_loop *loop;
	struct gyre_dpdk_link_options options;
	struct gyre_process_id process;
	struct gyre__debounce debounce;
	struct gyre_dpdk_link_state state;
	struct gyre_link published;
	struct gyre_watch lsc_watch, netlink_watch;
	struct gyre__netlink netlink;
	int lsc_fd;
	bool lsc_registered;
	bool driver_up, kernel_up;
	bool running; /* the process is in link_main() */
	bool orphan; /* destroyed: the process frees it */
	unsigned n_subscribers;
	struct subscriber subscribers[SUBSCRIBER_MAX];
};

/* Tells a subscriber the state. False: it has ended. */
static bool tell(const struct subscriber *subscriber, bool up)
{
	uint32_t events = up ? subscriber->up : subscriber->down;

	return !events || gyre_process_signal(subscriber->process, events) != -ESRCH;
}

static void publish(struct gyre_dpdk_link *link, bool up, uint64_t now)
{
	unsigned left = 0;

	link->state.up = up;
	link->state.changed = now;
	link->state.changes++;
	gyre_link_set(&link->published, up);
	for (unsigned i = 0; i < link->n_subscribers; i++)
		if (tell(&link->subscribers[i], up))
			link->subscribers[left++] = link->subscribers[i];
	link->n_subscribers = left;
}

static void judge(struct gyre_dpdk_link *link)
{
	uint64_t now = gyre_loop_clock(link->loop);

	if (gyre__debounce_feed(&link->debounce, link->driver_up && link->kernel_up, now))
		publish(link, link->debounce.up, now);
}

static bool driver_up(uint16_t port)
{
	struct rte_eth_link seen = {0};

	return rte_eth_link_get_nowait(port, &seen) == 0 && seen.link_status == RTE_ETH_LINK_UP;
}

static int look(void *arg)
{
	struct gyre_dpdk_link *link = arg;

	link->driver_up = driver_up(link->options.port);
	judge(link);
	return 0;
}

static int lsc_callback(uint16_t port, enum rte_eth_event_type type, void *arg, void *ret_param)
{
	const struct gyre_dpdk_link *link = arg;

	(void)port, (void)type, (void)ret_param;
	/* Fails only when 2^64 - 2 pokes wait already. */
	eventfd_write(link->lsc_fd, 1);
	return 0;
}

static void lsc_ready(struct gyre_watch *watch, uint32_t events)
{
	struct gyre_dpdk_link *link =
		(void *)((char *)watch - offsetof(struct gyre_dpdk_link, lsc_watch));
	eventfd_t count;

	(void)events;
	if (eventfd_read(link->lsc_fd, &count) < 0)
		return;
	link->state.lsc_events += count;
	look(link);
	gyre_process_signal(link->process, EVENT_DEADLINE);
}

static void netlink_heard(void *arg, bool up)
{
	struct gyre_dpdk_link *link = arg;

	link->state.netlink_events++;
	link->kernel_up = up;
	judge(link);
}

static void netlink_ready(struct gyre_watch *watch, uint32_t events)
{
	struct gyre_dpdk_link *link =
		(void *)((char *)watch - offsetof(struct gyre_dpdk_link, netlink_watch));
	int count = gyre__netlink_read(&link->netlink, netlink_heard, link);

	(void)events;
	if (count > 0)
		gyre_process_signal(link->process, EVENT_DEADLINE);
	if (count >= 0)
		return;
	/* A socket that fails for good would be ready for ever. */
	gyre_watch_del(watch);
}

static int link_main(struct gyre_process *self, void *arg)
{
	struct gyre_dpdk_link *link = arg;
	uint64_t poll = 0;
	uint32_t events;
	int err = -ETIMEDOUT;

	link->running = true;
	/* The cancellation may come a turn after destroy: the port may be gone by then. */
	while (err != -ECANCELED && !link->orphan) {
		if (err == -ETIMEDOUT) {
			link->state.polls++;
			gyre_process_call(self, look, link);
			poll = gyre_loop_clock(link->loop) + link->options.poll_nsec;
		}
		err = gyre_process_wait(self, EVENT_DEADLINE,
			RTE_MIN(poll, gyre__debounce_deadline(&link->debounce)), &events);
	}
	link->running = false;
	if (link->orphan)
		free(link);
	return 0;
}

void gyre_dpdk_link_options_init(struct gyre_dpdk_link_options *options, size_t size)
{
	const struct gyre_dpdk_link_options defaults = {
		.poll_nsec = GYRE_MSEC(10),
		.debounce_up_nsec = GYRE_MSEC(50),
	};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

static int start_lsc(struct gyre_dpdk_link *link)
{
	struct gyre_error *error = link->options.error;
	int err;

	link->lsc_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->lsc_fd < 0)
		return gyre__error_set(error, -errno, "link: eventfd: %s", strerror(errno));
	err = gyre_watch_add(link->loop, &link->lsc_watch, link->lsc_fd, EPOLLIN, lsc_ready);
	if (err < 0)
		return gyre__error_set(error, err, "link: eventfd's watch: %s", strerror(-err));
	gyre_watch_unref(&link->lsc_watch);
	err = rte_eth_dev_callback_register(
		link->options.port, RTE_ETH_EVENT_INTR_LSC, lsc_callback, link);
	if (err < 0)
		return gyre__error_set(error, err, "link: port %u takes no LSC callback: %s",
			link->options.port, strerror(-err));
	link->lsc_registered = true;
	return 0;
}

static int start_netlink(struct gyre_dpdk_link *link, unsigned if_index)
{
	struct gyre_error *error = link->options.error;
	int err;

	if (if_index == 0 || if_index > INT32_MAX)
		return 0;
	err = gyre__netlink_open(&link->netlink, if_index, error);
	if (err < 0)
		return err;
	err = gyre_watch_add(
		link->loop, &link->netlink_watch, link->netlink.fd, EPOLLIN, netlink_ready);
	if (err < 0)
		return gyre__error_set(error, err, "link: rtnetlink's watch: %s", strerror(-err));
	gyre_watch_unref(&link->netlink_watch);
	/* The answer to the question that open asked is there already. */
	err = gyre__netlink_read(&link->netlink, netlink_heard, link);
	if (err < 0)
		return gyre__error_set(error, err, "link: rtnetlink: %s", strerror(-err));
	return 0;
}

static int start_process(struct gyre_dpdk_link *link)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	char name[16];

	snprintf(name, sizeof(name), "link-%u", link->options.port);
	options.name = name;
	options.daemon = true;
	options.error = link->options.error;
	return gyre_process_spawn(link->loop, link_main, link, &options, &link->process);
}

/* After the first looks: whatever they said counts, as the state found. */
static void start_state(struct gyre_dpdk_link *link)
{
	uint64_t now = gyre_loop_clock(link->loop);

	link->driver_up = driver_up(link->options.port);
	gyre__debounce_init(&link->debounce, link->driver_up && link->kernel_up, now);
	link->state.up = link->debounce.up;
	link->state.changed = now;
	link->state.changes = 0;
}

/* Of several monitors of one port the later ones are numbered. */
static int start_default_name(struct gyre_dpdk_link *link)
{
	char device[RTE_ETH_NAME_MAX_LEN], name[GYRE_LINK_NAME_SIZE];
	unsigned number = 1;
	int err = rte_eth_dev_get_name_by_port(link->options.port, device);

	if (err < 0)
		return err;
	err = gyre_link_add(link->loop, &link->published, device, link->state.up);
	while (err == -EEXIST) {
		snprintf(name, sizeof(name), "%.48s#%u", device, ++number);
		err = gyre_link_add(link->loop, &link->published, name, link->state.up);
	}
	return err;
}

static int start_publishing(struct gyre_dpdk_link *link)
{
	const char *name = link->options.name;
	int err;

	if (name)
		err = gyre_link_add(link->loop, &link->published, name, link->state.up);
	else
		err = start_default_name(link);
	if (err < 0)
		return gyre__error_set(link->options.error, err,
			"link: port %u cannot be published as '%s': %s", link->options.port,
			name ? name : "its device", strerror(-err));
	return 0;
}

/* Lets go of everything but the memory and the process. */
static void detach(struct gyre_dpdk_link *link)
{
	/* -EAGAIN: a thread is in lsc_callback(), which does not block. */
	while (link->lsc_registered &&
		rte_eth_dev_callback_unregister(
			link->options.port, RTE_ETH_EVENT_INTR_LSC, lsc_callback, link) == -EAGAIN)
		sched_yield();
	/* A watch that was not added is fine. */
	gyre_watch_del(&link->lsc_watch);
	gyre_watch_del(&link->netlink_watch);
	if (link->lsc_fd >= 0)
		close(link->lsc_fd);
	gyre__netlink_close(&link->netlink);
	gyre_link_del(&link->published);
}

static int link_start(struct gyre_dpdk_link *link, unsigned if_index)
{
	int err;

	link->kernel_up = true;
	link->debounce.up_nsec = link->options.debounce_up_nsec;
	link->debounce.down_nsec = link->options.debounce_down_nsec;
	err = start_lsc(link);
	if (err < 0)
		return err;
	err = start_netlink(link, if_index);
	if (err < 0)
		return err;
	start_state(link);
	err = start_publishing(link);
	if (err < 0)
		return err;
	return start_process(link);
}

int gyre_dpdk_link_create(struct gyre_loop *loop, const struct gyre_dpdk_link_options *options,
	struct gyre_dpdk_link **ret_link)
{
	struct gyre_dpdk_link_options ours = GYRE_DPDK_LINK_OPTIONS_INIT;
	struct rte_eth_dev_info info;
	struct gyre_dpdk_link *link;
	int err;

	err = gyre__options_copy(&ours, sizeof(ours), options, sizeof(ours),
		"gyre_dpdk_link_options", options ? options->error : NULL);
	if (err < 0)
		return err;
	if (ours.poll_nsec < GYRE_MSEC(1))
		return gyre__error_set(ours.error, -EINVAL, "link: poll_nsec is below 1 ms");
	err = gyre__dpdk_port_info(ours.port, "link", &info, ours.error);
	if (err < 0)
		return err;
	link = calloc(1, sizeof(*link));
	if (!link)
		return gyre__error_set(ours.error, -ENOMEM, "link: no memory");
	link->loop = loop;
	link->options = ours;
	link->lsc_fd = -1;
	link->netlink.fd = -1;
	err = link_start(link, info.if_index);
	if (err < 0) {
		detach(link);
		free(link);
		return err;
	}
	link->options.error = NULL;
	link->options.name = NULL;
	*ret_link = link;
	return 0;
}

void gyre_dpdk_link_destroy(struct gyre_dpdk_link *link)
{
	if (!link)
		return;
	detach(link);
	gyre_process_cancel(link->process);
	link->n_subscribers = 0;
	/* A process that was cancelled before it started never starts. */
	if (link->running)
		link->orphan = true;
	else
		free(link);
}

/* Forgets those that ended, whom no change told of yet. */
static void purge(struct gyre_dpdk_link *link)
{
	struct gyre_process_stats stats;
	unsigned left = 0;

	for (unsigned i = 0; i < link->n_subscribers; i++)
		if (gyre_process_stats_get(link->subscribers[i].process, &stats) == 0)
			link->subscribers[left++] = link->subscribers[i];
	link->n_subscribers = left;
}

int gyre_dpdk_link_subscribe(
	struct gyre_dpdk_link *link, struct gyre_process_id process, uint32_t up, uint32_t down)
{
	struct subscriber subscriber = {process, up, down};
	struct gyre_process_stats stats;

	if (!(up | down) || ((up | down) & ~GYRE_EVENT_USER))
		return -EINVAL;
	if (gyre_process_stats_get(process, &stats) < 0)
		return -ESRCH;
	if (link->n_subscribers == SUBSCRIBER_MAX)
		purge(link);
	if (link->n_subscribers == SUBSCRIBER_MAX)
		return -ENOSPC;
	if (!tell(&subscriber, link->state.up))
		return -ESRCH;
	link->subscribers[link->n_subscribers++] = subscriber;
	return 0;
}

void gyre_dpdk_link_get(const struct gyre_dpdk_link *link, struct gyre_dpdk_link_state *ret_state)
{
	*ret_state = link->state;
}
