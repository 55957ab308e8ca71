#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unordered_map>

namespace sentry {

namespace {

struct Close {
  void operator()(DIR* folder) const noexcept { closedir(folder); }
};

// 0: the name is none.
int pid_of(const char* name) noexcept {
  int pid = 0;
  const char* const end = name + std::strlen(name);
  const auto [rest, error] = std::from_chars(name, end, pid);
  return error == std::errc{} && rest == end ? pid : 0;
}

// Whose tree each process is in. A process is named by its place in the list.
class Trees {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit Trees(const std::vector<Process>& all) : all_(all), roots_(all.size(), kUnseen) {
    places_.reserve(all.size());
    for (size_t place = 0; place < all.size(); ++place) places_.emplace(all[place].pid, place);
  }

  // The place of a root, which is one from then on.
  size_t plant(const Root& root) {
    const size_t place = find(root.pid);
    if (place == kNone || (root.start_ticks != 0 && all_[place].stat.start_ticks != root.start_ticks)) return kNone;
    const ProcStat& stat = all_[place].stat;
    if (stat.session != 0) {  // 0: any that are led from outside of our PID namespace
      const auto oldest = sessions_.try_emplace(stat.session, place).first;
      if (stat.start_ticks < all_[oldest->second].stat.start_ticks) oldest->second = place;
    }
    return roots_[place] = place;
  }

  // To be asked when all roots are planted. Each process is climbed over once: all that a way leads over learn its end.
  size_t root_of(size_t process) {
    size_t at = process;
    while (at != kNone && roots_[at] == kUnseen) {
      roots_[at] = kNone;  // so that a circle ends here
      way_.push_back(at);
      at = unless_younger(find(all_[at].stat.parent), at);
    }
    size_t root = at == kNone ? kNone : roots_[at];
    for (; !way_.empty(); way_.pop_back()) {
      if (root == kNone) root = root_of_session(way_.back());
      roots_[way_.back()] = root;
    }
    return root;
  }

 private:
  static constexpr size_t kUnseen = kNone - 1;

  size_t find(int pid) const {
    const auto found = places_.find(pid);
    return found == places_.end() ? kNone : found->second;
  }

  // A number was given to who is younger than the other only after the other had been started.
  size_t unless_younger(size_t place, size_t than) const {
    return place != kNone && all_[place].stat.start_ticks <= all_[than].stat.start_ticks ? place : kNone;
  }

  // The leader, or, where that one is gone, the oldest root that it has led.
  size_t root_of_session(size_t process) const {
    const int session = all_[process].stat.session;
    size_t root = find(session);
    if (const auto led = sessions_.find(session); root == kNone && led != sessions_.end()) root = led->second;
    root = unless_younger(root, process);
    return root != kNone && roots_[root] == root ? root : kNone;
  }

  const std::vector<Process>& all_;
  std::unordered_map<int, size_t> places_;
  std::unordered_map<int, size_t> sessions_;  // the oldest root in each
  std::vector<size_t> roots_;
  std::vector<size_t> way_;
};

uint64_t cpu_ticks(const ProcStat& stat) noexcept {
  return stat.user_ticks + stat.system_ticks + stat.children_user_ticks + stat.children_system_ticks;
}

}  // namespace

std::variant<std::vector<Process>, Fault> list_processes() {
  const std::unique_ptr<DIR, Close> folder(opendir("/proc"));  // born CLOEXEC
  if (!folder) return Fault{"opendir", errno, "/proc"};
  std::vector<Process> all;
  for (errno = 0; const dirent* item = readdir(folder.get()); errno = 0) {
    const int pid = pid_of(item->d_name);
    if (pid == 0) continue;
    char path[32];
    std::snprintf(path, sizeof path, "%d/stat", pid);
    // It may be gone by now.
    if (const auto stat = read_stat_at(dirfd(folder.get()), path)) all.push_back({pid, *stat});
  }
  if (errno != 0) return Fault{"readdir", errno, "/proc"};
  return all;
}

std::vector<std::optional<Consumption>> consumption(const std::vector<Process>& all, const std::vector<Root>& roots) {
  Trees trees(all);
  std::vector<size_t> planted;
  planted.reserve(roots.size());
  for (const Root& root : roots) planted.push_back(trees.plant(root));

  static const double tick_ms = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<Consumption> sums(all.size());
  for (size_t process = 0; process < all.size(); ++process) {
    const size_t root = trees.root_of(process);
    if (root == Trees::kNone) continue;
    sums[root].cpu_ms += tick_ms * static_cast<double>(cpu_ticks(all[process].stat));
    sums[root].memory_bytes += page_bytes * all[process].stat.resident_pages;
  }

  std::vector<std::optional<Consumption>> found;
  found.reserve(roots.size());
  for (const size_t root : planted) found.push_back(root == Trees::kNone ? std::nullopt : std::optional(sums[root]));
  return found;
}

}  // namespace sentry
