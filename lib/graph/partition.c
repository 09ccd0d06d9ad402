/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partition code runs: the only place that asks the CPU. Called by graph.c when a loop is
 * created and when a program forces a variant; calls libgcc's CPU model, which looks at CPUID and
 * at what the kernel saves (XCR0). Invariant: a variant is given out only if every instruction set
 * that its file is compiled for is there.
 */
#include "graph/partition.h"

#ifdef HAVE_X86_64
static const struct gyre__partition_ops *avx2_get(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
		!__builtin_cpu_supports("popcnt"))
		return NULL;
	return &gyre__partition_avx2;
}

static const struct gyre__partition_ops *avx512_get(void)
{
	if (!avx2_get() || !__builtin_cpu_supports("avx512f") ||
		!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
		!__builtin_cpu_supports("avx512vl"))
		return NULL;
	return &gyre__partition_avx512;
}
#else
static const struct gyre__partition_ops *avx2_get(void)
{
	return NULL;
}

static const struct gyre__partition_ops *avx512_get(void)
{
	return NULL;
}
#endif

static const struct gyre__partition_ops *best_get(void)
{
	const struct gyre__partition_ops *ops = avx512_get();

	if (!ops)
		ops = avx2_get();
	return ops ? ops : &gyre__partition_scalar;
}

const struct gyre__partition_ops *gyre__partition_get(enum gyre_simd simd)
{
	switch (simd) {
	case GYRE_SIMD_AUTO:
		return best_get();
	case GYRE_SIMD_SCALAR:
		return &gyre__partition_scalar;
	case GYRE_SIMD_AVX2:
		return avx2_get();
	case GYRE_SIMD_AVX512:
		return avx512_get();
	}
	return NULL;
}
