/* Time, and descriptors that are waited for no longer than there is time. */
enum { CLOCK_MONOTONIC = 1, POLLIN = 1, POLLOUT = 4, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };

#define A_SECOND 1000000

/* Microseconds of a steady clock. */
static long now(void) {
  long time[2] = {0, 0};
  call(CLOCK_GETTIME, CLOCK_MONOTONIC, (long)time, 0, 0, 0);
  return time[0] * 1000000 + time[1] / 1000;
}

/* Whether the descriptor is ready before that moment; looks once at the least. */
static int is_ready(int fd, short events, long until) {
  for (;;) {
    struct { int fd; short events, happened; } watch = {fd, events, 0};
    long left = until - now();
    if (left < 0) left = 0;
    long wait[2] = {left / 1000000, left % 1000000 * 1000};
    long result = call(PPOLL, (long)&watch, 1, (long)wait, 0, 0);
    if (result != -EINTR) return result > 0;
  }
}

/* read(2), also of what its maker has set to O_NONBLOCK. */
static long read_some(int fd, char *into, long room) {
  for (;;) {
    long size = call(READ, fd, (long)into, room, 0, 0);
    if (size == -EAGAIN) is_ready(fd, POLLIN, now() + A_SECOND);
    else if (size != -EINTR) return size;
  }
}

/* Whether all of it could be written to standard output. */
static int write_all(const char *from, long size) {
  while (size > 0) {
    long done = call(WRITE, STDOUT, (long)from, size, 0, 0);
    if (done == -EAGAIN) is_ready(STDOUT, POLLOUT, now() + A_SECOND);
    if (done == -EINTR || done == -EAGAIN) continue;
    if (done <= 0) return 0;
    from += done, size -= done;
  }
  return 1;
}

static int send_all(int fd, const char *from, long size, long until) {
  while (size > 0) {
    long done = call(SENDTO, fd, (long)from, size, MSG_NOSIGNAL | MSG_DONTWAIT, 0);
    if (done == -EINTR) continue;
    if (done == -EAGAIN && is_ready(fd, POLLOUT, until)) continue;
    if (done <= 0) return 0;
    from += done, size -= done;
  }
  return 1;
}

/* Whether so many bytes came; fewer where the other side left, or was too slow. */
static int receive_all(int fd, char *into, long size, long until) {
  while (size > 0) {
    if (!is_ready(fd, POLLIN, until)) return 0;
    long done = call(RECVFROM, fd, (long)into, size, MSG_DONTWAIT, 0);
    if (done == -EINTR || done == -EAGAIN) continue;
    if (done <= 0) return 0;
    into += done, size -= done;
  }
  return 1;
}
