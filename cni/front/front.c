/*
 * kuma-cni as the container runtime starts it: a program of a few kilobytes, without any library, in front of the one
 * that does the work (.kuma-cni-runtime/kuma-cni beside it, which Deno's runtime carries).
 *
 * DEL has nothing to take away, since rules die with the pod's namespace: it is answered here, so that no limit of
 * memory, descriptors or processes can keep a pod from going. All else is left to the program. Where that cannot be
 * started, or ends without an answer (Deno's runtime does, below its limits, before it has read a line of ours), the
 * runtime gets the specification's error JSON, with the limit that is too low, in the place of silence.
 */
#include "system_calls.h"

#define PROGRAM ".kuma-cni-runtime/kuma-cni"
#define LONGEST_PATH 4096
/* What docs/cni.md promises to be enough. */
#define FILES 24
#define ADDRESS_SPACE (64UL << 30)

enum { STDIN, STDOUT, ENOENT = 2, SIGKILL = 9, SIGCHLD = 17, EINTR = 4, EAGAIN = 11, ENOMEM = 12 };
enum { RLIMIT_NOFILE = 7, RLIMIT_AS = 9, PR_SET_PDEATHSIG = 1, AT_FDCWD = -100, O_CLOEXEC = 02000000 };

static char buffer[64 * 1024];

static void __attribute__((noreturn)) end(int code) {
  for (;;) call(EXIT_GROUP, code, 0, 0, 0, 0);
}

static int write_all(const char *from, long size) {
  while (size > 0) {
    long done = call(WRITE, STDOUT, (long)from, size, 0, 0);
    if (done == -EINTR) continue;
    if (done <= 0) return 0;
    from += done, size -= done;
  }
  return 1;
}

static long length(const char *text) {
  long at = 0;
  while (text[at] != 0) at++;
  return at;
}

static int is(const char *text, const char *other) {
  while (*text != 0 && *text == *other) text++, other++;
  return *text == *other;
}

/* The value of a variable, whose name comes with its "="; empty where it is not set. */
static const char *variable(char **environment, const char *name) {
  for (; *environment != 0; environment++) {
    const char *text = *environment, *wanted = name;
    while (*wanted != 0 && *text == *wanted) text++, wanted++;
    if (*wanted == 0) return text;
  }
  return "";
}

/* A text that grows. */
static char answer[1024];
static long answered;

static void say(const char *text) {
  for (; *text != 0 && answered < (long)sizeof answer; text++) answer[answered++] = *text;
}

static void say_number(unsigned long number) {
  char digits[24], *at = digits + sizeof digits;
  *--at = 0;
  do *--at = '0' + number % 10; while ((number /= 10) != 0);
  say(at);
}

static void say_limit(int limit, unsigned long needed, const char *what, const char *setting) {
  unsigned long values[2] = {0, 0};
  if (call(PRLIMIT64, 0, limit, 0, (long)values, 0) < 0 || values[0] >= needed) return;
  say("; the limit of "), say(what), say(" is "), say_number(values[0]), say(", "), say_number(needed);
  say(" are needed ("), say(setting), say("= of the container runtime)");
}

