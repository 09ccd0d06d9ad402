/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients of the control side cost the loop that forwards: a saturated loop on a CPU of its
 * own, its control, and a client that is stopped and continued by signals, on the others. Prints
 * the ratio of throughput with the client to that without, as the mean of interleaved pairs and its
 * 95 % interval, and exits with 1 if a loss above 3 % is not excluded or a packet is missing.
 *
 *   control_load PAIRS WINDOW_MSEC SOCKET CLIENT ARGUMENT...     HTTP is at SOCKET.http
 *   control_load --items ITEMS EVERY SOCKET     for callgrind: forwards so many items, and asks for
 *                                               the runtime whenever EVERY are through; 0: never
 */
#define _GNU_SOURCE
#include <gyre.h>
#include <gyre/control.h>

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ITEMS_MAX 4096
#define ALLOWED   0.97
#define STUDENT   2.05 /* 95 % of a t distribution with 28 degrees of freedom or more */
#define SETTLE    20 /* msec between signal and window */

/* Owned by the loop's thread, but for `through`, which others read. */
static struct {
	void *free[ITEMS_MAX]; /* items that nobody holds */
	unsigned n_free;
	uint64_t taken, released, sent, max;
	_Atomic uint64_t through;
} stock;
static uint64_t cells[ITEMS_MAX];

/* --- A graph that always has something to do --- */

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	void **room;

	if (max > stock.n_free)
		max = stock.n_free;
	if (max == 0 || stock.taken >= stock.max)
		return gyre_node_disable(gyre_node_loop(node), gyre_node_id(node)) < 0;
	room = gyre_next_reserve(node, 0, max);
	memcpy(room, stock.free + (stock.n_free -= max), max * sizeof(*room));
	gyre_next_commit(node, 0, max);
	stock.taken += max;
	return max;
}

enum { FILTER_NEXT_COUNT, FILTER_NEXTS };
enum { FILTER_DROP_RARE };

static gyre_next filter_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nexts[i] = (++*(uint64_t *)items[i] & 63) == 0 ? gyre_drop(FILTER_DROP_RARE)
							       : FILTER_NEXT_COUNT;
	return GYRE_NEXT_EACH;
}

static gyre_next count_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		*(uint64_t *)items[i] += 64;
	return 0;
}

static void put_back(void *const *items, unsigned n)
{
	memcpy(stock.free + stock.n_free, items, n * sizeof(*items));
	stock.n_free += n;
	atomic_store_explicit(&stock.through, stock.taken, memory_order_relaxed);
}

static gyre_next sink_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	put_back(items, n);
	stock.sent += n;
	return GYRE_NEXT_KEEP;
}

static void release(void *const *items, unsigned n)
{
	put_back(items, n);
	stock.released += n;
}

static const char *const to_filter[] = {"filter"}, *const to_count[] = {"count"},
			 *const to_sink[] = {"sink"};
static const struct gyre_reason rare = {"rare", GYRE_SEVERITY_INFO};
static const struct gyre_node_class classes[] = {
	{.name = "source",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.nexts = to_filter,
		.n_nexts = 1},
	{.name = "filter",
		.kind = GYRE_NODE_INTERNAL,
		.process = filter_process,
		.nexts = to_count,
		.n_nexts = FILTER_NEXTS,
		.reasons = &rare,
		.n_reasons = 1},
	{.name = "count",
		.kind = GYRE_NODE_INTERNAL,
		.process = count_process,
		.nexts = to_sink,
		.n_nexts = 1},
	{.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink_process},
};

static int tick(struct gyre_process *self, void *arg)
{
	struct gyre_ticker ticker;
	int missed;

	gyre_ticker_init(&ticker, self, GYRE_MSEC(1));
	while ((missed = gyre_ticker_wait(&ticker)) >= 0)
		;
	return missed;
}

static void check(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "control_load: %s: %s\n", what, strerror(-status));
	exit(2);
}

static struct gyre_loop *make_loop(void)
{
	static const struct gyre_item_ops ops = {.release = release};
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *loop;

