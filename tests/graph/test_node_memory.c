/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/node.c: instances of all sizes come and go, and each one's data are zeroed when it is
 * added, begin a cache line, and are written to by nobody else.
 */
#include "graph/node.h"
#include "graph/rig.h"
#include "harness.h"

#define SLOTS 40
#define STEPS 4000

struct slot {
	struct gyre_node_class node_class;
	struct gyre_node_id id; /* index UINT32_MAX: none */
	unsigned char mark;
};

static unsigned char *data_of(struct rig *rig, const struct slot *slot)
{
	const struct gyre__node *node = gyre__node_live(rig->graph, slot->id);

	ck_assert_ptr_eq(node->hot->cold, node);
	return gyre_node_data(node->hot);
}

static void data_check(struct rig *rig, const struct slot *slot, unsigned char mark)
{
	const unsigned char *data = data_of(rig, slot);
	bool same = true;

	ck_assert_uint_eq((uintptr_t)data % 64, 0);
	for (size_t i = 0; i < slot->node_class.data_size; i++)
		same = same && data[i] == mark;
	ck_assert(same);
}

static void slot_add(struct rig *rig, struct slot *slot, unsigned step, uint64_t *seed)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", step);
	slot->node_class = rig_end_class;
	slot->node_class.data_size =
		sizeof(struct probe) + rig_random(seed) % (step % 8 ? 400 : 6000);
	slot->id = rig_add(rig, &slot->node_class, name);
	data_check(rig, slot, 0);
	slot->mark = 1 + step % 255;
	memset(data_of(rig, slot), slot->mark, slot->node_class.data_size);
}

START_TEST(data_are_their_own)
{
	static struct slot slots[SLOTS];
	struct rig *rig = rig_new(4);
	uint64_t seed = 1;

	for (unsigned i = 0; i < SLOTS; i++)
		slots[i].id.index = UINT32_MAX;
	for (unsigned step = 0; step < STEPS; step++) {
		struct slot *slot = &slots[rig_random(&seed) % SLOTS];

		if (slot->id.index == UINT32_MAX) {
			slot_add(rig, slot, step, &seed);
		} else {
			data_check(rig, slot, slot->mark);
			ck_assert_int_eq(gyre_node_del(&rig->loop, slot->id), 0);
			slot->id.index = UINT32_MAX;
		}
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].id.index != UINT32_MAX)
			data_check(rig, &slots[i], slots[i].mark);
	rig_free(rig);
}
END_TEST

/* As often as one likes: what was given back is enough, of small ones and of others. */
START_TEST(deleted_ones_make_room)
{
	struct gyre_node_class node_class = rig_end_class;
	struct rig *rig = rig_new(4);
	const struct gyre__lines_block *blocks = NULL;

	for (unsigned i = 0; i < 5000; i++) {
		struct gyre_node_id id;

		node_class.data_size = sizeof(struct probe) + (i % 4) * 500;
		id = rig_add(rig, &node_class, "a");
		ck_assert_int_eq(gyre_node_del(&rig->loop, id), 0);
		if (i < 4)
			blocks = rig->graph->lines.blocks;
		ck_assert_ptr_eq(rig->graph->lines.blocks, blocks);
	}
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("node memory");
	TCase *tcase = tcase_create("node memory");

	tcase_add_test(tcase, data_are_their_own);
	tcase_add_test(tcase, deleted_ones_make_room);
	suite_add_tcase(suite, tcase);
	return suite;
}
