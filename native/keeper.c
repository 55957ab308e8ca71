// The keeper: holds duplicates of what must outlive Sentry (the read ends of its processes' output, their pidfds,
// what they speak through, tails, listening sockets), each under a label, and decides nothing. Bytes in a pipe live as
// long as somebody has it open; a process that prints into a pipe without a reader ends by SIGPIPE; a pidfd that was held
// when its process was reaped still tells how that ended (Linux 6.15). So while this program runs, a killed Sentry loses
// nothing.
//
// Descriptor 3 is a listening SOCK_SEQPACKET socket, the argument its name. One connection counts, that of whoever came
// last; only our own user is let in. A message is a letter, text, and descriptors (SCM_RIGHTS, unix(7)):
//   H   labels, one a line, and as many descriptors: hold them. What had one of these labels before is let go
//   R   labels: let go
//   G   give everything: answered by a message like H for each, and an E
//   W   who are you? Answered by W and a pidfd of this process
//   Q   remove the socket's name, and end
//
// Without a connection it goes on holding while anything is of worth to a successor: a process that lives or whose exit
// status can be had, a pipe that somebody may still print into or that has unread bytes. What can change is polled, and
// what cannot is not, so that nothing wakes it twice. Nothing is of worth once its own name is gone. docs/survival.md
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LISTENER = 3, LONGEST = 65536, MOST_RECEIVED = 253 /* SCM_MAX_FD */, MOST_HELD = 1 << 20 };
struct pidfd_info { unsigned long long mask, more[7]; };  // <linux/pidfd.h>, Linux 6.13
#define GET_INFO (int)_IOWR(0xFF, 11, struct pidfd_info)  // 6.13; musl's ioctl takes an int
#define INFO_EXIT 8ull  // 6.15: of the mask. The exit status is among what is told, once the process was reaped

static struct held { char *label; int fd; bool worth; } *held;  // `worth` is only kept up while nobody is connected
static struct pollfd *polled;                                   // the listener, the connection, and all that is held
static size_t count, most;  // descriptors numbered `most` and above are not held: one is free for the next connection
static int connection = -1, self = -1;

static void let_go(const char *label) {
  size_t n = 0;
  while (n < count && strcmp(held[n].label, label)) ++n;
  if (n == count) return;
  close(held[n].fd);
  free(held[n].label);
  held[n] = held[--count];
}

static void hold(const char *label, int fd) {
  let_go(label);
  char *copy = (size_t)fd < most ? strdup(label) : NULL;
  if (copy) held[count++] = (struct held){copy, fd, false};
  else close(fd);
}

static bool say(char letter, char *label, int fd) {
  union { struct cmsghdr head; char room[CMSG_SPACE(sizeof fd)]; } rights = {0};
  rights.head.cmsg_len = CMSG_LEN(sizeof fd);
  rights.head.cmsg_level = SOL_SOCKET;
  rights.head.cmsg_type = SCM_RIGHTS;
  memcpy(CMSG_DATA(&rights.head), &fd, sizeof fd);
  struct iovec words[] = {{&letter, 1}, {label, strlen(label)}};
  struct msghdr message = {.msg_iov = words, .msg_iovlen = 2, .msg_control = &rights};
  message.msg_controllen = fd >= 0 ? sizeof rights : 0;
  if (sendmsg(connection, &message, MSG_NOSIGNAL) >= 0) return true;
  shutdown(connection, SHUT_RDWR);  // whoever waits for the rest must know; what came from there before is still read
  return false;
}

static bool is_process(const struct held *one) { return !strncmp(one->label, "pid ", 4); }

static void disconnect(void) {
  close(connection);
  connection = -1;
  for (size_t n = 0; n < count; ++n) {  // all that can be of worth is, until poll has told otherwise
    const bool process = is_process(&held[n]);
    held[n].worth = process || !strncmp(held[n].label, "out ", 4) || !strncmp(held[n].label, "err ", 4);
    polled[n + 2] = (struct pollfd){held[n].worth ? held[n].fd : -1, process ? POLLIN : 0, 0};
  }
}

