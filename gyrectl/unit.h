/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them. Each writes into `text`, of UNIT_SIZE bytes, and returns it.
 */
#ifndef GYRECTL_UNIT_H
#define GYRECTL_UNIT_H

#include <stdint.h>

#define UNIT_SIZE 32

/* "0", "0.50", "12.3", "999", "1.23k", "45.6M", "7.89G" */
const char *unit_rate(char text[UNIT_SIZE], double value);
/* "0", "850ns", "1.23us", "45.6ms", "12.3s", "5m09s", "3h04m", "2d05h" */
const char *unit_nsec(char text[UNIT_SIZE], double nsec);
/* "512", "4K", "64K", "1.5M" */
const char *unit_bytes(char text[UNIT_SIZE], uint64_t bytes);
/* "1.23e4", as VPP writes clocks; `digits` behind the point, 0 is "0.00e0" */
const char *unit_science(char text[UNIT_SIZE], double value, int digits);

#endif
