/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, by argp. main.c calls it once; it calls value.c. It guards that struct options
 * never holds what the gateway could not mean: every value is checked by itself as it is read, and
 * against the others at the end (one inside, an uplink, no port twice, no subnets that overlap).
 */
#include "options.h"
#include "nsec.h"
#include "value.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_INSIDE = 256,
	KEY_UPLINK,
	KEY_BFD_INTERVAL,
	KEY_BFD_MULTIPLIER,
	KEY_NO_BFD,
	KEY_HOLD,
	KEY_NO_REVERT,
	KEY_WITHDRAW,
	KEY_NO_DAMPING,
	KEY_ARP_TIMEOUT,
	KEY_NO_ARP_REFRESH,
	KEY_ICMP_RATE,
	KEY_VECTOR,
	KEY_MBUFS,
	KEY_CONTROL,
	KEY_HTTP,
};

static const struct argp_option descriptions[] = {
	{0, 0, 0, 0, "Interfaces:", 1},
	{"inside", KEY_INSIDE, "PORT,ADDRESS/LENGTH", 0,
		"The inside: its port, by number or device name, and our address there", 0},
	{"uplink", KEY_UPLINK, "PORT,ADDRESS/LENGTH,ROUTER", 0,
		"An uplink and the router behind it; the most preferred first, at most 15", 0},
	{0, 0, 0, 0, "Link checks and failover:", 2},
	{"bfd-interval", KEY_BFD_INTERVAL, "TIME", 0,
		"Between BFD packets, both ways: 300us to 1min (50ms)", 0},
	{"bfd-multiplier", KEY_BFD_MULTIPLIER, "N", 0,
		"So many intervals of silence mean failure: 1 to 255 (3)", 0},
	{"no-bfd", KEY_NO_BFD, 0, 0, "Judge uplinks by their links alone", 0},
	{"hold", KEY_HOLD, "TIME", 0,
		"An uplink that failed is returned to when it has been up for so long: "
		"0s to 60min (5s)",
		0},
	{"no-revert", KEY_NO_REVERT, 0, 0, "Stay on an uplink until it fails", 0},
	{"no-damping", KEY_NO_DAMPING, 0, 0, "Do not suppress uplinks that flap", 0},
	{"withdraw", KEY_WITHDRAW, 0, 0,
		"When no uplink is up, answer \"unreachable\" instead of trying the last one", 0},
	{0, 0, 0, 0, "Tables and packets:", 3},
	{"arp-timeout", KEY_ARP_TIMEOUT, "TIME", 0,
		"A neighbour's entry ages after so long: 4s to 240min (30s)", 0},
	{"no-arp-refresh", KEY_NO_ARP_REFRESH, 0, 0,
		"Let the routers' entries age instead of renewing them before", 0},
	{"icmp-rate", KEY_ICMP_RATE, "N", 0, "ICMP errors a second: 1 to 1000000 (100)", 0},
	{"vector", KEY_VECTOR, "N", 0, "Packets that a node sees in one call: 1 to 256 (64)", 0},
	{"mbufs", KEY_MBUFS, "N", 0, "Packet buffers: 1024 to 4194304 (8192)", 0},
	{0, 0, 0, 0, "Looking after it:", 4},
	{"control", KEY_CONTROL, "PATH", 0,
		"Listen for gyrectl on a Unix socket (neither socket nor HTTP is the default)", 0},
	{"http", KEY_HTTP, "ADDRESS:PORT", 0,
		"Serve a live page, /metrics and /api, read-only, on a loopback address or "
		"unix:PATH",
		0},
	{0, 0, 0, 0, "Help:", -1},
	{0},
};

static const char arguments[] = "-- EAL_OPTION...";

