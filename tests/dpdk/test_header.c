/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers, read and written, over packets of any segmentation: whole, split, cloned, shared by
 * reference, in external buffers, without room.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

#define POOL_SIZE   511
#define SEGMENT_MAX 6
#define LENGTH_MAX  1024

static struct rte_mempool *pool;

static void setup(void)
{
	fixture_eal();
	pool = fixture_pool("header", POOL_SIZE);
}

static void teardown(void)
{
	fixture_pool_end(pool);
}

static unsigned upto(unsigned most)
{
	return random() % (most + 1);
}

/* A packet, what its bytes are, and the mbufs that share its segments. */
struct sample {
	struct rte_mbuf *mbuf;
	unsigned char bytes[LENGTH_MAX];
	unsigned n_sharers;
	struct rte_mbuf *sharers[SEGMENT_MAX];
};

static struct rte_mbuf *segment_make(struct sample *sample, unsigned first)
{
	struct rte_mbuf *direct = rte_pktmbuf_alloc(pool), *clone;
	unsigned len = upto(LENGTH_MAX / SEGMENT_MAX);
	unsigned char *data;

	direct->data_off = upto(direct->buf_len - len);
	if (upto(2) == 0) /* little tailroom, or none */
		direct->data_off = direct->buf_len - len - upto(RTE_MIN(20, direct->buf_len - len));
	data = (void *)rte_pktmbuf_append(direct, len);
	for (unsigned i = 0; i < len; i++)
		data[i] = sample->bytes[first + i] = random();
	if (upto(3))
		return direct;
	clone = rte_pktmbuf_clone(direct, pool);
	if (upto(1))
		rte_pktmbuf_free(direct);
	else
		sample->sharers[sample->n_sharers++] = direct;
	return clone;
}

static void sample_make(struct sample *sample)
{
	unsigned segments = 1 + upto(SEGMENT_MAX - 1);
	struct rte_mbuf *segment;

	memset(sample, 0, sizeof(*sample));
	sample->mbuf = segment_make(sample, 0);
	while (--segments) {
		segment = segment_make(sample, sample->mbuf->pkt_len);
		ck_assert_int_eq(rte_pktmbuf_chain(sample->mbuf, segment), 0);
	}
	rte_mbuf_sanity_check(sample->mbuf, 1);
}

static void sample_end(struct sample *sample)
{
	rte_pktmbuf_free(sample->mbuf);
	for (unsigned i = 0; i < sample->n_sharers; i++)
		rte_pktmbuf_free(sample->sharers[i]);
}

static void bytes_are(const struct rte_mbuf *mbuf, const unsigned char *bytes)
{
	unsigned char scratch[LENGTH_MAX];
	const void *flat = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, scratch);

	ck_assert_ptr_nonnull(flat);
	ck_assert_mem_eq(flat, bytes, mbuf->pkt_len);
}

/* What the sharers hold, all in a row. */
static unsigned sharers_copy(const struct sample *sample, unsigned char *copy)
{
	unsigned len = 0;

	for (unsigned i = 0; i < sample->n_sharers; i++) {
		memcpy(copy + len, rte_pktmbuf_mtod(sample->sharers[i], void *),
			sample->sharers[i]->data_len);
		len += sample->sharers[i]->data_len;
	}
	return len;
}

static void write_and_compare(struct sample *sample, unsigned char *header, unsigned len)
{
	unsigned char before[LENGTH_MAX], after[LENGTH_MAX];
	unsigned shared = sharers_copy(sample, before);

	for (unsigned i = 0; i < len; i++)
		header[i] = ~sample->bytes[i];
	ck_assert_uint_eq(sharers_copy(sample, after), shared);
	ck_assert_mem_eq(before, after, shared);
	for (unsigned i = 0; i < len; i++)
		sample->bytes[i] = ~sample->bytes[i];
}

