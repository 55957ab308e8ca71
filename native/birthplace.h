// The cgroup that a run is to be born in, until it is. Where nothing is born there it goes again.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "cgroup.h"
#include "fact.h"
#include "fault.h"

namespace sentry {

class Birthplace {
 public:
  // `cgroups`: null: there is no such place.
  Birthplace(const Cgroups* cgroups, RunId run) noexcept : cgroups_(cgroups), run_(run) {}
  ~Birthplace();
  Birthplace(const Birthplace&) = delete;
  Birthplace& operator=(const Birthplace&) = delete;

  // A run is not started without its cgroup where it should have one: what it starts could be lost from sight.
  std::optional<Fault> make();

  // `clone` takes its descriptor (-1: there is none) and gives a pid, or an errno, negative. Where somebody has removed the
  // cgroup in between, it is called once more with a new one.
  int bear(const std::function<int(int)>& clone);
  // Why it could not: by the cgroup, which takes no processes, or none of ours; or by the process. clone(2)
  Fault fault(int error) const;

  // Something lives there now. Its path; empty where there is none.
  std::string keep() noexcept { return std::exchange(made_.path, {}); }

 private:
  bool was_removed(int error) const noexcept;

  const Cgroups* const cgroups_;
  const RunId run_;
  Cgroups::Made made_;
};

}  // namespace sentry
