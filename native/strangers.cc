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

constexpr int kLooks = 10;  // at children that come and go

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

void Strangers::know(int pid) {
  const std::lock_guard lock(mutex_);
  known_.insert(pid);
}

void Strangers::know_no_more(int pid) {
  const std::lock_guard lock(mutex_);
  known_.erase(known_.find(pid));
}

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

// Until two lists in a row are the same, and everybody on them is here. One that had ended when it was looked at may have
// left others to us, which came too late for that list. And a child that is reaped while the kernel writes the list makes
// it pass over another one (proc_pid_task_children(5)); but not the same one twice.
void Strangers::look() {
  complete_ = false;
  if (!signal_) return;
  listen();
  std::vector<int> deaf;
  for (const auto& [pid, stranger] : all_)
    if (stranger.deaf) deaf.push_back(pid);
  for (const int pid : deaf) look_at(pid);

  std::optional<std::vector<int>> before;
  for (int looks = 0; looks < kLooks && !complete_; ++looks) {
    auto listed = children();
    const std::lock_guard lock(mutex_);
    if (!listed || spared_ != 0) return;
    complete_ = take_in(*listed) && listed == before;
    before = std::move(listed);
  }
}

bool Strangers::take_in(const std::vector<int>& listed) {
  bool all_here = true;
  for (const int pid : listed)
    if (pid != keeper_ && !known_.contains(pid) && !all_.contains(pid)) all_here = take_in(pid) && all_here;
  return all_here;
}

// False where it has ended, or where there is no descriptor to be had for it: looked at again when a child has ended. It was
// listed before it was asked whether anybody is spared, and so it may have been Node's, and be gone: then the number is
// nobody's, or no child's of ours.
bool Strangers::take_in(int pid) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return errno == ESRCH || errno == EINVAL;
  Exit exit;
  const Peek seen = peek(pidfd, exit);
  if (seen == Peek::ended) take_zombie(pidfd);
  if (seen != Peek::lives) return seen != Peek::ended;
  Stranger& stranger = all_.emplace(pid, Stranger{std::move(pidfd)}).first->second;
  stranger.deaf = !wait_set_.add(stranger.pidfd.get(), WaitSet::Kind::stranger, pid);
  return true;
}

void Strangers::look_at(int pid) {
  const auto found = all_.find(pid);
  if (found == all_.end()) return;
  Stranger& stranger = found->second;
  Exit exit;
  const bool over = is_over(stranger.pidfd);
  const Peek seen = peek(stranger.pidfd, exit);
  if (seen == Peek::ended) take_zombie(stranger.pidfd);
  if (seen == Peek::ended || (seen == Peek::not_our_child && over)) return let_go(pid);
  if (!over) return;
  // Its tracer hears of its end first (ptrace(2)), and SIGCHLD comes when that has. Its pidfd would be reported all the while.
  wait_set_.remove(stranger.pidfd.get());
  stranger.deaf = stranger.over = true;
}

void Strangers::let_go(int pid) {
  const auto found = all_.find(pid);
  if (found == all_.end()) return;
  wait_set_.remove(found->second.pidfd.get());
  all_.erase(found);
}

void Strangers::ask_anew(uint64_t since) {
  for (auto& [pid, stranger] : all_)
    if (stranger.whose == 0 && stranger.start_ticks >= since) stranger.whose.reset();
}

// Where there is no list of ours, any child may be an orphan.
std::unordered_set<int> Strangers::no_orphans(const std::vector<Process>& all) {
  const auto listed = children();
  const std::lock_guard lock(mutex_);
  const std::unordered_set<int> firsts(listed ? listed->begin() : std::vector<int>::const_iterator{},
                                       listed ? listed->end() : std::vector<int>::const_iterator{});
  std::unordered_set<int> none;
  for (const Process& process : all) {
    const int pid = process.pid;
    if (process.stat.parent != getpid() || all_.contains(pid)) continue;
    const bool of_another_thread = listed && !firsts.contains(pid);  // perhaps just being born
    if (pid == keeper_ || known_.contains(pid) || of_another_thread) none.insert(pid);
  }
  return none;
}

}  // namespace sentry
