/* The system calls of Linux that the front needs, without a C library: their numbers and how they are made (syscall(2)). */
#if defined(__x86_64__)
enum {
  READ = 0, WRITE = 1, CLOSE = 3, LSEEK = 8, MMAP = 9, RT_SIGACTION = 13, IOCTL = 16, GETPID = 39, SOCKET = 41,
  CONNECT = 42, SENDTO = 44, RECVFROM = 45, BIND = 49, GETSOCKOPT = 55, CLONE = 56, EXECVE = 59, WAIT4 = 61, FCNTL = 72,
  GETPPID = 110, FSTATFS = 138, PRCTL = 157, CLOCK_GETTIME = 228, EXIT_GROUP = 231, OPENAT = 257, NEWFSTATAT = 262,
  READLINKAT = 267, PPOLL = 271, DUP3 = 292, PIPE2 = 293, PRLIMIT64 = 302, SETNS = 308, MEMFD_CREATE = 319,
};
#elif defined(__aarch64__)
enum {
  DUP3 = 24, FCNTL = 25, IOCTL = 29, FSTATFS = 44, OPENAT = 56, CLOSE = 57, PIPE2 = 59, LSEEK = 62, READ = 63, WRITE = 64,
  PPOLL = 73, READLINKAT = 78, NEWFSTATAT = 79, EXIT_GROUP = 94, CLOCK_GETTIME = 113, RT_SIGACTION = 134, PRCTL = 167,
  GETPID = 172, GETPPID = 173, SOCKET = 198, BIND = 200, CONNECT = 203, SENDTO = 206, RECVFROM = 207,
  GETSOCKOPT = 209, CLONE = 220, EXECVE = 221, MMAP = 222, WAIT4 = 260, PRLIMIT64 = 261, SETNS = 268,
  MEMFD_CREATE = 279,
};
#else
#error "only amd64 and arm64 are known"
#endif

/* The result: 0 or more, or the negative errno. */
static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return number;
#else
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#endif
}

static inline long call(long number, long a, long b, long c, long d, long e) {
  return call6(number, a, b, c, d, e, 0);
}

/* The kernel starts here, with the number of arguments, the arguments and the environment on the stack. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call run");
#else
__asm__(".globl _start\n_start: mov x29, #0\n mov x30, #0\n mov x0, sp\n bl run");
#endif
