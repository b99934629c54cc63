/* What a runtime says by variables, as strictly as the program reads it. */
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

/* Whether this is a call of a command as runtimes make it, in a namespace that is not our own. The program tells what
 * is wrong with any other. */
static int is_plain(const char *command, char **environment) {
  return is(variable(environment, "CNI_COMMAND="), command) &&
         is_container_id(variable(environment, "CNI_CONTAINERID=")) &&
         is_interface(variable(environment, "CNI_IFNAME=")) &&
         *variable(environment, "CNI_PATH=") != 0 && *variable(environment, "CNI_NETNS_OVERRIDE=") == 0 &&
         !is_own_netns(variable(environment, "CNI_NETNS="));
}
