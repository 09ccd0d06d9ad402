/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which format of metrics an Accept header asks for (RFC 9110, 12.5.1). Owns nothing, called by the
 * HTTP exchange. Invariant: OpenMetrics is given to those only who name it, in a version that is
 * ours; whatever else comes, and whatever is no header at all, means the plain text.
 */
#include "control/http_accept.h"

#include <string.h>
#include <strings.h>

#define SPACE " \t"

struct item {
	bool open, text; /* what the media range covers */
	unsigned quality; /* of 1000 */
};

/* "1", "0.75": thousandths, whatever the locale; nonsense is 0. */
static unsigned read_quality(const char *text)
{
	unsigned quality = *text == '1' ? 1000 : 0, digit = 100;

	if ((*text != '0' && *text != '1') || text[1] != '.')
		return quality;
	for (text += 2; *text >= '0' && *text <= '9' && digit; digit /= 10)
		quality += digit * (unsigned)(*text++ - '0');
	return quality < 1000 ? quality : 1000;
}

static void read_param(struct item *item, const char *param)
{
	if (!strncasecmp(param, "q=", 2))
		item->quality = read_quality(param + 2);
	else if (!strncasecmp(param, "version=", 8) && strcmp(param + 8, "1.0.0") != 0)
		item->open = false;
}

/* Cuts the text up. */
static struct item read_item(char *text)
{
	char *save, *type = strtok_r(text, ";" SPACE, &save), *param;
	struct item item = {.quality = 1000};

	if (!type)
		return item;
	item.open = !strcasecmp(type, "application/openmetrics-text");
	item.text = !strcasecmp(type, "text/plain") || !strcasecmp(type, "text/*") ||
		    !strcmp(type, "*/*");
	while ((param = strtok_r(NULL, ";" SPACE, &save)))
		read_param(&item, param);
	return item;
}

enum gyre__metrics_format gyre__http_accept_format(const char *accept)
{
	unsigned open = 0, plain = 0;
	char text[1024], *rest = text, *part;

	if (!accept || strlen(accept) >= sizeof(text))
		return GYRE__METRICS_TEXT;
	strcpy(text, accept);
	while ((part = strsep(&rest, ","))) {
		struct item item = read_item(part);

		if (item.open && item.quality > open)
			open = item.quality;
		if (item.text && item.quality > plain)
			plain = item.quality;
	}
	return open && open >= plain ? GYRE__METRICS_OPENMETRICS : GYRE__METRICS_TEXT;
}
