// How large a file may become. Before it would pass that it is rotated (rotation.h), and its path is opened anew. Only if
// the path still is that of the file that we have open: somebody else may have rotated it, and then it is opened anew and
// nothing more. What cannot be rotated grows on, is told once, and tried again after as much again.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fault.h"
#include "log_file.h"
#include "place.h"
#include "rotation.h"

namespace sentry {

class Bounds {
 public:
  explicit Bounds(const LogFile& file);

  const std::string& path() const noexcept { return path_; }
  // How many bytes more a file of this size may take.
  size_t room(off_t size) const noexcept;
  // The file has no room for what comes next. Gives the place where it goes on; nothing where that is where it was.
  std::optional<Place> turn_over(const Place& full);
  // The path has been opened anew for another reason.
  void begin_anew() noexcept { limit_ = max_size_; }
  void pack(const Fd& original, const std::string& packed) const { rotation_.pack(original, packed); }

  // What became of each rotation since the last call: done, or the first fault of several.
  std::vector<std::optional<Fault>> take_rotations() noexcept { return std::exchange(rotations_, {}); }

 private:
  std::string path_;
  off_t max_size_, limit_;
  Rotation rotation_;
  bool faulty_ = false;
  std::vector<std::optional<Fault>> rotations_;
};

}  // namespace sentry
