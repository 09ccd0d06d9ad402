/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbufs as items: released in bulk to the pools that they came from, cloned out of their own pool,
 * and traced without reading or writing too far, whatever the packet holds.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_pktmbuf_pool_create_extbuf() */
#include <rte_ether.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

static const struct gyre_item_ops *ops;
static struct rte_mempool *pool;

static void setup(void)
{
	fixture_eal();
	ops = gyre_dpdk_items();
	pool = fixture_pool("items", 255);
}

static void teardown(void)
{
	fixture_pool_end(pool);
}

START_TEST(release_returns_mbufs_to_their_own_pools)
{
	struct rte_mempool *other = fixture_pool("other", 127);
	void *items[60];

	for (int i = 0; i < 60; i++)
		items[i] = fixture_mbuf(i % 3 ? pool : other, 60, 0);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(rte_pktmbuf_chain(items[i], fixture_mbuf(other, 10, 0)), 0);
	ck_assert_uint_eq(rte_mempool_in_use_count(pool), 40);
	ck_assert_uint_eq(rte_mempool_in_use_count(other), 40);
	ops->release(items, 60);
	fixture_pool_end(other);
}
END_TEST

START_TEST(a_clone_shares_the_data_and_outlives_the_original)
{
	struct rte_mbuf *mbuf = fixture_mbuf(pool, 60, 5), *clone;

	ck_assert_int_eq(rte_pktmbuf_chain(mbuf, fixture_mbuf(pool, 10, 65)), 0);
	clone = ops->clone(mbuf);
	ck_assert_ptr_nonnull(clone);
	ck_assert_ptr_ne(clone, mbuf);
	ck_assert_ptr_eq(rte_pktmbuf_mtod(clone, void *), rte_pktmbuf_mtod(mbuf, void *));
	ck_assert_uint_eq(clone->nb_segs, 2);
	ck_assert_ptr_eq(clone->pool, pool);
	ops->release((void *[]){mbuf}, 1);
	for (unsigned i = 0; i < 70; i++) {
		unsigned char scratch;

		ck_assert_uint_eq(
			*(const unsigned char *)gyre_dpdk_read(clone, i, 1, &scratch), i + 5);
	}
	ops->release((void *[]){clone}, 1);
}
END_TEST

START_TEST(no_memory_for_a_clone_is_null_and_leaks_nothing)
{
	struct rte_mempool *small = fixture_pool("small", 3);
	struct rte_mbuf *mbuf = fixture_mbuf(small, 60, 0);

	ck_assert_int_eq(rte_pktmbuf_chain(mbuf, fixture_mbuf(small, 10, 0)), 0);
	ck_assert_ptr_null(ops->clone(mbuf));
	ck_assert_uint_eq(rte_mempool_in_use_count(small), 2);
	ops->release((void *[]){mbuf}, 1);
	fixture_pool_end(small);
}
END_TEST

START_TEST(fixed_external_buffers_are_copied)
{
	const unsigned n = 16, size = 2176;
	struct rte_pktmbuf_extmem memory = {.buf_len = 1 << 17, .elt_size = size};
	struct rte_mempool *pinned;
	struct rte_mbuf *mbuf, *clone;

	memory.buf_ptr = rte_malloc(NULL, memory.buf_len, RTE_CACHE_LINE_SIZE);
	memory.buf_iova = rte_malloc_virt2iova(memory.buf_ptr);
	pinned = rte_pktmbuf_pool_create_extbuf("pinned", n, 0, 0, size, SOCKET_ID_ANY, &memory, 1);
	ck_assert_ptr_nonnull(pinned);
	mbuf = fixture_mbuf(pinned, 60, 9);
	clone = ops->clone(mbuf);
	ck_assert_ptr_nonnull(clone);
	ck_assert_ptr_ne(rte_pktmbuf_mtod(clone, void *), rte_pktmbuf_mtod(mbuf, void *));
	ck_assert_uint_eq(clone->pkt_len, 60);
	ck_assert_mem_eq(rte_pktmbuf_mtod(clone, void *), rte_pktmbuf_mtod(mbuf, void *), 60);
	ops->release((void *[]){mbuf, clone}, 2);
	fixture_pool_end(pinned);
	rte_free(memory.buf_ptr);
}
END_TEST

/* Ethernet addresses of the samples: 02:..:01 to 02:..:02. */
#define ETHER "\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
#define IPV4(proto, fragment) \
	"\x45\0\0\x1c\0\0" fragment "\x40" proto "\0\0\xc0\0\x02\x01\xc0\0\x02\x02"
#define IPV6(proto)                                                               \
	"\x60\0\0\0\0\x08" proto "\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
