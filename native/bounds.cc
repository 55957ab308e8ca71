#include "bounds.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace sentry {

Bounds::Bounds(const LogFile& file)
    : path_(file.path), max_size_(file.max_size), limit_(file.max_size), rotation_(file.path, file.keep) {}

size_t Bounds::room(off_t size) const noexcept {
  if (max_size_ <= 0) return SIZE_MAX;
  return static_cast<size_t>(std::max<off_t>(limit_ - size, 0));
}

// Where the path cannot be opened after the renaming, the old file goes on under its new name: better there than nowhere.
std::optional<Place> Bounds::turn_over(const Place& full) {
  bool ours = full.stands_at(path_);
  std::optional<Fault> fault = ours ? rotation_.rotate() : std::nullopt;
  if (fault && fault->error == ENOENT) {  // somebody has moved it away meanwhile; or the folder, as the open will tell
    ours = false;
    fault.reset();
  }
  if (!fault) {
    auto opened = Place::file(path_);
    if (auto* anew = std::get_if<Place>(&opened)) {
      begin_anew();
      if (ours) rotations_.emplace_back();
      faulty_ = false;
      return std::move(*anew);
    }
    fault = std::move(std::get<Fault>(opened));
  }
  limit_ = full.end() + max_size_;
  if (!std::exchange(faulty_, true)) rotations_.push_back(std::move(fault));
  return std::nullopt;
}

}  // namespace sentry
