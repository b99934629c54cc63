/* Texts, output and errors, which all of the front shares. */
enum { STDIN, STDOUT, SIGKILL = 9, SIGCHLD = 17, WNOHANG = 1, O_RDWR = 2, F_GETFL = 3 };
enum { ENOENT = 2, EINTR = 4, EAGAIN = 11, ENOMEM = 12, EEXIST = 17, EINVAL = 22, EFBIG = 27, ENOSPC = 28 };
enum { RLIMIT_NOFILE = 7, RLIMIT_AS = 9, PR_SET_PDEATHSIG = 1, AT_FDCWD = -100, O_CLOEXEC = 02000000 };

/* For whatever comes in. */
static _Alignas(16) char buffer[64 * 1024];

static void __attribute__((noreturn)) end(int code) {
  for (;;) call(EXIT_GROUP, code, 0, 0, 0, 0);
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

#include "waiting.h"

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

/* Puts the path of what lies beside this file, whatever link or name that was started by; 0 where it is too long. */
static int beside(const char *name, char *path, long room) {
  long size = call(READLINKAT, AT_FDCWD, (long)"/proc/self/exe", (long)path, room, 0), more = length(name) + 1;
  if (size < 0) fail("kuma-cni cannot read /proc/self/exe", "errno", -size, 0);
  if (size == room) return 0;
  while (size > 0 && path[size - 1] != '/') size--;
  if (size + more > room) return 0;
  for (long at = 0; at < more; at++) path[size + at] = name[at];
  return 1;
}
