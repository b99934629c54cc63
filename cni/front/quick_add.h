/*
 * ADD in some milliseconds, without the program: the installer of this node, which is running anyway, says what a fresh
 * pod's rules are, and they are put in here. What both say to each other stands in core/cni/quick_add.ts.
 *
 * This is for the plain case alone. Whatever is not as expected (nobody answers, or too late, or something else than
 * rules; a pod with rules of others; a kernel that refuses) is left to the program, which finds the pod as it was, or
 * with the whole of its rules.
 */
enum { SOL_SOCKET = 1, SO_PEERCRED = 17, PROT_BOTH = 3, MAP_PRIVATE_ANONYMOUS = 0x22, MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8 };
enum { PROGRAM_DOES = 1, LEFT_ALONE = 2, RULES = 3, WITH_PASSTHROUGH = 1 };
/* Steps that an outcome names. */
enum { TURN = 1, PASSTHROUGH, COMMIT, PRINT };
/* Whoever is there greets at once; the whole may take as long as leaves the program its time. */
#define GREETING_US 1000000
#define CONVERSATION_US 3000000
/* For the variables, and the text of one file of each kind. */
#define HEAD_ROOM (64L * 1024)
#define FILE_ROOM (16L * 1024)
#define CONF_ROOM (MOST_ASKED - HEAD_ROOM)
#define ALL_ROOM (HEAD_ROOM + 2 * FILE_ROOM + CONF_ROOM + MOST_ANSWERED)
/* More than this the program refuses, whatever it is. */
#define MOST_KEPT (8L * 1024 * 1024 + 64 * 1024)

/* The configuration, once it was read: what the program gets in the place of standard input. */
static int kept_input = -1;
static const char *conf;
static long conf_size, conf_ended;

static struct { const char *resolv_conf; char *head, *answer; } room;

static int keep_input_possible(void) {
  kept_input = call(MEMFD_CREATE, (long)"kuma-cni configuration", MFD_CLOEXEC | MFD_NOEXEC_SEAL, 0, 0, 0);
  /* Before Linux 6.3. */
  if (kept_input == -EINVAL) kept_input = call(MEMFD_CREATE, (long)"kuma-cni configuration", MFD_CLOEXEC, 0, 0, 0);
  return kept_input >= 0;
}

static long keep(const char *from, long size) {
  for (long done; size > 0; from += done, size -= done) {
    done = call(WRITE, kept_input, (long)from, size, 0, 0);
    if (done == -EINTR) done = 0;
    else if (done <= 0) return done < 0 ? done : -ENOSPC;
  }
  return 0;
}

/* Makes what was read of standard input, and the rest of it, the program's. */
static void hand_input_on(void) {
  long result = keep(conf, conf_size);
  for (long kept = conf_size; result == 0 && !conf_ended && kept < MOST_KEPT;) {
    long size = read_some(STDIN, buffer, sizeof buffer);
    if (size <= 0) break;
    result = keep(buffer, size), kept += size;
  }
  if (result == 0) result = call(LSEEK, kept_input, 0, 0, 0, 0);
  if (result < 0) fail("kuma-cni cannot keep its configuration", "errno", -result, 1);
}

/* Whether all of it has come, and is no longer than may be asked about. */
static int read_input(char *into) {
  conf = into;
  while (conf_size < CONF_ROOM) {
    long size = read_some(STDIN, into + conf_size, CONF_ROOM - conf_size);
    if (size <= 0) return conf_ended = 1;
    conf_size += size;
  }
  return 0;
}

