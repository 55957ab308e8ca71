#include "birthplace.h"

#include <errno.h>

#include <utility>

namespace sentry {

Birthplace::~Birthplace() {
  if (made_.path.empty()) return;
  if (auto cgroup = Cgroup::open(made_.path)) cgroup->remove();
}

std::optional<Fault> Birthplace::make() {
  if (!cgroups_) return std::nullopt;
  auto made = cgroups_->make(run_);
  if (auto* fault = std::get_if<Fault>(&made)) return std::move(*fault);
  made_ = std::get<Cgroups::Made>(std::move(made));
  return std::nullopt;
}

int Birthplace::bear(const std::function<int(int)>& clone) {
  const int pid = clone(made_.folder.get());
  return was_removed(-pid) && !make() ? clone(made_.folder.get()) : pid;
}

bool Birthplace::was_removed(int error) const noexcept {
  return made_.folder && (error == ENOENT || error == ENODEV);
}

Fault Birthplace::fault(int error) const {
  const bool by_cgroup = was_removed(error) || error == EBUSY || error == EOPNOTSUPP || error == EACCES;
  return made_.folder && by_cgroup ? Fault{"cgroup", error, made_.path} : Fault{"clone", error, ""};
}

}  // namespace sentry