static void check_header(struct sample *sample, unsigned len, unsigned *made)
{
	struct rte_mbuf *mbuf = sample->mbuf;
	unsigned pkt_len = mbuf->pkt_len, segs = mbuf->nb_segs, data_len = mbuf->data_len;
	unsigned char *header = gyre_dpdk_header(mbuf, len);

	rte_mbuf_sanity_check(mbuf, 1);
	ck_assert_uint_eq(mbuf->pkt_len, pkt_len);
	bytes_are(mbuf, sample->bytes);
	if (!header) {
		ck_assert_uint_eq(mbuf->nb_segs, segs);
		ck_assert_uint_eq(mbuf->data_len, data_len);
		return;
	}
	(*made)++;
	ck_assert_ptr_eq(header, rte_pktmbuf_mtod(mbuf, unsigned char *));
	ck_assert_uint_ge(mbuf->data_len, len);
	write_and_compare(sample, header, len);
	bytes_are(mbuf, sample->bytes);
}

START_TEST(any_segmentation_is_made_whole_or_left_alone)
{
	struct sample sample;
	unsigned made = 0;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		sample_make(&sample);
		check_header(&sample, upto(sample.mbuf->pkt_len + 2), &made);
		sample_end(&sample);
	}
	gyre_test_note("%u of 20000 headers made", made);
	ck_assert_uint_gt(made, 5000);
	ck_assert_uint_lt(made, 19000);
}
END_TEST

START_TEST(any_range_is_read_or_refused)
{
	unsigned char scratch[LENGTH_MAX];
	struct sample sample;
	const void *data;

	srandom(2);
	for (int i = 0; i < 20000; i++) {
		unsigned offset, len;

		sample_make(&sample);
		offset = upto(sample.mbuf->pkt_len + 1);
		len = upto(sample.mbuf->pkt_len + 1);
		data = gyre_dpdk_read(sample.mbuf, offset, len, scratch);
		ck_assert_int_eq(data != NULL, offset + len <= sample.mbuf->pkt_len);
		if (data && len)
			ck_assert_mem_eq(data, sample.bytes + offset, len);
		sample_end(&sample);
	}
}
END_TEST

START_TEST(a_range_that_wraps_is_refused)
{
	struct rte_mbuf *mbuf = fixture_mbuf(pool, 100, 0);
	char scratch[128];

	ck_assert_ptr_null(gyre_dpdk_read(mbuf, UINT32_MAX, 2, scratch));
	ck_assert_ptr_null(gyre_dpdk_read(mbuf, UINT32_MAX - 9, 20, scratch));
	ck_assert_ptr_null(gyre_dpdk_read(mbuf, 2, UINT32_MAX, scratch));
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, UINT32_MAX));
	rte_pktmbuf_free(mbuf);
}
END_TEST

/* 10 bytes in the first segment, 10 in each of two more. */
static struct rte_mbuf *three_tens(void)
{
	struct rte_mbuf *mbuf = fixture_mbuf(pool, 10, 0);

	ck_assert_int_eq(rte_pktmbuf_chain(mbuf, fixture_mbuf(pool, 10, 10)), 0);
	ck_assert_int_eq(rte_pktmbuf_chain(mbuf, fixture_mbuf(pool, 10, 20)), 0);
	return mbuf;
}

START_TEST(an_emptied_segment_is_freed)
{
	struct rte_mbuf *mbuf = three_tens();
	unsigned in_use = rte_mempool_in_use_count(pool);
	unsigned char *header = gyre_dpdk_header(mbuf, 25);

	ck_assert_ptr_nonnull(header);
	for (int i = 0; i < 25; i++)
		ck_assert_uint_eq(header[i], i);
	ck_assert_uint_eq(mbuf->nb_segs, 2);
	ck_assert_uint_eq(mbuf->data_len, 25);
	ck_assert_uint_eq(rte_mempool_in_use_count(pool), in_use - 1);
	ck_assert_ptr_nonnull(gyre_dpdk_header(mbuf, 30));
	ck_assert_uint_eq(mbuf->nb_segs, 1);
	ck_assert_ptr_null(mbuf->next);
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 31));
	rte_pktmbuf_free(mbuf);
}
END_TEST