/* A connection to the installer of this release, which listens beside this file, as root; -1 where there is none. */
static int find_installer(void) {
  static struct { unsigned short family; char path[108]; } place = {AF_UNIX, ""};
  struct { int pid; unsigned user, group; } peer = {0, 1, 1};
  unsigned size = sizeof peer;
  if (!beside(SOCKET_NAME, place.path, sizeof place.path)) return -1;
  int fd = new_socket(AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (call(CONNECT, fd, (long)&place, sizeof place, 0, 0) < 0 ||
      call(GETSOCKOPT, fd, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size) < 0 || peer.user != 0) forget(&fd);
  return fd;
}

static long asked;

static void put_number(unsigned number) {
  for (int byte = 0; byte < 4; byte++) room.head[asked++] = (char)(number >> 8 * byte);
}

/* Whether there was room for it. */
static int put_block(const char *from, long size) {
  if (asked + 4 + size + 4 > HEAD_ROOM) return 0;
  put_number(size);
  for (long at = 0; at < size; at++) room.head[asked++] = from[at];
  return 1;
}

/* The question but for the configuration, whose length it ends with. */
static int put_question(char **environment, const struct pod *pod, long resolv_conf_size) {
  static const char *const names[] = {"CNI_CONTAINERID=", "CNI_NETNS=", "CNI_IFNAME=", "CNI_PATH=", "CNI_ARGS="};
  asked = 4;
  put_number(pod->generation), put_number(8);
  for (unsigned long i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = variable(environment, names[i]);
    if (!put_block(value, length(value))) return 0;
  }
  if (!put_block(pod->addresses, pod->addresses_size)) return 0;
  if (!put_block(room.resolv_conf, resolv_conf_size > 0 ? resolv_conf_size : 0)) return 0;
  put_number(conf_size);
  long whole = asked - 4 + conf_size;
  asked = 0, put_number(whole), asked = whole + 4 - conf_size;
  return 1;
}

struct reply { unsigned size, kind, flags, acknowledged, result_size; };

/* The installer's answer, in the room for it; 0 where none came in time, or none that can be understood. */
static const struct reply *converse(int installer, long began) {
  static const char expected[GREETING_SIZE] = GREETING;
  long until = began + CONVERSATION_US;
  struct reply *reply = (void *)room.answer;
  if (!receive_all(installer, room.answer, GREETING_SIZE, began + GREETING_US)) return 0;
  for (int at = 0; at < GREETING_SIZE; at++) if (room.answer[at] != expected[at]) return 0;
  if (!send_all(installer, room.head, asked, until) || !send_all(installer, conf, conf_size, until)) return 0;
  if (!receive_all(installer, room.answer, sizeof *reply, until)) return 0;
  if (reply->size < sizeof *reply - 4 || reply->size > MOST_ANSWERED - sizeof reply->size) return 0;
  long rest = reply->size - (sizeof *reply - 4);
  if (reply->result_size > rest || !receive_all(installer, room.answer + sizeof *reply, rest, until)) return 0;
  return reply;
}

static void tell(int installer, int done, int step, long error, long started) {
  unsigned outcome[4] = {done, step, error, now() - started};
  /* Whether it is heard changes nothing here. */
  call(SENDTO, installer, (long)outcome, sizeof outcome, MSG_NOSIGNAL | MSG_DONTWAIT, 0);
}

/* Does what the installer says; does not come back where that is done. */
static void follow(int installer, const struct reply *reply, const struct pod *pod, long started) {
  const char *result = room.answer + sizeof *reply, *batch = result + reply->result_size;
  long batch_size = reply->size - (sizeof *reply - 4) - reply->result_size, error;
  if (reply->kind == RULES && batch_size > 0) {
    int step = TURN;
    error = take_turn(pod->turn);
    if (error == 0 && (reply->flags & WITH_PASSTHROUGH) != 0) step = PASSTHROUGH, error = add_passthrough(pod->inet6);
    if (error == 0) step = COMMIT, error = commit(pod->netlink, batch, batch_size, reply->acknowledged);
    if (error != 0) return tell(installer, 0, step, error, started);
  } else if (reply->kind != LEFT_ALONE || reply->result_size == 0) return;
  int whole = write_all(result, reply->result_size);
  tell(installer, whole, whole ? 0 : PRINT, 0, started);
  end(whole ? 0 : 1);
}

/* Tries; comes back where the program is to do it, in the namespace in which we began. */
static void try_quick_add(char **environment) {
  long started = now();
  struct pod pod = {-1, -1, -1, 0, 0, 0};
  const char *netns = variable(environment, "CNI_NETNS=");
  if (*netns == 0 || !is_plain("ADD", environment)) return;
  int installer = find_installer();
  if (installer < 0) return;
  long memory = call6(MMAP, 0, ALL_ROOM, PROT_BOTH, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (memory > 0 && keep_input_possible()) {
    char *at = (char *)memory, *addresses = at + HEAD_ROOM, *resolv_conf = addresses + FILE_ROOM;
    char *input = resolv_conf + FILE_ROOM;
    room.head = at, room.resolv_conf = resolv_conf, room.answer = input + CONF_ROOM;
    if (look_into(netns, &pod, addresses, FILE_ROOM) && read_input(input)) {
      long size = read_file("/etc/resolv.conf", resolv_conf, FILE_ROOM);
      const struct reply *reply = put_question(environment, &pod, size) ? converse(installer, now()) : 0;
      if (reply != 0) follow(installer, reply, &pod, started);
    }
  }
  /* The turn above all: the program waits for it. */
  leave_pod(&pod), forget(&installer);
}
