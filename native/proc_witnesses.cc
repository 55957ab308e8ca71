// What an orphan still has of the run that it came from, as /proc tells it to whoever may trace it. ptrace(2)
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>

#include "fd.h"
#include "proc_stat.h"
#include "tree.h"

namespace sentry {

namespace {

// The link is only read: to look at the file itself would wait for a network mount that is dead.
ino_t pipe_at(int pid, int fd) {
  char path[48], target[48];
  std::snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
  const ssize_t length = readlink(path, target, sizeof target);
  const std::string_view text(target, length > 0 ? static_cast<size_t>(length) : 0);
  constexpr std::string_view kPipe = "pipe:[";
  ino_t pipe = 0;
  if (text.starts_with(kPipe)) std::from_chars(text.data() + kPipe.size(), text.data() + text.size(), pipe);
  return pipe;
}

// Nothing where it may not be read.
std::optional<std::string> read_environment(int pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/environ", pid);
  const Fd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  // In one go: what is read in two may be of two programs.
  for (size_t room = 16 << 10;; room *= 2) {
    std::string text(room, '\0');
    const ssize_t length = pread(file.get(), text.data(), room, 0);
    if (length == static_cast<ssize_t>(room)) continue;
    text.resize(length > 0 ? static_cast<size_t>(length) : 0);
    return text;
  }
}

// In the middle of an execve(2) there is no environment: the new one is laid out last. Of what has ended there is none for good.
bool is_in_exec(int pid) {
  const auto stat = read_stat(pid);
  return stat && stat->state != 'Z' && stat->environment_end == 0;
}

// An empty one is believed at the second look: a file that was opened before an exec has nothing more to read after it.
std::optional<std::string> environment_of(int pid) {
  constexpr std::chrono::milliseconds kExec(100);  // longer only where the program comes from a slow disk
  const auto end = std::chrono::steady_clock::now() + kExec;
  for (int empty = 0;;) {
    auto text = read_environment(pid);
    if (!text || !text->empty() || std::chrono::steady_clock::now() > end) return text;
    empty = is_in_exec(pid) ? 0 : empty + 1;
    if (empty == 2) return text;
    sched_yield();
  }
}

std::optional<std::string> mark_of(int pid) {
  const std::string environment = '\0' + environment_of(pid).value_or("");
  constexpr std::string_view kName{"\0SENTRY_RUN=", 12};
  const size_t name = environment.find(kName);
  if (name == environment.npos) return std::nullopt;
  return environment.c_str() + name + kName.size();  // up to the next zero
}

}  // namespace

Witnesses proc_witnesses() {
  return {mark_of, [](int pid) { return std::pair(pipe_at(pid, 1), pipe_at(pid, 2)); }};
}

}  // namespace sentry
