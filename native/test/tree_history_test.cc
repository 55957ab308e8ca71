#include "../tree.h"

#include <algorithm>
#include <map>
#include <random>
#include <unordered_set>

#include "check.h"
#include "made.h"

using namespace sentry;
using namespace made_up;

namespace {

// A kernel in small, which knows the truth: of which run each process is. Numbers are few, and are given away as soon as
// nobody bears them, in any order.
class Kernel {
 public:
  static constexpr int kInit = 1, kNobody = 0, kNode = -1, kKeeper = 3;
  struct Task {
    int parent, session;
    uint64_t start;
    int run;  // the truth; kNode: below Node's children or the keeper
    bool ours, leads, zombie;
    std::string mark;
    ino_t pipe;
  };

  explicit Kernel(unsigned seed) : random_(seed) {
    tasks[kInit] = {0, 1, 1, kNobody, false, false, false, "", 0};
    tasks[kUs] = {kInit, kOutside, 2, kNobody, false, false, false, "", 0};
    tasks[kKeeper] = {kUs, kKeeper, 3, kNode, true, false, false, "", 0};
    spared = {kKeeper};
  }

  void step() {
    if (chance(2)) ++now_;
    if (tasks.size() > 40) ending_ = true;
    if (tasks.size() < 20) ending_ = false;
    const int pid = anybody();
    Task& task = tasks[pid];
    switch (ending_ ? 7 : pick(8)) {
      case 0: spawn(); break;
      case 1:
        if (chance(4)) spared.insert(fork_of(kUs, kNode));
        else fork_of(kInit, kNobody);
        break;
      case 2:
      case 3:
      case 4:
        if (pid != kInit && pid != kUs && !task.zombie) fork_of(pid, task.run);
        break;
      case 5:
        if (!task.zombie && pid != kUs && !bears(pid)) task.session = pid;
        break;
      case 6:
        if (chance(2)) task.mark.clear();
        else task.pipe = 0;
        break;
      default:
        if (pid != kInit && pid != kUs && pid != kKeeper) end(pid);
    }
  }

  std::vector<Process> list() const {
    std::vector<Process> all;
    for (const auto& [pid, task] : tasks) all.push_back(made(pid, task.parent, task.session, task.start));
    return all;
  }

  size_t pick(size_t below) { return random_() % below; }
  bool chance(size_t one_in) { return pick(one_in) == 0; }

  std::map<int, Task> tasks;
  std::vector<Family> families;
  std::unordered_set<int> spared;

 private:
  int anybody() { return std::next(tasks.begin(), static_cast<ptrdiff_t>(pick(tasks.size())))->first; }

  bool bears(int number) const {
    return std::any_of(tasks.begin(), tasks.end(), [&](const auto& one) {
      return one.second.session == number;
    });
  }

  int fork_of(int parent, int run) {
    int pid = 0;
    do {
      pid = 100 + static_cast<int>(pick(90));  // more than can be borne at once, as process or session
    } while (tasks.contains(pid) || bears(pid));
    const Task& from = tasks[parent];
    const bool ours = parent == kUs || from.ours;
    tasks[pid] = {parent, from.session, now_, run, ours, false, false, from.mark, from.pipe};
    return pid;
  }

  // Ours, or one that another Sentry has left to init.
  void spawn() {
    if (families.size() >= 6) return;
    const bool ours = !chance(4);
    const int run = ++last_run_;
    const int pid = fork_of(ours ? kUs : kInit, run);
    Task& task = tasks[pid];
    task.session = pid;
    task.leads = true;
    task.mark = "i." + std::to_string(run);
    task.pipe = static_cast<ino_t>(1000 + run);
    Family family = ours ? run_of(pid, now_) : left_run_of(pid, now_);
    family.run = run;
    family.mark = task.mark;
    family.out_pipe = task.pipe;
    families.push_back(family);
  }

  void end(int pid) {
    const Task task = tasks[pid];
    if (task.zombie) return reap(pid);
    for (auto& [other, child] : tasks) {
      if (child.parent == pid) child.parent = child.ours ? kUs : kInit;
    }
    // A run's process stays until we reap it, or until init does, of which we know only that it was not before now.
    if (task.leads && (task.ours || chance(2))) tasks[pid].zombie = true;
    else reap(pid);
  }

  void reap(int pid) {
    const Task task = tasks[pid];
    tasks.erase(pid);
    spared.erase(pid);
    if (!task.leads) return;
    const auto family = std::find_if(families.begin(), families.end(), [&](const Family& one) { return one.run == task.run; });
    if (family == families.end()) return;
    if (task.ours || chance(3)) families.erase(family);  // nothing is known of it any more
    else family->released_ticks = now_;
    ++now_;
  }

  std::mt19937 random_;
  bool ending_ = false;
  uint64_t now_ = 10;
  int last_run_ = 0;
};

// What must be found: by an unbroken line of parents, as an orphan with a sign, by what is known.
bool must_be_found(const Kernel& kernel, int pid, const Family& family) {
  const Kernel::Task& task = kernel.tasks.at(pid);
  for (int at = task.parent; kernel.tasks.contains(at); at = kernel.tasks.at(at).parent) {
    if (at == family.pid && kernel.tasks.at(at).run == family.run) return true;
  }
  const bool is_orphan = task.parent == (family.is_our_child ? kUs : Kernel::kInit);
  if (is_orphan && (task.mark == family.mark || task.pipe == family.out_pipe)) return true;
  const auto leader = kernel.tasks.find(family.pid);
  if (task.session == family.pid && leader != kernel.tasks.end() && leader->second.run == family.run) return true;
  return std::any_of(family.known.begin(), family.known.end(), [&](const auto& one) { return one.first == pid; });
}

}  // namespace

TEST("in any history of forks, new sessions, ends and reused numbers, nobody is taken for another run's") {
  size_t found = 0, strays = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Kernel kernel(seed);
    for (int step = 0; step < 300; ++step) {
      kernel.step();
      auto families = kernel.families;
      for (Family& family : families) {
        for (const auto& [pid, task] : kernel.tasks) {
          if (task.run == family.run && pid != family.pid && kernel.chance(8)) family.known.push_back({pid, task.start});
        }
      }
      const Witnesses signs{[&](int pid) { return std::optional(kernel.tasks.at(pid).mark); },
                            [&](int pid) { return std::pair(kernel.tasks.at(pid).pipe, ino_t{0}); }};
      const Forest forest = attribute(kernel.list(), families, kUs, kernel.spared, signs);
      std::map<int, int> run_found;
      for (size_t n = 0; n < families.size(); ++n) {
        for (const Process& one : forest.trees[n]) {
          const Kernel::Task& task = kernel.tasks.at(one.pid);
          CHECK(task.run == families[n].run && !task.leads);
          CHECK(run_found.emplace(one.pid, task.run).second);
          ++found;
        }
        for (const auto& [pid, task] : kernel.tasks) {
          if (task.run == families[n].run && !task.leads && must_be_found(kernel, pid, families[n])) CHECK(run_found.contains(pid));
        }
      }
      for (const Process& one : forest.strays) {
        const Kernel::Task& task = kernel.tasks.at(one.pid);
        CHECK(task.ours && !task.leads && !kernel.spared.contains(one.pid) && !run_found.contains(one.pid));
        ++strays;
      }
    }
    if (check::failures > 0) {
      std::printf("     seed %u\n", seed);
      return;
    }
  }
  std::printf("     %zu found, %zu strays\n", found, strays);
  CHECK(found > 10'000 && strays > 1000);
}
