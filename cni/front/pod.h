/*
 * A look into the pod's network namespace, and sockets that stay in it. The process itself goes in and comes back at
 * once: what is sent to the sockets later happens there, wherever the process is (network_namespaces(7)).
 */
enum { CLONE_NEWNET = 0x40000000, NS_GET_USERNS = 0xb701, AT_EMPTY_PATH = 0x1000, O_NONBLOCK = 04000 };
enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 02000000 };
enum { SIOCGIFFLAGS = 0x8913, SIOCSIFADDR = 0x8916, SIOCGIFINDEX = 0x8933, IFF_LOOPBACK = 8 };
#define NSFS_MAGIC 0x6e736673
#define LOOPBACK "lo"

struct pod {
  int netlink, turn, inet6;
  unsigned generation;
  /* Text of /proc/net/if_inet6. */
  const char *addresses;
  long addresses_size;
};

static void forget(int *fd) {
  if (*fd >= 0) call(CLOSE, *fd, 0, 0, 0, 0);
  *fd = -1;
}

static int open_file(const char *path) {
  return call(OPENAT, AT_FDCWD, (long)path, O_CLOEXEC | O_NONBLOCK, 0, 0);
}

static int new_socket(int family, int type, int protocol) {
  return call(SOCKET, family, type | SOCK_CLOEXEC, protocol, 0, 0);
}

/* Bytes of a file; the negative errno, or -EFBIG where it has more than there is room for. */
static long read_file(const char *path, char *into, long room) {
  long size = 0, fd = open_file(path);
  if (fd < 0) return fd;
  for (;;) {
    long more = read_some(fd, into + size, room - size);
    if (more < 0) size = more;
    if (more <= 0) break;
    if ((size += more) == room) {
      size = -EFBIG;
      break;
    }
  }
  call(CLOSE, fd, 0, 0, 0, 0);
  return size;
}

/* Whether a list of tables of iptables-legacy has none. */
static int has_no_names(const char *path) {
  char any[2];
  long size = read_file(path, any, sizeof any);
  return size == -ENOENT || size == 0;
}

/* The kernel's struct ifreq: a name, and the answer. */
static int ask_loopback(int fd, int question) {
  struct { char name[16]; union { short flags; int index; char room[24]; } answer; } request = {LOOPBACK, {0}};
  if (call(IOCTL, fd, question, (long)&request, 0, 0) < 0) return -1;
  return question == SIOCGIFFLAGS ? request.answer.flags : request.answer.index;
}

static int is_loopback_known(void) {
  int fd = new_socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return 0;
  int flags = ask_loopback(fd, SIOCGIFFLAGS);
  forget(&fd);
  return flags >= 0 && (flags & IFF_LOOPBACK) != 0;
}

/* Adds ::6/128 to the loopback interface, as the program does: 0, or the errno. One that is there is fine. */
static long add_passthrough(int inet6) {
  struct { unsigned char address[16]; unsigned prefix; int index; } request = {{[15] = 6}, 128, 0};
  if (inet6 < 0) return EINVAL;
  request.index = ask_loopback(inet6, SIOCGIFINDEX);
  if (request.index < 0) return EINVAL;
  long result = call(IOCTL, inet6, SIOCSIFADDR, (long)&request, 0, 0);
  return result >= 0 || result == -EEXIST ? 0 : -result;
}

/* The turn of kuma-cni's calls in one pod (cni/turn.ts): an abstract name of its namespace. 0, or the errno. */
static long take_turn(int turn) {
  static const struct { unsigned short family; char name[14]; } place = {AF_UNIX, "\0kuma-cni/turn"};
  long result = call(BIND, turn, (long)&place, sizeof place, 0, 0);
  return result >= 0 ? 0 : -result;
}

/* Whether a pod's namespace is a network namespace of our own user namespace, and not the one that we are in. */
static int is_usable(int netns, int own) {
  long system[16], one[32], other[32];
  if (call(FSTATFS, netns, (long)system, 0, 0, 0) < 0 || system[0] != NSFS_MAGIC) return 0;
  if (call(NEWFSTATAT, netns, (long)"", (long)one, AT_EMPTY_PATH, 0) < 0) return 0;
  if (call(NEWFSTATAT, own, (long)"", (long)other, AT_EMPTY_PATH, 0) < 0) return 0;
  if (one[0] == other[0] && one[1] == other[1]) return 0;
  int owner = call(IOCTL, netns, NS_GET_USERNS, 0, 0, 0);
  if (owner < 0) return 0;
  unsigned long ours[2];
  long result = call(NEWFSTATAT, owner, (long)"", (long)one, AT_EMPTY_PATH, 0);
  forget(&owner);
  return result >= 0 && identify("/proc/self/ns/user", ours) && (long)ours[0] == one[0] && (long)ours[1] == one[1];
}

/* Within: whether nobody has rules there, and everything else is known that rules depend on. */
static int look(struct pod *pod, char *into, long room) {
  pod->netlink = new_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
  pod->turn = new_socket(AF_UNIX, SOCK_DGRAM, 0);
  /* None where the kernel has no IPv6; then nobody asks for it. */
  pod->inet6 = new_socket(AF_INET6, SOCK_DGRAM, 0);
  if (pod->netlink < 0 || pod->turn < 0 || !is_loopback_known()) return 0;
  if (!has_no_names("/proc/self/net/ip_tables_names") || !has_no_names("/proc/self/net/ip6_tables_names")) return 0;
  pod->generation = generation_of(pod->netlink);
  if (pod->generation == 0 || !has_no_tables(pod->netlink)) return 0;
  long size = read_file("/proc/self/net/if_inet6", into, room);
  if (size < 0 && size != -ENOENT) return 0;
  pod->addresses = into, pod->addresses_size = size < 0 ? 0 : size;
  return 1;
}

static void leave_pod(struct pod *pod) {
  forget(&pod->netlink), forget(&pod->turn), forget(&pod->inet6);
}

/* Looks into the namespace; 0 where it is none for us. The addresses' text is put into the room. */
static int look_into(const char *path, struct pod *pod, char *into, long room) {
  int own = open_file("/proc/self/ns/net"), netns = own < 0 ? -1 : open_file(path), fresh = 0;
  if (netns >= 0 && is_usable(netns, own) && call(SETNS, netns, CLONE_NEWNET, 0, 0, 0) >= 0) {
    fresh = look(pod, into, room);
    /* The program has to begin where we did: it would write nowhere else what is meant for the host. */
    long back = call(SETNS, own, CLONE_NEWNET, 0, 0, 0);
    if (back < 0) fail("kuma-cni cannot go back into its own network namespace", "errno", -back, 0);
  }
  forget(&netns), forget(&own);
  return fresh;
}