static const char explanation[] =
	"An IPv4 gateway with several uplinks: the default route follows their link checks."
	"\vWhat follows -- is for DPDK's EAL. A gateway that needs no privileges but those of a "
	"network namespace of its own, with kernel interfaces lan, wan0 and wan1:\n"
	"\n"
	"  ha-gateway --inside=0,198.51.100.1/24 \\\n"
	"    --uplink=1,192.0.2.2/30,192.0.2.1 --uplink=2,192.0.2.6/30,192.0.2.5 \\\n"
	"    --bfd-interval=10ms -- \\\n"
	"    --no-pci -l 0 --no-huge -m 64 --no-shconf --no-telemetry \\\n"
	"    --vdev=net_af_packet0,iface=lan --vdev=net_af_packet1,iface=wan0 \\\n"
	"    --vdev=net_af_packet2,iface=wan1\n"
	"\n"
	"The interfaces carry no addresses of the kernel's. SIGUSR1 prints the tables to the "
	"standard output, SIGINT and SIGTERM end the gateway. Times are numbers with a unit: us, "
	"ms, s or min.";

struct parse {
	struct options *options;
	bool inside; /* given */
	int eal; /* index of "--" in argv, or argc */
};

/* A number is written one way only, so that two ports can be compared by text. */
static int read_port(const char *text, char ret_port[64], struct value_fault *ret_fault)
{
	uint64_t number;
	size_t len = strlen(text);

	if (len == 0 || len > 63 || strpbrk(text, " \t\n") != NULL)
		return value_fault(ret_fault,
			"'%.80s' is no port: its number, 0 to %d, or its device's name, at most "
			"63 characters",
			text, OPTIONS_PORT_MAX);
	if (strspn(text, "0123456789") != len) {
		strcpy(ret_port, text);
		return 0;
	}
	if (value_number(text, 0, OPTIONS_PORT_MAX, &number, ret_fault) < 0)
		return value_fault(ret_fault,
			"'%s' is no port: its number, 0 to %d, or its device's name", text,
			OPTIONS_PORT_MAX);
	snprintf(ret_port, 64, "%u", (unsigned)number);
	return 0;
}

static uint32_t mask_of(const struct options_interface *interface)
{
	return UINT32_MAX << (32 - interface->prefix_len);
}

/* Neither the subnet's own address nor its broadcast's; a /31 has neither (RFC 3021). */
static bool is_host(const struct options_interface *interface, uint32_t address)
{
	uint32_t host = address & ~mask_of(interface);

	return interface->prefix_len == 31 || (host != 0 && host != ~mask_of(interface));
}

/* Not "this network", loopback, multicast or reserved (RFC 6890). */
static bool is_unicast(uint32_t address)
{
	return address >> 24 != 0 && address >> 24 != 127 && address >> 24 < 224;
}

static int read_subnet(
	char *text, struct options_interface *ret_interface, struct value_fault *ret_fault)
{
	char *slash = strchr(text, '/');
	uint64_t len;

	if (slash == NULL)
		return value_fault(
			ret_fault, "'%.60s' has no prefix length: ADDRESS/LENGTH is wanted", text);
	*slash++ = '\0';
	if (value_address(text, &ret_interface->address, ret_fault) < 0)
		return -1;
	if (value_number(slash, 1, 31, &len, ret_fault) < 0)
		return value_fault(
			ret_fault, "'%.60s' is no prefix length, a number from 1 to 31", slash);
	ret_interface->prefix_len = (uint8_t)len;
	if (!is_unicast(ret_interface->address) || !is_host(ret_interface, ret_interface->address))
		return value_fault(ret_fault,
			"%s cannot be ours in a /%u: a host's unicast address is wanted", text,
			ret_interface->prefix_len);
	return 0;
}

static int read_router(
	const char *text, struct options_interface *interface, struct value_fault *ret_fault)
{
	if (value_address(text, &interface->gateway, ret_fault) < 0)
		return -1;
	if (interface->gateway == interface->address)
		return value_fault(
			ret_fault, "the router %s is our own address: another one is wanted", text);
	if (((interface->gateway ^ interface->address) & mask_of(interface)) != 0)
		return value_fault(ret_fault,
			"the router %s is outside of the uplink's subnet: one within the /%u of "
			"our address is wanted",
			text, interface->prefix_len);
	if (!is_host(interface, interface->gateway))
		return value_fault(ret_fault,
			"the router %s is no host's address in a /%u: neither the subnet's own "
			"nor its broadcast address is allowed",
			text, interface->prefix_len);
	return 0;
}

