#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "birthplace.h"
#include "clone3.h"
#include "die_at.h"
#include "identity.h"
#include "notify.h"

#ifndef P_PIDFD
#define P_PIDFD 3  // Linux 5.4
#endif

// ThreadSanitizer takes every clone(2) for a fork, and from then on believes nothing that the "child" does: which is
// this thread, since the memory is shared. glibc's other name for the same function is not watched.
#ifdef __SANITIZE_THREAD__
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
#define clone_function __clone
#else
#define clone_function ::clone
#endif

namespace sentry {

namespace {

constexpr size_t kStackBytes = 64 * 1024;

struct Pipe {
  Fd read;
  Fd write;
};

// The child's end is opened for reading and writing: as long as the child lives, its pipe has a reader, so a Sentry
// that was killed does not end its children by SIGPIPE. A file of its own user, which setuid children may reopen.
std::variant<Pipe, Fault> make_pipe(const Plan& plan, bool wanted) noexcept {
  if (!wanted) return Pipe{};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return Fault{"pipe", errno, ""};
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  if (plan.changes_user() && fchown(ends[1], plan.uid(), plan.gid()) < 0) return plan.identity_fault(errno);
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
  if (Fd both(open(path, O_RDWR | O_CLOEXEC)); both) pipe.write = std::move(both);  // without /proc: as it was
  return pipe;
}

// Output without a sink, or to our own stdout or stderr, needs none.
std::variant<Pipe, Fault> output_pipe(const Plan& plan, const std::optional<int>& sink) noexcept {
  return make_pipe(plan, sink.has_value() && *sink != kInherited);
}

// What was asked for of it, and the child's end of the readiness pipe. The socket's owner tells whom to believe (notices.h).
std::optional<Fault> open_channels(const Plan& plan, Channels& channels, Fd& childs_end) noexcept {
  if (const auto& name = plan.request().notify) {
    auto bound = bind_notify(*name);
    if (auto* fault = std::get_if<Fault>(&bound)) return std::move(*fault);
    channels = {*name, std::get<Fd>(std::move(bound)), {}};
    if (plan.changes_user() && fchown(channels.notify.get(), plan.uid(), plan.gid()) < 0) return plan.identity_fault(errno);
  }
  auto ready = make_pipe(plan, plan.request().ready_fd.has_value());
  if (auto* fault = std::get_if<Fault>(&ready)) return std::move(*fault);
  channels.ready = std::move(std::get<Pipe>(ready).read);
  childs_end = std::move(std::get<Pipe>(ready).write);
  return std::nullopt;
}

// The same open file under the low number, where its own is not low.
int lowered(int fd, const Fd& low) noexcept {
  return fd >= LowNumbers::kLow && low && dup3(fd, low.get(), O_CLOEXEC) >= 0 ? low.get() : fd;
}

// What becomes the child's stdout or stderr. Of our own it gets the same open file, and nothing is changed about that: its
// owner and its flags (O_NONBLOCK, where somebody has set it) concern all who have it. Where that was closed before, it is
// as for one that has no sink.
int childs_output(const Pipe& pipe, const std::optional<int>& sink, int own, const Fd& low, int null_fd) noexcept {
  if (pipe.write) return lowered(pipe.write.get(), low);
  return sink == kInherited && fcntl(own, F_GETFD) >= 0 ? own : null_fd;
}

ino_t inode_of(const Fd& pipe) noexcept {
  struct stat found{};
  return fstat(pipe.get(), &found) == 0 ? found.st_ino : 0;
}

// What the child says to the keeper: process_label(), with its pid, which only the child knows in time.
class OwnWords {
 public:
  OwnWords(const KeeperLink& keeper, const std::string& kept)
      : connection_(keeper.borrow()), label_("H" + process_label(kept, 0)) {
    label_.pop_back();  // the pid's place
    parts_[0] = {label_.data(), label_.size()};
    parts_[1] = {digits_, 0};
    message_.msg_iov = parts_;
    message_.msg_iovlen = 2;
    message_.msg_control = rights_;
    message_.msg_controllen = sizeof rights_;
    cmsghdr* const head = CMSG_FIRSTHDR(&message_);
    head->cmsg_len = CMSG_LEN(sizeof(int));
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    *descriptor() = -1;
  }

  Introduction introduction() noexcept {
    int* const descriptor = this->descriptor();
    return {connection_ ? *connection_ : -1, &message_, descriptor, digits_, &parts_[1].iov_len, false};
  }

  // What a child that was killed in the middle of it has left open in our table.
  ~OwnWords() { const Fd left(*descriptor()); }
  OwnWords(const OwnWords&) = delete;
  OwnWords& operator=(const OwnWords&) = delete;

 private:
  int* descriptor() noexcept { return reinterpret_cast<int*>(CMSG_DATA(CMSG_FIRSTHDR(&message_))); }

