/* SPDX-License-Identifier: Apache-2.0 */
/* Where HTTP may be served, and which Host headers are this server's. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control/http_address.h"
#include "harness.h"

static struct gyre__http_address parsed(const char *text)
{
	struct gyre__http_address address;
	struct gyre_error error = {0, ""};

	ck_assert_msg(gyre__http_address_parse(text, &address, &error) == 0, "%s", error.text);
	return address;
}

START_TEST(loopback_addresses_are_taken)
{
	struct gyre__http_address address = parsed("127.0.0.1:9100");

	ck_assert_int_eq(address.to.any.sa_family, AF_INET);
	ck_assert_uint_eq(ntohl(address.to.in.sin_addr.s_addr), INADDR_LOOPBACK);
	ck_assert_uint_eq(gyre__http_address_port(&address), 9100);
	address = parsed("127.255.3.4:0");
	ck_assert_uint_eq(ntohl(address.to.in.sin_addr.s_addr), 0x7fff0304);
	address = parsed("LocalHost:65535");
	ck_assert_uint_eq(ntohl(address.to.in.sin_addr.s_addr), INADDR_LOOPBACK);
	ck_assert_uint_eq(gyre__http_address_port(&address), 65535);
	address = parsed("[::1]:80");
	ck_assert_int_eq(address.to.any.sa_family, AF_INET6);
	ck_assert(IN6_IS_ADDR_LOOPBACK(&address.to.in6.sin6_addr));
	ck_assert_uint_eq(gyre__http_address_port(&address), 80);
	address = parsed("unix:/run/gyre.http");
	ck_assert_str_eq(address.path, "/run/gyre.http");
	ck_assert_uint_eq(gyre__http_address_port(&address), 0);
}
END_TEST

static const char *const refused[] = {"", ":", ":80", "0.0.0.0:80", "192.0.2.1:80", "128.0.0.1:80",
	"126.255.255.255:80", "[::]:80", "[2001:db8::1]:80", "[::ffff:127.0.0.1]:80", "::1:80",
	"example.com:80", "localhost", "localhost:", "localhost:http", "localhost:65536",
	"localhost:-1", "localhost:+1", "localhost: 1", "localhost:1 ", "localhost:000080",
	"localhost.:80", "127.1:80", "0x7f.0.0.1:80", "127.0.0.1:80:80", "[::1]", "[::1]80", "[::1",
	"[127.0.0.1]:80", "unix:", "unix:gyre", "unix:@gyre", "http://localhost:80"};

START_TEST(all_else_is_refused_by_name)
{
	struct gyre__http_address address = {.path = "untouched"};
	struct gyre_error error = {0, ""};

	ck_assert_int_eq(gyre__http_address_parse(refused[_i], &address, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, refused[_i]));
	ck_assert_str_eq(address.path, "untouched");
}
END_TEST

START_TEST(a_path_must_fit)
{
	char text[200] = "unix:/";
	struct gyre__http_address address;
	struct gyre_error error;

	memset(text + 6, 'x', 107);
	ck_assert_int_eq(gyre__http_address_parse(text, &address, &error), -EINVAL);
	text[5 + 107] = '\0';
	ck_assert_int_eq(gyre__http_address_parse(text, &address, &error), 0);
}
END_TEST

START_TEST(a_port_of_0_is_learned)
{
	struct gyre__http_address first = parsed("127.0.0.1:0"), second = parsed("localhost:0");
	struct gyre_error error;
	int fd = gyre__http_address_listen(&first, &error), other;

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_ne(gyre__http_address_port(&first), 0);
	second.to.in.sin_port = first.to.in.sin_port;
	other = gyre__http_address_listen(&second, &error);
	ck_assert_int_eq(other, -EADDRINUSE);
	ck_assert_int_eq(error.code, -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(error.text, strerror(EADDRINUSE)));
	close(fd);
}
END_TEST

START_TEST(hosts_of_this_server)
{
	struct gyre__http_address address = parsed("127.0.0.1:9100");

	ck_assert(gyre__http_address_is_host(&address, "localhost:9100"));
	ck_assert(gyre__http_address_is_host(&address, "LOCALHOST:9100"));
	ck_assert(gyre__http_address_is_host(&address, "127.0.0.1:9100"));
	ck_assert(gyre__http_address_is_host(&address, "[::1]:9100"));
	ck_assert(!gyre__http_address_is_host(&address, "localhost"));
	address = parsed("127.0.0.1:80");
	ck_assert(gyre__http_address_is_host(&address, "localhost"));
	ck_assert(gyre__http_address_is_host(&address, "127.0.0.1:80"));
	address = parsed("unix:/run/gyre.http");
	ck_assert(gyre__http_address_is_host(&address, "anything at all"));
}
END_TEST

static const char *const foreign[] = {"", "evil.example", "evil.example:9100", "localhost:9101",
	"localhost:", "localhost:91000", "localhost.evil.example:9100",
	"127.0.0.1.evil.example:9100", "192.0.2.1:9100", "0.0.0.0:9100", "[::]:9100", "[::1]9100",
	"[::1]:9100:9100", "localhost:9100,evil.example", "localhost:9100 ", " localhost:9100",
	"user@localhost:9100"};

START_TEST(foreign_hosts)
{
	struct gyre__http_address address = parsed("127.0.0.1:9100");

	ck_assert(!gyre__http_address_is_host(&address, foreign[_i]));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_address");
	TCase *tcase = tcase_create("http_address");

	tcase_add_test(tcase, loopback_addresses_are_taken);
	tcase_add_loop_test(
		tcase, all_else_is_refused_by_name, 0, sizeof(refused) / sizeof(*refused));
	tcase_add_test(tcase, a_path_must_fit);
	tcase_add_test(tcase, a_port_of_0_is_learned);
	tcase_add_test(tcase, hosts_of_this_server);
	tcase_add_loop_test(tcase, foreign_hosts, 0, sizeof(foreign) / sizeof(*foreign));
	suite_add_tcase(suite, tcase);
	return suite;
}