/* PORT,ADDRESS/LENGTH and, with an uplink, ,ROUTER. */
static int read_interface(const char *text, bool uplink, struct options_interface *ret_interface,
	struct value_fault *ret_fault)
{
	struct options_interface interface = {.port = ""};
	char copy[160], *rest = copy, *fields[3] = {0};
	unsigned count = 0, wanted = uplink ? 3 : 2;

	if (strlen(text) >= sizeof(copy))
		return value_fault(ret_fault, "it is longer than %zu characters", sizeof(copy) - 1);
	strcpy(copy, text);
	for (char *field; (field = strsep(&rest, ",")) != NULL; count++)
		if (count < 3)
			fields[count] = field;
	if (count != wanted)
		return value_fault(ret_fault, "%s is wanted",
			uplink ? "PORT,ADDRESS/LENGTH,ROUTER" : "PORT,ADDRESS/LENGTH");
	if (read_port(fields[0], interface.port, ret_fault) < 0 ||
		read_subnet(fields[1], &interface, ret_fault) < 0 ||
		(uplink && read_router(fields[2], &interface, ret_fault) < 0))
		return -1;
	*ret_interface = interface;
	return 0;
}

static int read_inside(struct parse *parse, const char *text, struct value_fault *ret_fault)
{
	if (parse->inside)
		return value_fault(ret_fault, "there is one inside already: one is allowed");
	parse->inside = true;
	return read_interface(text, false, &parse->options->interfaces[0], ret_fault);
}

static int read_uplink(struct parse *parse, const char *text, struct value_fault *ret_fault)
{
	struct options *options = parse->options;

	if (options->n_uplinks == OPTIONS_UPLINKS_MAX)
		return value_fault(ret_fault, "there are %d uplinks already: 1 to %d are allowed",
			OPTIONS_UPLINKS_MAX, OPTIONS_UPLINKS_MAX);
	return read_interface(text, true, &options->interfaces[++options->n_uplinks], ret_fault);
}

static int read_unsigned(const char *text, uint64_t min, uint64_t max, unsigned *ret_number,
	struct value_fault *ret_fault)
{
	uint64_t number;

	if (value_number(text, min, max, &number, ret_fault) < 0)
		return -1;
	*ret_number = (unsigned)number;
	return 0;
}

/* What the library makes of it is its own to judge. */
static int read_text(const char *text, const char **ret_text, struct value_fault *ret_fault)
{
	if (*text == '\0')
		return value_fault(ret_fault, "it is empty");
	*ret_text = text;
	return 0;
}

static int read_value(struct parse *parse, int key, const char *text, struct value_fault *ret_fault)
{
	struct options *options = parse->options;

	switch (key) {
	case KEY_INSIDE:
		return read_inside(parse, text, ret_fault);
	case KEY_UPLINK:
		return read_uplink(parse, text, ret_fault);
	case KEY_BFD_INTERVAL:
		return value_time(text, 300 * NSEC_PER_USEC, 60 * NSEC_PER_SEC,
			&options->bfd_interval_nsec, ret_fault);
	case KEY_BFD_MULTIPLIER:
		return read_unsigned(text, 1, 255, &options->bfd_multiplier, ret_fault);
	case KEY_HOLD:
		return value_time(text, 0, 3600 * NSEC_PER_SEC, &options->hold_nsec, ret_fault);
	case KEY_ARP_TIMEOUT:
		/* Requests are a second apart, and the first renewal is due at three
		 * quarters of it. */
		return value_time(text, 4 * NSEC_PER_SEC, 14400 * NSEC_PER_SEC,
			&options->arp_timeout_nsec, ret_fault);
	case KEY_ICMP_RATE:
		return read_unsigned(text, 1, 1000000, &options->icmp_rate, ret_fault);
	case KEY_VECTOR:
		return read_unsigned(text, 1, 256, &options->vector, ret_fault);
	case KEY_MBUFS:
		return read_unsigned(text, 1024, 4194304, &options->mbufs, ret_fault);
	case KEY_CONTROL:
		return read_text(text, &options->control, ret_fault);
	case KEY_HTTP:
		return read_text(text, &options->http, ret_fault);
	default:
		return 1;
	}
}

