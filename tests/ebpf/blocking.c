/* SPDX-License-Identifier: Apache-2.0
 *
 * An application and a proxy whose sockets block, as JavaScript has none. Prints what became of it, in one line.
 *
 *     blocking answer SERVER BYTES MS   the application sends so many bytes, says that nothing more comes, and waits for
 *                                       the answer, which the proxy gives after so long: `6 bytes`, or an errno
 *     blocking fastopen SERVER          the application sends "1" with its SYN, and "2": what the proxy reads
 *     blocking unread SERVER BYTES      the proxy reads nothing: how many of the bytes are taken until send(2) would block
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define APP 1000
#define SIDECAR 5678
#define MESSAGE 65536

static char buffer[MESSAGE];

/* Real UID for the BPF programs, the file system's for iptables: of this thread alone, as effective root. */
static void become(unsigned int uid)
{
	if (syscall(SYS_setresuid, uid, -1, -1) < 0)
		err(1, "setresuid");
	setfsuid(uid);
}

static int make(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static struct sockaddr_in name(const char *address, int port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (!inet_aton(address, &name.sin_addr))
		errx(1, "no address: %s", address);
	return name;
}

static int listen_at(int port)
{
	struct sockaddr_in own = name("0.0.0.0", port);
	int fd = make(), one = 1, waiting = 16;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting, sizeof(waiting)) < 0)
		err(1, "setsockopt");
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 || listen(fd, 16) < 0)
		err(1, "listen");
	return fd;
}

static int accept_from(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		err(1, "accept");
	return fd;
}

static int connect_to(const char *server)
{
	struct sockaddr_in to = name(server, 80);
	int fd = make();

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "connect");
	return fd;
}

static int ask(const char *server, long bytes)
{
	int fd = connect_to(server);
	ssize_t got;

	for (long left = bytes; left > 0;) {
		ssize_t sent = send(fd, buffer, left < MESSAGE ? left : MESSAGE, 0);

		if (sent < 0)
			err(1, "send");
		left -= sent;
	}
	if (shutdown(fd, SHUT_WR) < 0)
		err(1, "shutdown");
	got = recv(fd, buffer, sizeof(buffer), 0);
	if (got < 0)
		puts(strerrorname_np(errno));
	else
		printf("%zd bytes\n", got);
	return 0;
}

static void answer(int listener, long bytes, int milliseconds)
{
	int fd = accept_from(listener);
	long all = 0;

	for (ssize_t got; (got = recv(fd, buffer, sizeof(buffer), 0)) != 0; all += got)
		if (got < 0)
			err(1, "the proxy's recv");
	if (all != bytes)
		errx(1, "the proxy got %ld bytes", all);
	usleep(milliseconds * 1000);
	send(fd, "answer", 6, 0);
	close(fd);
}

static void fast_open(int listener, const char *server)
{
	struct sockaddr_in to = name(server, 80);
	int fd, accepted;
	char got[3] = "";

	become(APP);
	fd = make();
	if (sendto(fd, "1", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)) != 1 || send(fd, "2", 1, 0) != 1)
		err(1, "send");
	/* Both have come before the first is read. */
	usleep(20000);
	accepted = accept_from(listener);
	for (int i = 0; i < 2; i++)
		if (recv(accepted, got + i, 1, 0) != 1)
			err(1, "recv");
	puts(got);
}

static void unread(const char *server, long bytes)
{
	long taken = 0;
	int fd;

	become(APP);
	fd = connect_to(server);
	for (ssize_t sent; taken < bytes && (sent = send(fd, buffer, MESSAGE, MSG_DONTWAIT)) > 0;)
		taken += sent;
	if (taken < bytes && errno != EAGAIN)
		err(1, "send");
	printf("%ld\n", taken);
}

int main(int count, char **arguments)
{
	const char *what = count > 2 ? arguments[1] : "";
	long bytes = count > 3 ? atol(arguments[3]) : 0;
	int listener, status;

	become(SIDECAR);
	listener = listen_at(15001);
	become(0);
	if (strcmp(what, "fastopen") == 0) {
		fast_open(listener, arguments[2]);
	} else if (strcmp(what, "unread") == 0) {
		unread(arguments[2], bytes);
	} else if (strcmp(what, "answer") == 0 && count == 5) {
		if (fork() == 0) {
			become(APP);
			return ask(arguments[2], bytes);
		}
		answer(listener, bytes, atoi(arguments[4]));
		wait(&status);
		return status != 0;
	} else {
		errx(2, "say answer, fastopen or unread, and with what");
	}
	return 0;
}
