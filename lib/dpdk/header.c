/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers for writing, whatever the segments look like. Owns nothing. Called by nodes that change
 * packets, calls mbuf inlines. Invariant: a packet that cannot be made contiguous is left as it
 * was, so every reason not to is found before the first byte moves.
 */
#include <gyre/dpdk.h>
#include <gyre/node.h>

/* Whether bytes written to the segment could be seen through another mbuf. */
static bool data_shared(struct rte_mbuf *segment)
{
	if (rte_mbuf_refcnt_read(segment) > 1)
		return true;
	if (RTE_MBUF_CLONED(segment))
		return rte_mbuf_refcnt_read(rte_mbuf_from_indirect(segment)) > 1;
	return RTE_MBUF_HAS_EXTBUF(segment) && rte_mbuf_ext_refcnt_read(segment->shinfo) > 1;
}

/* Whether `need` bytes of the segments from `segment` on can be taken away: they are read only, so
 * their data may be shared, but not the mbufs, whose offsets change. */
static bool can_shrink(const struct rte_mbuf *segment, uint32_t need)
{
	while (need) {
		if (rte_mbuf_refcnt_read(segment) > 1)
			return false;
		if (need <= segment->data_len)
			return true;
		need -= segment->data_len;
		segment = segment->next;
	}
	return true;
}

/* Appends at most `need` bytes of the second segment to the first; returns how many. */
static uint32_t pull_one(struct rte_mbuf *mbuf, uint32_t need)
{
	struct rte_mbuf *second = mbuf->next;
	uint32_t n = RTE_MIN(need, (uint32_t)second->data_len);

	memcpy(rte_pktmbuf_mtod_offset(mbuf, char *, mbuf->data_len),
		rte_pktmbuf_mtod(second, char *), n);
	mbuf->data_len += n;
	second->data_off += n;
	second->data_len -= n;
	if (second->data_len == 0) {
		mbuf->next = second->next;
		mbuf->nb_segs--;
		second->next = NULL;
		second->nb_segs = 1;
		rte_pktmbuf_free_seg(second);
	}
	return n;
}

static void *__attribute__((noinline)) pull(struct rte_mbuf *mbuf, uint32_t need)
{
	if (need > rte_pktmbuf_tailroom(mbuf) || !can_shrink(mbuf->next, need))
		return NULL;
	while (need)
		need -= pull_one(mbuf, need);
	return rte_pktmbuf_mtod(mbuf, void *);
}

void *gyre_dpdk_header(struct rte_mbuf *mbuf, uint32_t len)
{
	if (len > mbuf->pkt_len || data_shared(mbuf))
		return NULL;
	if (gyre_likely(len <= mbuf->data_len))
		return rte_pktmbuf_mtod(mbuf, void *);
	return pull(mbuf, len - mbuf->data_len);
}
