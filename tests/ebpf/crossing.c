/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to the proxy of which both ends send, say that nothing more comes, and read, all at once: an end leaves
 * the map of joined sockets while the other one sends to it. Every byte is looked at. Ends with 1 where one is wrong.
 *
 *     crossing SERVER CONNECTIONS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define APP 1000
#define SIDECAR 5678
#define MESSAGE 65536
#define PATIENCE_MS 30000

struct end {
	int fd;
	unsigned int seed;
	long sends, receives;
	size_t longest; /* message */
	int pause; /* before the first one, in turns of a loop */
	unsigned char key; /* what is sent differs by end */
	pthread_t threads[2];
};

/* Real UID for the BPF programs: of this thread alone, as effective root. */
static void become(unsigned int uid)
{
	if (syscall(SYS_setresuid, uid, -1, -1) < 0)
		err(1, "setresuid");
	setfsuid(uid);
}

static unsigned char byte_at(long place, unsigned char key)
{
	return (unsigned char)(((unsigned long)place * 2654435761u >> 13) + key);
}

static void *send_all(void *argument)
{
	struct end *end = argument;
	unsigned int seed = end->seed;
	unsigned char buffer[MESSAGE];

	for (volatile int i = 0; i < end->pause; i++)
		;
	for (long sent = 0; sent < end->sends;) {
		long length = 1 + rand_r(&seed) % end->longest;

		if (length > end->sends - sent)
			length = end->sends - sent;
		for (long i = 0; i < length; i++)
			buffer[i] = byte_at(sent + i, end->key);
		for (long part = 0; part < length;) {
			ssize_t more = send(end->fd, buffer + part, length - part, MSG_NOSIGNAL);

			if (more < 0)
				err(1, "send");
			part += more;
		}
		sent += length;
	}
	if (shutdown(end->fd, SHUT_WR) < 0)
		err(1, "shutdown");
	return NULL;
}

static void *receive_all(void *argument)
{
	struct end *end = argument;
	unsigned int seed = ~end->seed;
	unsigned char buffer[MESSAGE / 16];
	long place = 0;

	for (;;) {
		ssize_t got = recv(end->fd, buffer, 1 + rand_r(&seed) % sizeof(buffer), 0);
		struct pollfd readable = { .fd = end->fd, .events = POLLIN };

		if (got < 0 && errno == EAGAIN) {
			if (poll(&readable, 1, PATIENCE_MS) == 0)
				errx(1, "nothing came after %ld of %ld bytes", place, end->receives);
			continue;
		}
		if (got < 0)
			err(1, "recv");
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++, place++)
			if (buffer[i] != byte_at(place, end->key ^ 1))
				errx(1, "another byte came at %ld of %ld", place, end->receives);
	}
	if (place != end->receives)
		errx(1, "%ld of %ld bytes came", place, end->receives);
	return NULL;
}

static void cross(int listener, const struct sockaddr_in *to, unsigned int number)
{
	/* One in eight carries more than is joined. */
	unsigned int seed = number, most = number % 8 == 0 ? 5000000 : 3000;
	struct end ends[2];

	become(APP);
	ends[0].fd = socket(AF_INET, SOCK_STREAM, 0);
	if (ends[0].fd < 0 || connect(ends[0].fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		err(1, "connect");
	become(0);
	ends[1].fd = accept(listener, NULL, NULL);
	if (ends[1].fd < 0)
		err(1, "accept");
	for (int i = 0; i < 2; i++) {
		ends[i].seed = 2 * number + i;
		ends[i].sends = rand_r(&seed) % 3 == 0 ? 0 : rand_r(&seed) % most;
		ends[i].longest = most > MESSAGE ? MESSAGE : most / 2;
		ends[i].pause = rand_r(&seed) % 3000;
		ends[i].key = i;
	}
	for (int i = 0; i < 2; i++) {
		ends[i].receives = ends[!i].sends;
		if (pthread_create(&ends[i].threads[0], NULL, send_all, &ends[i]) ||
		    pthread_create(&ends[i].threads[1], NULL, receive_all, &ends[i]))
			errx(1, "no thread");
	}
	for (int i = 0; i < 4; i++)
		pthread_join(ends[i / 2].threads[i % 2], NULL);
	close(ends[0].fd);
	close(ends[1].fd);
}

int main(int count, char **arguments)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(15001) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	int listener, one = 1;

	if (count != 3 || !inet_aton(arguments[1], &to.sin_addr))
		errx(2, "say SERVER CONNECTIONS");
	become(SIDECAR);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(listener, (struct sockaddr *)&own, sizeof(own)) < 0 || listen(listener, 16) < 0)
		err(1, "listen");
	become(0);
	for (int number = 1; number <= atoi(arguments[2]); number++)
		cross(listener, &to, number);
	return 0;
}
