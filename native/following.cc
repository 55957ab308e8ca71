#include "following.h"

#include <errno.h>

#include <string>
#include <unordered_set>

namespace sentry {

namespace {

constexpr size_t kMostNamed = 10;

std::string several(const std::vector<Process>& orphans) {
  std::string text = "it has left " + std::to_string(orphans.size()) + " processes behind: ";
  for (size_t n = 0; n < orphans.size() && n < kMostNamed; ++n)
    text += (n > 0 ? ", " : "") + std::to_string(orphans[n].pid) + " (" + orphans[n].stat.name + ")";
  if (orphans.size() > kMostNamed) text += ", …";
  return text + "; `daemon: { pidFile }` tells which of them is meant";
}

}  // namespace

std::variant<Process, AstrayFact> choose(RunId run, const std::vector<Process>& tree, std::optional<int> pid) {
  std::unordered_set<int> pids;
  for (const Process& one : tree) pids.insert(one.pid);
  std::vector<Process> orphans;
  for (const Process& one : tree) {
    if (pid && one.pid == *pid) return one;
    if (!pids.contains(one.stat.parent)) orphans.push_back(one);
  }
  if (pid && !tree.empty()) return AstrayFact{run, ESRCH, "", std::to_string(*pid)};
  if (orphans.empty()) return AstrayFact{run, 0, "it has left no process behind", ""};
  if (orphans.size() > 1) return AstrayFact{run, 0, several(orphans), ""};
  return orphans[0];
}

}  // namespace sentry