  std::shared_ptr<const int> connection_;  // open for as long as this
  std::string label_;
  char digits_[20];
  iovec parts_[2];
  alignas(cmsghdr) char rights_[CMSG_SPACE(sizeof(int))] = {};
  msghdr message_{};
};

int64_t own_peak_rss() noexcept {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void reap_failed(int pidfd) noexcept {
  siginfo_t status{};
  while (syscall(SYS_waitid, P_PIDFD, pidfd, &status, WEXITED, nullptr) < 0 && errno == EINTR) {
  }
}

}  // namespace

LowNumbers LowNumbers::reserve(int null_fd) noexcept {
  const auto low = [null_fd] { return Fd(fcntl(null_fd, F_DUPFD_CLOEXEC, 3)); };
  return {low(), low(), low()};
}

Lane::Lane(int null_fd, LowNumbers low, KeeperLink keeper, std::shared_ptr<const Cgroups> cgroups) noexcept
    : null_fd_(null_fd),
      low_(std::move(low)),
      keeper_(std::move(keeper)),
      cgroups_(std::move(cgroups)),
      stack_(mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}

Lane::~Lane() {
  if (stack_ != MAP_FAILED) munmap(stack_, kStackBytes);
}

// The child's pid, or an errno, negative.
int Lane::bear(ChildPlan& child, int* pidfd, int cgroup) noexcept {
  if (cgroup >= 0) return static_cast<int>(clone_into(cgroup, stack_, kStackBytes, pidfd, after_clone, &child));
  constexpr int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
  const int pid = clone_function(after_clone, static_cast<char*>(stack_) + kStackBytes, flags, &child, pidfd);
  return pid < 0 ? -errno : pid;
}

std::variant<Child, Fault> Lane::clone(Plan& plan, Handle& handle) noexcept {
  if (null_fd_ < 0) return Fault{"open", EMFILE, "/dev/null"};
  if (stack_ == MAP_FAILED) return Fault{"clone", ENOMEM, "stack"};
  const Request& request = plan.request();
  auto out = output_pipe(plan, request.out_sink);
  if (auto* fault = std::get_if<Fault>(&out)) return std::move(*fault);
  auto err = output_pipe(plan, request.err_sink);
  if (auto* fault = std::get_if<Fault>(&err)) return std::move(*fault);
  auto& out_pipe = std::get<Pipe>(out);
  auto& err_pipe = std::get<Pipe>(err);
  Channels channels;
  Fd ready_end;
  if (auto fault = open_channels(plan, channels, ready_end)) return std::move(*fault);
  Birthplace place(cgroups_.get(), request.run);
  if (auto fault = place.make()) return std::move(*fault);

  // Before the clone: at no moment is there a process whose output nobody but us holds.
  const uint64_t held_at = keeper_.generation();
  const std::string out_label = "out " + request.kept, err_label = "err " + request.kept;
  keeper_.hold({out_label, out_pipe.read.get()}, {err_label, err_pipe.read.get()});
  hold(keeper_, request.kept, channels);
  die_at("hold-output");

  OwnWords own_words(keeper_, request.kept);
  plan.child().introduction = own_words.introduction();
  plan.set_standard(null_fd_, childs_output(out_pipe, request.out_sink, STDOUT_FILENO, low_.out, null_fd_),
                    childs_output(err_pipe, request.err_sink, STDERR_FILENO, low_.err, null_fd_));
  if (ready_end) plan.set_ready(lowered(ready_end.get(), low_.ready));
  plan.child().unshare_from = static_cast<unsigned>(std::max(LowNumbers::kLow, plan.highest_kept() + 1));

  // The kernel writes the pidfd before the child runs; an int is what it writes, and another thread may be reading.
  static_assert(sizeof(std::atomic<int>) == sizeof(int) && std::atomic<int>::is_always_lock_free);
  auto* pidfd_out = reinterpret_cast<int*>(&handle.pidfd);
  plan.child().begun = &handle.begun;
  const int dumpable = prctl(PR_GET_DUMPABLE);
  const Stamp at = now();
  const int pid = place.bear([&](int cgroup) { return bear(plan.child(), pidfd_out, cgroup); });

  // Nothing of the child's output may stay open here, or its pipes would never end.
  for (const Fd* low : {&low_.out, &low_.err, &low_.ready})
    if (*low) dup3(null_fd_, low->get(), O_CLOEXEC);
  // The child that became another user shared our memory, and the kernel took the right to be dumped from all of it.
  if (plan.changes_user() && dumpable == 1) prctl(PR_SET_DUMPABLE, 1);

  if (pid < 0 || plan.child().failed != Step::none) {
    keeper_.release(out_label);
    keeper_.release(err_label);
    release(keeper_, request.kept, std::move(channels));
    if (pid >= 0) keeper_.release(process_label(request.kept, pid));
    if (pid >= 0) reap_failed(handle.pidfd);
    else handle.pidfd = -1;
    return pid >= 0 ? plan.fault() : place.fault(-pid);
  }
  die_at("cloned");
  const ino_t out_inode = inode_of(out_pipe.read), err_inode = inode_of(err_pipe.read);
  return Child{request.run, pid, Fd(), std::move(out_pipe.read), std::move(err_pipe.read),
               request.out_sink.value_or(0), request.err_sink.value_or(0), request.tell_lines, request.label,
               request.slot, request.colour, own_peak_rss(), at, start_ticks(pid).value_or(0), out_inode, err_inode, request.kept,
               plan.child().introduction.made ? held_at : 0, request.mark, place.keep(), std::move(channels)};
}

}  // namespace sentry
