/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The postbox: calls that other threads, and the loop itself, leave for the loop's next turns.
 * Owns the eventfd that wakes a sleeping loop; the posts are their callers' memory. Called by
 * gyre_loop_post(), the scheduler's signals and the turn. Invariant: a post that was pushed is run
 * exactly once, in order per thread, and a loop never sleeps while one is waiting.
 */
#include "base/post.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/hub.h"

int gyre__postbox_init(struct gyre__postbox *box, struct gyre_loop *loop)
{
	box->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->wake_fd < 0)
		return -errno;
	atomic_init(&box->head, NULL);
	atomic_init(&box->sleeping, 0);
	box->todo = NULL;
	box->loop = loop;
	return 0;
}

void gyre__postbox_fini(struct gyre__postbox *box)
{
	if (box->wake_fd >= 0)
		close(box->wake_fd);
	box->wake_fd = -1;
}

void gyre__post_kick(struct gyre__postbox *box)
{
	static const uint64_t one = 1;
	int saved = errno;

	/* Whoever clears the flag writes: one system call however many posts come. It cannot fail:
	 * a counter that is full is readable all the same. */
	if (atomic_exchange(&box->sleeping, 0) && write(box->wake_fd, &one, sizeof(one)) < 0)
		errno = saved;
}

void gyre__post_push(struct gyre__postbox *box, struct gyre_post *post)
{
	struct gyre_clock *clock = box->loop->clock;
	struct gyre_post *head = atomic_load_explicit(&box->head, memory_order_relaxed);

	do {
		post->next = head;
	} while (!atomic_compare_exchange_weak(&box->head, &head, post));
	/* Not before: the loop could turn and be idle again before it finds the post. */
	if (clock && clock->is_virtual)
		clock->is_virtual->busy(clock, box->loop);
	if (atomic_load(&box->sleeping))
		gyre__post_kick(box);
}

void gyre_loop_post(struct gyre_loop *loop, struct gyre_post *post)
{
	gyre__post_push(&loop->posts, post);
}

/* Takes everything that was pushed, oldest first. */
static struct gyre_post *take_all(struct gyre__postbox *box)
{
	struct gyre_post *newest, *oldest = NULL;

	if (!atomic_load_explicit(&box->head, memory_order_relaxed))
		return NULL;
	newest = atomic_exchange(&box->head, NULL);
	while (newest) {
		struct gyre_post *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

unsigned gyre__post_run(struct gyre__postbox *box, unsigned budget)
{
	unsigned n = 0;

	if (!box->todo)
		box->todo = take_all(box);
	while (box->todo && n < budget) {
		struct gyre_post *post = box->todo;

		box->todo = post->next; /* before fn, which may free or repost it */
		post->fn(post);
		n++;
	}
	return n;
}

bool gyre__post_sleep(struct gyre__postbox *box)
{
	atomic_exchange(&box->sleeping, 1);
	if (!box->todo && !atomic_load(&box->head))
		return true;
	gyre__post_awake(box);
	return false;
}

void gyre__post_awake(struct gyre__postbox *box)
{
	atomic_store(&box->sleeping, 0);
}