static bool read_flag(struct options *options, int key)
{
	switch (key) {
	case KEY_NO_BFD:
		options->bfd = false;
		return true;
	case KEY_NO_REVERT:
		options->revert = false;
		return true;
	case KEY_WITHDRAW:
		options->withdraw = true;
		return true;
	case KEY_NO_DAMPING:
		options->damping = false;
		return true;
	case KEY_NO_ARP_REFRESH:
		options->arp_refresh = false;
		return true;
	default:
		return false;
	}
}

static bool overlap(const struct options_interface *a, const struct options_interface *b)
{
	return ((a->address ^ b->address) & mask_of(a) & mask_of(b)) == 0;
}

static const char *name_of(unsigned i, char text[24])
{
	if (i == 0)
		return "the inside";
	snprintf(text, 24, "uplink%u", i - 1);
	return text;
}

static void check_pair(
	const struct argp_state *state, const struct options *options, unsigned i, unsigned j)
{
	const struct options_interface *a = &options->interfaces[i], *b = &options->interfaces[j];
	char name_a[24], name_b[24], text[16];

	if (strcmp(a->port, b->port) == 0)
		argp_error(state,
			"--uplink: port '%s' is taken by %s already: %s needs one of its own",
			b->port, name_of(i, name_a), name_of(j, name_b));
	if (overlap(a, b))
		argp_error(state,
			"--uplink: %s/%u of %s overlaps the subnet of %s: each needs one of its "
			"own",
			value_address_text(b->address, text), b->prefix_len, name_of(j, name_b),
			name_of(i, name_a));
}

static void check_all(const struct argp_state *state, const struct parse *parse)
{
	const struct options *options = parse->options;

	if (!parse->inside)
		argp_error(state, "no --inside=PORT,ADDRESS/LENGTH: one is needed");
	if (options->n_uplinks == 0)
		argp_error(state, "no --uplink=PORT,ADDRESS/LENGTH,ROUTER: 1 to %d are needed",
			OPTIONS_UPLINKS_MAX);
	for (unsigned j = 1; j <= options->n_uplinks; j++)
		for (unsigned i = 0; i < j; i++)
			check_pair(state, options, i, j);
}

static const char *option_name(int key)
{
	for (const struct argp_option *option = descriptions;; option++)
		if (option->key == key)
			return option->name;
}

static error_t parse_one(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct value_fault fault;
	int err;

	if (key == ARGP_KEY_ARG) {
		argp_error(state, "'%s' is no option: EAL's follow --, others are not known", text);
		return EINVAL;
	}
	if (key == ARGP_KEY_END) {
		check_all(state, parse);
		return 0;
	}
	if (read_flag(parse->options, key))
		return 0;
	err = read_value(parse, key, text, &fault);
	if (err > 0)
		return ARGP_ERR_UNKNOWN;
	if (err < 0)
		argp_error(state, "--%s=%s: %s", option_name(key), text, fault.text);
	return 0;
}

static int find_dashes(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	return i;
}

void options_parse(int argc, char **argv, struct options *ret_options)
{
	static const struct argp argp = {descriptions, parse_one, arguments, explanation, 0, 0, 0};
	struct parse parse = {.options = ret_options, .eal = find_dashes(argc, argv)};

	*ret_options = (struct options){
		.bfd = true,
		.bfd_interval_nsec = 50 * NSEC_PER_MSEC,
		.bfd_multiplier = 3,
		.hold_nsec = 5 * NSEC_PER_SEC,
		.revert = true,
		.damping = true,
		.arp_timeout_nsec = 30 * NSEC_PER_SEC,
		.arp_refresh = true,
		.icmp_rate = 100,
		.vector = 64,
		.mbufs = 8192,
	};
	argp_parse(&argp, parse.eal, argv, 0, NULL, &parse);
	ret_options->eal_argv = argv;
	ret_options->eal_argc = 1;
	if (parse.eal == argc)
		return;
	argv[parse.eal] = argv[0];
	ret_options->eal_argv = argv + parse.eal;
	ret_options->eal_argc = argc - parse.eal;
}
