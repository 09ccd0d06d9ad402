/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: states that somebody publishes on a loop. Owns the loop's list of them, in the order of
 * adding; the memory is their owners'. Called by the application on the loop's thread, read by
 * snapshot.c. Invariant: a reading that has stopped at a link goes on at the one behind it when
 * that link is deleted.
 */
#include <errno.h>
#include <string.h>

#include "loop.h"
#include "snapshot.h"

static bool is_taken(const struct gyre__loop *loop, const char *name)
{
	const struct gyre_link *link = loop->links.first;

	while (link && strcmp(link->state.name, name))
		link = link->next;
	return link;
}

int gyre_link_add(struct gyre_loop *public_loop, struct gyre_link *link, const char *name, bool up)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);

	if (!name || !*name || strlen(name) >= sizeof(link->state.name))
		return -EINVAL;
	if (link->loop || is_taken(loop, name))
		return -EEXIST;
	memset(link, 0, sizeof(*link));
	memcpy(link->state.name, name, strlen(name) + 1);
	link->state.up = up;
	link->state.changed = loop->hub.now;
	link->loop = public_loop;
	link->prev = loop->links.last;
	*(link->prev ? &link->prev->next : &loop->links.first) = link;
	loop->links.last = link;
	return 0;
}

void gyre_link_set(struct gyre_link *link, bool up)
{
	if (!link->loop || link->state.up == up)
		return;
	link->state.up = up;
	link->state.changed = link->loop->now;
	link->state.changes++;
}

void gyre_link_del(struct gyre_link *link)
{
	struct gyre__loop *loop = gyre__loop_of(link->loop);

	if (!loop)
		return;
	for (struct gyre__reading *reading = loop->readings; reading; reading = reading->next)
		if (reading->link == link)
			reading->link = link->next;
	*(link->prev ? &link->prev->next : &loop->links.first) = link->next;
	*(link->next ? &link->next->prev : &loop->links.last) = link->prev;
	memset(link, 0, sizeof(*link));
}
