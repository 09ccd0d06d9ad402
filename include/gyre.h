/* SPDX-License-Identifier: Apache-2.0 */
/* gyre: a vector packet graph and cooperative processes on one loop. All portable headers. */
#ifndef GYRE_H
#define GYRE_H

#include <gyre/base.h>
#include <gyre/loop.h>
#include <gyre/timer.h>
#include <gyre/process.h>
#include <gyre/graph.h>
#include <gyre/node.h>
#include <gyre/sender.h>
#include <gyre/mailbox.h>
#include <gyre/thread.h>
#include <gyre/link.h>
#include <gyre/snapshot.h>

#endif
