/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/gyrectl/served.h describes. */
#include "served.h"

struct server server;
struct run run;

void served_set_up(void)
{
	server_start(&server, 1);
}

void served_set_up_two(void)
{
	server_start(&server, 2);
}

void served_tear_down(void)
{
	server_stop(&server);
}