// A process has ended, or a pipe has lost its last writer.
static void weigh(struct held *one, struct pollfd *seen) {
  struct pidfd_info info = {.mask = INFO_EXIT};
  int unread = 0;
  if (is_process(one)) {
    const bool told = !ioctl(one->fd, GET_INFO, &info);
    one->worth = told && (info.mask & INFO_EXIT);
    seen->events = 0;
    if (told && !one->worth && !(seen->revents & POLLHUP)) { one->worth = true; return; }  // a zombie: see once reaped
  } else one->worth = !ioctl(one->fd, FIONREAD, &unread) && unread > 0;
  seen->fd = -1;
}

static void receive(const char *name) {
  static char text[LONGEST + 1];
  static union { struct cmsghdr head; char room[CMSG_SPACE(MOST_RECEIVED * sizeof(int))]; } rights;
  struct iovec words = {text, LONGEST};
  struct msghdr message = {.msg_iov = &words, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
  const ssize_t length = recvmsg(connection, &message, 0);
  if (length < 0 && errno == ECONNRESET) return;  // told once, before what is still there to be read
  if (length <= 0) { disconnect(); return; }
  text[length] = 0;
  const char letter = message.msg_flags & MSG_TRUNC ? 0 : *text;
  char *rest = text + 1, *label;
  int fds[MOST_RECEIVED];
  size_t given = message.msg_controllen > 0 ? (rights.head.cmsg_len - CMSG_LEN(0)) / sizeof *fds : 0, filed = 0;
  memcpy(fds, CMSG_DATA(&rights.head), given * sizeof *fds);
  while (letter == 'H' && filed < given && (label = strsep(&rest, "\n"))) hold(label, fds[filed++]);
  while (filed < given) close(fds[filed++]);
  while (letter == 'R' && (label = strsep(&rest, "\n"))) let_go(label);
  if (letter == 'W') say('W', "", self);
  for (size_t n = 0; letter == 'G' && n < count && say('H', held[n].label, held[n].fd);) ++n;
  if (letter == 'G') say('E', "", -1);
  if (letter == 'Q') exit(unlink(name) != 0);
}

static void admit(void) {
  struct ucred who;
  socklen_t size = sizeof who;
  const int peer = accept(LISTENER, NULL, NULL);
  const bool own = peer >= 0 && !getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) && who.uid == geteuid();
  if (peer < 0 && errno != ECONNABORTED) sleep(1);  // the whole machine is out of files
  close(own ? connection : peer);
  if (own) connection = peer;
}

int main(int argc, char **argv) {
  if (argc != 2 || listen(LISTENER, 4)) return 2;
  syscall(SYS_close_range, LISTENER + 1u, ~0u, 0u);  // Linux 5.9
  struct rlimit files = {64, 64};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files)) getrlimit(RLIMIT_NOFILE, &files);
  most = files.rlim_cur < MOST_HELD ? files.rlim_cur - 2 : MOST_HELD;
  held = calloc(most, sizeof *held);  // whose pages the kernel gives when they are used
  polled = calloc(most + 2, sizeof *polled);
  if (!held || !polled || chdir("/")) return 1;
  self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  setsid();
  for (;;) {
    bool stays = connection >= 0, is_lost = access(argv[1], F_OK) && errno == ENOENT;  // nobody can find it any more
    for (size_t n = 0; n < count && !stays && !is_lost; ++n) stays = held[n].worth;
    polled[0] = (struct pollfd){LISTENER, POLLIN, 0};
    polled[1] = (struct pollfd){connection, POLLIN, 0};
    if (poll(polled, connection >= 0 ? 2 : count + 2, stays ? -1 : 0) == 0) return 0;
    if (polled[1].revents) receive(argv[1]);  // before another is let in: what the last one has sent counts
    else if (polled[0].revents) admit();
    else for (size_t n = 0; n < count; ++n) if (polled[n + 2].revents) weigh(&held[n], &polled[n + 2]);
  }
}
