// Where output goes, opened so that writing to it never waits for a reader: a terminal, pipe, socket or file.
//
// O_NONBLOCK belongs to the open file description, and that of a terminal is shared with the shell and what it starts:
// setting it there would break them. So a terminal or pipe is opened once more through /proc/self/fd, which gives
// a description of our own. A socket cannot be reopened, but send(2) takes MSG_DONTWAIT for one call. A regular file
// never waits for a reader; one that was given to us is duplicated, as its offset is shared with others who write there.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

class Place {
 public:
  Place() noexcept = default;  // nowhere
  // A descriptor that this process was given. One that is closed is nowhere.
  static Place given(int fd);
  // A file, made with mode 0600 if need be, and never through a symbolic link. Each batch goes where the file ends by
  // then, so that truncating it is harmless. No O_APPEND: splice(2) answers EINVAL to it.
  static std::variant<Place, Fault> file(const std::string& path);

  int descriptor() const noexcept { return fd_.get(); }
  // A regular file, opened by its path: it has an end, and can be moved away.
  bool is_file() const noexcept { return way_ == Way::at_end; }
  bool splices() const noexcept { return is_file() && splices_; }
  off_t end() const noexcept;
  bool ends_in_half_a_line() const;
  // The path is still that of this file.
  bool stands_at(const std::string& path) const noexcept;

  bool is_same_as(const Fd& file) const noexcept;

  // write(2), with its results.
  ssize_t write_once(std::string_view bytes) noexcept;
  // Moves bytes from a pipe to the end of a file: splice(2), with its results. They never pass through here, and a SIGKILL
  // at any moment neither loses nor repeats one. After an EINVAL the file system is not asked again.
  ssize_t splice_from(int pipe, size_t count) noexcept;

 private:
  enum class Way { write, at_end, send, careful };
  Place(Fd fd, Way way, size_t chunk = 0) noexcept : fd_(std::move(fd)), way_(way), chunk_(chunk) {}

  Fd fd_;
  Way way_ = Way::write;
  size_t chunk_ = 0;  // the most that a careful write hands over
  bool splices_ = true;
};

}  // namespace sentry
