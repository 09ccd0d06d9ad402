/* SPDX-License-Identifier: Apache-2.0 */
/* An application's methods on a rig's loop: one that answers, one that fails, one that takes long,
 * and one that counts how often it ran. */
#ifndef GYRE_TESTS_CONTROL_APP_H
#define GYRE_TESTS_CONTROL_APP_H

#include "control/rig.h"

/* Calls of "app.sleeps" that were cancelled, and of "app.counts" that ran. */
extern _Atomic(unsigned) app_cancelled, app_ran;

/* Adds "app.add", "app.fails", "app.sleeps" and "app.counts" to an open rig. */
void app_add_methods(struct rig *rig);

#endif
