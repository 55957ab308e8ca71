#include "batch.h"

#include <algorithm>

namespace sentry {

void Batch::make(std::string_view bytes, std::optional<LineEnd> rest, const Lines& lines, size_t most) {
  text_.clear();
  cuts_.clear();
  for (size_t begin = 0; begin < bytes.size() && text_.size() < most;) {
    const size_t newline = bytes.find('\n', begin);
    const bool whole = newline != std::string_view::npos;
    if (!whole && !rest) break;
    const std::string_view line = bytes.substr(begin, whole ? newline - begin : newline);
    lines.append(text_, line, whole ? LineEnd::newline : *rest);
    begin += line.size() + whole;
    cuts_.push_back({text_.size(), begin});
  }
}

void Batch::trim(size_t most) {
  while (!cuts_.empty() && cuts_.back().out > most) cuts_.pop_back();
  text_.resize(cuts_.empty() ? 0 : cuts_.back().out);
}

void Batch::clear() {
  text_ = {};
  cuts_ = {};
}

Batch::Begun Batch::begun_by(size_t taken) const noexcept {
  if (taken == 0 || empty()) return {0, 0, 0};
  const auto last = std::partition_point(cuts_.begin(), cuts_.end() - 1, [taken](Cut cut) { return cut.out < taken; });
  return {static_cast<size_t>(last - cuts_.begin()) + 1, last->out, last->in};
}

}  // namespace sentry