START_TEST(no_tailroom_is_refused)
{
	struct rte_mbuf *mbuf = three_tens();

	mbuf->data_off = mbuf->buf_len - mbuf->data_len - 4;
	ck_assert_ptr_nonnull(gyre_dpdk_header(mbuf, 14));
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 15));
	ck_assert_uint_eq(mbuf->data_len, 14);
	ck_assert_uint_eq(mbuf->nb_segs, 3);
	rte_pktmbuf_free(mbuf);
}
END_TEST

START_TEST(a_clone_can_be_written_once_it_is_alone)
{
	struct rte_mbuf *mbuf = fixture_mbuf(pool, 40, 0);
	struct rte_mbuf *clone = rte_pktmbuf_clone(mbuf, pool);

	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 20));
	ck_assert_ptr_null(gyre_dpdk_header(clone, 20));
	rte_pktmbuf_free(mbuf);
	ck_assert_ptr_nonnull(gyre_dpdk_header(clone, 20));
	rte_pktmbuf_free(clone);
}
END_TEST

START_TEST(a_second_owner_is_respected)
{
	struct rte_mbuf *mbuf = three_tens();

	rte_mbuf_refcnt_update(mbuf, 1);
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 5));
	rte_mbuf_refcnt_update(mbuf, -1);
	ck_assert_ptr_nonnull(gyre_dpdk_header(mbuf, 5));
	rte_mbuf_refcnt_update(mbuf->next->next, 1);
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 21));
	ck_assert_uint_eq(mbuf->nb_segs, 3);
	ck_assert_ptr_nonnull(gyre_dpdk_header(mbuf, 20));
	rte_mbuf_refcnt_update(mbuf->next, -1);
	rte_pktmbuf_free(mbuf);
}
END_TEST

static void external_free(void *address, void *arg)
{
	(void)address;
	++*(int *)arg;
}

START_TEST(an_external_buffer_counts_its_owners)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool), *clone;
	static char buffer[256] __attribute__((aligned(8)));
	struct rte_mbuf_ext_shared_info *shared;
	uint16_t size = sizeof(buffer);
	int freed = 0;

	shared = rte_pktmbuf_ext_shinfo_init_helper(buffer, &size, external_free, &freed);
	rte_pktmbuf_attach_extbuf(mbuf, buffer, RTE_BAD_IOVA, size, shared);
	ck_assert_ptr_nonnull(rte_pktmbuf_append(mbuf, 60));
	ck_assert_ptr_nonnull(gyre_dpdk_header(mbuf, 60));
	clone = rte_pktmbuf_clone(mbuf, pool);
	ck_assert_ptr_null(gyre_dpdk_header(mbuf, 20));
	ck_assert_ptr_null(gyre_dpdk_header(clone, 20));
	rte_pktmbuf_free(mbuf);
	ck_assert_ptr_nonnull(gyre_dpdk_header(clone, 20));
	rte_pktmbuf_free(clone);
	ck_assert_int_eq(freed, 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("header");
	TCase *tcase = tcase_create("header");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, any_segmentation_is_made_whole_or_left_alone);
	tcase_add_test(tcase, any_range_is_read_or_refused);
	tcase_add_test(tcase, a_range_that_wraps_is_refused);
	tcase_add_test(tcase, an_emptied_segment_is_freed);
	tcase_add_test(tcase, no_tailroom_is_refused);
	tcase_add_test(tcase, a_clone_can_be_written_once_it_is_alone);
	tcase_add_test(tcase, a_second_owner_is_respected);
	tcase_add_test(tcase, an_external_buffer_counts_its_owners);
	suite_add_tcase(suite, tcase);
	return suite;
}
