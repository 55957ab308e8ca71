// What the tests of the spawn and reap contract share: facts to wait for, requests in one line, and leaks to look for.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../identity.h"
#include "../reaper.h"
#include "../spawner.h"
#include "until.h"

namespace contract {

using namespace sentry;
using namespace std::chrono_literals;

class Facts {
 public:
  void add(Fact fact) {
    std::lock_guard lock(mutex_);
    facts_.push_back(std::move(fact));
    changed_.notify_all();
  }

  // Waits for the first fact of this kind about the run.
  template <typename Kind>
  std::optional<Kind> await(RunId run) {
    return await_that<Kind>([run](const Kind& fact) { return fact.run == run; });
  }

  template <typename Kind>
  std::optional<Kind> await_that(const std::function<bool(const Kind&)>& that) {
    std::unique_lock lock(mutex_);
    std::optional<Kind> found;
    changed_.wait_for(lock, kNever, [&] { return (found = find<Kind>(that)).has_value(); });
    return found;
  }

  template <typename Kind>
  int count() {
    std::lock_guard lock(mutex_);
    int count = 0;
    for (const Fact& fact : facts_) count += std::holds_alternative<Kind>(fact);
    return count;
  }

  template <typename Kind>
  bool await_count(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kNever, [&] {
      int count = 0;
      for (const Fact& fact : facts_) count += std::holds_alternative<Kind>(fact);
      return count >= wanted;
    });
  }

  std::vector<Fact> all() {
    std::lock_guard lock(mutex_);
    return facts_;
  }

 private:
  template <typename Kind>
  std::optional<Kind> find(const std::function<bool(const Kind&)>& that) {
    for (const Fact& fact : facts_)
      if (const auto* kind = std::get_if<Kind>(&fact); kind && that(*kind)) return *kind;
    return std::nullopt;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Fact> facts_;
};

inline Request request(RunId run, std::vector<std::string> argv) {
  Request request;
  request.run = run;
  request.command = argv[0];
  request.argv = std::move(argv);
  request.env = {"PATH=/usr/bin:/bin"};
  request.cwd = "/";
  return request;
}

inline Request shell(RunId run, const std::string& script) { return request(run, {"/bin/sh", "-c", script}); }

// A spawner and a reaper joined as Host joins them, with the pipes kept here instead of in the pump. A test that has other
// children says so (spare), or they are taken for strangers.
class Pair {
 public:
  explicit Pair(int threads = 2, std::optional<ExitTimes> exit_times = std::nullopt,
                std::optional<Descent> descent = std::nullopt, std::shared_ptr<const Cgroups> cgroups = nullptr)
      : reaper_([this](Fact fact) { facts.add(std::move(fact)); }, std::nullopt, std::move(exit_times), keeper_,
                std::move(descent)),
        spawner_(threads, [this](Child child) { born(std::move(child)); },
                 [this](Fact fact) { facts.add(std::move(fact)); }, keeper_, file_limit_before_node(), std::move(cgroups)) {
    spare(false);
  }

  void spawn(Request request) { spawner_.spawn(std::move(request)); }
  void signal(RunId run, int signal) {
    if (!spawner_.signal(run, signal)) reaper_.signal(run, signal);
  }
  void end(RunId run, int signal, Scope scope = Scope::tree) {
    if (!spawner_.signal(run, signal)) reaper_.end(run, signal, scope);
  }
  void inspect(RunId run, Scope scope = Scope::tree) { reaper_.inspect(run, scope); }
  void follow(RunId run, std::optional<int> pid = std::nullopt) { reaper_.follow(run, pid); }
  void spare(bool on) { reaper_.spare(Strangers::Why::node, on); }
  std::vector<Stray> strays() {
    const int64_t token = ++tokens_;
    reaper_.strays(token);
    const auto fact = facts.await_that<StraysFact>([&](const StraysFact& each) { return each.token == token; });
    return fact ? fact->strays : std::vector<Stray>{};
  }
  void reap(RunId run) { reaper_.reap(run); }
  void quiesce() { spawner_.quiesce([this] { facts.add(QuietFact{}); }); }
  void go_on() { spawner_.go_on(); }
  void adopt(Adopted process) { reaper_.adopt(std::move(process)); }

  std::optional<Exit> run_to_end(Request request) {
    const RunId run = request.run;
    spawn(std::move(request));
    const auto exit = facts.await<ExitFact>(run);
    reap(run);
    return exit ? std::optional(exit->exit) : std::nullopt;
  }

  // All that a run has printed on stdout, once it has ended.
  std::string output(RunId run) {
    std::lock_guard lock(mutex_);
    std::string text;
    for (const Child& child : children_) {
      if (child.run != run) continue;
      char buffer[4096];
      for (ssize_t n; (n = read(child.out.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    }
    return text;
  }

  Facts facts;

 private:
  void born(Child child) {
    facts.add(SpawnedFact{child.run, child.pid, child.at, child.start_ticks, child.out_pipe, child.err_pipe, child.cgroup});
    std::lock_guard lock(mutex_);
    Fd pidfd = std::move(child.pidfd);
    reaper_.watch(children_.emplace_back(std::move(child)), std::move(pidfd));
  }

  std::mutex mutex_;
  int64_t tokens_ = 0;
  std::vector<Child> children_;
  KeeperLink keeper_;  // to nobody
  Reaper reaper_;
  Spawner spawner_;
};

inline int entries_of(const char* folder) {
  int count = 0;
  if (DIR* dir = opendir(folder)) {
    while (readdir(dir)) ++count;
    closedir(dir);
  }
  return count;
}

// The same descriptors and threads as before, and no child at all, once the body is over.
inline bool no_leaks(const std::function<void()>& body) {
#ifdef __SANITIZE_THREAD__
  constexpr int at_rest = 4;  // with `.` and `..`; it has a thread of its own, from the first other one on
#else
  constexpr int at_rest = 3;
#endif
  std::thread([] {}).join();
  // Threads of a spawner that was there before may take a moment to end, and then close what they had.
  if (!until([] { return entries_of("/proc/self/task") <= at_rest; })) return false;
  const int descriptors = entries_of("/proc/self/fd");
  const int threads = entries_of("/proc/self/task");  // may have one that was joined and is not wholly gone
  body();
  siginfo_t status{};
  return until([&] { return entries_of("/proc/self/fd") == descriptors && entries_of("/proc/self/task") <= threads; }) &&
         waitid(P_ALL, 0, &status, WEXITED | WNOWAIT | WNOHANG) < 0 && errno == ECHILD;
}

// The state letter of a process: 'Z' for a zombie, 0 for none. proc(5)
inline char state_of(int pid) {
  char path[64], state = 0;
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (std::FILE* file = std::fopen(path, "re")) {
    if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
    std::fclose(file);
  }
  return state;
}

}  // namespace contract
