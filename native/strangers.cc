#include "strangers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>

#include "waiting.h"

namespace sentry {

namespace {

Fd open_children() noexcept {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  return Fd(open(path, O_RDONLY | O_CLOEXEC));
}

std::vector<int> numbers(const std::string& text) {
  std::vector<int> all;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int pid; at < end; ++at) {  // a space after each
    const auto read = std::from_chars(at, end, pid);
    if (read.ec != std::errc{}) break;
    all.push_back(pid);
    at = read.ptr;
  }
  return all;
}

}  // namespace

Strangers::Strangers(const WaitSet& wait_set, int eventfd)
    : wait_set_(wait_set), signal_(ChildSignal::take(eventfd)), children_(open_children()) {
  if (!signal_) return;
  int before = 0;
  was_subreaper_ = prctl(PR_GET_CHILD_SUBREAPER, &before) == 0 && before != 0;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Strangers::~Strangers() {
  if (signal_ && !was_subreaper_ && !left_) prctl(PR_SET_CHILD_SUBREAPER, 0);
}

void Strangers::spare(Why why, bool on) {
  listen();
  const std::lock_guard lock(mutex_);
  if (on) spared_ |= static_cast<unsigned>(why);
  else spared_ &= ~static_cast<unsigned>(why);
}

void Strangers::leave_alone(int pid) { keeper_ = pid; }

std::optional<std::vector<int>> Strangers::children() const {
  if (children_) {
    std::string text(4096, '\0');
    size_t length = 0;
    for (ssize_t got; (got = pread(children_.get(), text.data() + length, text.size() - length,
                                   static_cast<off_t>(length))) != 0;) {
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::nullopt;
      length += static_cast<size_t>(got);
      if (length == text.size()) text.resize(2 * length);
    }
    text.resize(length);
    return numbers(text);
  }
  if (births_ != 0) return std::nullopt;
  const auto listed = list_processes();
  const auto* all = std::get_if<std::vector<Process>>(&listed);
  if (!all || births_ != 0) return std::nullopt;
  std::vector<int> ours;
  for (const Process& process : *all)
    if (process.stat.parent == getpid()) ours.push_back(process.pid);
  return ours;
}

void Strangers::look(const std::function<void()>& learn) {
  complete_ = false;
  if (!signal_) return;
  listen();
  std::vector<int> deaf;
  for (const auto& [pid, stranger] : all_)
    if (stranger.deaf) deaf.push_back(pid);
  for (const int pid : deaf) look_at(pid);

  const auto listed = children();
  learn();
  const std::lock_guard lock(mutex_);
  if (!listed || spared_ != 0) return;
  complete_ = true;
  for (const int pid : *listed)
    if (pid != keeper_ && !known_.contains(pid) && !all_.contains(pid) && !take_in(pid)) complete_ = false;
}

// False where there is no descriptor to be had for it: looked at again when a child has ended. It was listed before it was
// asked whether anybody is spared, and so it may have been Node's, and be gone: then the number is nobody's, or no child's of
// ours.
bool Strangers::take_in(int pid) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return errno == ESRCH || errno == EINVAL;
  Exit exit;
  const Peek seen = peek(pidfd, exit);
  if (seen == Peek::ended) take_zombie(pidfd);
  if (seen != Peek::lives) return true;
  Stranger& stranger = all_.emplace(pid, Stranger{std::move(pidfd)}).first->second;
  stranger.deaf = !wait_set_.add(stranger.pidfd.get(), WaitSet::Kind::stranger, pid);
  return true;
}

void Strangers::look_at(int pid) {
  const auto found = all_.find(pid);
  if (found == all_.end()) return;
  const Fd& pidfd = found->second.pidfd;
  Exit exit;
  const Peek seen = peek(pidfd, exit);
  if (seen == Peek::lives || (seen == Peek::not_our_child && !is_over(pidfd))) return;
  if (seen == Peek::ended) take_zombie(pidfd);
  let_go(pid);
}

void Strangers::let_go(int pid) {
  const auto found = all_.find(pid);
  if (found == all_.end()) return;
  wait_set_.remove(found->second.pidfd.get());
  all_.erase(found);
}

std::unordered_set<int> Strangers::no_orphans(const std::vector<Process>& all) const {
  const auto listed = children();
  const std::unordered_set<int> firsts(listed ? listed->begin() : std::vector<int>::const_iterator{},
                                       listed ? listed->end() : std::vector<int>::const_iterator{});
  std::unordered_set<int> none;
  for (const Process& process : all) {
    const int pid = process.pid;
    if (process.stat.parent != getpid() || known_.contains(pid) || all_.contains(pid)) continue;
    // Just being born, or the child of another thread.
    if (pid == keeper_ || !firsts.contains(pid)) none.insert(pid);
  }
  return none;
}

}  // namespace sentry
