/* The system calls of Linux that the front needs, without a C library: their numbers and how they are made (syscall(2)). */
#if defined(__x86_64__)
enum {
  READ = 0, WRITE = 1, CLOSE = 3, RT_SIGACTION = 13, GETPID = 39, CLONE = 56, EXECVE = 59, WAIT4 = 61, GETPPID = 110,
  PRCTL = 157, EXIT_GROUP = 231, NEWFSTATAT = 262, READLINKAT = 267, DUP3 = 292, PIPE2 = 293, PRLIMIT64 = 302,
};
#elif defined(__aarch64__)
enum {
  DUP3 = 24, CLOSE = 57, PIPE2 = 59, READ = 63, WRITE = 64, READLINKAT = 78, NEWFSTATAT = 79, EXIT_GROUP = 94,
  RT_SIGACTION = 134, PRCTL = 167, GETPID = 172, GETPPID = 173, CLONE = 220, EXECVE = 221, WAIT4 = 260, PRLIMIT64 = 261,
};
#else
#error "only amd64 and arm64 are known"
#endif

/* The result: 0 or more, or the negative errno. */
static inline long call(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return number;
#else
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#endif
}

/* The kernel starts here, with the number of arguments, the arguments and the environment on the stack. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call run");
#else
__asm__(".globl _start\n_start: mov x29, #0\n mov x30, #0\n mov x0, sp\n bl run");
#endif