	for (; stock.n_free < ITEMS_MAX; stock.n_free++)
		stock.free[stock.n_free] = &cells[stock.n_free];
	options.name = "load";
	options.items = &ops;
	check(gyre_loop_create(&options, &loop), "loop");
	for (unsigned i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		check(gyre_node_add(loop, &classes[i], classes[i].name, NULL, NULL), "node");
	check(gyre_process_spawn(loop, tick, NULL, NULL, NULL), "process");
	return loop;
}

/* The last CPU forwards; everything else is on the others, where there are others. */
static int share_cpus(void)
{
	cpu_set_t set;
	int last = CPU_SETSIZE - 1;

	sched_getaffinity(0, sizeof(set), &set);
	while (!CPU_ISSET(last, &set))
		last--;
	CPU_CLR(last, &set);
	if (CPU_COUNT(&set) > 0)
		sched_setaffinity(0, sizeof(set), &set);
	return last;
}

/* --- With and without a client --- */

static void sleep_msec(unsigned msec)
{
	struct timespec t = {.tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Items a second while the client runs, or not; at least one. */
static double rate(pid_t client, bool runs, unsigned window)
{
	double began;
	uint64_t before;

	kill(-client, runs ? SIGCONT : SIGSTOP);
	sleep_msec(SETTLE);
	began = seconds();
	before = atomic_load(&stock.through);
	do {
		sleep_msec(window);
	} while (atomic_load(&stock.through) == before);
	return (double)(atomic_load(&stock.through) - before) / (seconds() - began);
}

static int judge(pid_t client, unsigned pairs, unsigned window)
{
	double sum = 0, squares = 0, mean, half;

	for (unsigned i = 0; i < pairs; i++) {
		bool first = i % 2;
		double one = rate(client, first, window), other = rate(client, !first, window);
		double ratio = log(first ? one / other : other / one);

		sum += ratio;
		squares += ratio * ratio;
	}
	mean = sum / pairs;
	half = STUDENT * sqrt((squares / pairs - mean * mean) / (pairs - 1));
	printf("throughput with / without: %.4f, 95 %% interval %.4f to %.4f of %u pairs\n",
		exp(mean), exp(mean - half), exp(mean + half), pairs);
	return exp(mean - half) >= ALLOWED ? 0 : 1;
}

static pid_t start_client(char **argv)
{
	pid_t pid = fork();

	check(pid < 0 ? -errno : 0, "fork");
	if (pid == 0) {
		setpgid(0, 0);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	setpgid(pid, pid);
	return pid;
}

/* The client ends by SIGTERM with status 0 when it got what it wanted. */
static int end_client(pid_t client)
{
	int status;

	kill(-client, SIGCONT);
	kill(-client, SIGTERM);
	waitpid(client, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	printf("the client failed: status %#x\n", status);
	return 1;
}

static int with_client(char **argv)
{
	pid_t client = start_client(argv + 4);
	int faults;

	sleep_msec(1000);
	faults = judge(client, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
	return faults + end_client(client);
}

/* --- Instructions --- */

static void ask(const char *path)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime\"}\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static int fd = -1;
	char reply[65536];
	ssize_t n;

	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		check(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	}
	check((int)send(fd, request, sizeof(request) - 1, 0), "send");
	do {
		n = recv(fd, reply, sizeof(reply), 0);
		check(n > 0 ? 0 : -EPIPE, "recv");
	} while (reply[n - 1] != '\n');
}

static int count_items(uint64_t every, const char *path)
{
	uint64_t next = every, asked = 0;

	while (atomic_load(&stock.through) < stock.max) {
		if (every && atomic_load(&stock.through) >= next) {
			ask(path);
			asked++;
			next += every;
		}
		sleep_msec(1);
	}
	printf("asked %llu times\n", (unsigned long long)asked);
	return 0;
}

static int account(void)
{
	printf("received %llu = sent %llu + dropped %llu, %u of %u back\n",
		(unsigned long long)stock.taken, (unsigned long long)stock.sent,
		(unsigned long long)stock.released, stock.n_free, ITEMS_MAX);
	return stock.taken != stock.sent + stock.released || stock.n_free != ITEMS_MAX;
}

int main(int argc, char **argv)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_thread_options thread_options = GYRE_THREAD_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	struct gyre_control *control;
	struct gyre_thread *thread;
	struct gyre_loop *loop;
	char http[128];
	bool counts;
	int faults;

	if (argc < 5) {
		fprintf(stderr, "usage: control_load PAIRS WINDOW_MSEC SOCKET CLIENT...\n"
				"       control_load --items ITEMS EVERY SOCKET\n");
		return 2;
	}
	counts = strcmp(argv[1], "--items") == 0;
	stock.max = counts ? strtoull(argv[2], NULL, 10) : UINT64_MAX;
	thread_options.cpu = share_cpus();
	thread_options.error = options.error = &error;
	options.path = counts ? argv[4] : argv[3];
	snprintf(http, sizeof(http), "unix:%s.http", options.path);
	options.http = http;
	loop = make_loop();
	check(gyre_control_create(&options, &control), error.text);
	check(gyre_control_loop_add(control, loop, &error), error.text);
	check(gyre_thread_start(loop, &thread_options, &thread), error.text);
	faults = counts ? count_items(strtoull(argv[3], NULL, 10), argv[4]) : with_client(argv);
	gyre_thread_stop(thread);
	gyre_thread_join(thread, NULL);
	gyre_control_loop_del(control, loop);
	gyre_control_destroy(control);
	gyre_loop_destroy(loop);
	return account() + faults > 0;
}
