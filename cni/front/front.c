/*
 * kuma-cni as the container runtime starts it: a program of a few kilobytes, without any library, in front of the one
 * that does the work (.kuma-cni-runtime/kuma-cni beside it, which Deno's runtime carries).
 *
 * DEL has nothing to take away, since rules die with the pod's namespace: it is answered here, so that no limit of
 * memory, descriptors or processes can keep a pod from going. ADD of a fresh pod is done here as well, where the
 * installer says how (quick_add.h). All else is left to the program. Where that cannot be started, or ends without an
 * answer (Deno's runtime does, below its limits, before it has read a line of ours), the runtime gets the
 * specification's error JSON, with the limit that is too low, in the place of silence.
 */
#include "system_calls.h"
/* What docs/cni.md promises to be enough. */
#define FILES 24
#define ADDRESS_SPACE (64UL << 30)
#include "basics.h"
#include "invocation.h"
#include "netlink.h"
#include "pod.h"
#include "quick_add.h"

#define PROGRAM ".kuma-cni-runtime/kuma-cni"
#define LONGEST_PATH 4096

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Reads the configuration to its end, so that its writer is not cut off, and looks only whether it is an object. */
static void __attribute__((noreturn)) answer_del(void) {
  char first = 0, last = 0;
  int seen = 0;
  for (long size; (size = read_some(STDIN, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < size; at++) {
      /* A byte order mark counts as blank, as it does to the program. */
      if (is_blank(buffer[at]) || (!seen && (buffer[at] & 0x80) != 0)) continue;
      if (!seen) first = buffer[at];
      last = buffer[at], seen = 1;
    }
  }
  if (first == '{' && last == '}') end(0);
  const char *what = !seen ? "empty" : "not a JSON object";
  say("{\"cniVersion\": \"1.1.0\", \"code\": 6, \"msg\": \"the network configuration on stdin is "), say(what);
  say("\", \"details\": \"KUMA-CNI-002\"}\n");
  write_all(answer, answered);
  end(1);
}

/* The path of the program. */
static const char *program_path(void) {
  static char path[LONGEST_PATH + sizeof PROGRAM];
  beside(PROGRAM, path, sizeof path);
  return path;
}

static void __attribute__((noreturn)) become(char **arguments, char **environment) {
  long result = call(EXECVE, (long)program_path(), (long)arguments, (long)environment, 0, 0);
  const char *kind = result == -ENOENT ? "it, or the loader that is written in it, is not there: errno" : "errno";
  fail("kuma-cni cannot start " PROGRAM ", which belongs beside it", kind, -result, result == -EAGAIN || result == -ENOMEM);
}

/* Starts the program; its standard output is the pipe whose end this gives. */
static int start(char **arguments, char **environment, long *child) {
  static const long by_default[4];
  int pipe[2];
  long result, parent = call(GETPID, 0, 0, 0, 0, 0);
  /* A parent that ignores the end of its children hands that down, and there would be no status. */
  call(RT_SIGACTION, SIGCHLD, (long)by_default, 0, 8, 0);
  /* Deno's runtime does not read what gives nothing at the moment. */
  int handed = conf != 0 || ((call(FCNTL, STDIN, F_GETFL, 0, 0, 0) & O_NONBLOCK) != 0 && keep_input_possible());
  if (handed) hand_input_on();
  result = call(PIPE2, (long)pipe, O_CLOEXEC, 0, 0, 0);
  if (result < 0) fail("kuma-cni has no descriptor left", "errno", -result, 1);
  *child = call(CLONE, SIGCHLD, 0, 0, 0, 0);
  if (*child < 0) fail("kuma-cni cannot start a process", "errno", -*child, 1);
  if (*child == 0) {
    /* Who kills kuma-cni means the program. */
    call(PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (call(GETPPID, 0, 0, 0, 0, 0) != parent) end(1);
    call(DUP3, pipe[1], STDOUT, 0, 0, 0);
    if (handed) call(DUP3, kept_input, STDIN, 0, 0, 0);
    become(arguments, environment);
  }
  call(CLOSE, pipe[1], 0, 0, 0, 0);
  return pipe[0];
}

/*
 * Runs the program, passes its answer on, and answers where it ended without one. An answer is held back until the
 * program has ended, as far as there is room for it: half of one, of a program that was killed, is none.
 */
static void __attribute__((noreturn)) supervise(char **arguments, char **environment, int answers) {
  long child, ended = 0, held = 0, passed = 0, whole = 1;
  int status = 0, output = start(arguments, environment, &child);
  for (;;) {
    /* What the program has started may have its output open for longer than it lives. */
    if (ended == 0) ended = call(WAIT4, child, (long)&status, WNOHANG, 0, 0);
    if (ended == -EINTR) ended = 0;
    if (!is_ready(output, POLLIN, ended == 0 ? now() + A_SECOND / 10 : 0)) {
      if (ended != 0) break;
      continue;
    }
    long size = read_some(output, buffer + held, sizeof buffer - held);
    if (size <= 0) break;
    if ((held += size) < (long)sizeof buffer) continue;
    whole = write_all(buffer, held) && whole;
    passed += held, held = 0;
  }
  while (ended == 0 || ended == -EINTR) ended = call(WAIT4, child, (long)&status, 0, 0, 0);
  if (ended < 0 && passed == 0) fail("kuma-cni does not know how it ended", "errno", -ended, 0);
  int signal = status & 0x7f, code = (status >> 8) & 0xff, any = passed + held > 0;
  if (ended < 0 || (signal != 0 && passed > 0)) end(1);
  if (signal == 0 && (any || (code == 0 && !answers))) {
    whole = write_all(buffer, held) && whole;
    end(whole ? code : 1);
  }
  fail("kuma-cni ended before it could answer", signal == 0 ? "exit code" : "signal", signal == 0 ? code : signal, 1);
}

/* Standard streams that were closed would be given to the next that is opened. */
static void open_standard_streams(void) {
  long fd;
  do fd = call(OPENAT, AT_FDCWD, (long)"/dev/null", O_RDWR, 0, 0); while (fd >= 0 && fd <= 2);
  if (fd > 2) call(CLOSE, fd, 0, 0, 0, 0);
}

void __attribute__((noreturn)) run(long *stack) {
  char **arguments = (char **)(stack + 1), **environment = arguments + stack[0] + 1;
  const char *command = variable(environment, "CNI_COMMAND=");
  open_standard_streams();
  if (is_plain("DEL", environment)) answer_del();
  /* A person, who asks for the version. */
  if (*command == 0) become(arguments, environment);
  try_quick_add(environment);
  supervise(arguments, environment, is(command, "ADD") || is(command, "VERSION"));
}
