/* SPDX-License-Identifier: Apache-2.0
 *
 * One of the three programs of a request's way, with sockets that block: `server`, `relay` (in the sidecar's place),
 * `client`. They are as lean as can be, so that what is measured is the way and not its ends.
 *
 *     ebpf_peer ROLE KIND SERVER PORT POD SIZE
 *
 * KIND is `echo` (each request is answered before the next one) or `bulk` (one way). Server and relay say `ready` and
 * serve one connection. The client reads a number from its input, makes as many requests, and writes their microseconds
 * in one line; and again, until its input ends. Of what goes one way it writes the time of all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define APP 1000
#define SIDECAR 5678

static char buffer[1 << 16];
static int echo;

/* Real UID for the BPF programs, the file system's for iptables: of this thread alone, as effective root. */
static void become(unsigned int uid)
{
	if (syscall(SYS_setresuid, uid, -1, -1) < 0)
		err(1, "setresuid");
	setfsuid(uid);
}

static void set(int fd, int level, int option)
{
	int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)) < 0)
		err(1, "setsockopt");
}

static struct sockaddr_in name(const char *address, int port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (!inet_aton(address, &name.sin_addr))
		errx(1, "no address: %s", address);
	return name;
}

static int make(const char *address, int port)
{
	struct sockaddr_in own = name(address, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	set(fd, SOL_SOCKET, SO_REUSEADDR);
	set(fd, IPPROTO_TCP, TCP_NODELAY);
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		err(1, "bind");
	return fd;
}

static int accept_one(int port)
{
	int listener = make("0.0.0.0", port), fd;

	if (listen(listener, 16) < 0)
		err(1, "listen");
	puts("ready");
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	set(fd, IPPROTO_TCP, TCP_NODELAY);
	return fd;
}

static int connect_to(const char *from, const char *address, int port)
{
	struct sockaddr_in to = name(address, port);
	int fd = make(from, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "connect");
	return fd;
}

static ssize_t receive(int fd, size_t most)
{
	ssize_t got = recv(fd, buffer, most, 0);

	if (got < 0)
		err(1, "recv");
	return got;
}

static void receive_all(int fd, size_t length)
{
	for (ssize_t got; length > 0; length -= got) {
		got = receive(fd, length);
		if (got == 0)
			errx(1, "the connection ended early");
	}
}

static void send_all(int fd, size_t length)
{
	for (size_t sent = 0; sent < length;) {
		ssize_t more = send(fd, buffer + sent, length - sent, 0);

		if (more < 0)
			err(1, "send");
		sent += more;
	}
}

/* Says that nothing more comes, and waits for the end: all has arrived then. */
static void finish(int fd)
{
	if (shutdown(fd, SHUT_WR) < 0)
		err(1, "shutdown");
	while (receive(fd, sizeof(buffer)) > 0)
		;
	close(fd);
}

static void serve(void)
{
	int fd = accept_one(8080);

	for (ssize_t got; (got = receive(fd, sizeof(buffer))) > 0;)
		if (echo)
			send_all(fd, got);
	close(fd);
}

static void relay(const char *pod)
{
	int near = accept_one(15001), far = connect_to("127.0.0.6", pod, 8080);

	for (ssize_t got; (got = receive(near, sizeof(buffer))) > 0;) {
		send_all(far, got);
		if (echo) {
			receive_all(far, got);
			send_all(near, got);
		}
	}
	finish(far);
	close(near);
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void call(const char *address, int port, size_t size)
{
	int fd = connect_to("0.0.0.0", address, port);
	double begin;

	for (int count; scanf("%d", &count) == 1; fflush(stdout)) {
		double times[count];

		begin = microseconds();
		for (int i = 0; i < count; i++) {
			double started = microseconds();

			send_all(fd, size);
			if (echo)
				receive_all(fd, size);
			times[i] = microseconds() - started;
		}
		if (!echo) {
			finish(fd);
			printf("%.3f\n", microseconds() - begin);
			continue;
		}
		for (int i = 0; i < count; i++)
			printf(i + 1 < count ? "%.3f " : "%.3f\n", times[i]);
	}
}

int main(int count, char **arguments)
{
	const char *role;

	if (count != 7)
		errx(2, "say ROLE KIND SERVER PORT POD SIZE");
	role = arguments[1];
	echo = strcmp(arguments[2], "echo") == 0;
	become(strcmp(role, "relay") == 0 ? SIDECAR : APP);
	if (strcmp(role, "server") == 0)
		serve();
	else if (strcmp(role, "relay") == 0)
		relay(arguments[5]);
	else
		call(arguments[3], atoi(arguments[4]), atoi(arguments[6]));
	return 0;
}
