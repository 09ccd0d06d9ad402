/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_H
#define GYRE_H

#include <gyre/base.h>

#endif