/* Ends as the specification wants a failure: 11 tells the runtime that trying again later may help. */
static void __attribute__((noreturn)) fail(const char *what, const char *kind, long number, int by_limits) {
  say("{\"cniVersion\": \"1.1.0\", \"code\": 11, \"msg\": \""), say(what), say(" ("), say(kind);
  say(" "), say_number(number), say(")\", \"details\": \"KUMA-CNI-024");
  if (by_limits) {
    say_limit(RLIMIT_NOFILE, FILES, "open files", "LimitNOFILE");
    say_limit(RLIMIT_AS, ADDRESS_SPACE, "address space", "LimitAS");
    say("; it needs 64 MiB of memory (MemoryMax=) and 6 processes and threads (TasksMax=)");
  }
  say("\"}\n");
  write_all(answer, answered);
  end(1);
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_container_id(const char *text) {
  if (!is_letter(*text)) return 0;
  while (is_letter(*text) || *text == '_' || *text == '.' || *text == '-') text++;
  return *text == 0;
}

static int is_interface(const char *text) {
  if (length(text) < 1 || length(text) > 15 || is(text, ".") || is(text, "..")) return 0;
  while (*text > ' ' && *text < 127 && *text != '/' && *text != ':') text++;
  return *text == 0;
}

/* Device and inode, with which struct stat begins on both architectures. */
static int identify(const char *path, unsigned long *both) {
  unsigned long stat[32];
  if (call(NEWFSTATAT, AT_FDCWD, (long)path, (long)stat, 0, 0) < 0) return 0;
  both[0] = stat[0], both[1] = stat[1];
  return 1;
}

static int is_own_netns(const char *path) {
  unsigned long own[2], named[2];
  return identify("/proc/self/ns/net", own) && identify(path, named) && own[0] == named[0] && own[1] == named[1];
}

/* Whether this is a DEL as runtimes make them. The program tells what is wrong with any other. */
static int is_plain_del(char **environment) {
  return is(variable(environment, "CNI_COMMAND="), "DEL") &&
         is_container_id(variable(environment, "CNI_CONTAINERID=")) &&
         is_interface(variable(environment, "CNI_IFNAME=")) &&
         *variable(environment, "CNI_PATH=") != 0 && *variable(environment, "CNI_NETNS_OVERRIDE=") == 0 &&
         !is_own_netns(variable(environment, "CNI_NETNS="));
}

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Reads the configuration to its end, so that its writer is not cut off, and looks only whether it is an object. */
static void __attribute__((noreturn)) answer_del(void) {
  char first = 0, last = 0;
  int seen = 0;
  for (long size;;) {
    size = call(READ, STDIN, (long)buffer, sizeof buffer, 0, 0);
    if (size == -EINTR) continue;
    if (size <= 0) break;
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

/* The path of the program: beside this file, whatever link or name it was started by. */
static const char *program_path(void) {
  static char path[LONGEST_PATH + sizeof PROGRAM];
  long size = call(READLINKAT, AT_FDCWD, (long)"/proc/self/exe", (long)path, LONGEST_PATH, 0);
  if (size < 0) fail("kuma-cni cannot read /proc/self/exe", "errno", -size, 0);
  while (size > 0 && path[size - 1] != '/') size--;
  for (long at = 0; at < (long)sizeof PROGRAM; at++) path[size + at] = PROGRAM[at];
  return path;
}

static void __attribute__((noreturn)) become(char **arguments, char **environment) {
  long result = call(EXECVE, (long)program_path(), (long)arguments, (long)environment, 0, 0);
  const char *kind = result == -ENOENT ? "it, or the loader that is written in it, is not there: errno" : "errno";
  fail("kuma-cni cannot start " PROGRAM ", which belongs beside it", kind, -result, result == -EAGAIN || result == -ENOMEM);
}

/* Runs the program, passes its answer on, and answers where it ended without one. */
static void __attribute__((noreturn)) supervise(char **arguments, char **environment) {
  static const long by_default[4];
  int pipe[2], status = 0;
  long result, parent = call(GETPID, 0, 0, 0, 0, 0), passed = 0, whole = 1;
  /* A parent that ignores the end of its children hands that down, and there would be no status. */
  call(RT_SIGACTION, SIGCHLD, (long)by_default, 0, 8, 0);
  result = call(PIPE2, (long)pipe, O_CLOEXEC, 0, 0, 0);
  if (result < 0) fail("kuma-cni has no descriptor left", "errno", -result, 1);
  long child = call(CLONE, SIGCHLD, 0, 0, 0, 0);
  if (child < 0) fail("kuma-cni cannot start a process", "errno", -child, 1);
  if (child == 0) {
    /* Who kills kuma-cni means the program. */
    call(PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (call(GETPPID, 0, 0, 0, 0, 0) != parent) end(1);
    call(DUP3, pipe[1], STDOUT, 0, 0, 0);
    become(arguments, environment);
  }
  call(CLOSE, pipe[1], 0, 0, 0, 0);
  for (;;) {
    result = call(READ, pipe[0], (long)buffer, sizeof buffer, 0, 0);
    if (result == -EINTR) continue;
    if (result <= 0) break;
    passed += result;
    whole = write_all(buffer, result) && whole;
  }
  do result = call(WAIT4, child, (long)&status, 0, 0, 0); while (result == -EINTR);
  int signal = status & 0x7f, code = (status >> 8) & 0xff;
  if (signal == 0 && (code == 0 || passed > 0)) end(whole ? code : 1);
  if (passed > 0) end(1);
  fail("kuma-cni ended before it could answer", signal == 0 ? "exit code" : "signal", signal == 0 ? code : signal, 1);
}

void __attribute__((noreturn)) run(long *stack) {
  char **arguments = (char **)(stack + 1), **environment = arguments + stack[0] + 1;
  if (is_plain_del(environment)) answer_del();
  /* A person, who asks for the version. */
  if (*variable(environment, "CNI_COMMAND=") == 0) become(arguments, environment);
  supervise(arguments, environment);
}