#define PORTS       "\x0e\xc8\xc0\x01\0\x08\0\0"
#define ADDRS       "02:00:00:00:00:01 > 02:00:00:00:00:02"
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	unsigned len;
	const char *line;
} samples[] = {
	{BYTES(ETHER "\x08\0" IPV4("\x11", "\0\0") PORTS),
		"len 42 port none " ADDRS " ipv4 192.0.2.1 > 192.0.2.2 ttl 64 udp 3784 > 49153"},
	{BYTES(ETHER "\x08\0" IPV4("\x06", "\0\0") PORTS),
		"len 42 port none " ADDRS " ipv4 192.0.2.1 > 192.0.2.2 ttl 64 tcp 3784 > 49153"},
	{BYTES(ETHER "\x08\0" IPV4("\x11", "\0\0") "\x0e\xc8"),
		"len 36 port none " ADDRS " ipv4 192.0.2.1 > 192.0.2.2 ttl 64 udp cut"},
	{BYTES(ETHER "\x08\0" IPV4("\x11", "\0\x01") PORTS),
		"len 42 port none " ADDRS " ipv4 192.0.2.1 > 192.0.2.2 ttl 64 fragment"},
	{BYTES(ETHER "\x08\0" IPV4("\x01", "\x40\0") PORTS),
		"len 42 port none " ADDRS " ipv4 192.0.2.1 > 192.0.2.2 ttl 64 proto 1"},
	{BYTES(ETHER "\x81\0\x20\x64\x86\xdd" IPV6("\x11") PORTS),
		"len 66 port none " ADDRS
		" vlan 100 ipv6 2001:db8::1 > 2001:db8::2 hops 7 udp 3784 > 49153"},
	{BYTES(ETHER "\x88\xa8\0\x05\x81\0\0\x06\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01"
		     "\xc0\0\x02\x01\0\0\0\0\0\0\xc0\0\x02\x02"),
		"len 50 port none " ADDRS " vlan 5 vlan 6 arp op 1 192.0.2.1 for 192.0.2.2"},
	{BYTES(ETHER "\x88\xcc\0"), "len 15 port none " ADDRS " type 0x88cc"},
	{BYTES(ETHER "\x08\0\x45"), "len 15 port none " ADDRS " ipv4 cut"},
	{BYTES(ETHER "\x08\x06\x45"), "len 15 port none " ADDRS " arp cut"},
	{BYTES(ETHER), "len 12 port none ether cut"},
};

static struct rte_mbuf *sample_mbuf(const char *bytes, unsigned len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	memcpy(rte_pktmbuf_append(mbuf, len), bytes, len);
	return mbuf;
}

START_TEST(traces_name_the_headers)
{
	struct rte_mbuf *mbuf = sample_mbuf(samples[_i].bytes, samples[_i].len);
	char text[256];

	ck_assert_int_eq(ops->trace(mbuf, text, sizeof(text)), (int)strlen(samples[_i].line));
	ck_assert_str_eq(text, samples[_i].line);
	/* The same packet, one byte a segment at most; a room of any size. */
	for (size_t size = 1; size < sizeof(text); size++) {
		char *room = malloc(size);
		int n = ops->trace(mbuf, room, size);

		ck_assert_int_eq(n, (int)RTE_MIN(size - 1, strlen(samples[_i].line)));
		ck_assert_int_eq(strncmp(room, samples[_i].line, n), 0);
		ck_assert_int_eq(room[n], '\0');
		free(room);
	}
	rte_pktmbuf_free(mbuf);
}
END_TEST

START_TEST(a_trace_reads_across_segments)
{
	const char *bytes = samples[0].bytes;
	struct rte_mbuf *mbuf = sample_mbuf(bytes, 3);
	char text[256], line[256];

	for (unsigned at = 3; at < samples[0].len; at += 3)
		ck_assert_int_eq(rte_pktmbuf_chain(mbuf, sample_mbuf(bytes + at, 3)), 0);
	mbuf->port = 7;
	snprintf(line, sizeof(line), "len 42 port 7 segments 14 %s",
		samples[0].line + strlen("len 42 port none "));
	ck_assert_int_gt(ops->trace(mbuf, text, sizeof(text)), 0);
	ck_assert_str_eq(text, line);
	rte_pktmbuf_free(mbuf);
}
END_TEST

START_TEST(any_bytes_can_be_traced)
{
	struct rte_mbuf *mbuf;
	char text[200];
	int n;

	srandom(3);
	for (int i = 0; i < 20000; i++) {
		unsigned sample = random() % RTE_DIM(samples);
		char bytes[128] = {0};

		memcpy(bytes, samples[sample].bytes, samples[sample].len);
		for (int k = random() % 4; k > 0; k--)
			bytes[random() % 80] = random();
		mbuf = sample_mbuf(bytes, random() % sizeof(bytes));
		n = ops->trace(mbuf, text, sizeof(text));
		ck_assert_int_eq(n, (int)strlen(text));
		ck_assert_ptr_null(strchr(text, '\n'));
		rte_pktmbuf_free(mbuf);
	}
	mbuf = fixture_mbuf(pool, 0, 0);
	ck_assert_int_lt(ops->trace(mbuf, text, 0), 0);
	rte_pktmbuf_free(mbuf);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("items");
	TCase *tcase = tcase_create("items");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, release_returns_mbufs_to_their_own_pools);
	tcase_add_test(tcase, a_clone_shares_the_data_and_outlives_the_original);
	tcase_add_test(tcase, no_memory_for_a_clone_is_null_and_leaks_nothing);
	tcase_add_test(tcase, fixed_external_buffers_are_copied);
	tcase_add_loop_test(tcase, traces_name_the_headers, 0, RTE_DIM(samples));
	tcase_add_test(tcase, a_trace_reads_across_segments);
	tcase_add_test(tcase, any_bytes_can_be_traced);
	suite_add_tcase(suite, tcase);
	return suite;
}
