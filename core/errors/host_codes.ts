import type { CodeText } from "./tp_codes.ts";

/** The `KUMA-HOST-…` codes, of what all programs do on a host: what each means and what to do. */
export const HOST_CODES = {
  "KUMA-HOST-020": {
    title: "A program's interpreter cannot be read",
    todo:
      "The plugin in the image is damaged or not built for this machine: use the image as released.",
  },
  "KUMA-HOST-021": {
    title: "The plugin cannot be made to start in this bin dir",
    todo: "Use an absolute bin dir of at most 200 bytes, and the plugin as it was built.",
  },
  "KUMA-HOST-022": {
    title: "The program cannot be read from its own file",
    todo:
      "The file was replaced at the moment when it was started, or is damaged: run it again, else " +
      "install it anew.",
  },
  "KUMA-HOST-101": {
    title: "A program was not found on this host",
    todo: "Install the package that it belongs to, or give its path.",
  },
  "KUMA-HOST-102": {
    title: "A program cannot be started",
    todo:
      "Check that the file is executable and made for this machine's architecture, and that its " +
      "interpreter (its first line, or what ldd names) and /dev/null exist.",
  },
  "KUMA-HOST-103": {
    title: "A program did not end in time",
    todo: "It was stopped. Run it by hand to see what it waits for.",
  },
  "KUMA-HOST-104": {
    title: "A program wrote far more than expected",
    todo: "Run it by hand and look at what it writes.",
  },
  "KUMA-HOST-110": {
    title: "The C library cannot be opened",
    todo: "The program needs glibc (libc.so.6) of version 2.27 or newer.",
  },
  "KUMA-HOST-111": {
    title: "A network namespace does not exist or cannot be opened",
    todo: "Check the path; 'ip netns' lists the named ones.",
  },
  "KUMA-HOST-112": {
    title: "What was given is not a network namespace",
    todo: "Give a path such as /run/netns/NAME or /proc/PID/ns/net.",
  },
  "KUMA-HOST-113": {
    title: "A network namespace cannot be entered",
    todo: "Run as root with CAP_SYS_ADMIN.",
  },
  "KUMA-HOST-114": {
    title: "The user namespace of a pod (hostUsers: false) cannot be entered",
    todo: "Install nsenter (package util-linux) on the node, or do not set hostUsers to false.",
  },
  "KUMA-HOST-115": {
    title: "A file in memory cannot be made",
    todo:
      "The rules for a program of --iptables-executables are handed over in one. Free memory, or raise the limits.",
  },
  "KUMA-HOST-120": {
    title: "There is no loopback interface, or it cannot be asked for",
    todo: "Check 'ip link show lo' in the network namespace that is to be redirected.",
  },
  "KUMA-HOST-121": {
    title: "The address ::6 cannot be added to the loopback interface",
    todo:
      "Check that IPv6 is on for it (sysctl net.ipv6.conf.lo.disable_ipv6), or use --ip-family-mode ipv4.",
  },
  "KUMA-HOST-130": {
    title: "A file cannot be written or removed",
    todo:
      "Check the folder's permissions, free space, and whether it is mounted read-only; the old file was not touched.",
  },
  "KUMA-HOST-131": {
    title: "A file that root reads back can be changed by others",
    todo:
      "Nothing was read from it. Look at the file or folder that the message names: remove it, or give it " +
      "to root alone (chown root:root, chmod go-w).",
  },
  "KUMA-HOST-140": {
    title: "The privileges of the process cannot be found out",
    todo: "Allow the system call capget, which a seccomp profile may forbid.",
  },
  "KUMA-HOST-150": {
    title: "The user that runs kuma-dp was not found",
    todo:
      "Create it (useradd -u 5678 -U kuma-dp), or name an existing one with --kuma-dp-user; only " +
      "/etc/passwd is looked at.",
  },
  "KUMA-HOST-151": {
    title: "The users of the host cannot be read",
    todo: "Make /etc/passwd a file that can be read; who runs kuma-dp is looked up there.",
  },
  "KUMA-HOST-160": {
    title: "The API server does not answer",
    todo: "Check the address in the kubeconfig and this node's connection to it.",
  },
  "KUMA-HOST-161": {
    title: "The API server's certificate is not trusted, or the CA cannot be used",
    todo: "Check the CA in the kubeconfig; the CNI installer writes it anew.",
  },
  "KUMA-HOST-162": {
    title: "The API server's answer is too long",
    todo: "Check that the address in the kubeconfig is that of the API server.",
  },
  "KUMA-HOST-163": {
    title: "The API server refused a request",
    todo: "Read its words: 403 names the right that is missing, 429 and 5xx are tried again.",
  },
  "KUMA-HOST-164": {
    title: "A kubeconfig, or a file that it names, cannot be read",
    todo: "Check that the file is there, a plain file, and readable for this program.",
  },
  "KUMA-HOST-165": {
    title: "A kubeconfig or a token cannot be used",
    todo: "Give its cluster a CA and its user a token, a tokenFile or a client certificate.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
