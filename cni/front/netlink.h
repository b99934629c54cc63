/*
 * The three things that are said to nf_tables: whether there is any table, how many changes it has seen, and the
 * transaction that the installer has made. linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
 */
enum { AF_NETLINK = 16, SOCK_RAW = 3, NETLINK_NETFILTER = 12, ETIMEDOUT = 110 };
enum { NLM_F_REQUEST = 1, NLM_F_DUMP = 0x300, NLM_F_DUMP_INTR = 0x10, NLMSG_ERROR = 2, NLMSG_DONE = 3 };
enum { NFTABLES = 10 << 8, NFT_MSG_GETTABLE = 1, NFT_MSG_NEWGEN = 15, NFT_MSG_GETGEN = 16, NFTA_GEN_ID = 1 };
/* Answers are there when a message was sent; the limit only keeps a surprise from hanging the call. */
#define ANSWER_US 2000000

struct message {
  unsigned size;
  unsigned short type, flags;
  unsigned sequence, port;
  /* Of an answer to a question: family, version, resource. Of an error or an end: errno. */
  int first;
};

static int ask(int netlink, unsigned short type, unsigned short flags, unsigned sequence) {
  struct message question = {sizeof question, NFTABLES | type, NLM_F_REQUEST | flags, sequence, 0, 0};
  long sent = call(SENDTO, netlink, (long)&question, sizeof question, MSG_DONTWAIT, 0);
  return sent == sizeof question;
}

/* The next datagram in the buffer, with at least one whole message; its size, or the negative errno. */
static long receive_message(int netlink, long until) {
  for (;;) {
    if (!is_ready(netlink, POLLIN, until)) return -ETIMEDOUT;
    long size = call(RECVFROM, netlink, (long)buffer, sizeof buffer, MSG_DONTWAIT, 0);
    if (size == -EINTR || size == -EAGAIN) continue;
    const struct message *message = (const void *)buffer;
    if (size < 0) return size;
    return size >= (long)sizeof *message && message->size >= sizeof *message && message->size <= size ? size : -EINVAL;
  }
}

/* The number that every change of nf_tables in the namespace raises, and that comes before looking; 0 where the kernel
 * does not tell. */
static unsigned generation_of(int netlink) {
  const struct message *message = (const void *)buffer;
  const unsigned char *attribute = (const unsigned char *)buffer + sizeof *message;
  if (!ask(netlink, NFT_MSG_GETGEN, 0, 1)) return 0;
  if (receive_message(netlink, now() + ANSWER_US) < (long)sizeof *message + 8) return 0;
  if (message->type != (NFTABLES | NFT_MSG_NEWGEN) || message->sequence != 1) return 0;
  if (attribute[0] != 8 || attribute[1] != 0 || attribute[2] != NFTA_GEN_ID || attribute[3] != 0) return 0;
  return (unsigned)attribute[4] << 24 | attribute[5] << 16 | attribute[6] << 8 | attribute[7];
}

/* Whether there is no table of any family, ours included. */
static int has_no_tables(int netlink) {
  const struct message *message = (const void *)buffer;
  if (!ask(netlink, NFT_MSG_GETTABLE, NLM_F_DUMP, 2)) return 0;
  if (receive_message(netlink, now() + ANSWER_US) < 0) return 0;
  return message->type == NLMSG_DONE && message->sequence == 2 && (message->flags & NLM_F_DUMP_INTR) == 0 &&
         message->first == 0;
}

/*
 * Puts a transaction in force: 0, or the errno that says why it is not; ETIMEDOUT where that is not known. The kernel
 * tells of what it refuses before it acknowledges the last message (nfnetlink_rcv_batch).
 */
static long commit(int netlink, const char *batch, long size, unsigned acknowledged) {
  long until = now() + ANSWER_US;
  long sent = call(SENDTO, netlink, (long)batch, size, MSG_DONTWAIT, 0);
  if (sent != size) return sent < 0 ? -sent : EINVAL;
  for (;;) {
    long left = receive_message(netlink, until);
    if (left < 0) return -left;
    for (const char *at = buffer; left >= (long)sizeof(struct message);) {
      const struct message *message = (const void *)at;
      if (message->size < sizeof *message || message->size > left) return EINVAL;
      if (message->type == NLMSG_ERROR && message->first != 0) return -message->first;
      if (message->type == NLMSG_ERROR && message->sequence == acknowledged) return 0;
      long step = (message->size + 3) & ~3L;
      at += step, left -= step;
    }
  }
}
