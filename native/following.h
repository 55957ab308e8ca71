// Which process is the run's now that its own has ended? A program that makes a daemon of itself leaves one behind: an
// orphan, with whatever that has started itself.
#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "fact.h"
#include "proc.h"

namespace sentry {

// Of what lives of a run. `pid`: that one; otherwise the only one whose parent is not among them.
std::variant<Process, AstrayFact> choose(RunId run, const std::vector<Process>& tree, std::optional<int> pid);

}  // namespace sentry
